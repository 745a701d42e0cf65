import JarvisCore
import JarvisProtocol

/// What the daemon does with the learner, on the simulation's tasks: profiles from what ended, widths and expected
/// costs from profiles.
struct Learner: Sendable {
  /// What is kept of a batch that isn't over.
  private struct Seat: Sendable {
    var type: String
    var luck: Double
    var auto: AutoChoice?
    var left: Int
    var finished = 0
  }

  let strategy: SimulatedStrategy
  let chooser: WidthChooser
  private(set) var profiles = ProfileStore()
  private var seats: [BatchID: Seat] = [:]
  private var random: SeededRandom
  private let machine: SimulatedMachine
  private let policy: SchedulerPolicy

  init(
    _ strategy: SimulatedStrategy, _ workload: Workload, policy: SchedulerPolicy, chooser: WidthChooser, seed: UInt64,
    at start: Timestamp
  ) {
    self.strategy = strategy
    self.chooser = chooser
    self.policy = policy
    machine = workload.machine
    random = SeededRandom(seed: seed, stream: 0xA11)
    for type in workload.types {
      if let benefit = type.taughtBenefit { profiles.teach(type.name, Taught(benefit: benefit, at: start)) }
    }
  }

  /// What a task of a type is expected to use; nil if nothing is known, or nobody would look.
  func cost(of type: String) -> ResourceCost? {
    if case .fixed = strategy { return nil }
    return profiles[type]?.expectedCost(cores: machine.cores, memory: machine.memory)
  }

  /// A batch is submitted. Returns the width that it begins with.
  mutating func begin(_ batch: BatchID, type: String, tasks: Int, at now: Timestamp) -> Int? {
    switch strategy {
    case .adaptive, .auto:
      var seat = Seat(type: type, luck: WidthChooser.luck(using: &random), left: tasks)
      if strategy == .auto { seat.auto = chooser.auto(profiles.profile(of: type), now: now) }
      seats[batch] = seat
      return width(of: seat, at: now)
    default: return strategy.fixedWidth
    }
  }

  /// A task of a batch is over; `observation` is what it showed, if it ran. Returns the batch's width from now on, nil
  /// for as many as there is room for.
  /// - Parameters:
  ///   - width: what it was.
  ///   - waiting: how many of the batch are still to start; if none, no width matters and none is reckoned.
  mutating func ended(
    _ batch: BatchID, _ observation: Observation?, width old: Int?, waiting: Int, at now: Timestamp
  ) -> Int? {
    if let observation { profiles.observe(observation) }
    guard var seat = seats[batch] else { return strategy.fixedWidth }
    seat.left -= 1
    seat.finished += 1
    seats[batch] = seat.left > 0 ? seat : nil
    return waiting > 0 ? width(of: seat, at: now) : old
  }

  private func width(of seat: Seat, at now: Timestamp) -> Int? {
    if let auto = seat.auto { return auto.widthLimit(finished: seat.finished) }
    // The last task of a batch has no choice; asking for the law would cost the same as for many.
    if seat.left <= 1 { return 1 }
    let profile = profiles.profile(of: seat.type)
    let room = (min(1, policy.zones.ramDanger) - machine.backgroundRAM) * machine.memory
    let limit = profile.limit(min(policy.maxAgentsPerSession, policy.maxAgents), memory: room)
    return chooser.choose(profile.law(now: now), remaining: seat.left, limit: limit, luck: seat.luck).width
  }
}
