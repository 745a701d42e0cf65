import JarvisProtocol

/// All that decisions are made on: the tasks that aren't over, the agents, the last sample and the policy.
///
/// A value without clock or I/O: the caller tells it what happened, and asks `Scheduler.decide` what to do. The same
/// calls in the same order give the same decisions, always.
public struct SchedulerState: Sendable {
  /// The policy in force.
  public internal(set) var policy: SchedulerPolicy
  /// Whether nothing is started any more. Running tasks go on, frozen ones may be resumed.
  public var isDraining = false
  /// The last sample; nil before the first, until which nothing starts.
  public internal(set) var machine: MachineState?
  /// How many tasks are in each state.
  public internal(set) var counts = TaskCounts()

  var tracker = ZoneTracker()
  /// Protects the machine as a whole.
  var guarding = MachineGuard()
  /// What `takeLevelChange` told last.
  var toldLevel = Level.ideal
  var tasks: [TaskID: LiveTask] = [:]
  var batches: [BatchID: LiveBatch] = [:]
  var slots: [SessionKey: Int32] = [:]
  var sessions: [LiveSession?] = []
  var freeSlots: [Int32] = []
  var queue = ReadyQueue()
  var delayed = SortedList<Delayed>()
  /// Frozen tasks that are to go on.
  var resuming = SortedList<Rank>()
  var agents = Agents()
  var lastStart: Timestamp?
  /// What the APIs of runners bear.
  var runners = RunnerGates()
  /// What agents may spend, and spent.
  public var budgets = BudgetLedger()
  /// Whether a budget may have room again.
  var areBudgetsChanged = false
  var generation: UInt32 = 0
  /// Whether the last decision left tasks waiting for resources.
  var isShort = false
  /// The task that the last decision let hold the line.
  var lineHolder: TaskID?
  /// Whether a sample has come in since a task was last chosen to relieve the machine.
  var mayRelieve = false

  /// Knows no tasks and no sample.
  public init(policy: SchedulerPolicy = SchedulerPolicy()) { self.policy = policy }

  // MARK: What happened

  /// Takes tasks in. More calls with the same batch add to it (its first entry stays in force).
  ///
  /// - Parameters:
  ///   - entry: the tasks' batch.
  ///   - entries: the tasks; they may depend on each other in any order. The caller has refused cycles
  ///     (`DependencyCheck`). A task that is known already is left as it is.
  ///   - finished: how those dependencies ended that the scheduler no longer knows. One that is neither known nor
  ///     finished can't be met.
  /// - Returns: new tasks that settled at once because a dependency can't be met, and the tasks that this released.
  ///   `state(of:)` tells which of the others are queued and which are blocked.
  public mutating func add(
    batch entry: BatchEntry, tasks entries: [TaskEntry], finished: [TaskID: TaskState] = [:]
  ) -> Effects {
    let new = entries.filter { tasks[$0.id] == nil }
    guard !new.isEmpty else { return Effects() }
    generation &+= 1
    let session = slot(for: entry.session)
    if batches[entry.id] == nil { batches[entry.id] = LiveBatch(entry, session: session) }
    var added: [TaskID] = []
    added.reserveCapacity(new.count)
    for task in new where tasks[task.id] == nil {
      insert(task, batch: entry.id)
      added.append(task.id)
    }
    var doomed: [Settlement] = []
    for id in added {
      if let why = tieEdges(of: id, finished: finished) {
        tasks[id]?.generation = 0
        doomed.append(Settlement(id: id, state: .cancelled, reason: why))
      } else if tasks[id]?.unmet == 0 {
        move(id, to: .queued)
        enqueue(id)
      }
    }
    var effects = Effects()
    effects.settled = doomed
    cascade(doomed.map { ($0.id, $0.state) }, into: &effects)
    return effects
  }

  /// Takes a sample: the machine's use, what each agent uses of it (shares of the machine), and how many processes and
  /// threads it has.
  public mutating func observe(
    _ machine: MachineState, usage: [TaskID: ResourceCost] = [:], processes: [TaskID: Int] = [:]
  ) {
    let before = tracker.zone
    self.machine = machine
    tracker.observe(machine, policy: policy)
    guarding.observe(machine, inDanger: tracker.ram == .danger, policy: policy)
    agents.observe(usage, processes: processes, at: machine.at)
    mayRelieve = true
    if tracker.zone != before { queue.unparkAll() }
  }

  /// Puts another policy in force. Lower caps stop nothing; they only keep more from starting.
  public mutating func updatePolicy(_ new: SchedulerPolicy) {
    let old = policy
    policy = new
    if let machine, new.zones != old.zones {
      tracker = ZoneTracker()
      tracker.observe(machine, policy: new)
      guarding.observe(machine, inDanger: tracker.ram == .danger, policy: new)
    }
    if new.patience != old.patience { rankAnew() }
    queue.unparkAll()
  }

  // MARK: How things are

  /// How loaded the machine is; `safe` before the first sample.
  public var zone: Zone { tracker.zone }

  /// How much of its service Jarvis can give.
  public var level: Level {
    if guarding.isEmergency { return .emergency }
    if guarding.hold != nil { return .starved }
    switch tracker.zone {
    case .danger: return .starved
    case .warning: return .constrained
    case .safe: return isShort && counts.queued > 0 ? .constrained : .ideal
    }
  }

  /// How near the machine is to running out of memory. From `severe` on, agents over a limit are given no grace.
  public var stage: GuardStage { guarding.stage }

  /// The change of the level since this was last asked, with its figures; nil if there was none. To be asked after
  /// every `decide`.
  public mutating func takeLevelChange() -> LevelChange? {
    guard let machine, level != toldLevel else { return nil }
    let change = LevelChange(
      from: toldLevel, to: level, cause: guarding.isEmergency ? guarding.cause : guarding.hold, machine: machine,
      queued: counts.queued, running: counts.working)
    toldLevel = level
    return change
  }

  /// The task's state; nil if it isn't known, because it is over or never was.
  public func state(of id: TaskID) -> TaskState? { tasks[id]?.state }

  /// The task's priority; nil if it isn't known.
  public func priority(of id: TaskID) -> Priority? { tasks[id]?.priority }

  /// How many tasks of a session are in each state.
  public func counts(of session: SessionKey) -> TaskCounts {
    guard let slot = slots[session] else { return TaskCounts() }
    return sessions[Int(slot)]?.counts ?? TaskCounts()
  }

  /// The sessions that have tasks which aren't over, by name.
  public var sessionKeys: [SessionKey] { slots.keys.sorted { $0.raw < $1.raw } }

  /// The tasks that have, or are about to have, processes, oldest number first.
  public var activeTasks: [TaskID] { agents.all.keys.sorted() }

  /// What is kept free at `now` for agents whose load doesn't show yet, as shares of the machine.
  public func reserved(now: Timestamp) -> ResourceCost {
    agents.reserved(now: now, warmUp: policy.warmUpSeconds)
  }

  /// When time alone could change what `decide` says: a task's `not_before`, the end of the pause between starts, the
  /// end of a reservation that tasks wait for. Nil if only events can. Times that have passed mean now.
  public func nextWakeUp(now: Timestamp) -> Timestamp? {
    var times: [Timestamp] = []
    if let time = delayed.first?.time { times.append(time) }
    if let time = shelfWakeUp(now: now) { times.append(time) }
    if !queue.isEmpty || !resuming.isEmpty {
      if !queue.isEmpty, let lastStart, policy.startGapSeconds > 0 {
        let end = lastStart + policy.startGapSeconds
        if end > now { times.append(end) }
      }
      if isShort, let end = agents.nextWarm(now: now, warmUp: policy.warmUpSeconds) { times.append(end) }
    }
    return times.min()
  }
}
