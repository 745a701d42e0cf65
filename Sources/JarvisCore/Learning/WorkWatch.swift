/// Watches what tasks of a type compute: a second sign that a type has changed, when its durations don't show it (yet).
///
/// Of computing the processor seconds of a task are compared, not their share of its duration, because the share falls
/// when others are waited for. They count from a twentieth of a typical duration on: what computes less than that waits
/// for something else, however much less. Tasks that ran alone and such that ran beside others are compared among
/// themselves, since what shares caches and memory computes longer for the same work.
struct WorkWatch: Sendable, Equatable {
  /// What a twentieth of a duration is; 0 until that is known. Seconds.
  private(set) var floor: Float = 0
  private(set) var alone = Band()
  private(set) var beside = Band()
  private(set) var detector = ChangeDetector()

  /// ln(processor seconds + floor) of about the last 64 tasks.
  struct Band: Sendable, Equatable {
    var weight: Float = 0
    var mean: Float = 0
    var variance: Float = 0
  }

  /// As many tasks must have ended before others are compared with them.
  static let first: Float = 8
  /// Less is never taken for the standard deviation: a change to half or to twice as much counts.
  static let leastSpread: Float = 0.35

  init() {}

  /// Takes in what was stored.
  init(floor: Float, alone: Band, beside: Band, detector: ChangeDetector) {
    self.floor = floor
    self.alone = alone
    self.beside = beside
    self.detector = detector
  }

  /// Begins anew: what is known of tails stays.
  mutating func begin() {
    (floor, alone, beside) = (0, Band(), Band())
    detector.begin()
  }

  /// Takes in a task's processor seconds.
  /// - Parameter typical: a typical duration; not needed any more once `floor` is known.
  /// - Returns: what was expected, if this shows that the type has changed.
  mutating func add(_ cpuSeconds: Double, isAlone: Bool, typical: Double?) -> Double? {
    guard cpuSeconds.isFinite, cpuSeconds >= 0 else { return nil }
    if floor == 0 {
      guard let typical, typical.isFinite else { return nil }
      floor = Float(max(1e-4, min(1e9, typical / 20)))
    }
    let value = Float(Numeric.ln(min(1e15, cpuSeconds) + Double(floor)))
    var band = isAlone ? alone : beside
    var kept = value
    if band.weight >= Self.first {
      let spread = max(Self.leastSpread, band.variance.squareRoot()) * (1 + 2 / band.weight)
      let residual = (value - band.mean) / spread
      if detector.add(Double(residual)) { return max(0, Numeric.power(Double(band.mean)) - Double(floor)) }
      kept = band.mean + Float(ChangeDetector.kept(Double(residual))) * spread
    }
    band.weight = min(band.weight + 1, RunningMean.memory)
    let gain = 1 / band.weight
    let difference = kept - band.mean
    band.mean += gain * difference
    band.variance = (1 - gain) * (band.variance + gain * difference * difference)
    if isAlone { alone = band } else { beside = band }
    return nil
  }

  /// Lets the share 1 − `share` of the weight fade.
  mutating func fade(to share: Double) {
    alone.weight *= Float(share)
    beside.weight *= Float(share)
  }
}
