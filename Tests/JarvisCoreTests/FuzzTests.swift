import JarvisProtocol
import Testing

@testable import JarvisCore

/// A call on the scheduler, as data: what one run did can be done again to another state.
private enum Call {
  case add(BatchEntry, [TaskEntry], finished: [TaskID: TaskState])
  case observe(MachineState, [TaskID: ResourceCost])
  case decide(Timestamp)
  case settle(TaskID, TaskState)
  case running(TaskID, Timestamp)
  case paused(TaskID)
  case requestResume(TaskID)
  case requeue(TaskID, Timestamp?)
  case edit(TaskID, TaskChange)
  case policy(SchedulerPolicy)
  case draining(Bool)

  /// Makes the call. What came of it, in text.
  func make(on state: inout SchedulerState) -> String {
    switch self {
    case .add(let batch, let tasks, let finished): return "\(state.add(batch: batch, tasks: tasks, finished: finished))"
    case .observe(let machine, let usage): state.observe(machine, usage: usage)
    case .decide(let now):
      return Scheduler.decide(&state, now: now).map { "\($0.task) \($0.reason.code) \($0.reason.sentence)" }
        .joined(separator: "\n") + " next \(state.nextWakeUp(now: now).map(\.description) ?? "never") \(state.level)"
    case .settle(let id, let end): return "\(state.settle(id, as: end))"
    case .running(let id, let time): state.markRunning(id, at: time)
    case .paused(let id): state.markPaused(id)
    case .requestResume(let id): state.requestResume(id)
    case .requeue(let id, let time): state.requeue(id, notBefore: time)
    case .edit(let id, let edit):
      do throws(SchedulingError) { return "\(try state.edit(id, edit))" } catch { return "\(error)" }
    case .policy(let policy): state.updatePolicy(policy)
    case .draining(let is_): state.isDraining = is_
    }
    return "\(state.counts)"
  }
}

/// What must hold of decisions, computed from outside and in the simplest way.
private struct Oracle {
  private struct Agent {
    var session: SessionKey
    var batch: BatchEntry
    var expected: ResourceCost
    var measured = ResourceCost.none
    /// Nil while it starts.
    var since: Timestamp?
    var isPaused = false
    var isCold = false
  }

  private var entries: [TaskID: (task: TaskEntry, batch: BatchEntry)] = [:]
  private var agents: [TaskID: Agent] = [:]
  private var machine: MachineState?
  private var ended: Set<TaskID> = []
  private var isDraining = false
  private(set) var problems: [String] = []
  private(set) var startCount = 0

  var active: [TaskID] { agents.keys.sorted() }

  mutating func before(_ call: Call, _ state: SchedulerState) {
    switch call {
    case .add(let batch, let tasks, _): for task in tasks { entries[task.id] = (task, batch) }
    case .observe(let machine, let usage):
      self.machine = machine
      for (id, used) in usage { agents[id]?.measured = used }
    case .settle(let id, _):
      agents[id] = nil
      ended.insert(id)
    case .running(let id, let time):
      if agents[id]?.isPaused == true {
        thaw(id, time, state.policy)
      } else if let entry = entries[id], state.state(of: id)?.isWaiting == true {
        let expected = entry.task.expected ?? state.policy.defaultCost
        agents[id] = Agent(session: entry.batch.session, batch: entry.batch, expected: expected, since: time)
      } else if agents[id]?.since == nil {
        agents[id]?.since = time
      }
    case .paused(let id):
      agents[id]?.isPaused = true
      agents[id]?.isCold = true
    case .requeue(let id, _): agents[id] = nil
    case .draining(let value): isDraining = value
    case .decide, .requestResume, .policy, .edit: break
    }
  }

  /// An edit that was not refused.
  mutating func edited(_ id: TaskID, _ change: TaskChange) {
    if let cost = change.expected { entries[id]?.task.expected = cost }
  }

  /// It goes on, and will use the processor again; its memory it has already.
  private mutating func thaw(_ id: TaskID, _ time: Timestamp, _ policy: SchedulerPolicy) {
    let cpu = (entries[id]?.task.expected ?? policy.defaultCost).cpu
    agents[id]?.isPaused = false
    agents[id]?.isCold = false
    agents[id]?.since = time
    agents[id]?.measured = .none
    agents[id]?.expected = ResourceCost(cpu: cpu, ram: 0)
  }

  private func reserved(_ now: Timestamp, _ warmUp: Double) -> ResourceCost {
    var sum = ResourceCost.none
    for agent in agents.values where !agent.isCold {
      if let since = agent.since, now - since >= warmUp { continue }
      sum.cpu += max(0, agent.expected.cpu - agent.measured.cpu)
      sum.ram += max(0, agent.expected.ram - agent.measured.ram)
    }
    return sum
  }

  /// Looks at what a decision did, one by one, knowing the zone and level from before it.
  mutating func check(_ decisions: [Decision], now: Timestamp, before state: SchedulerState) {
    let policy = state.policy
    func expect(_ holds: Bool, _ what: String) { if !holds { problems.append("\(now): \(what)") } }
    for decision in decisions {
      let id = decision.task
      guard let (task, batch) = entries[id] else { return problems.append("\(id) is unknown") }
      switch decision {
      case .relieve:
        expect(
          state.stage == .emergency ? task.priority == .low : state.stage >= .severe, "\(id) relieved without need")
      case .start, .resume:
        let isResume = if case .resume = decision { true } else { false }
        guard let machine else { return problems.append("\(id) started before a sample") }
        let working = agents.values.filter { !$0.isPaused }
        let expected = task.expected ?? policy.defaultCost
        expect(state.level != .emergency, "\(id) in an emergency")
        if working.isEmpty {
          // One may always run.
        } else {
          expect(state.zone != .danger, "\(id) in danger")
          let sum = reserved(now, policy.warmUpSeconds)
          expect(
            policy.zones.cpuDanger >= 1 || machine.cpu + sum.cpu + expected.cpu <= policy.zones.cpuDanger + 1e-6,
            "\(id) brings CPU into danger")
          expect(
            policy.zones.ramDanger >= 1
              || machine.ram + sum.ram + (isResume ? 0 : expected.ram) <= policy.zones.ramDanger + 1e-6,
            "\(id) brings RAM into danger")
        }
        let mine = agents.values.filter { $0.session == batch.session }
        let cap = state.zone == .warning ? policy.maxAgentsPerSessionInWarning : policy.maxAgentsPerSession
        if isResume {
          expect(mine.filter { !$0.isPaused }.count < cap, "\(id) is one too many of its session")
          thaw(id, now, policy)
        } else {
          startCount += 1
          expect(!isDraining, "\(id) while draining")
          expect(!ended.contains(id) && agents[id] == nil, "\(id) started twice")
          expect(agents.count < policy.maxAgents, "\(id) is one too many")
          expect(mine.count < cap, "\(id) is one too many of its session")
          let siblings = agents.values.filter { $0.batch.id == batch.id }
          if batch.strategy == .sequential {
            expect(siblings.isEmpty, "\(id) beside another of its sequential batch")
            let earlier = entries.values.filter {
              $0.batch.id == batch.id && ($0.task.sequence, $0.task.id) < (task.sequence, id)
            }
            expect(earlier.allSatisfy { state.state(of: $0.task.id) == nil }, "\(id) before an earlier one")
          } else if let width = batch.widthLimit {
            expect(siblings.count < width, "\(id) is one too many of its batch")
          }
          expect(state.state(of: id) == .queued, "\(id) was not queued")
          agents[id] = Agent(session: batch.session, batch: batch, expected: expected)
        }
      }
    }
  }
}

/// Makes up calls that fit the state they are made on.
private struct Caller {
  var random: SplitMix64
  var time = 0.0
  private var nextTask = 1
  private var nextBatch = 1
  private var cpu = 0.3
  private var ram = 0.4

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  mutating func next(_ state: SchedulerState) -> Call {
    time += [0, 0, 0.01, 0.5, 3].randomElement(using: &random) ?? 0
    let now = at(time)
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<14 where state.counts.total < 150: return add(now)
    case 0..<25: return observe(state, now)
    case 25..<60: return .decide(now)
    case 60..<75:
      return .settle(
        pick(random.chance(0.85) ? state.activeTasks : known(state)),
        [.succeeded, .succeeded, .failed, .timedOut, .cancelled, .lost].randomElement(using: &random) ?? .failed)
    case 75..<84: return .running(pick(random.chance(0.95) ? state.activeTasks : known(state)), now)
    case 84..<87: return .paused(pick(state.activeTasks))
    case 87..<90: return .requestResume(pick(state.activeTasks))
    case 90..<93: return .requeue(pick(state.activeTasks), random.chance(0.5) ? at(time + 5) : nil)
    case 93..<97: return edit(state)
    case 97: return policy()
    default: return .draining(random.chance(0.2))
    }
  }

  private func known(_ state: SchedulerState) -> [TaskID] { state.tasks.keys.sorted() }

  private mutating func pick(_ ids: [TaskID]) -> TaskID { ids.randomElement(using: &random) ?? TaskID(999_999) }

  private mutating func cost() -> ResourceCost? {
    random.chance(0.5)
      ? nil
      : ResourceCost(cpu: Double.random(in: 0..<0.3, using: &random), ram: Double.random(in: 0..<0.3, using: &random))
  }

  private mutating func add(_ now: Timestamp) -> Call {
    let session = SessionKey("s\(Int.random(in: 0..<6, using: &random))")
    let entry = BatchEntry(
      id: BatchID(UInt64(nextBatch)), session: session,
      strategy: Strategy.allCases.randomElement(using: &random) ?? .auto,
      widthLimit: random.chance(0.2) ? Int.random(in: 1...3, using: &random) : nil)
    nextBatch += 1
    let first = nextTask
    var tasks: [TaskEntry] = []
    var finished: [TaskID: TaskState] = [:]
    for n in 0..<Int.random(in: 1...8, using: &random) {
      var after: [Dependency] = []
      while nextTask > 1, random.chance(0.3) {
        let other = TaskID(UInt64(Int.random(in: max(1, nextTask - 20)..<nextTask, using: &random)))
        after.append(Dependency(other, AfterCondition.allCases.randomElement(using: &random) ?? .any))
        if other.raw < first, random.chance(0.8) {
          finished[other] = [.succeeded, .succeeded, .failed].randomElement(using: &random)
        }
      }
      tasks.append(
        TaskEntry(
          id: TaskID(UInt64(nextTask)), sequence: UInt64(n),
          priority: Priority.allCases.randomElement(using: &random) ?? .low, submittedAt: now,
          notBefore: random.chance(0.1) ? now + 4 : nil, expected: cost(), after: after))
      nextTask += 1
    }
    return .add(entry, tasks.shuffled(using: &random), finished: finished)
  }

  private mutating func observe(_ state: SchedulerState, _ now: Timestamp) -> Call {
    cpu = min(1, max(0, cpu + Double.random(in: -0.2...0.2, using: &random)))
    ram = min(1, max(0, ram + Double.random(in: -0.15...0.15, using: &random)))
    var usage: [TaskID: ResourceCost] = [:]
    for id in state.activeTasks where random.chance(0.8) { usage[id] = cost() ?? ResourceCost(cpu: 0.01, ram: 0.01) }
    return .observe(machine(cpu: cpu, ram: ram, at: time, psi: random.chance(0.1) ? 0.5 : nil), usage)
  }

  private mutating func edit(_ state: SchedulerState) -> Call {
    var edit = TaskChange()
    if random.chance(0.5) { edit.priority = Priority.allCases.randomElement(using: &random) }
    if random.chance(0.3) { edit.expected = cost() }
    if random.chance(0.3) { edit.notBefore = at(time + Double.random(in: -2...5, using: &random)) }
    if random.chance(0.3) { edit.after = random.chance(0.3) ? [] : [Dependency(pick(known(state)), .any)] }
    return .edit(pick(known(state)), edit)
  }

  private mutating func policy() -> Call {
    var policy = SchedulerPolicy()
    policy.maxAgents = Int.random(in: 0...20, using: &random)
    policy.maxAgentsPerSession = Int.random(in: 1...6, using: &random)
    policy.emergencyAfterSeconds = 5
    policy.backfillPatienceSeconds = 5
    policy.backfillLimit = Int.random(in: 0...5, using: &random)
    if random.chance(0.3) { policy.patience = Patience(critical: 0, high: 1, medium: 2, low: 3) }
    if random.chance(0.2) { policy.zones = ZoneThresholds(cpuSafe: 1, cpuDanger: 1, ramSafe: 1, ramDanger: 1) }
    return .policy(policy)
  }
}

struct FuzzTests {
  @Test("whatever happens: caps, zones, projections and orders hold, and a replay decides the same", arguments: 1...8)
  func anything(seed: UInt64) {
    var caller = Caller(seed: seed)
    var state = SchedulerState()
    var oracle = Oracle()
    var calls: [(call: Call, result: String)] = []
    for _ in 0..<1000 {
      let call = caller.next(state)
      oracle.before(call, state)
      let before = state
      let result = call.make(on: &state)
      if case .decide(let now) = call {
        // Once more on a copy, for the decisions themselves.
        var copy = before
        oracle.check(Scheduler.decide(&copy, now: now), now: now, before: before)
        for id in state.tasks.keys { #expect(state.explain(id, now: now) != nil) }
      }
      if case .edit(let id, let change) = call, ["queued", "blocked"].contains(result) { oracle.edited(id, change) }
      calls.append((call, result))
      let broken = state.brokenInvariants()
      #expect(broken == [], "after \(call)")
      #expect(oracle.problems == [])
      #expect(oracle.active == state.activeTasks)
      if !broken.isEmpty || !oracle.problems.isEmpty { return }
    }
    #expect(oracle.startCount > 50)

    // The replay's tables had another past, so that whatever depends on their order would show.
    var other = SchedulerState()
    let past = (100_001...102_000).map { task($0) }
    _ = other.add(batch: batch(100_001, "past"), tasks: past)
    for entry in past { _ = other.settle(entry.id, as: .cancelled) }
    for (call, result) in calls {
      let again = call.make(on: &other)
      #expect(again == result)
      if again != result { return }
    }
  }
}
