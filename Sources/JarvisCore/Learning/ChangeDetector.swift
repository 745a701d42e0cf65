/// Notices that a type behaves differently than it did: Page's two-sided cumulative sum over standardised residuals.
///
/// Each residual adds what it exceeds `drift` by; while a type behaves as before, the sums fall back to 0 again and
/// again. A shift by one standard deviation is noticed after about 35 observations, by two after 8, by three after 4;
/// without any change there is a false alarm about once in a million observations of normal noise, and since
/// residuals count for at most 3, heavy tails don't ring it either.
struct ChangeDetector: Sendable, Equatable {
  static let drift: Float = 0.75
  static let limit: Float = 9
  /// Residuals count for no more, in standard deviations.
  static let clip: Float = 3

  var up: Float = 0
  var down: Float = 0

  /// Takes in a residual in standard deviations. Returns whether the type has changed; then it begins anew.
  mutating func add(_ residual: Double) -> Bool {
    let z = max(-Self.clip, min(Self.clip, Float(residual)))
    up = max(0, up + z - Self.drift)
    down = max(0, down - z - Self.drift)
    guard max(up, down) > Self.limit else { return false }
    self = ChangeDetector()
    return true
  }
}
