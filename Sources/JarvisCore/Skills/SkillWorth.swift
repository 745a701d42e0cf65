import JarvisProtocol

/// A run of a skill, for its record.
public struct SkillRunFigures: Sendable, Hashable {
  /// When it ended.
  public var endedAt: Timestamp
  /// Whether all tasks succeeded.
  public var succeeded: Bool
  /// Seconds from the first start to the last end.
  public var wall: Double
  /// Seconds that its tasks took together.
  public var work: Double

  /// A run.
  public init(endedAt: Timestamp, succeeded: Bool, wall: Double, work: Double) {
    self.endedAt = endedAt
    self.succeeded = succeeded
    self.wall = wall
    self.work = work
  }

  /// Seconds that running in parallel saved; never below 0.
  public var saved: Double { max(0, work - wall) }
}

/// What a skill is worth, by what its runs came to.
///
/// A run counts 2^(−age / 30 days), so that what was long ago fades. The worth is the lower bound of the success rate
/// (Wilson's score interval, one-sided 90 %: z = 1.2816; E. B. Wilson, 1927) times the seconds that parallel running
/// saved in the runs that succeeded, each as much as it counts. A skill that never ran is worth 0.
public struct SkillWorth: Sendable, Hashable {
  /// A run counts half as much after this many seconds (30 days).
  public static let halfLife = 30.0 * 86_400
  /// The one-sided 90 % point of the normal distribution.
  static let z = 1.2816

  /// How many runs there were.
  public var runs = 0
  /// How many of them succeeded.
  public var succeeded = 0
  /// The success rate that is at least to be expected, 0 to 1.
  public var successBound = 0.0
  /// Seconds saved in all.
  public var saved = 0.0
  /// Seconds, aged and weighed: what skills are ranked by.
  public var worth = 0.0

  /// The record of these runs, as of `now`.
  public init(_ list: [SkillRunFigures], now: Timestamp) {
    var weights = 0.0
    var successes = 0.0
    var agedSavings = 0.0
    for run in list {
      let weight = Self.weight(age: now - run.endedAt)
      runs += 1
      weights += weight
      saved += run.saved
      guard run.succeeded else { continue }
      succeeded += 1
      successes += weight
      agedSavings += weight * run.saved
    }
    successBound = Self.wilson(successes: successes, trials: weights)
    worth = successBound * agedSavings
  }

  static func weight(age seconds: Double) -> Double {
    var weight = 1.0
    var left = max(0, seconds) / halfLife
    while left >= 1, weight > 1e-12 {
      weight /= 2
      left -= 1
    }
    guard weight > 1e-12 else { return 0 }
    // 2^-x for 0 ≤ x < 1 by its series; the core has no math library. Exact to 1e-9.
    let x = -left * 0.693_147_180_559_945_3
    var term = 1.0
    var sum = 1.0
    for n in 1...12 {
      term *= x / Double(n)
      sum += term
    }
    return weight * sum
  }

  /// The lower end of Wilson's interval; 0 without trials.
  static func wilson(successes: Double, trials n: Double) -> Double {
    guard n > 0 else { return 0 }
    let p = min(1, successes / n)
    let square = z * z
    let middle = p + square / (2 * n)
    let spread = z * (p * (1 - p) / n + square / (4 * n * n)).squareRoot()
    return max(0, (middle - spread) / (1 + square / n))
  }
}
