/// What has to be kept of the durations measured at about one width: a few numbers, however many tasks there were.
struct WidthRecord: Sendable, Equatable {
  /// Which of the width classes.
  var index: UInt8
  /// How many tasks were measured at other widths since the last at this one.
  var idle: UInt16 = 0
  /// How many observations it stands for: grows by 1 with each, up to `WidthStatistics.memory`; time takes from it.
  var weight: Float
  /// The variance of the mean, in units of one observation's: 1/n at first, and what a moving average has later.
  var spread: Float
  /// The mean width.
  var width: Float
  /// The mean of ln(duration).
  var mean: Float
  /// The variance of ln(duration) about that mean, as one measurement shows it.
  var variance: Float
  /// For how many observations one measurement stands: 1 for a task, more for a wave.
  var ends: Float = 1

  /// Lets the share 1 − `share` of its weight fade.
  mutating func fade(to share: Float) {
    weight = max(1, weight * share)
    spread /= share
  }

  /// Lets its weight fade to `WidthStatistics.staleShare`; but what is known well enough to tell that a type has changed
  /// stays just that.
  mutating func becomeStale() {
    let least = isKnown ? Float(WidthStatistics.known) * ends * spread : 0
    fade(to: min(1, max(WidthStatistics.staleShare, least)))
  }

  /// How many independent observations the mean is worth.
  var effective: Double { spread > 0 ? 1 / Double(spread) : 0 }

  /// How many independent measurements there were: what the variance rests on.
  var measurements: Double { effective / Double(ends) }
}

/// The durations of a type by width, with forgetting: sufficient for the law's posterior.
///
/// Each width class remembers its own last observations. So running only one by one doesn't wear off what is known of
/// five at once; time does, and a change of behaviour does.
struct WidthStatistics: Sendable, Equatable {
  /// About as many observations count in each class: newer ones push older ones out.
  static let memory: Float = 64
  /// What was measured before so many tasks ran at other widths counts for less once it is measured again: what it is
  /// worth then shows soon, and old and new would make a mean that never was.
  static let staleAfter: UInt16 = 1000
  static let staleShare: Float = 0.1
  /// A measurement counts for no more: what disturbs a wave disturbs all of its tasks.
  static let mostEnds = 16
  /// The upper ends of the width classes.
  static let edges: [Float] = [1.25, 1.75, 2.25, 2.75, 3.5, 4.5, 5.5, 6.5, 7.5, 9, 11, 14, 18, 24, 32, 48]

  /// Classes that have something, by width.
  private(set) var records: [WidthRecord] = []

  /// The class of a width.
  static func index(of width: Float) -> UInt8 { UInt8(edges.firstIndex { width <= $0 } ?? edges.count) }

  /// How many independent observations all of it is worth.
  var effective: Double { records.reduce(0) { $0 + $1.effective } }

  /// The common standard deviation of ln(duration) within the classes, with a prior of about 0.17 worth two
  /// observations, so that the first few that happen to agree don't look like certainty.
  var noise: Double {
    let (squares, degrees) = within
    return ((Self.priorDegrees * Self.priorVariance + squares) / (Self.priorDegrees + degrees)).squareRoot()
  }

  /// The noise's prior.
  static let priorDegrees = 2.0
  static let priorVariance = 0.03

  /// The sum of squares within the classes, and its degrees of freedom.
  var within: (squares: Double, degrees: Double) {
    records.reduce((0, 0)) {
      ($0.0 + Double($1.variance) * $1.effective, $0.1 + max(0, $1.measurements - 1))
    }
  }

  /// Takes in one measurement.
  /// - Parameter ends: of how many tasks `logDuration` is the average: it counts as much as they do.
  mutating func add(width: Double, logDuration: Double, ends: Int = 1) {
    let tasks = ends
    let ends = Float(max(1, min(Self.mostEnds, ends)))
    let width = Float(width)
    let value = Float(logDuration)
    let index = Self.index(of: width)
    let known = records.firstIndex { $0.index == index }
    for i in records.indices where i != known { records[i].idle = UInt16(clamping: Int(records[i].idle) + tasks) }
    guard let at = known else {
      let new = WidthRecord(
        index: index, weight: ends, spread: 1 / ends, width: width, mean: value, variance: 0, ends: ends)
      let place = records.firstIndex { $0.index > index } ?? records.count
      records.insert(new, at: place)
      records = Self.withoutRoom(records)
      return
    }
    if records[at].idle >= Self.staleAfter { records[at].becomeStale() }
    records[at].idle = 0
    records[at].weight = min(records[at].weight + ends, Self.memory)
    let gain = ends / records[at].weight
    let rest = 1 - gain
    let difference = value - records[at].mean
    records[at].mean += gain * difference
    records[at].width += gain * (width - records[at].width)
    records[at].variance = rest * (records[at].variance + gain * difference * difference)
    records[at].spread = rest * rest * records[at].spread + gain * gain / ends
    records[at].ends += gain * (ends - records[at].ends)
  }

  /// Lets the share 1 − `share` of all weight fade.
  mutating func fade(to share: Double) {
    let share = Float(max(1e-6, min(1, share)))
    for i in records.indices { records[i].fade(to: share) }
    records.removeAll { $0.spread > 20 }
  }

  /// Forgets everything.
  mutating func clear() { records = [] }

  /// Takes records that were stored; the caller has checked them.
  init(records: [WidthRecord] = []) { self.records = Self.withoutRoom(records) }

  /// The same list in a buffer without room to grow: such lists grow seldom, and there are thousands of them.
  private static func withoutRoom(_ records: [WidthRecord]) -> [WidthRecord] {
    var exact: [WidthRecord] = []
    exact.reserveCapacity(records.count)
    exact += records
    return exact
  }
}
