/// Notices that a type behaves differently than it did: Page's two-sided cumulative sum over standardised residuals.
///
/// Each residual adds what it exceeds `drift` by; while a type behaves as before, the sums fall back to 0 again and
/// again. Measured in simulation (normal noise, medians): a shift by 1.5 standard deviations is noticed after 16
/// observations, by 2 after 9, by 3 after 5; a shift by 1 is not, and the moving averages follow it instead. There was
/// no false alarm in a million observations without a change. Residuals count for at most 3, so that heavy tails don't
/// ring it either.
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
