import JarvisProtocol
import Testing

@testable import JarvisCore

private let GiB: UInt64 = 1 << 30

struct OverseerLimitTests {
  private let small = MachineSize(cores: 2, memory: 4 * GiB, swap: 2 * GiB, disk: 20 * GiB)
  private let big = MachineSize(cores: 64, memory: 512 * GiB, disk: 4000 * GiB)

  @Test("defaults scale with the machine")
  func defaults() {
    let few = LimitSources().limits(on: small)
    #expect(few == AgentLimits(memory: 2 * GiB, swap: 0, pids: 2048, output: GiB))
    let many = LimitSources().limits(on: big)
    #expect(many.memory == 256 * GiB && many.pids == 65_536 && many.output == 200 * GiB)
    var unknown = small
    unknown.disk = nil
    #expect(LimitSources().limits(on: unknown).output == GiB)
  }

  @Test("the task's own limit comes first, then its type's, then what was learned, then the default")
  func order() {
    var sources = LimitSources()
    sources.learned = LearnedUse(runs: 20, memory: GiB, pids: 10, time: 60)
    let learned = sources.limits(on: big)
    #expect(learned.memory == 64 * GiB, "a quarter of the default is the least")
    #expect(learned.time == nil, "a slow task harms nobody")
    sources.learned?.memory = 100 * GiB
    #expect(sources.limits(on: big).memory == 200 * GiB, "twice the 95th percentile")
    sources.learned?.runs = 3
    #expect(sources.limits(on: big).memory == 256 * GiB, "too few runs teach nothing")
    sources.type.memory = 7 * GiB
    #expect(sources.limits(on: big).memory == 7 * GiB)
    sources.own.memory = 9 * GiB
    #expect(sources.limits(on: big).memory == 9 * GiB)
  }

  @Test("nothing is above the session's cap, Jarvis's cap or the machine")
  func caps() {
    var sources = LimitSources(own: AgentLimits(memory: 100 * GiB, cpu: 16, ioWeight: 500))
    #expect(sources.limits(on: small).memory == 4 * GiB)
    #expect(sources.limits(on: small).cpu == 2)
    #expect(sources.limits(on: small).ioWeight == 500)
    sources.jarvis = AgentLimits(memory: 3 * GiB, time: 60)
    #expect(sources.limits(on: small).memory == 3 * GiB)
    #expect(sources.limits(on: small).time == 60, "a cap limits also what nothing else does")
    sources.session = AgentLimits(memory: GiB)
    #expect(sources.limits(on: small).memory == GiB)
  }

  @Test("whatever is asked for, the limits hold the caps", arguments: 1...50)
  func anything(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    func some() -> AgentLimits {
      AgentLimits(
        memory: random.chance(0.5) ? UInt64.random(in: 0...(1 << 44), using: &random) : nil,
        cpu: random.chance(0.5) ? Double.random(in: 0.1...1000, using: &random) : nil,
        pids: random.chance(0.5) ? Int.random(in: 1...100_000, using: &random) : nil)
    }
    let sources = LimitSources(own: some(), type: some(), session: some(), jarvis: some())
    let limits = sources.limits(on: small)
    for kind in [LimitKind.memory, .cpu, .pids] {
      for cap in [sources.session[kind], sources.jarvis[kind], LimitSources.ceiling(kind, small)] {
        if let cap { #expect(limits[kind] ?? .infinity <= cap || limits[kind] == nil && kind == .cpu) }
      }
    }
  }

  // MARK: Raised limits

  private func evidence(_ peak: UInt64, limit: UInt64) -> Evidence {
    var overseer = AgentOverseer(startedAt: at(0))
    for time in [0, 0.05] {
      let actions = overseer.observe(
        AgentReading(memoryBytes: peak), limits: AgentLimits(memory: limit), tier: .sampled, policy: OverseerPolicy(),
        now: at(time))
      if let end = actions.first(where: \.isEnd) { return end.evidence }
    }
    fatalError("it kept its limit")
  }

  @Test("a retry after a kill gets what would have sufficed, once, and never more than the machine has")
  func raised() {
    let broken = evidence(GiB + 1, limit: GiB)
    #expect(broken.sufficient == 1.25 * Double(GiB) + Double(GiB / 8))
    func after(_ evidence: Evidence, retries: Int = 1, raised: Bool = false, on: Bool = true) -> RaisedLimit? {
      var policy = OverseerPolicy()
      policy.raisesLimit = on
      return RaisedLimit.after(evidence, retriesLeft: retries, wasRaised: raised, machine: small, policy: policy)
    }
    let raised = after(broken)
    #expect(raised?.sentence == "tries again with a limit of 1.4 GiB instead of 1 GiB")
    #expect(after(broken, retries: 0) == nil)
    #expect(after(broken, raised: true) == nil)
    #expect(after(broken, on: false) == nil)
    #expect(after(evidence(5 * GiB, limit: 3 * GiB))?.to == Double(4 * GiB))
    #expect(after(evidence(5 * GiB, limit: 4 * GiB)) == nil, "the machine has no more")
  }
}

struct OverseerSpawnTests {
  private func request(_ count: Int, depth: Int = 0, children: Int = 0, live: Int = 0, agent: Int? = 7) -> SpawnRequest
  {
    SpawnRequest(
      count: count, session: "s", agent: agent.map { id($0) }, depth: depth, children: children, live: live)
  }

  @Test("depth, children, live tasks and tasks a minute are bounded, each with its reason")
  func bounds() {
    var spawning = SpawnGuard()
    let policy = SpawnPolicy()
    #expect(spawning.admit(request(1, depth: 2), policy: policy, now: at(0)) == nil)
    #expect(spawning.admit(request(1, depth: 3), policy: policy, now: at(0))?.bound == "max_depth")
    #expect(spawning.admit(request(2, children: 48), policy: policy, now: at(0)) == nil)
    #expect(spawning.admit(request(2, children: 49), policy: policy, now: at(0))?.bound == "max_children")
    #expect(spawning.admit(request(2, live: 499), policy: policy, now: at(0))?.bound == "max_live_per_session")
    #expect(
      spawning.admit(request(1, depth: 3), policy: policy, now: at(0))?.description
        == "task t7 is 3 agents deep and may spawn no further (`[agents] max_depth` = 3); do the work in this task")
  }

  @Test("people are not slowed by what bounds agents")
  func people() {
    var spawning = SpawnGuard()
    for _ in 0..<10 {
      #expect(spawning.admit(request(10_000, live: 90_000, agent: nil), policy: SpawnPolicy(), now: at(0)) == nil)
    }
  }

  @Test(
    "in no window of a minute are there more than allowed, and the advice on when to ask again is right",
    arguments: 1...20)
  func rate(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var spawning = SpawnGuard()
    var policy = SpawnPolicy()
    policy.maxPerMinute = 10
    var admitted: [(time: Double, count: Int)] = []
    var time = 0.0
    for _ in 0..<300 {
      time += Double.random(in: 0...8, using: &random)
      let count = Int.random(in: 1...4, using: &random)
      switch spawning.admit(request(count), policy: policy, now: at(time)) {
      case nil: admitted.append((time, count))
      case .rate(_, let spawned, _, _, let seconds):
        #expect(spawned + count > 10)
        if let seconds {
          var copy = spawning
          #expect(copy.admit(request(count), policy: policy, now: at(time + seconds)) == nil)
        }
      case let other: #expect(Bool(false), "\(String(describing: other))")
      }
      let window = admitted.filter { $0.time > time - 59.999 }
      #expect(window.reduce(0) { $0 + $1.count } <= 10)
    }
    #expect(admitted.count > 50)
  }

  @Test("under a lowered cap the least urgent and youngest are too many")
  func lowered() {
    let agents = [
      CappedAgent(id: id(1), session: "a", priority: .low, startedAt: at(1)),
      CappedAgent(id: id(2), session: "a", priority: .critical, startedAt: at(9)),
      CappedAgent(id: id(3), session: "b", priority: .medium, startedAt: at(3)),
      CappedAgent(id: id(4), session: "b", priority: .medium, startedAt: at(4)),
      CappedAgent(id: id(5), session: "b", priority: .medium, startedAt: at(2), parent: id(3), depth: 1),
    ]
    var scheduler = SchedulerPolicy()
    var spawn = SpawnPolicy()
    func over() -> [TaskID] {
      SpawnGuard.overCap(spawn: spawn, scheduler: scheduler, running: agents).map(\.id)
    }
    #expect(over() == [])
    scheduler.maxAgents = 2
    #expect(over() == [id(1), id(4), id(3)])
    scheduler.maxAgents = 64
    scheduler.maxAgentsPerSession = 1
    #expect(over() == [id(1), id(4), id(3)])
    scheduler.maxAgentsPerSession = 5
    spawn.maxDepth = 0
    spawn.whenOverCap = .freeze
    let deep = SpawnGuard.overCap(spawn: spawn, scheduler: scheduler, running: agents)
    #expect(deep.map(\.id) == [id(5)] && deep.first?.action == .freeze)
    #expect(deep.first?.sentence == "it is 1 agents deep where `[agents] max_depth` allows 0")
  }
}
