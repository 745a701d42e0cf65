import JarvisProtocol
import Testing

@testable import JarvisCore

private func state(_ time: Double, ram: Double, memory: Double? = nil, io: Double? = nil, cpu: Double? = nil)
  -> MachineState
{
  MachineState(
    at: at(time), cpu: 0.2, ram: ram, cores: 8, memoryTotal: 16 << 30, memoryFullPSI: memory, ioFullPSI: io,
    cpuSomePSI: cpu)
}

private func agent(
  _ n: Int, _ priority: Priority = .low, memory: Double = 0.05, growth: Double = 0, at time: Double = 0,
  session: SessionKey = "s", frozen: Bool = false
) -> AgentSummary {
  AgentSummary(
    id: id(n), priority: priority, session: session, memory: memory, growth: growth, startedAt: at(time),
    isFrozen: frozen)
}

/// A guard with the machine that it guards.
private struct World {
  var guarding = MachineGuard()
  var policy = SchedulerPolicy()
  var agents: [AgentSummary] = []

  /// One sample; returns the victim, which is gone at once unless `lingers`.
  mutating func sample(_ machine: MachineState, lingers: Bool = false) -> Relief? {
    guarding.observe(machine, inDanger: machine.ram > policy.zones.ramDanger, policy: policy)
    let relief = guarding.relieve(agents, policy: policy, now: machine.at)
    if let relief, !lingers { agents.removeAll { $0.id == relief.task } }
    return relief
  }

  /// Samples once a second; returns the victims with the second of their choice.
  mutating func run(_ seconds: ClosedRange<Int>, _ machine: (Double) -> MachineState) -> [(Int, TaskID)] {
    seconds.compactMap { second in sample(machine(Double(second))).map { (second, $0.task) } }
  }
}

struct OverseerMachineTests {
  @Test("victims: priority, then weight with growth, then youngest")
  func victimOrder() {
    let agents = [
      agent(1, .critical, memory: 0.5), agent(2, .high, memory: 0.4), agent(3, .medium, memory: 0.3),
      agent(4, .low, memory: 0.02), agent(5, .low, memory: 0.05), agent(6, .low, memory: 0.03, growth: 0.01),
      agent(7, .low, memory: 0.02, at: 5), agent(8, .low, memory: 0.001),
    ]
    for seed in 1...20 as ClosedRange<UInt64> {
      var random = SplitMix64(seed: seed)
      let order = MachineGuard.victims(agents.shuffled(using: &random), stage: .falling, SchedulerPolicy())
      #expect(order.map(\.id) == [6, 5, 7, 4, 3, 2, 1].map { id($0) })
    }
    #expect(
      MachineGuard.victims(agents, stage: .emergency, SchedulerPolicy()).map(\.id) == [6, 5, 7, 4].map { id($0) })
  }

  @Test("an emergency makes room one at a time with a pause between, low tasks only")
  func emergency() {
    var world = World()
    world.agents = [agent(1), agent(2, memory: 0.1), agent(3, .medium, memory: 0.2), agent(4, .critical)]
    let victims = world.run(0...120) { state($0, ram: 0.9) }
    #expect(victims.map(\.0) == [30, 45])
    #expect(victims.map(\.1) == [id(2), id(1)])
  }

  @Test("severe shortage takes any priority, but not the last critical task; a falling machine takes it too, at once")
  func severe() {
    var world = World()
    world.agents = [agent(1, .critical), agent(2, .medium), agent(3, .critical, memory: 0.06)]
    #expect(world.run(0...100) { state($0, ram: 0.96) }.map(\.1) == [id(2), id(3)])
    #expect(world.guarding.stage == .severe)
    let last = world.sample(state(101, ram: 0.985))
    #expect(last?.task == id(1) && last?.isUrgent == true && last?.isKill == true)
    // At the first sample already.
    var sudden = World()
    sudden.agents = [agent(1, .critical)]
    #expect(sudden.sample(state(0, ram: 0.99))?.task == id(1))
  }

  @Test("a spike that is over before its time has come harms nobody")
  func spike() {
    var world = World()
    world.agents = [agent(1), agent(2)]
    for round in 0..<20 {
      let start = Double(round) * 40
      #expect(world.run(0...3) { state(start + $0, ram: 0.96, memory: 0.9) }.isEmpty)
      #expect(world.run(4...28) { state(start + $0, ram: 0.9, memory: 0.9, io: 0.9) }.isEmpty)
      #expect(world.run(29...39) { state(start + $0, ram: 0.5, memory: 0) }.isEmpty)
    }
  }

  @Test("memory that stalls kills though RAM looks free; disks that stall count when memory is not safe")
  func pressure() {
    var world = World()
    world.agents = [agent(1, .high), agent(2, .high)]
    #expect(world.run(0...40) { state($0, ram: 0.6, memory: 0.7) }.map(\.0) == [30])
    var thrashing = World()
    thrashing.agents = [agent(1)]
    #expect(thrashing.run(0...40) { state($0, ram: 0.75, memory: 0, io: 0.63) }.map(\.0) == [30])
    var copying = World()
    copying.agents = [agent(1)]
    #expect(copying.run(0...400) { state($0, ram: 0.4, memory: 0, io: 0.95) }.isEmpty)
    var busy = World()
    busy.agents = [agent(1)]
    #expect(busy.run(0...400) { state($0, ram: 0.4, cpu: 1) }.isEmpty)
  }

  @Test("where no agent holds memory worth it nobody is killed, and the emergency is given up after ten minutes")
  func others() {
    var world = World()
    world.agents = [agent(1, memory: 0.002), agent(2, memory: 0.004)]
    #expect(world.run(0...599) { state($0, ram: 0.93) }.isEmpty)
    #expect(world.guarding.isEmergency)
    #expect(world.run(600...4500) { state($0, ram: 0.93) }.isEmpty)
    #expect(!world.guarding.isEmergency && world.guarding.isResigned)
    // It counts again when it gets worse, and after it has gone once.
    _ = world.run(4501...4510) { state($0, ram: 0.97) }
    #expect(world.guarding.isEmergency)
    _ = world.run(4511...4512) { state($0, ram: 0.3) }
    #expect(world.guarding.stage == .calm)
    _ = world.run(4513...4544) { state($0, ram: 0.9) }
    #expect(world.guarding.isEmergency)
  }

  @Test("starts are held for stalled disks and processors, for ten minutes at most")
  func holds() {
    var world = World()
    _ = world.run(0...9) { state($0, ram: 0.3, memory: 0, io: 0.63) }
    #expect(world.guarding.hold == nil)
    _ = world.run(10...600) { state($0, ram: 0.3, memory: 0, io: 0.63) }
    #expect(world.guarding.hold == .ioPressure(0.63, line: 0.6))
    _ = world.run(601...700) { state($0, ram: 0.3, memory: 0, io: 0.63) }
    #expect(world.guarding.hold == nil)
    _ = world.run(701...740) { state($0, ram: 0.3, cpu: 0.99) }
    #expect(world.guarding.hold == .cpuPressure(0.99, line: 0.95))
  }

  @Test("a machine that slept is not in an emergency when it wakes")
  func sleep() {
    var world = World()
    world.agents = [agent(1)]
    #expect(world.sample(state(0, ram: 0.9)) == nil)
    #expect(world.sample(state(30_000, ram: 0.9)) == nil)
    #expect(world.run(30_001...30_031) { state($0, ram: 0.9) }.map(\.0) == [30_030])
  }

  @Test("a session and Jarvis itself keep their shares of memory")
  func shares() {
    var world = World()
    world.policy.machine.session.memory = .share(0.3)
    world.agents = [
      agent(1, .high, memory: 0.1, session: "a"), agent(2, .medium, memory: 0.25, session: "a"),
      agent(3, .low, memory: 0.2, session: "b"),
    ]
    #expect(world.run(0...30) { state($0, ram: 0.6) }.map(\.1) == [id(2)])
    // Memory that is shared is summed twice; what the machine does not use, nobody holds.
    var shared = World()
    shared.agents = (1...5).map { agent($0, memory: 0.3) }
    #expect(shared.run(0...60) { state($0, ram: 0.5) }.isEmpty)
    shared.policy.machine.jarvis.memory = .share(0.4)
    #expect(shared.run(61...70) { state($0, ram: 0.5) }.map(\.0) == [66])
  }

  @Test("too many processes of a session, or of all, end whoever has most, at once")
  func processes() {
    var world = World()
    func agent(_ number: Int, _ priority: Priority, _ session: SessionKey, _ processes: Int) -> AgentSummary {
      AgentSummary(
        id: id(number), priority: priority, session: session, memory: 0.001, processes: processes,
        startedAt: at(0))
    }
    world.policy.machine.session.pids = .amount(100)
    world.agents = [agent(1, .low, "a", 40), agent(2, .critical, "a", 70), agent(3, .low, "b", 90)]
    let victims = world.run(0...10) { state($0, ram: 0.3) }
    #expect(victims.map(\.0) == [0] && victims.map(\.1) == [id(2)])
    var all = World()
    all.policy.machine.jarvis.pids = .amount(120)
    all.agents = world.agents
    #expect(all.run(0...1) { state($0, ram: 0.3) }.map(\.1) == [id(3)])
  }

  @Test("what agents may use together holds also with the memory gate off, and for agents that weigh little")
  func totalsWithoutGate() {
    var world = World()
    world.policy.zones.ramDanger = 1
    world.policy.machine.session.memory = .share(0.005)
    world.agents = [agent(1, .high, memory: 0.003, session: "a"), agent(2, .medium, memory: 0.004, session: "a")]
    #expect(world.run(0...10) { state($0, ram: 0.3) }.map(\.1) == [id(2)])
  }

  @Test("with the memory gate off the guard is off")
  func off() {
    var world = World()
    world.policy.zones.ramDanger = 1
    world.agents = [agent(1)]
    #expect(world.run(0...100) { state($0, ram: 1, memory: 1, io: 1, cpu: 1) }.isEmpty)
    #expect(world.guarding.hold == nil)
  }

  @Test(
    "whatever the machine does: pauses, order and the last critical task are kept, and a replay is the same",
    arguments: 1...30)
  func anything(seed: UInt64) {
    func run() -> [String] {
      var random = SplitMix64(seed: seed)
      var world = World()
      world.agents = (1...12).map {
        agent(
          $0, Priority.allCases.randomElement(using: &random) ?? .low,
          memory: Double.random(in: 0...0.1, using: &random),
          growth: Double.random(in: -0.01...0.01, using: &random), at: Double($0))
      }
      var log: [String] = []
      var ram = 0.8
      var lastAt: Double?
      for second in 0..<400 {
        ram = min(0.99, max(0.5, ram + Double.random(in: -0.02...0.021, using: &random)))
        let before = world.agents
        let pressure = random.chance(0.5) ? Double.random(in: 0...1, using: &random) : 0
        guard let relief = world.sample(state(Double(second), ram: ram, memory: pressure)) else { continue }
        let stage = world.guarding.stage
        if let lastAt { #expect(Double(second) - lastAt >= (stage == .falling ? 2 : 15)) }
        lastAt = Double(second)
        let victim = before.first { $0.id == relief.task }
        #expect(stage >= .emergency)
        if stage == .emergency { #expect(victim?.priority == .low) }
        if stage != .falling, victim?.priority == .critical {
          #expect(before.count { $0.priority == .critical } > 1, "the last critical task")
        }
        #expect(
          before.allSatisfy {
            $0.priority <= relief.priority || $0.memory + 10 * $0.growth < 0.01
              || $0.priority.rank <= relief.priority.rank
          })
        log.append("\(second) \(relief.sentence)")
      }
      return log
    }
    #expect(run() == run())
  }

  // MARK: In the scheduler

  @Test("the scheduler lets the guard choose by what agents hold, and tells levels with their figures")
  func scheduler() {
    var scheduler = calm()
    _ = scheduler.add(batch: batch(), tasks: [task(1, .low), task(2, .low), task(3, .high)])
    #expect(scheduler.starts() == [3, 1, 2])
    for n in 1...3 { scheduler.markRunning(id(n), at: at(Double(n))) }
    #expect(scheduler.takeLevelChange() == nil)
    let usage = [id(1): ResourceCost(cpu: 0, ram: 0.3), id(2): ResourceCost(cpu: 0, ram: 0.1)]
    scheduler.observe(state(10, ram: 0.9, io: 0.1), usage: usage)
    #expect(Scheduler.decide(&scheduler, now: at(10)) == [])
    let starved = scheduler.takeLevelChange()
    #expect(starved?.from == .ideal && starved?.to == .starved)
    #expect(scheduler.takeLevelChange() == nil)
    scheduler.observe(state(40, ram: 0.9), usage: usage)
    let decisions = Scheduler.decide(&scheduler, now: at(40))
    #expect(decisions.map(\.task) == [id(1)])
    #expect(
      decisions.first?.reason.sentence
        == "cancelled to relieve the machine: RAM 90 %, danger from 85 %, for 30 s; of the low tasks it weighs most with 30 % of memory"
    )
    #expect(
      scheduler.takeLevelChange()?.sentence
        == "the level rises from starved to emergency: CPU 20 %, RAM 90 %; RAM 90 %, danger from 85 %; 3 running, 0 queued"
    )
  }

  @Test("stalled disks hold starts with a reason, but one task may always run")
  func stalled() {
    var scheduler = SchedulerState(policy: roomy())
    scheduler.observe(state(0, ram: 0.3, memory: 0, io: 0.7))
    scheduler.observe(state(12, ram: 0.3, memory: 0, io: 0.7))
    _ = scheduler.add(batch: batch(), tasks: [task(1), task(2)])
    #expect(scheduler.starts(12) == [1])
    #expect(scheduler.level == .starved)
    #expect(
      scheduler.why(2, 12) == "waits: stalled for the disks 70 % of the time, too much from 60 %, for 12.0 s")
    scheduler.observe(state(20, ram: 0.3, memory: 0, io: 0.1))
    #expect(scheduler.starts(20) == [2])
  }

  @Test("an agent frozen for a lowered cap goes on when one that works has ended")
  func frozenByCap() {
    var scheduler = calm(roomy())
    _ = scheduler.add(batch: batch(), tasks: [task(1), task(2)])
    #expect(scheduler.starts() == [1, 2])
    for n in 1...2 { scheduler.markRunning(id(n), at: at(1)) }
    var policy = roomy()
    policy.maxAgents = 1
    scheduler.updatePolicy(policy)
    scheduler.markPaused(id(2))
    scheduler.requestResume(id(2))
    #expect(Scheduler.decide(&scheduler, now: at(2)) == [])
    _ = scheduler.settle(id(1), as: .succeeded)
    guard case .resume(id(2), _)? = Scheduler.decide(&scheduler, now: at(3)).first else {
      return #expect(Bool(false), "not resumed")
    }
  }
}
