/// Notices that a type behaves differently than it did: Page's two-sided cumulative sum over standardised residuals.
///
/// A residual is of one measurement, at whatever width, against what was expected at that width
/// (`WidthStatistics.expectation`), so that what is seen at one width and at another adds up.
///
/// Each residual adds what it exceeds `drift` by; while a type behaves as before, the sums fall back to 0 again and
/// again. Measured in simulation (normal noise, medians): a shift by 1.5 standard deviations is noticed after 16
/// observations, by 2 after 9, by 3 after 5; a shift by 1 is not, and the moving averages follow it instead.
///
/// Residuals count for at most 3, so that one that is far off can't ring it. Types of which many are far off, now and
/// then, have heavy tails: the share of such residuals is learned, from excursions that came back to 0 by themselves, and
/// raises what rings, so that as many in a row are needed as don't come about by chance.
struct ChangeDetector: Sendable, Equatable {
  static let drift: Float = 0.75
  /// What rings where nothing is ever far off.
  static let limit: Float = 9
  /// How much more it takes for each share of residuals that are far off.
  static let limitForTails: Float = 60
  /// The share that is expected of a new type.
  static let firstTail: Float = 0.06
  /// About so many of the last residuals tell the share.
  static let tailMemory: Float = 64
  /// Residuals count for no more, in standard deviations.
  static let clip: Float = 3
  /// From here on one is far off.
  static let far: Float = 2.5

  var up: Float = 0
  var down: Float = 0
  /// The share of residuals that are far off while nothing changes.
  var tail = ChangeDetector.firstTail
  /// In the excursion that goes on: residuals, and how many were far off.
  var count: Float = 0
  var hits: Float = 0

  /// A single measurement that is this far off is worth another look.
  static let raised: Float = 2

  /// Whether the last ones were far off.
  var isRaised: Bool { max(up, down) >= Self.raised }

  /// What of a residual goes into the averages: one that is far off counts as two standard deviations (as
  /// one where a width is measured for the first times, or those would make their own norm), so that a
  /// straggler hardly moves them, and what may be a change isn't taken for normal before it rings (after Hampel).
  static func kept(_ residual: Double, farAs most: Double = 2) -> Double {
    abs(residual) < Double(far) ? residual : (residual > 0 ? most : -most)
  }

  /// Begins anew: what is known of tails stays.
  mutating func begin() { (up, down, count, hits) = (0, 0, 0, 0) }

  /// Takes in a residual in standard deviations. Returns whether the type has changed; then it begins anew.
  mutating func add(_ residual: Double) -> Bool {
    let z = max(-Self.clip, min(Self.clip, Float(residual)))
    up = max(0, up + z - Self.drift)
    down = max(0, down - z - Self.drift)
    count += 1
    if abs(z) >= Self.far { hits += 1 }
    let sum = max(up, down)
    if sum > Self.limit + Self.limitForTails * tail {
      begin()
      return true
    }
    if sum == 0 {
      tail += (hits / count - tail) * min(1, count / Self.tailMemory)
      begin()
    }
    return false
  }
}
