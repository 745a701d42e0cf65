/// Numbers as people say them.
enum Words {
  /// `87 %`
  static func percent(_ share: Double) -> String {
    share.isFinite ? "\(Int((max(-99, min(99, share)) * 100).rounded())) %" : "unknown"
  }

  /// `save 11 %`, `cost 20 %`
  static func saving(_ benefit: Double) -> String {
    benefit < -0.005 ? "cost \(percent(-benefit))" : "save \(percent(max(0, benefit)))"
  }

  /// `0.031`, `1.2`, `340`: three digits at most.
  static func number(_ x: Double) -> String {
    guard x.isFinite, abs(x) < 1e15 else { return "unknown" }
    switch abs(x) {
    case 100...: return "\(Int(x.rounded()))"
    case 10..<100: return fixed(x, 10)
    case 1..<10: return fixed(x, 100)
    default: return fixed(x, 1000)
    }
  }

  /// `350 ms`, `12.3 s`, `4 min 10 s`, `2 h 5 min`
  static func seconds(_ s: Double) -> String {
    switch s {
    case ..<1: return "\(Int((s * 1000).rounded())) ms"
    case ..<120: return "\(number(s)) s"
    case ..<7200:
      let whole = Int(s.rounded())
      return "\(whole / 60) min \(whole % 60) s"
    case ..<1e12:
      let minutes = Int((s / 60).rounded())
      return "\(minutes / 60) h \(minutes % 60) min"
    default: return "unknown"
    }
  }

  /// `512 B`, `1.5 GiB`
  static func bytes(_ n: Double) -> String {
    var n = n
    for unit in ["B", "KiB", "MiB", "GiB", "TiB"] {
      if n < 1000 || unit == "TiB" { return "\(number(unit == "B" ? n.rounded() : n)) \(unit)" }
      n /= 1024
    }
    return "\(number(n)) TiB"
  }

  private static func fixed(_ x: Double, _ scale: Int) -> String {
    let n = Int((abs(x) * Double(scale)).rounded())
    let sign = x < 0 && n > 0 ? "-" : ""
    let whole = n / scale
    var digits = String(n % scale + scale).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return digits.isEmpty ? "\(sign)\(whole)" : "\(sign)\(whole).\(digits)"
  }
}
