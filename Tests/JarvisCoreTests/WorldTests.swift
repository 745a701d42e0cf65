import JarvisProtocol
import Testing

@testable import JarvisCore

/// A made-up machine that runs what it is told to run: each agent takes a while to use what it is expected to use.
private struct World {
  private struct Agent {
    var startedAt: Double
    var endsAt: Double
    var cost: ResourceCost
  }

  var state: SchedulerState
  var time = 0.0
  /// Use that isn't Jarvis's.
  var others = ResourceCost(cpu: 0.1, ram: 0.3)
  /// Seconds after which an agent uses all it needs.
  var rampUp = 3.0
  private(set) var started: [TaskID: Double] = [:]
  private(set) var starts: [TaskID] = []
  private(set) var highest = ResourceCost.none
  private var agents: [TaskID: Agent] = [:]
  private var durations: [TaskID: Double] = [:]

  init(policy: SchedulerPolicy) { state = SchedulerState(policy: policy) }

  mutating func submit(_ entry: BatchEntry, _ tasks: [TaskEntry], seconds: Double) {
    for task in tasks { durations[task.id] = seconds }
    _ = state.add(batch: entry, tasks: tasks)
  }

  private func use(of agent: Agent) -> ResourceCost {
    let share = min(1, (time - agent.startedAt) / rampUp)
    return ResourceCost(cpu: agent.cost.cpu * share, ram: agent.cost.ram * share)
  }

  /// One second: agents end, a sample is taken, and what is decided is done.
  mutating func tick() {
    time += 1
    for (id, agent) in agents.sorted(by: { $0.key < $1.key }) where agent.endsAt <= time {
      agents[id] = nil
      _ = state.settle(id, as: .succeeded)
    }
    var sum = others
    var usage: [TaskID: ResourceCost] = [:]
    for (id, agent) in agents.sorted(by: { $0.key < $1.key }) {
      let used = use(of: agent)
      usage[id] = used
      sum = sum + used
    }
    highest = ResourceCost(cpu: max(highest.cpu, sum.cpu), ram: max(highest.ram, sum.ram))
    state.observe(machine(cpu: min(1, sum.cpu), ram: min(1, sum.ram), at: time), usage: usage)
    for decision in Scheduler.decide(&state, now: at(time)) {
      guard case .start(let id, _) = decision else { continue }
      let cost = state.tasks[id]?.expected ?? state.policy.defaultCost
      agents[id] = Agent(startedAt: time, endsAt: time + (durations[id] ?? 1), cost: cost)
      started[id] = time
      starts.append(id)
      state.markRunning(id, at: at(time))
    }
  }
}

struct WorldTests {
  @Test("no task starves under an endless stream of critical ones", arguments: [1, 2])
  func noStarvation(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var policy = SchedulerPolicy()
    policy.maxAgents = 4
    var world = World(policy: policy)
    let low = (1...20).map { task($0, Priority.allCases[$0 % 4]) }
    world.submit(batch(1, "patient"), low, seconds: 30)
    var next = 100
    while world.time < 2700 * 1.5 * 1.1, world.started.keys.filter({ $0.raw <= 20 }).count < 20 {
      // Half as much again as four agents can do: what was submitted in 45 minutes takes 68 to do.
      if random.chance(0.3) {
        let session = SessionKey("hasty\(Int.random(in: 0..<3, using: &random))")
        world.submit(batch(next, session), [task(next, .critical, at: world.time)], seconds: 20)
        next += 1
      }
      world.tick()
    }
    let late = low.filter { world.started[$0.id] == nil }
    #expect(late.map(\.id) == [])
    #expect(world.starts.count > 500)
  }

  @Test("agents that use what they are expected to use never bring the machine into danger", arguments: 1...5)
  func staysOutOfDanger(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var world = World(policy: SchedulerPolicy())
    var next = 1
    for second in 0..<400 {
      if second < 200 {
        for _ in 0..<Int.random(in: 0...3, using: &random) {
          let entry = task(
            next, at: world.time, cpu: Double.random(in: 0...0.2, using: &random),
            ram: Double.random(in: 0...0.2, using: &random))
          world.submit(
            batch(next, SessionKey("s\(next % 7)")), [entry],
            seconds: Double.random(in: 1...9, using: &random).rounded())
          next += 1
        }
      }
      world.tick()
      #expect(world.state.brokenInvariants() == [])
    }
    #expect(world.highest.cpu <= 0.8 + 1e-6 && world.highest.ram <= 0.85 + 1e-6)
    // It didn't do that by doing nothing.
    #expect(world.highest.cpu > 0.6 || world.highest.ram > 0.7)
    #expect(world.state.counts.total == 0)
    #expect(world.starts.count == next - 1)
  }

  @Test("equals start in the order of their submission")
  func firstComeFirstServed() {
    var world = World(policy: SchedulerPolicy())
    for n in 1...200 { world.submit(batch(n, "s"), [task(n, at: Double(n) / 1000)], seconds: 2) }
    while world.state.counts.total > 0, world.time < 1000 { world.tick() }
    #expect(world.starts == (1...200).map { id($0) })
  }

  @Test("a big task gets its turn among an endless stream of small ones")
  func bigAmongSmall() {
    var world = World(policy: roomy())
    world.submit(batch(1, "big"), [task(1, at: 1, ram: 0.4)], seconds: 5)
    var next = 10
    while world.time < 600, world.started[id(1)] == nil {
      // Each second a small one of 5 s: about 0.25 of the memory at once.
      world.submit(batch(next, "small"), [task(next, .critical, at: world.time, ram: 0.05)], seconds: 5)
      next += 1
      world.tick()
    }
    #expect(world.started[id(1)] != nil)
  }
}
