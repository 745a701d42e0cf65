import JarvisProtocol
import Testing

@testable import JarvisCore

@Suite struct APIGateTests {
  private func gate(_ width: Int, gap: Double = 0) -> APIGate {
    var policy = APIGatePolicy()
    policy.maxWidth = width
    policy.gap = gap
    return APIGate(policy)
  }

  @Test func refusalsHalveOnceInACoolDownAndPauseStarts() {
    var gate = gate(16)
    #expect(gate.limit == 16 && gate.refusal(active: 15, now: at(0)) == nil)
    for _ in 0..<20 { gate.refused(delay: 3, active: 16, now: at(0)) }
    #expect(gate.limit == 8 && gate.refusals == 20)
    #expect(gate.refusal(active: 2, now: at(1)) == .pause(seconds: 2))
    #expect(gate.refusal(active: 2, now: at(3)) == nil)
    gate.refused(delay: nil, active: 6, now: at(6))
    #expect(gate.limit == 3, "half of what worked")
    for t in 2..<20 { gate.refused(delay: .infinity, active: 1, now: at(Double(t) * 10)) }
    #expect(gate.limit == 1, "never below one")
  }

  @Test func aRoundThatGoesWellAddsOne() {
    var gate = gate(20)
    gate.refused(delay: 0, active: 20, now: at(0))
    #expect(gate.limit == 10)
    for _ in 0..<11 { gate.wentWell(active: 10) }
    #expect(gate.limit == 11)
    let before = gate.width
    for _ in 0..<50 { gate.wentWell(active: 3) }
    #expect(gate.width == before, "what is not held back says nothing of more")
    for _ in 0..<1000 { gate.wentWell(active: 20) }
    #expect(gate.limit == 20)
  }

  @Test func aUsageLimitHoldsUntilItsEnd() {
    var gate = gate(4)
    gate.limited(until: at(100), now: at(0))
    gate.limited(until: at(50), now: at(1))
    #expect(gate.refusal(active: 0, now: at(99)) == .usageLimit(until: at(100), seconds: 1))
    #expect(gate.opens(active: 0, now: at(0)) == at(100) && gate.refusal(active: 0, now: at(100)) == nil)
    gate.limited(until: nil, now: at(100))
    #expect(gate.opens(active: 0, now: at(100)) == at(100 + gate.policy.unknownReset))
  }

  /// An API that bears `capacity` calls at once: the width comes to saw around it.
  @Test(arguments: [3, 8, 14]) func theWidthFindsWhatTheAPIBears(capacity: Int) {
    var gate = gate(64)
    var sum = 0.0
    for step in 0..<4000 {
      let active = gate.limit
      // A second is a round of all agents.
      if active > capacity { gate.refused(delay: 0, active: active, now: at(Double(step))) }
      for _ in 0..<min(active, capacity) { gate.wentWell(active: active) }
      if step >= 1000 { sum += Double(active) }
    }
    let mean = sum / 3000
    #expect(mean > Double(capacity) * 0.5 && mean < Double(capacity) * 1.7, "mean \(mean)")
  }

  private func agent(_ n: Int, _ runner: String?, _ priority: Priority = .medium) -> TaskEntry {
    var entry = task(n, priority)
    entry.runner = runner
    return entry
  }

  @Test func aClosedRunnerHoldsUpNobodyElse() {
    var state = calm(roomy())
    var policy = APIGatePolicy()
    policy.maxWidth = 2
    policy.gap = 0
    state.setAPIPolicy(policy, runner: "claude")
    _ = state.add(
      batch: batch(), tasks: (1...50).map { agent($0, "claude", .critical) } + [agent(60, nil), agent(61, "codex")])
    #expect(state.starts() == [1, 2, 60, 61])
    #expect(state.why(3) == "waits: the API of claude bears 2 agents at once now, and 2 work")
    _ = state.settle(id(1), as: .succeeded)
    #expect(state.starts(1) == [3])
    state.apiLimited(id(2), until: at(500), now: at(2))
    _ = state.settle(id(2), as: .failed)
    #expect(state.starts(3) == [] && state.nextWakeUp(now: at(3)) == at(500))
    #expect(state.explain(id(4), now: at(3))?.code == "usage_limit")
    #expect(state.starts(500) == [4])
  }

  @Test func startsAreStaggered() {
    var state = calm(roomy())
    _ = state.add(batch: batch(), tasks: (1...3).map { agent($0, "claude") })
    #expect(state.starts(0) == [1] && state.starts(0.1) == [])
    #expect(state.nextWakeUp(now: at(0.1)) == at(0.25))
    #expect(state.starts(0.25) == [2] && state.starts(0.5) == [3])
  }

  @Test func budgetsHoldStartsUntilThereIsRoom() {
    var state = calm(roomy())
    var policy = BudgetPolicy()
    policy.batch.cost = 1
    policy.day.tokens = 1000
    state.setBudgets(policy)
    _ = state.budgets.roll(now: at(0))
    var quick = APIGatePolicy()
    quick.gap = 0
    state.setAPIPolicy(quick, runner: "claude")
    state.budgets.add(Spending(cost: 1.25), task: id(9), batch: BatchID(1), session: "s", branch: "b")
    _ = state.add(batch: batch(1), tasks: [agent(1, "claude"), agent(2, nil)])
    _ = state.add(batch: batch(2), tasks: [agent(3, "claude"), agent(4, "claude")])
    #expect(state.starts() == [2, 3, 4])
    #expect(state.why(1) == "waits: its batch's budget of $1.00 is used up ($1.25 so far)")
    policy.batch.cost = 2
    state.setBudgets(policy)
    #expect(state.starts(1) == [1])
    state.budgets.add(Spending(tokens: 1000), task: id(1), batch: BatchID(1), session: "s", branch: "b")
    _ = state.add(batch: batch(3), tasks: [agent(5, "claude")])
    #expect(state.starts(2) == [] && state.nextWakeUp(now: at(2)) == state.budgets.nextDay)
    let seconds = state.budgets.nextDay - at(0)
    #expect(state.starts(seconds) == [5])
  }

  @Test func aTasksOwnBudgetComesFirst() {
    var ledger = BudgetLedger()
    ledger.policy.task.tokens = 100
    ledger.add(Spending(cost: 0.5, tokens: 99), task: id(1), batch: BatchID(1), session: "s", branch: "b")
    func breach(_ own: Budget) -> BudgetBreach? {
      ledger.breach(task: id(1), own: own, batch: BatchID(1), session: "s", branch: "b")
    }
    #expect(breach(Budget()) == nil)
    #expect(breach(Budget(cost: 0.5))?.sentence == "its own budget of $0.50 is used up ($0.50 so far)")
    #expect(breach(Budget(tokens: 50))?.isTokens == true)
  }

  /// Random worlds: what is kept is right, no runner ever gets more than its gate bears, and all tasks get done.
  @Test(arguments: 0..<30) func worlds(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed) + 1)
    var policy = roomy()
    policy.maxAgentsPerSession = 6
    policy.maxAgentsPerSessionInWarning = 6
    var state = calm(policy)
    let names = ["claude", "codex", nil]
    var n = 0
    var left: Set<TaskID> = []
    var time = 0.0
    for b in 1...6 {
      let strategies: [Strategy] = [.auto, .sequential, .parallel]
      let entry = batch(b, SessionKey("s\(b % 3)"), strategies[b % 3], width: b == 4 ? 2 : nil)
      let tasks = (0..<20).map { _ in
        n += 1
        return agent(n, names[Int.random(in: 0..<3, using: &random)], random.chance(0.3) ? .high : .low)
      }
      left.formUnion(tasks.map(\.id))
      _ = state.add(batch: entry, tasks: tasks)
    }
    for step in 0..<6000 where !left.isEmpty {
      let before = Dictionary(uniqueKeysWithValues: ["claude", "codex"].map { ($0, state.api(of: $0)) })
      let now = at(time)
      for decision in Scheduler.decide(&state, now: now) { state.markRunning(decision.task, at: now) }
      #expect(state.brokenInvariants() == [], "step \(step)")
      for (name, old) in before {
        guard let old, let new = state.api(of: name) else { continue }
        #expect(new.active <= max(old.active, old.gate.limit), "\(name) at step \(step)")
      }
      let active = state.activeTasks
      if let id = active.randomElement(using: &random) {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: state.apiRefused(id, delay: random.chance(0.5) ? 1 : nil, now: now)
        case 1 where step < 3000: state.apiLimited(id, until: now + 20, now: now)
        case 2: state.requeue(id, notBefore: random.chance(0.5) ? now + 5 : nil)
        case 3: state.apiWentWell(id)
        default:
          left.remove(id)
          _ = state.settle(id, as: random.chance(0.5) ? .succeeded : .failed)
        }
      }
      if random.chance(0.02), let id = left.sorted().randomElement(using: &random) {
        _ = try? state.edit(id, TaskChange(priority: .critical))
      }
      if random.chance(0.02) { state.setWidth(batch: BatchID(1), limit: random.chance(0.5) ? 3 : nil) }
      if random.chance(0.01) {
        policy.patience.low += 1
        state.updatePolicy(policy)
      }
      if random.chance(0.01), let id = left.sorted().randomElement(using: &random) {
        left.remove(id)
        _ = state.settle(id, as: .cancelled)
      }
      time += active.isEmpty ? max(0.01, (state.nextWakeUp(now: now) ?? now + 1) - now) : 0.3
    }
    #expect(left.isEmpty, "\(left.count) tasks were never done")
  }
}
