/// Where ln(duration) is expected at a width, by all that was measured before, at other widths too.
///
/// What a type takes at some width is not known to a point before it was measured there: it is expected in a range, from
/// `low` to `high`, each end of which is known but for a spread. Only what lies outside is a surprise.
struct DurationExpectation: Sendable, Equatable {
  /// The range's ends, ln(seconds); they may be infinite where nothing bounds it.
  var low: Double
  var high: Double
  /// The standard deviations of the ends.
  var lowSpread: Double
  var highSpread: Double
  /// How far single measurements about this width lie apart, as far as was seen: a standard deviation.
  var scatter = 0.0
  /// Whether it rests on other widths alone.
  var isBetween = false

  /// What in the range is nearest to a value.
  func nearest(to value: Double) -> Double { max(low, min(high, value)) }

  /// How well that is known, a standard deviation.
  func spread(at value: Double) -> Double { value < low ? lowSpread : highSpread }
}

extension WidthStatistics {
  /// A class counts as known from as many measurements on: one alone may be a straggler's.
  static let known = 3.0
  /// The standard deviation of what a single measurement says of a class that has no more, in logarithms.
  static let youth = 0.3
  /// Widths that differ by no more than this, in logarithms, are about the same: a sixth. Up to six at once one more is
  /// another width.
  static let reach = 0.16
  /// On the way from one width to another about the same T grows at most with this power of the width: faster than in
  /// proportion where all get in each other's way.
  static let steepest = 1.5
  /// What is interpolated between widths is known no better than this, in logarithms.
  static let interpolation = 0.05

  /// What is expected at a width; nil while too little is known to say.
  ///
  /// - **About this width was seen before**: what was measured there. T may stay or grow (`steepest`) on the way from there,
  ///   so it is expected in between. Several such classes count by how well they are known and how near they are:
  ///   a class that has begun just now doesn't outweigh the one beside it that is known well, and so a change that comes
  ///   with another average width is compared with what was known before it.
  /// - **Widths on both sides**: T doesn't fall when more run at once, so it is between theirs. Where the law fits three
  ///   widths and more, the range is drawn together by half towards what the law says.
  /// - **Wider or narrower than ever**: no less than at the widest, or no more than at the narrowest. It may be much
  ///   more (memory runs out at the fifth), so that is no sign that the type has changed.
  ///
  /// - Parameter posterior: what is believed of the law; asked for only where no width near was seen.
  func expectation(at width: Double, posterior: () -> LawPosterior) -> DurationExpectation? {
    let noise = noise
    // What the level at a class's width is known to: by the common noise, or by how far apart its own measurements lie.
    // Of a class that was hardly measured that is little: a straggler may have been among its few.
    func variance(_ record: WidthRecord) -> Double {
      let youth = record.isKnown ? 0 : Self.youth * Self.youth / max(0.3, record.measurements)
      return max(noise * noise / record.effective, Double(record.variance) / max(1, record.measurements)) + youth
    }
    var known = Near()
    var young = Near()
    var below: WidthRecord?
    var above: WidthRecord?
    let index = Self.index(of: Float(width))
    for (place, record) in records.enumerated() {
      let shift = Numeric.ln(width / Double(record.width))
      if abs(shift) <= Self.reach || record.index == index {
        let steepness = steepness(from: place, isUp: shift > 0)
        if record.isKnown {
          known.add(record, shift * steepness, variance(record))
        } else {
          young.add(record, shift * steepness, variance(record))
        }
      } else if record.isKnown {
        if shift > 0 { below = record } else if above == nil { above = record }
      }
    }
    if let known = known.expectation { return known }
    guard below != nil || above != nil else { return young.expectation }
    func bound(_ record: WidthRecord) -> Double {
      (variance(record) + Self.interpolation * Self.interpolation).squareRoot()
    }
    var (low, high) = (-Double.infinity, Double.infinity)
    var (lowSpread, highSpread) = (0.0, 0.0)
    if let below { (low, lowSpread) = (Double(below.mean), bound(below)) }
    if let above { (high, highSpread) = (Double(above.mean), bound(above)) }
    if below != nil, above != nil {
      if low > high { (low, high, lowSpread, highSpread) = (high, low, highSpread, lowSpread) }
      let law = posterior()
      if law.widths >= 3, let told = law.logTime(at: width), told.spread <= max(lowSpread, highSpread) {
        let middle = max(low, min(high, told.mean))
        (low, high) = ((low + middle) / 2, (high + middle) / 2)
      }
    } else if let few = young.expectation {
      // What nothing else bounds, the few that there are do.
      if below == nil { (low, lowSpread) = (min(high, few.low), few.lowSpread) }
      if above == nil { (high, highSpread) = (max(low, few.high), few.highSpread) }
    }
    return DurationExpectation(low: low, high: high, lowSpread: lowSpread, highSpread: highSpread, isBetween: true)
  }

  /// The classes about one width, each by how well it is known and how near it is.
  private struct Near {
    var weight = 0.0, mean = 0.0, half = 0.0, variance = 0.0, scatter = 0.0

    /// - Parameter growth: what ln T may grow by on the way there, at most.
    mutating func add(_ record: WidthRecord, _ growth: Double, _ own: Double) {
      let half = abs(growth) / 2
      let share = 1 / (own + half * half)
      weight += share
      mean += share * (Double(record.mean) + growth / 2)
      self.half += share * half
      variance += share * share * own
      scatter += share * Double(record.variance)
    }

    /// Nil if there is none.
    var expectation: DurationExpectation? {
      guard weight > 0 else { return nil }
      let spread = variance.squareRoot() / weight
      return DurationExpectation(
        low: (mean - half) / weight, high: (mean + half) / weight, lowSpread: spread, highSpread: spread,
        scatter: (scatter / weight).squareRoot())
    }
  }
}

extension WidthStatistics {
  /// With which power of the width T may grow from a class on, or before it: four times as steeply as on the whole way to the
  /// next that is known, where that is more than anywhere else (a cliff).
  private func steepness(from place: Int, isUp: Bool) -> Double {
    let record = records[place]
    let next = isUp ? records[(place + 1)...].first { $0.isKnown } : records[..<place].last { $0.isKnown }
    guard let next, next.width != record.width else { return Self.steepest }
    let distance = Numeric.ln(Double(next.width) / Double(record.width))
    return max(Self.steepest, 4 * Double(next.mean - record.mean) / distance)
  }
}

extension WidthRecord {
  /// Whether enough was measured in it to compare others with.
  var isKnown: Bool { effective >= WidthStatistics.known && measurements >= WidthStatistics.known * 0.99 }
}

extension LawPosterior {
  /// The mean of ln T at a width, and its standard deviation, with what the law doesn't explain; nil while no duration is
  /// known.
  func logTime(at width: Double) -> (mean: Double, spread: Double)? {
    guard observations > 0 else { return nil }
    var (mean, square) = (0.0, 0.0)
    for cell in cells where cell.mass > 1e-6 {
      let value = cell.logFirst + Numeric.ln(cell.law.slowdown(width))
      mean += cell.mass * value
      square += cell.mass * value * value
    }
    let scatter = seen.reduce(0) { $0 + $1.logRatio * $1.logRatio } / Double(max(1, seen.count))
    return (mean, (max(0, square - mean * mean) + noise * noise / observations + scatter).squareRoot())
  }
}
