/// Wording and rounding of the overseer's figures, without Foundation.
enum Figures {
  /// A use as a clause: "it used 2.3 GiB of memory".
  static func amount(_ value: Double, _ kind: LimitKind) -> String {
    switch kind {
    case .memory: "it used \(bytes(value)) of memory"
    case .swap: "it used \(bytes(value)) of swap"
    case .cpu: "it used \(number(value)) cores"
    case .pids: "it had \(count(value)) processes and threads"
    case .ioWeight: "its weight for the disks is \(count(value))"
    case .time: "it ran for \(seconds(value))"
    case .output: "it wrote \(bytes(value))"
    case .silence: "it was silent for \(seconds(value))"
    }
  }

  /// A bare figure of a kind of limit: "2 GiB", "90 s".
  static func limit(_ value: Double, _ kind: LimitKind) -> String {
    switch kind {
    case .memory, .swap, .output: bytes(value)
    case .cpu: number(value) + (value == 1 ? " core" : " cores")
    case .pids, .ioWeight: count(value)
    case .time, .silence: seconds(value)
    }
  }

  /// `512 MiB`.
  static func bytes(_ value: Double) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
    var value = max(0, value)
    var unit = 0
    while value >= 1024, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    return (unit == 0 ? count(value) : number(value)) + " " + units[unit]
  }

  /// `2.5 s`, `10 min`, `3 h`.
  static func seconds(_ value: Double) -> String {
    if value >= 7200, value.truncatingRemainder(dividingBy: 3600) == 0 { return "\(count(value / 3600)) h" }
    if value >= 120, value.truncatingRemainder(dividingBy: 60) == 0 { return "\(count(value / 60)) min" }
    return number(value) + " s"
  }

  /// `87.3 %`.
  static func percent(_ share: Double) -> String { number(share * 100) + " %" }

  /// One decimal at most: `87.3`, `5`.
  static func number(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    let tenths = Int64((abs(value) * 10).rounded())
    let text = tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    return (value < 0 && tenths > 0 ? "-" : "") + text
  }

  private static func count(_ value: Double) -> String {
    value.isFinite && abs(value) < 1e15 ? "\(Int64(value.rounded()))" : "\(value)"
  }

  /// Rounds a limit up to a figure that a person would write: bytes to an eighth of their power of two (1.25 GiB,
  /// 320 MiB), seconds to 10 s, minutes or 10 minutes, counts to 64.
  static func sensible(_ value: Double, _ kind: LimitKind) -> Double {
    guard value.isFinite, value > 0 else { return value }
    switch kind {
    case .memory, .swap, .output:
      var power = 4096.0 * 8
      while power * 2 <= value { power *= 2 }
      return roundUp(value, to: power / 8)
    case .cpu: return roundUp(value, to: 0.5)
    case .pids: return roundUp(value, to: 64)
    case .ioWeight: return value
    case .time, .silence: return roundUp(value, to: value <= 120 ? 10 : value <= 3600 ? 60 : 600)
    }
  }

  private static func roundUp(_ value: Double, to step: Double) -> Double { (value / step).rounded(.up) * step }
}
