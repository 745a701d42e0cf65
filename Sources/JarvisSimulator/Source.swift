import JarvisProtocol

/// When the batches of a source come.
public enum ArrivalPattern: String, Sendable, CaseIterable {
  /// All at the beginning of its time.
  case burst
  /// Evenly over its time.
  case regular
  /// At random over its time (a Poisson process with a known number of arrivals).
  case poisson
  /// Like a working day: at random, most in the middle of its time and few at its ends.
  case day
  /// Each after the one before has ended, and a pause.
  case closed
}

/// Where tasks come from.
public struct Source: Sendable, Equatable {
  /// Its name.
  public var name: String
  /// Which of the workload's types its tasks have, in turn.
  public var types: [Int]
  /// How many batches, and how many tasks in each.
  public var batches = 1, tasks = 1
  /// Which type a last task has that waits for all the others of its batch; nil for no such task.
  public var reduce: Int?
  /// How urgent its tasks are.
  public var priority = Priority.medium
  /// How many sessions its batches come from, in turn.
  public var sessions = 1
  /// When they come.
  public var pattern = ArrivalPattern.poisson
  /// The time in which they come, seconds from the beginning.
  public var from = 0.0, until = 0.0
  /// Seconds between the end of a batch and the next one (`closed`).
  public var pause = 0.0

  /// One task of one type.
  public init(name: String, types: [Int]) {
    self.name = name
    self.types = types
  }
}

extension Workload {
  /// Makes up the tasks of some sources.
  ///
  /// - Parameters:
  ///   - seed: the same seed makes the same tasks, whatever strategy then runs them.
  public init(
    machine: SimulatedMachine, types: [SimulatedType], servers: [SimulatedServer] = [], sources: [Source],
    seed: UInt64
  ) {
    var batches: [SimulatedBatch] = []
    for (number, source) in sources.enumerated() {
      var random = SeededRandom(seed: seed, stream: UInt64(number) + 1)
      let times = source.times(using: &random)
      for (index, time) in times.enumerated() {
        let tasks = (0..<source.tasks).map { place in
          Self.task(source.types[place % source.types.count], types, source.priority, using: &random)
        }
        let reduce = source.reduce.map { type in
          var task = Self.task(type, types, source.priority, using: &random)
          task.isReduce = true
          return task
        }
        batches.append(
          SimulatedBatch(
            source: number,
            session: source.sessions > 1 ? "\(source.name)-\(index % source.sessions + 1)" : source.name,
            at: time, follows: source.pattern == .closed && index > 0 ? batches.count - 1 : nil,
            tasks: tasks + (reduce.map { [$0] } ?? [])))
      }
    }
    self.init(
      machine: machine, types: types, servers: servers, sources: sources.map(\.name), batches: batches)
  }

  private static func task(
    _ type: Int, _ types: [SimulatedType], _ priority: Priority, using random: inout SeededRandom
  ) -> SimulatedTask {
    let law = types[type]
    let work = max(0.001, random.spread(law.seconds, law.spread))
    var peak = random.spread(law.memory, law.memorySpread)
    if random.chance(law.runaways) { peak *= law.runawayFactor }
    return SimulatedTask(type: type, work: work, peak: peak, fails: random.chance(law.failures), priority: priority)
  }
}

extension Source {
  /// When its batches come, in order: seconds from the beginning, or of `closed` ones after the end of the one before.
  fileprivate func times(using random: inout SeededRandom) -> [Double] {
    let length = max(0, until - from)
    switch pattern {
    case .burst: return [Double](repeating: from, count: batches)
    case .regular:
      let step = batches > 0 ? length / Double(batches) : 0
      return (0..<batches).map { from + step * Double($0) }
    case .poisson: return (0..<batches).map { _ in from + length * random.uniform() }.sorted()
    case .day: return (0..<batches).map { _ in from + length * Self.midday(using: &random) }.sorted()
    case .closed: return (0..<batches).map { $0 == 0 ? from : pause }
    }
  }

  /// 0…1 with the density of a parabola over it, by rejection.
  private static func midday(using random: inout SeededRandom) -> Double {
    while true {
      let x = random.uniform()
      if random.uniform() <= 4 * x * (1 - x) { return x }
    }
  }
}
