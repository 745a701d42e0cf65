/// Sizes in text: bytes, or a number with K, M, G or T (powers of 1024; `KiB`, `KB` and lower case mean the same).
public enum Size {
  /// Reads `4096`, `512M`, `1.5GiB`. Nil for anything else: negative, too large for an `Int`, another unit.
  public static func parse(_ text: String) -> Int? {
    let body = text.utf8.drop { $0 == 32 }
    let digits = body.prefix { ($0 >= 48 && $0 <= 57) || $0 == 46 }
    guard let number = decimal(digits) else { return nil }
    let unit = String(decoding: body.dropFirst(digits.count).filter { $0 != 32 }, as: UTF8.self).lowercased()
    let shift: Int
    switch unit {
    case "", "b": shift = 0
    case "k", "kb", "kib": shift = 10
    case "m", "mb", "mib": shift = 20
    case "g", "gb", "gib": shift = 30
    case "t", "tb", "tib": shift = 40
    default: return nil
    }
    let bytes = (number * Double(1 << shift)).rounded()
    guard bytes < 0x1p62 else { return nil }
    return Int(bytes)
  }

  /// The shortest exact text that `parse` reads back: `1G`, `1536K`, `1000`.
  public static func format(_ bytes: Int) -> String {
    for (shift, unit) in [(40, "T"), (30, "G"), (20, "M"), (10, "K")] where bytes != 0 && bytes % (1 << shift) == 0 {
      return "\(bytes >> shift)\(unit)"
    }
    return "\(bytes)"
  }
}

/// Durations in text: seconds, or numbers with s, m, h or d (and ms), largest unit first.
public enum DurationText {
  private static let units: [(name: String, seconds: Double)] = [
    ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1), ("ms", 0.001),
  ]

  /// Reads `90`, `0.5s`, `1h30m`, `2d` as seconds. Nil for anything else: negative, a unit twice or out of order.
  public static func parse(_ text: String) -> Double? {
    var rest = text.utf8.filter { $0 != 32 }[...]
    if let plain = decimal(rest) { return plain < 1e12 ? plain : nil }
    var total = 0.0
    var next = 0
    while !rest.isEmpty {
      let digits = rest.prefix { ($0 >= 48 && $0 <= 57) || $0 == 46 }
      let name = rest.dropFirst(digits.count).prefix { $0 >= 97 && $0 <= 122 }
      guard let number = decimal(digits),
        let unit = units[next...].firstIndex(where: { $0.name.utf8.elementsEqual(name) })
      else { return nil }
      total += number * units[unit].seconds
      next = unit + 1
      rest = rest.dropFirst(digits.count + name.count)
    }
    return next > 0 && total < 1e12 ? total : nil
  }

  /// Text that `parse` reads back to the millisecond: `1h30m`, `0.5s`, `0s`.
  public static func format(_ seconds: Double) -> String {
    guard seconds > 0, seconds < 1e12 else { return "0s" }
    var text = ""
    var whole = Int(seconds)
    for unit in units.prefix(3) where whole >= Int(unit.seconds) {
      text += "\(whole / Int(unit.seconds))\(unit.name)"
      whole %= Int(unit.seconds)
    }
    let fraction = Int(((seconds - seconds.rounded(.down)) * 1000).rounded())
    if fraction > 0, fraction < 1000 {
      text += "\(Double(whole) + Double(fraction) / 1000)s"
    } else if whole > 0 || fraction == 1000 || text.isEmpty {
      text += "\(whole + (fraction == 1000 ? 1 : 0))s"
    }
    return text
  }
}

/// Digits with at most one point between them; `Double.init` alone would also take `1e9`, `inf` and `0x10`.
private func decimal(_ digits: some Collection<UInt8>) -> Double? {
  var points = 0
  for byte in digits {
    if byte == 46 { points += 1 } else if byte < 48 || byte > 57 { return nil }
  }
  guard points <= 1, digits.count <= 40 else { return nil }
  let text = String(decoding: digits, as: UTF8.self)
  guard !text.hasPrefix("."), !text.hasSuffix(".") else { return nil }
  return Double(text)
}
