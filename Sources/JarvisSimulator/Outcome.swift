import JarvisProtocol

/// Waiting times of tasks of one priority: seconds from submission (or release by what they depended on) to the first
/// start.
public struct Waits: Sendable, Equatable {
  /// How many started.
  public var count: Int
  /// Half waited less; 95 of 100 did; nobody waited longer.
  public var p50: Double, p95: Double, max: Double

  /// Sorts out some waits; nil if there are none.
  init?(_ waits: [Double]) {
    guard !waits.isEmpty else { return nil }
    let sorted = waits.sorted()
    func rank(_ share: Double) -> Double { sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] }
    count = sorted.count
    p50 = rank(0.5)
    p95 = rank(0.95)
    max = sorted[sorted.count - 1]
  }
}

/// How one batch went.
public struct BatchSpan: Sendable, Equatable {
  /// Which of the workload's sources it came from.
  public var source: Int
  /// Seconds from the simulation's beginning to its submission and to the end of its last task.
  public var submitted: Double, ended: Double
  /// The width that it had last; nil for none.
  public var width: Int?
  /// The most of its tasks that ran at once.
  public var mostAtOnce = 0

  /// Seconds from submission to the end of its last task.
  public var seconds: Double { ended - submitted }
}

/// What became of a workload under one strategy.
public struct Outcome: Sendable, Equatable {
  /// The strategy.
  public var strategy: SimulatedStrategy
  /// How many tasks came, and how many reached each terminal state.
  public var submitted = 0, ended: [TaskState: Int] = [:]
  /// Seconds from the first submission to the last end.
  public var makespan = 0.0
  /// Waiting times by priority.
  public var waits: [Priority: Waits] = [:]
  /// Each batch, in the order of the workload.
  public var batches: [BatchSpan] = []
  /// Share of all processors over the makespan: of agents, and of everything.
  public var cpuOfAgents = 0.0, cpu = 0.0
  /// Share of memory: on average over the makespan, and the most at once.
  public var ram = 0.0, ramMost = 0.0
  /// Seconds in which memory was above the policy's danger line (and of the processors, which makes no harm), however
  /// short; measured by the machine, not by samples.
  public var ramDangerSeconds = 0.0, cpuDangerSeconds = 0.0
  /// Agents that Jarvis ended to relieve the machine (killed, cancelled or put back), and that it froze.
  public var relieved = 0, frozen = 0
  /// Agents that the kernel killed because memory had run out.
  public var killedByKernel = 0
  /// Seconds of work: of all that came, that was done, and that was done in vain (of agents that were ended).
  public var work = 0.0, delivered = 0.0, wasted = 0.0
  /// How often something happened: what a simulation costs.
  public var steps = 0
  /// Whether it was given up before all tasks were over.
  public var isUnfinished = false
  /// How the machine was over time.
  public var curve = Curve()

  /// Nothing happened yet.
  init(strategy: SimulatedStrategy) { self.strategy = strategy }

  /// How many ended in one state.
  public func count(_ state: TaskState) -> Int { ended[state] ?? 0 }
}

/// The machine over time, in at most 720 pieces of equal length, each with its averages.
public struct Curve: Sendable, Equatable {
  /// The averages of a piece of time.
  public struct Point: Sendable, Equatable {
    /// Shares of the machine.
    public var cpu = 0.0, ram = 0.0
    /// Tasks that ran, and that waited.
    public var running = 0.0, waiting = 0.0
    /// Seconds that were measured of it.
    var weight = 0.0

    fileprivate mutating func add(_ other: Point) {
      let sum = weight + other.weight
      guard sum > 0 else { return }
      let (old, new) = (weight / sum, other.weight / sum)
      cpu = cpu * old + other.cpu * new
      ram = ram * old + other.ram * new
      running = running * old + other.running * new
      waiting = waiting * old + other.waiting * new
      weight = sum
    }
  }

  static let capacity = 720

  /// Seconds of each piece.
  public private(set) var seconds = 1.0
  /// The pieces, from the simulation's beginning on.
  public private(set) var points: [Point] = []

  /// Takes in what was from a time on, for some seconds; pieces that nobody told of stay empty.
  mutating func add(_ point: Point, from begin: Double, for length: Double) {
    var (time, left) = (begin, length)
    while left > 0 {
      while Int(time / seconds) >= Self.capacity { halve() }
      let index = Int(time / seconds)
      while points.count <= index { points.append(Point()) }
      let part = min(left, max(1e-6, Double(index + 1) * seconds - time))
      var piece = point
      piece.weight = part
      points[index].add(piece)
      time += part
      left -= part
    }
  }

  private mutating func halve() {
    var merged: [Point] = []
    for index in stride(from: 0, to: points.count, by: 2) {
      var point = points[index]
      if index + 1 < points.count { point.add(points[index + 1]) }
      merged.append(point)
    }
    points = merged
    seconds *= 2
  }
}
