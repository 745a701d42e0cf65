import JarvisProtocol

/// What a wave of tasks of one type showed: a while in which at least as many ended as ran at once.
///
/// Little's law (J. D. C. Little, Operations Research 9, 1961) ties them together, whatever the order in which they are
/// served: over a while, the average number that run is the rate of ends times the average duration. Single tasks would
/// mislead: of five that a server takes one by one the first is done soonest, and it is the one that had all the others
/// beside it. What ran before the while began, and what goes on after it, disturbs; a wave is a while in which both are
/// about the same, or nothing.
public struct Wave: Sendable, Equatable {
  /// The average number that ran, 1 or more.
  public var width: Double
  /// What one took on average, seconds.
  public var seconds: Double
  /// How many ended.
  public var ended: Int

  /// Takes what was measured.
  public init(width: Double, seconds: Double, ended: Int) {
    self.width = width
    self.seconds = seconds
    self.ended = ended
  }
}

/// Measures beside how many of their type tasks run, and what they take then.
///
/// For each type it keeps the sum of task-seconds so far; what was added to it while a task ran, over the task's time,
/// is that task's width, and what was added during a wave, over the ends in it, is what a task took. So a start or an
/// end costs the same however many run.
public struct WidthMeter: Sendable {
  /// The tasks of one type that run.
  private struct Gauge: Sendable {
    var count = 0
    /// Task-seconds until `at`.
    var area = 0.0
    var at: Timestamp
    // The wave that is going on: since when, where the area stood then, who ended, and task-seconds that led to no
    // success.
    var waveSince: Timestamp
    var areaThen = 0.0
    var ended = 0
    var wasted = 0.0
    /// The most at once in it.
    var peak = 0
    /// Task-seconds that those which ran when it began had behind them.
    var carriedIn = 0.0
    /// When those that run began, added up, in seconds from `origin`.
    var begins = 0.0
    let origin: Timestamp

    init(at time: Timestamp) {
      at = time
      waveSince = time
      origin = time
    }

    /// Task-seconds that those which run have behind them.
    var carried: Double { max(0, Double(count) * (at - origin) - begins) }
  }

  /// What a wave's beginning and end may differ by, as a share of its task-seconds.
  static let imbalance = 0.15

  /// A task that runs.
  private struct Run: Sendable {
    var type: String
    /// Where the gauge stood when it began, or went on; nil while it is paused.
    var areaThen: Double?
    var since: Timestamp
    /// Of the time before it was paused last.
    var area = 0.0
    var seconds = 0.0
  }

  /// What was measured of a task.
  public struct Reading: Sendable, Equatable {
    /// The average number of tasks of its type that ran while it did, 1 or more.
    public var width: Double
    /// How long it ran, pauses left out, seconds.
    public var seconds: Double
    /// The wave that it ended, if it did.
    public var wave: Wave?
  }

  private var gauges: [String: Gauge] = [:]
  private var runs: [TaskID: Run] = [:]

  /// Nothing runs.
  public init() {}

  /// How many tasks run or are paused.
  public var count: Int { runs.count }

  /// A task begins to run; left alone if it does already. Times may come a little out of order.
  public mutating func begin(_ task: TaskID, type: String, at time: Timestamp) {
    guard runs[task] == nil else { return }
    advance(type, to: time)
    runs[task] = Run(type: type, areaThen: gauges[type]?.area, since: time)
    enter(type, at: time)
  }

  /// A task stands still, and so is in nobody's way.
  public mutating func pause(_ task: TaskID, at time: Timestamp) {
    guard var run = runs[task], let then = run.areaThen else { return }
    advance(run.type, to: time)
    run.area += (gauges[run.type]?.area ?? then) - then
    run.seconds += max(0, time - run.since)
    run.areaThen = nil
    runs[task] = run
    leave(run.type, since: run.since)
  }

  /// It goes on.
  public mutating func resume(_ task: TaskID, at time: Timestamp) {
    guard var run = runs[task], run.areaThen == nil else { return }
    advance(run.type, to: time)
    run.areaThen = gauges[run.type]?.area
    run.since = time
    runs[task] = run
    enter(run.type, at: time)
  }

  /// It is over. Nil if its beginning wasn't told.
  /// - Parameter succeeded: only what succeeded tells how long such tasks take.
  public mutating func end(_ task: TaskID, at time: Timestamp, succeeded: Bool) -> Reading? {
    guard var run = runs.removeValue(forKey: task) else { return nil }
    let beside = gauges[run.type]?.count ?? 1
    guard let then = run.areaThen else {
      return Reading(width: max(1, run.seconds > 0 ? run.area / run.seconds : 1), seconds: run.seconds)
    }
    advance(run.type, to: time)
    run.area += (gauges[run.type]?.area ?? then) - then
    run.seconds += max(0, time - run.since)
    // Shorter than the clock's step: as it is now.
    var reading = Reading(
      width: max(1, run.seconds > 0 ? run.area / run.seconds : Double(beside)), seconds: run.seconds)
    if succeeded { gauges[run.type]?.ended += 1 } else { gauges[run.type]?.wasted += run.seconds }
    leave(run.type, since: run.since, wave: &reading.wave)
    return reading
  }

  /// Ends the wave if it may end: with as many ends as ran at once, fewer would be those that were quickest, and no more
  /// behind those that go on than those that it began with had behind them.
  private mutating func endWave(_ type: String) -> Wave? {
    guard var gauge = gauges[type], gauge.ended > 0 else { return nil }
    let seconds = gauge.at - gauge.waveSince
    let area = gauge.area - gauge.areaThen
    let carried = gauge.carried
    guard seconds > 0, gauge.count == 0 || gauge.ended >= gauge.peak,
      abs(carried - gauge.carriedIn) <= Self.imbalance * area
    else { return nil }
    let used = area - gauge.wasted
    let wave = Wave(width: max(1, area / seconds), seconds: used / Double(gauge.ended), ended: gauge.ended)
    (gauge.waveSince, gauge.areaThen, gauge.carriedIn) = (gauge.at, gauge.area, carried)
    (gauge.ended, gauge.wasted, gauge.peak) = (0, 0, gauge.count)
    gauges[type] = gauge
    return used > 0 ? wave : nil
  }

  private mutating func advance(_ type: String, to time: Timestamp) {
    guard var gauge = gauges[type] else {
      gauges[type] = Gauge(at: time)
      return
    }
    gauge.area += Double(gauge.count) * max(0, time - gauge.at)
    gauge.at = max(gauge.at, time)
    gauges[type] = gauge
  }

  private mutating func enter(_ type: String, at time: Timestamp) {
    guard var gauge = gauges[type] else { return }
    gauge.count += 1
    gauge.begins += time - gauge.origin
    gauge.peak = max(gauge.peak, gauge.count)
    gauges[type] = gauge
  }

  private mutating func leave(_ type: String, since: Timestamp) {
    var wave: Wave?
    leave(type, since: since, wave: &wave)
  }

  /// One runs no longer.
  private mutating func leave(_ type: String, since: Timestamp, wave: inout Wave?) {
    guard let origin = gauges[type]?.origin else { return }
    gauges[type]?.count -= 1
    gauges[type]?.begins -= since - origin
    wave = endWave(type)
    // A gauge that nobody reads: a paused task takes its own reading with it.
    if gauges[type]?.count == 0 { gauges[type] = nil }
  }
}
