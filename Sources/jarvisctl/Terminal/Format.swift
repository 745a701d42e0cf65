import JarvisProtocol

/// Figures for people.
enum Format {
  /// `0.42s`, `12s`, `3m04s`, `2h10m`, `3d04h`.
  static func duration(_ seconds: Double) -> String {
    let seconds = max(0, seconds)
    if seconds < 10 { return "\(decimal(seconds, seconds < 1 ? 2 : 1))s" }
    let whole = Int(min(seconds, 1e12).rounded())
    func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
    switch whole {
    case ..<60: return "\(whole)s"
    case ..<3600: return "\(whole / 60)m\(two(whole % 60))s"
    case ..<86_400: return "\(whole / 3600)h\(two(whole / 60 % 60))m"
    default: return "\(whole / 86_400)d\(two(whole / 3600 % 24))h"
    }
  }

  /// `812B`, `3.4M`, `12G`.
  static func size(_ bytes: Int) -> String {
    var amount = Double(bytes)
    for unit in ["B", "K", "M", "G"] {
      if amount < 1024 { return decimal(amount, amount < 10 && unit != "B" ? 1 : 0) + unit }
      amount /= 1024
    }
    return decimal(amount, amount < 10 ? 1 : 0) + "T"
  }

  /// `34%` of a share of 0 to 1.
  static func percent(_ share: Double) -> String { decimal(share * 100, 0) + "%" }

  /// A number with so many digits after the point.
  static func decimal(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int64((abs(value) * scale).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(scaled)" }
    let fraction = String(scaled % Int64(scale))
    return "\(sign)\(scaled / Int64(scale))."
      + String(repeating: "0", count: digits - fraction.utf8.count) + fraction
  }

  /// A number as short as it can be said: `3`, `0.25`.
  static func number(_ value: Double) -> String {
    if value.rounded() == value { return decimal(value, 0) }
    var text = decimal(value, 3)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }

  /// A bar of `width` columns that is filled to a share of 0 to 1.
  static func bar(_ share: Double, width: Int) -> String {
    let full = Int((min(max(share, 0), 1) * Double(width)).rounded())
    return String(repeating: "█", count: full) + String(repeating: "░", count: width - full)
  }
}
