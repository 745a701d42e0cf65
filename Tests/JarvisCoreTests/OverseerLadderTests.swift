import JarvisProtocol
import Testing

@testable import JarvisCore

private let MiB: UInt64 = 1 << 20

/// Feeds an overseer readings at given seconds and remembers what it said.
private struct Watch {
  var overseer = AgentOverseer(startedAt: at(0))
  var limits = AgentLimits(memory: 1000 * MiB)
  var tier = Tier.sampled
  var policy = OverseerPolicy()

  mutating func memory(
    _ mebibytes: UInt64, _ time: Double, stall: Double? = nil, high: UInt64? = nil, danger: Bool = false
  ) -> [String] {
    sample(
      AgentReading(memoryBytes: mebibytes * MiB, memoryHighEvents: high, memoryStallShare: stall), time, danger: danger)
  }

  mutating func sample(_ reading: AgentReading, _ time: Double, danger: Bool = false) -> [String] {
    names(
      overseer.observe(
        reading, limits: limits, tier: tier, policy: policy, isMachineInDanger: danger, now: at(time)))
  }

  mutating func wake(_ time: Double) -> [String] {
    names(overseer.wake(limits: limits, tier: tier, policy: policy, now: at(time)))
  }

  private func names(_ actions: [OverseerAction]) -> [String] {
    actions.map { "\($0)".prefix { $0 != "(" }.description }
  }
}

struct OverseerLadderTests {
  @Test("memory: alert, throttle, terminate, kill after the grace period, each in its time")
  func wholeLadder() {
    var watch = Watch()
    #expect(watch.memory(700, 0) == [])
    #expect(watch.memory(820, 1) == [])
    #expect(watch.memory(830, 3.1) == ["alert"])
    #expect(watch.memory(910, 4) == [])
    #expect(watch.memory(910, 9) == ["throttle"])
    #expect(watch.overseer.throttle == Throttle(cpuWeight: 0.25))
    #expect(watch.memory(1010, 10) == [])
    #expect(watch.overseer.nextInterval(base: 1) == 0.05)
    #expect(watch.memory(1010, 10.05) == ["terminate"])
    #expect(watch.overseer.isCondemned)
    #expect(watch.overseer.deadline(limits: watch.limits) == at(12.05))
    #expect(watch.memory(1020, 11) == [])
    #expect(watch.wake(12.05) == ["kill"])
    #expect(watch.memory(1020, 12.1) == [])
    #expect(watch.memory(1020, 13.1) == ["kill"])
  }

  @Test("output that is learned of between two samples counts at once, and nothing else counts twice")
  func outputBetweenSamples() {
    var watch = Watch()
    watch.limits = AgentLimits(memory: 1000 * MiB, output: 100)
    #expect(watch.sample(AgentReading(memoryBytes: 1010 * MiB, outputBytes: 10), 0) == [])
    func output(_ bytes: UInt64, _ time: Double) -> [OverseerAction] {
      watch.overseer.observeOutput(
        bytes, limits: watch.limits, tier: .sampled, policy: watch.policy, now: at(time))
    }
    // Memory's breach wants a second sample, which this is not.
    #expect(output(70, 0.01) == [])
    guard case .terminate(let evidence, _)? = output(110, 0.02).first else {
      Issue.record("a broken limit of output ends it")
      return
    }
    #expect(evidence.limit == .output && evidence.value == 110)
    guard case .kill? = output(126, 0.03).first else {
      Issue.record("a quarter over the limit there is no grace")
      return
    }
  }

  @Test("what is done with an agent and how near a limit it is can be told in a few words")
  func standing() {
    var watch = Watch()
    func words() -> String? { watch.overseer.standing(limits: watch.limits, policy: watch.policy) }
    _ = watch.memory(700, 0)
    #expect(words() == nil)
    _ = watch.memory(920, 1)
    #expect(words() == "at 92 % of its memory limit")
    _ = watch.memory(920, 6)
    #expect(words() == "throttled, at 92 % of its memory limit")
    _ = watch.memory(1010, 7)
    _ = watch.memory(1010, 7.05)
    #expect(words()?.hasPrefix("told to end because of its memory, throttled") == true)
  }

  @Test("a quarter over the limit, or any breach while the machine is in danger, is given no grace")
  func noGrace() {
    var far = Watch()
    #expect(far.memory(1300, 0) == [])
    #expect(far.memory(1300, 0.05) == ["kill"])
    var grown = Watch()
    _ = grown.memory(1010, 0)
    #expect(grown.memory(1010, 0.05) == ["terminate"])
    _ = grown.memory(1300, 0.1)
    #expect(grown.memory(1300, 0.15) == ["kill"])
    var danger = Watch()
    #expect(danger.memory(999, 0, danger: true) == [])
    #expect(danger.memory(1001, 1, danger: true) == ["kill"])
    var condemned = Watch()
    _ = condemned.memory(1010, 0)
    _ = condemned.memory(1010, 0.05)
    #expect(condemned.memory(500, 0.1, danger: true) == ["kill"])
  }

  @Test("alert and throttle are taken back when the use falls below their lines by the hysteresis")
  func reversal() {
    var watch = Watch()
    for second in 0...10 { _ = watch.memory(950, Double(second)) }
    #expect(!watch.overseer.throttle.isEmpty)
    #expect(watch.memory(850, 11) == [])
    #expect(watch.memory(790, 12) == [])
    #expect(watch.memory(790, 16) == [])
    #expect(watch.memory(790, 17) == ["relax"])
    #expect(watch.overseer.throttle.isEmpty)
    #expect(watch.memory(690, 18) == ["allClear"])
  }

  @Test("a lifted limit takes every step back at once")
  func lifted() {
    var watch = Watch()
    for second in 0...10 { _ = watch.memory(950, Double(second)) }
    watch.limits = AgentLimits()
    #expect(watch.memory(950, 11) == ["allClear", "relax"])
    #expect(watch.overseer.throttle.isEmpty)
  }

  @Test("in the kernel tier a group full of file cache is not near its limit; one that stands still for memory is")
  func cache() {
    var watch = Watch(tier: .kernel)
    for second in 0...60 { #expect(watch.memory(990, Double(second), stall: 0.01, high: UInt64(second)) == []) }
    for second in 61...70 { _ = watch.memory(940, Double(second), stall: 0.1, high: 61) }
    #expect(watch.overseer.throttle == Throttle(memoryHigh: 940 * MiB, cpuWeight: 0.25))
    for second in 71...80 { _ = watch.memory(940, Double(second), stall: 0, high: 61) }
    #expect(watch.overseer.throttle.isEmpty)
  }

  @Test("throttling by the kernel that does not end breaks the memory limit, though it is never passed")
  func sustainedThrottling() {
    var watch = Watch(tier: .kernel)
    var actions: [String] = []
    var time = 0.0
    while time < 60, !actions.contains("terminate") {
      actions += watch.memory(950, time, stall: 0.5, high: UInt64(time * 1000))
      time += 1
    }
    #expect((30...32).contains(time))
    // The same stall without the kernel's throttling, or far from the limit, is somebody else's doing.
    var other = Watch(tier: .kernel)
    for second in 0...90 { #expect(!other.memory(950, Double(second), stall: 0.9, high: 7).contains("terminate")) }
    for second in 91...190 {
      #expect(!other.memory(300, Double(second), stall: 0.9, high: UInt64(second)).contains("terminate"))
    }
  }

  @Test("the kernel's OOM kill is reported once for each time")
  func oom() {
    var watch = Watch(tier: .kernel)
    #expect(watch.sample(AgentReading(memoryBytes: 900 * MiB, oomKills: 0), 0) == [])
    #expect(watch.sample(AgentReading(memoryBytes: 0, oomKills: 1), 1) == ["kernelKilled"])
    #expect(watch.sample(AgentReading(memoryBytes: 0, oomKills: 1), 2) == [])
  }

  @Test("in the kernel tier an agent that sits at pids.max for 5 s is a fork bomb, one that touches it is not")
  func kernelPids() {
    var watch = Watch(limits: AgentLimits(pids: 100), tier: .kernel)
    func n(_ processes: Int, _ time: Double) -> [String] {
      watch.sample(AgentReading(processes: processes), time).filter { $0 != "alert" && $0 != "allClear" }
    }
    #expect(n(100, 0) == [])
    #expect(n(99, 3) == [])
    #expect(n(100, 4) == [])
    #expect(n(100, 8) == [])
    #expect(n(100, 9) == ["freeze", "kill"])
  }

  @Test("fast growth is frozen for a second at a time, twice at most, and goes on if it kept its limit")
  func growth() {
    var watch = Watch()
    _ = watch.memory(100, 0)
    #expect(watch.memory(960, 1) == ["freeze"])
    #expect(watch.overseer.deadline(limits: watch.limits) == at(2))
    #expect(watch.memory(960, 1.5) == [])
    #expect(watch.wake(2) == ["thaw"])
    #expect(watch.overseer.nextInterval(base: 1) == 0.05)
    _ = watch.memory(970, 2.01)
    #expect(watch.memory(985, 2.02) == ["freeze"])
    #expect(watch.wake(3.02) == ["thaw"])
    #expect(watch.memory(999, 3.03) == [])
    // In the kernel tier memory.max holds, and nothing must be frozen.
    var kernel = Watch(tier: .kernel)
    _ = kernel.memory(100, 0)
    #expect(kernel.memory(999, 1) == [])
  }

  @Test("an agent that breaks its limit while frozen is thawed, so that it hears the signal")
  func thawForSignal() {
    var watch = Watch()
    _ = watch.memory(100, 0)
    #expect(watch.memory(960, 1) == ["freeze"])
    _ = watch.memory(1010, 1.1)
    #expect(watch.memory(1010, 1.2) == ["terminate", "thaw"])
  }

  @Test("time and silence stand still while an agent is paused")
  func paused() {
    var watch = Watch(limits: AgentLimits(time: 100, silence: 50))
    #expect(watch.overseer.deadline(limits: watch.limits) == at(50))
    watch.overseer.paused(at: at(30))
    #expect(watch.wake(5000) == [])
    #expect(watch.overseer.deadline(limits: watch.limits) == nil)
    watch.overseer.resumed(at: at(1030))
    #expect(watch.overseer.deadline(limits: watch.limits) == at(1080))
    #expect(watch.sample(AgentReading(lastOutputAt: at(1060)), 1060) == [])
    #expect(watch.overseer.deadline(limits: watch.limits) == at(1100))
    #expect(watch.sample(AgentReading(lastOutputAt: at(1090)), 1090).contains("alert"))
    #expect(watch.wake(1100.1) == ["terminate"])
  }

  @Test("a clock that is set back puts no kill off and makes none")
  func clock() {
    var watch = Watch(limits: AgentLimits(memory: 1000 * MiB, time: 100))
    _ = watch.memory(1010, 50)
    #expect(watch.memory(1010, 20) == ["terminate"])
    var other = Watch(limits: AgentLimits(time: 100))
    #expect(other.memory(10, -500) == [])
  }

  @Test("the sampling rate rises with nearness and more with growth, and never above a twentieth of the interval")
  func pace() {
    var watch = Watch()
    _ = watch.memory(100, 0)
    _ = watch.memory(100, 1)
    #expect(watch.overseer.nextInterval(base: 1) == 1)
    for time in 2...3 { _ = watch.memory(900, Double(time)) }
    #expect(watch.overseer.nextInterval(base: 1) > 0.3 && watch.overseer.nextInterval(base: 1) < 0.5)
    // 10 MiB a second to go 90: an eighth of a second would be too often, three seconds too seldom.
    _ = watch.memory(910, 4)
    #expect(watch.overseer.nextInterval(base: 20) == 3)
    _ = watch.memory(999, 4.01)
    #expect(watch.overseer.nextInterval(base: 1) == 0.05)
  }

  @Test("a killed agent's sentence says the limit, the peak, the growth and what would have sufficed")
  func sentence() {
    var overseer = AgentOverseer(startedAt: at(0))
    let limits = AgentLimits(memory: 2048 * MiB)
    var last: [OverseerAction] = []
    for (memory, time) in [(1900, 0.0), (2300, 1.0), (2330, 1.05)] {
      last = overseer.observe(
        AgentReading(memoryBytes: UInt64(memory) * MiB), limits: limits, tier: .tree, policy: OverseerPolicy(),
        now: at(time))
    }
    #expect(
      last.first?.evidence.sentence
        == "it used 2.3 GiB of memory, over its limit of 2 GiB (growing by 600 MiB a second); "
        + "3 GiB would have been enough for what it did so far")
    #expect(last.first?.evidence.numbers.map(\.0).contains("would_have_sufficed") == true)
  }
}
