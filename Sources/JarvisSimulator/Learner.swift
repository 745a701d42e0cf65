import JarvisCore
import JarvisProtocol

/// What the daemon does with the learner, on the simulation's tasks: profiles from what ended, widths and expected
/// costs from profiles.
struct Learner: Sendable {
  let strategy: SimulatedStrategy
  let chooser: WidthChooser
  private(set) var profiles = ProfileStore()
  /// Who runs beside whom.
  var meter = WidthMeter()
  /// Of batches that aren't over.
  private var plans: [BatchID: BatchPlan] = [:]
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
    return profiles[type]?.expectedCost(
      cores: machine.cores, memory: machine.memory, fallback: policy.defaultCost)
  }

  /// A batch is submitted. Returns the width that it begins with.
  mutating func begin(_ batch: BatchID, type: String, tasks: Int, zone: Zone, at now: Timestamp) -> Int? {
    switch strategy {
    case .adaptive, .auto:
      var plan = BatchPlan(
        strategy: strategy.strategy, luck: WidthChooser.luck(using: &random), remaining: [type: tasks])
      choose(&plan, zone, at: now)
      plans[batch] = plan
      return plan.width
    default: return strategy.fixedWidth
    }
  }

  /// A task of a batch is over; `observation` is what it showed, if it ran. Returns the batch's width from now on, nil
  /// for as many as there is room for.
  /// - Parameters:
  ///   - width: what it was.
  ///   - waiting: how many of the batch are still to start; if none, no width matters and none is reckoned.
  mutating func ended(
    _ batch: BatchID, _ observation: Observation?, zone: Zone, width old: Int?, waiting: Int, at now: Timestamp
  ) -> Int? {
    if let observation { profiles.observe(observation) }
    guard var plan = plans[batch], let type = plan.mainType else { return strategy.fixedWidth }
    plan.ended(type)
    if waiting > 0, plan.isDue { choose(&plan, zone, at: now) }
    plans[batch] = plan.remaining.isEmpty ? nil : plan
    return waiting > 0 ? plan.width : old
  }

  private func choose(_ plan: inout BatchPlan, _ zone: Zone, at now: Timestamp) {
    plan.choose(chooser, profiles, at: now) {
      BatchPlan.Room(
        cap: max(1, min(policy.sessionCap(in: zone), policy.maxAgents)),
        memory: (min(1, policy.zones.ramDanger) - machine.backgroundRAM) * machine.memory)
    }
  }
}
