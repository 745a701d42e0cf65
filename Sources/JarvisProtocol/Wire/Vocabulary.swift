/// The order in which waiting tasks are looked at. `critical` is the most urgent.
public enum Priority: String, Sendable, Hashable, CaseIterable, Comparable {
  case critical, high, medium, low

  /// 0 for `critical` to 3 for `low`.
  public var rank: Int {
    switch self {
    case .critical: 0
    case .high: 1
    case .medium: 2
    case .low: 3
    }
  }

  /// More urgent sorts first.
  public static func < (a: Priority, b: Priority) -> Bool { a.rank < b.rank }
}

/// Where a task is. The last six are terminal: a task that reached one of them never leaves it.
public enum TaskState: String, Sendable, Hashable, CaseIterable {
  /// Ready to run; waits for its turn, for resources, or for `not_before`.
  case queued
  /// Waits for the tasks it depends on.
  case blocked
  /// Handed to the warden; no process is known yet.
  case starting
  case running
  /// Its processes are frozen.
  case paused
  case succeeded
  case failed
  /// Stopped because its `time` limit passed.
  case timedOut = "timed_out"
  /// Stopped by the overseer, with the limit it broke.
  case killed
  case cancelled
  /// Its exit status can't be known: the warden that held it died.
  case lost

  /// Whether the task is over for good.
  public var isTerminal: Bool {
    switch self {
    case .queued, .blocked, .starting, .running, .paused: false
    case .succeeded, .failed, .timedOut, .killed, .cancelled, .lost: true
    }
  }

  /// Whether the task has, or is about to have, processes.
  public var isActive: Bool { self == .starting || self == .running || self == .paused }

  /// Whether the task waits for something before it can start.
  public var isWaiting: Bool { self == .queued || self == .blocked }
}

/// How a batch wants its tasks to be run.
public enum Strategy: String, Sendable, Hashable, CaseIterable {
  /// Jarvis decides, from the zones and what it has learned.
  case auto
  /// As many at once as the resources allow.
  case parallel
  /// One at a time, in the order given.
  case sequential
  /// The learner picks the width.
  case adaptive
}

/// How loaded the machine is.
public enum Zone: String, Sendable, Hashable, CaseIterable, Comparable {
  case safe, warning, danger

  private var rank: Int {
    switch self {
    case .safe: 0
    case .warning: 1
    case .danger: 2
    }
  }

  /// Calmer sorts first.
  public static func < (a: Zone, b: Zone) -> Bool { a.rank < b.rank }
}

/// How much of its service Jarvis can give.
public enum Level: String, Sendable, Hashable, CaseIterable {
  /// Everything that may run runs.
  case ideal
  /// Some tasks run, some wait for resources.
  case constrained
  /// The machine is in danger: at most one of Jarvis's tasks is started at a time.
  case starved
  /// Danger lasted: low-priority tasks are stopped.
  case emergency
}

/// What the machine lets Jarvis enforce.
public enum Tier: String, Sendable, Hashable, CaseIterable {
  /// cgroup v2 with memory, pids and cpu delegated: the kernel holds the limits.
  case kernel
  /// A writable cgroup v2 without those controllers: membership, freeze and kill by cgroup, usage by sampling.
  case sampled
  /// No writable cgroup v2: the process tree from `/proc`.
  case tree
}

/// What a task that another depends on must have come to.
public enum AfterCondition: String, Sendable, Hashable, CaseIterable {
  case success, failure, any
}

/// A task's number; `t42` in text. Never reused within a store.
public struct TaskID: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// 1 or more.
  public let raw: UInt64

  /// Wraps a number from the store.
  public init(_ raw: UInt64) { self.raw = raw }

  /// Reads `t42` or `42`; nil for anything else.
  public init?(_ text: some StringProtocol) {
    let digits = text.hasPrefix("t") ? text.dropFirst() : text[...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let n = UInt64(digits), n > 0
    else { return nil }
    raw = n
  }

  /// The words for people.
  public var description: String { "t\(raw)" }

  /// Older first.
  public static func < (a: TaskID, b: TaskID) -> Bool { a.raw < b.raw }
}

/// A batch's number; `b7` in text. Never reused within a store.
public struct BatchID: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// 1 or more.
  public let raw: UInt64

  /// Wraps a number from the store.
  public init(_ raw: UInt64) { self.raw = raw }

  /// Reads `b7` or `7`; nil for anything else.
  public init?(_ text: some StringProtocol) {
    let digits = text.hasPrefix("b") ? text.dropFirst() : text[...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let n = UInt64(digits), n > 0
    else { return nil }
    raw = n
  }

  /// The words for people.
  public var description: String { "b\(raw)" }

  /// Older first.
  public static func < (a: BatchID, b: BatchID) -> Bool { a.raw < b.raw }
}

/// A point of wall-clock time in milliseconds since 1970-01-01T00:00:00Z; RFC 3339 in text.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Milliseconds since the Unix epoch.
  public var milliseconds: Int64

  /// Wraps milliseconds since the Unix epoch.
  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// Earlier first.
  public static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

  /// The time `seconds` later.
  public static func + (a: Timestamp, seconds: Double) -> Timestamp {
    Timestamp(milliseconds: a.milliseconds + Int64((seconds * 1000).rounded()))
  }

  /// Seconds from `b` to `a`.
  public static func - (a: Timestamp, b: Timestamp) -> Double { Double(a.milliseconds - b.milliseconds) / 1000 }

  /// RFC 3339 in UTC with milliseconds: `2026-11-24T07:00:27.123Z`.
  public var description: String {
    // Days to civil date: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    let (days, ms) = milliseconds.floorDivided(by: 86_400_000)
    let z = days + 719_468
    let (era, doe) = z.floorDivided(by: 146_097)
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100)
    let mp = (5 * doy + 2) / 153
    let day = doy - (153 * mp + 2) / 5 + 1
    let month = mp < 10 ? mp + 3 : mp - 9
    let year = yoe + era * 400 + (month <= 2 ? 1 : 0)
    func pad(_ n: Int64, _ width: Int) -> String {
      let s = String(n)
      return String(repeating: "0", count: max(0, width - s.utf8.count)) + s
    }
    return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T\(pad(ms / 3_600_000, 2)):"
      + "\(pad(ms / 60_000 % 60, 2)):\(pad(ms / 1000 % 60, 2)).\(pad(ms % 1000, 3))Z"
  }

  /// Reads RFC 3339 (`Z` or an offset; fraction optional); nil for anything else.
  public init?(rfc3339 text: String) {
    let b = Array(text.utf8)
    func number(_ at: Int, _ count: Int) -> Int64? {
      guard at + count <= b.count else { return nil }
      var n: Int64 = 0
      for c in b[at..<at + count] {
        guard c >= 48, c <= 57 else { return nil }
        n = n * 10 + Int64(c - 48)
      }
      return n
    }
    func byte(_ at: Int) -> UInt8 { at < b.count ? b[at] : 0 }
    guard let year = number(0, 4), byte(4) == 45, let month = number(5, 2), byte(7) == 45, let day = number(8, 2),
      byte(10) == 84 || byte(10) == 116 || byte(10) == 32, let hour = number(11, 2), byte(13) == 58,
      let minute = number(14, 2), byte(16) == 58, let second = number(17, 2),
      (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
    else { return nil }
    var at = 19
    var ms: Int64 = 0
    if byte(at) == 46 {
      at += 1
      var scale: Int64 = 100
      let first = at
      while byte(at) >= 48, byte(at) <= 57 {
        ms += Int64(byte(at) - 48) * scale
        scale /= 10
        at += 1
      }
      guard at > first else { return nil }
    }
    var offset: Int64 = 0
    switch byte(at) {
    case 90, 122: at += 1
    case 43, 45:
      guard let h = number(at + 1, 2), byte(at + 3) == 58, let m = number(at + 4, 2) else { return nil }
      offset = (h * 60 + m) * 60_000 * (byte(at) == 45 ? -1 : 1)
      at += 6
    default: return nil
    }
    guard at == b.count else { return nil }
    milliseconds =
      Self.days(year: year, month: month, day: day) * 86_400_000 + hour * 3_600_000 + minute * 60_000 + second * 1000
      + ms - offset
  }

  /// Days since 1 January 1970 of a date of the Gregorian calendar, UTC: month 1 to 12, day 1 to 31 (Hinnant's, as in
  /// `description`).
  public static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let y = month <= 2 ? year - 1 : year
    let (era, yoe) = y.floorDivided(by: 400)
    let doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
  }
}

extension Int64 {
  /// Quotient rounded towards minus infinity, and the remainder (0 ..< divisor).
  func floorDivided(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (q, r) = quotientAndRemainder(dividingBy: divisor)
    return r < 0 ? (q - 1, r + divisor) : (q, r)
  }
}
