import JarvisProtocol
import Testing

@testable import JarvisCore

private let MiB = 1024.0 * 1024

/// A made-up agent: what it uses at each moment of its own running time.
private struct Behaviour: Sendable, CustomTestStringConvertible {
  var name: String
  var memory: @Sendable (Double) -> Double = { _ in 50 * MiB }
  var processes: @Sendable (Double) -> Double = { _ in 3 }
  var cores = 0.1
  var output: @Sendable (Double) -> Double = { $0 * 100 }
  /// When it last wrote, by its own time.
  var lastOutput: @Sendable (Double) -> Double = { $0 }
  /// Seconds from the polite signal to its end; nil if it ignores it.
  var endsAfter: Double? = 0.1
  var limits = AgentLimits(memory: UInt64(1024 * MiB), cpu: 2, pids: 256, output: UInt64(100 * MiB), silence: 60)

  var testDescription: String { name }
}

/// What became of an agent.
private struct Outcome {
  var brokenAt: Double?
  var decidedAt: Double?
  var endedAt: Double?
  var actions: [OverseerAction] = []
  var samples = 0
  var peakMemory = 0.0

  var kinds: [String] { actions.map { String(describing: $0).prefix { $0 != "(" }.description } }
}

/// Runs one agent under its overseer in the sampled tier, in steps of 5 ms.
private func simulate(
  _ agent: Behaviour, seconds: Double, base: Double, offset: Double, tier: Tier = .sampled
) -> Outcome {
  var outcome = Outcome()
  var overseer = AgentOverseer(startedAt: at(0))
  var policy = OverseerPolicy()
  policy.interval = base
  var own = 0.0
  var isFrozen = false
  var endsAt: Double?
  var next = offset
  let step = 0.005
  for n in 0..<Int(seconds / step) {
    let time = Double(n) * step
    if let end = endsAt, time >= end {
      outcome.endedAt = time
      return outcome
    }
    if !isFrozen { own += step }
    let memory = agent.memory(own)
    outcome.peakMemory = max(outcome.peakMemory, memory)
    let silence = own - agent.lastOutput(own)
    let isBroken =
      memory > agent.limits[.memory] ?? .infinity || agent.processes(own) > agent.limits[.pids] ?? .infinity
      || agent.output(own) > agent.limits[.output] ?? .infinity || silence > agent.limits[.silence] ?? .infinity
    if isBroken, outcome.brokenAt == nil { outcome.brokenAt = time }
    if !isBroken, outcome.decidedAt == nil { outcome.brokenAt = nil }
    let isDue = overseer.deadline(limits: agent.limits).map { $0 <= at(time) } ?? false
    var actions: [OverseerAction] = []
    if time >= next {
      let reading = AgentReading(
        memoryBytes: UInt64(memory), processes: Int(agent.processes(own)), cpuCores: isFrozen ? 0 : agent.cores,
        outputBytes: UInt64(agent.output(own)), lastOutputAt: at(time - silence))
      actions = overseer.observe(reading, limits: agent.limits, tier: tier, policy: policy, now: at(time))
      next = time + overseer.nextInterval(base: base)
      outcome.samples += 1
    } else if isDue {
      actions = overseer.wake(limits: agent.limits, tier: tier, policy: policy, now: at(time))
    }
    for action in actions {
      if action.isEnd, outcome.decidedAt == nil { outcome.decidedAt = time }
      switch action {
      case .freeze: isFrozen = true
      case .thaw: isFrozen = false
      case .terminate: if let after = agent.endsAfter { endsAt = min(endsAt ?? .infinity, time + after) }
      case .kill: endsAt = time + 0.01
      case .alert, .allClear, .throttle, .relax, .kernelKilled: break
      }
    }
    outcome.actions += actions
  }
  return outcome
}

private let runaways: [Behaviour] = [
  Behaviour(name: "memory bomb", memory: { 50 * MiB + $0 * 1000 * MiB }),
  Behaviour(name: "violent memory bomb", memory: { 50 * MiB + $0 * 12_000 * MiB }),
  Behaviour(name: "slow leak", memory: { 200 * MiB + $0 * 20 * MiB }),
  Behaviour(name: "fork bomb", processes: { $0 < 2 ? 3 : min(30_000, 3 * pow2(($0 - 2) * 20)) }),
  Behaviour(name: "slow fork storm", processes: { 3 + $0 * 170 }),
  Behaviour(name: "output flood", output: { $0 < 1 ? 0 : ($0 - 1) * 300 * MiB }),
  Behaviour(name: "silent hang", lastOutput: { min($0, 3) }),
  Behaviour(name: "memory bomb that ignores SIGTERM", memory: { 50 * MiB + $0 * 30 * MiB }, endsAfter: nil),
  Behaviour(
    name: "hang that ignores SIGTERM", lastOutput: { min($0, 3) }, endsAfter: nil,
    limits: AgentLimits(silence: 10)),
]

private let wellBehaved: [Behaviour] = [
  Behaviour(name: "bystander"),
  Behaviour(name: "burst of memory to 98 % of the limit", memory: { ($0 > 5 && $0 < 25 ? 1003 : 100) * MiB }),
  Behaviour(name: "burst of processes to the limit", processes: { $0 > 3 && $0 < 20 ? 256 : 4 }),
  Behaviour(name: "sawtooth of memory", memory: { (300 + 700 * ($0 / 4).truncatingRemainder(dividingBy: 1)) * MiB }),
  Behaviour(
    name: "big process that forks and execs for 20 ms every 3 s",
    memory: { ($0.truncatingRemainder(dividingBy: 3) < 0.02 ? 1200 : 600) * MiB }),
  Behaviour(name: "spinner", cores: 8),
  Behaviour(name: "speaks once in 50 s", lastOutput: { ($0 / 50).rounded(.down) * 50 }),
  Behaviour(name: "writes all it may", output: { min($0 * 20 * MiB, 100 * MiB) }),
]

struct OverseerSuiteTests {
  @Test(
    "every runaway is stopped within 1.2 intervals, and is gone within the grace period after that", arguments: runaways
  )
  fileprivate func runaway(_ agent: Behaviour) throws {
    var worst = (decided: 0.0, ended: 0.0, peak: 0.0)
    for base in [0.5, 1, 4] {
      for seed in 1...6 {
        var random = SplitMix64(seed: UInt64(seed))
        let offset = Double.random(in: 0...base, using: &random)
        let outcome = simulate(agent, seconds: 120, base: base, offset: offset)
        let broken = try #require(outcome.brokenAt)
        let decided = try #require(outcome.decidedAt)
        let ended = try #require(outcome.endedAt)
        #expect(decided >= broken, "it was ended before it broke a limit")
        #expect(decided - broken <= 1.2 * base + 0.01, "decided after \(decided - broken) s of \(base)")
        let grace = OverseerPolicy().silence.grace
        #expect(ended - broken <= 1.2 * base + grace + 0.03, "ended after \(ended - broken) s")
        if base == 1 {
          worst = (
            max(worst.decided, decided - broken), max(worst.ended, ended - broken), max(worst.peak, outcome.peakMemory)
          )
        }
        let end = try #require(outcome.actions.last { $0.isEnd })
        let sufficient = try #require(end.evidence.sufficient)
        #expect(sufficient > end.evidence.bound && sufficient >= end.evidence.peak)
        #expect(end.evidence.sentence.contains("would have been enough"))
      }
    }
    print("\(agent.name), every second: decided \(worst.decided) s, gone \(worst.ended) s after the breach; ")
    print("  peak \(worst.peak / MiB) MiB")
  }

  @Test("what keeps its limits is never ended, and gets everything back", arguments: wellBehaved)
  fileprivate func innocent(_ agent: Behaviour) {
    for base in [0.5, 1] {
      for seed in 1...3 {
        var random = SplitMix64(seed: UInt64(seed))
        let outcome = simulate(
          agent, seconds: 120, base: base, offset: Double.random(in: 0...base, using: &random))
        #expect(outcome.decidedAt == nil, "\(outcome.actions.first { $0.isEnd }?.evidence.sentence ?? "")")
        #expect(outcome.kinds.count { $0 == "freeze" } == outcome.kinds.count { $0 == "thaw" })
        if agent.name == "bystander" { #expect(outcome.actions.isEmpty) }
      }
    }
  }

  @Test("a fork bomb is frozen and killed by the first sample that sees it over its limit")
  func forkBomb() {
    var overseer = AgentOverseer(startedAt: at(0))
    let limits = AgentLimits(pids: 100)
    func sample(_ n: Int, _ time: Double) -> [OverseerAction] {
      overseer.observe(
        AgentReading(processes: n), limits: limits, tier: .sampled, policy: OverseerPolicy(), now: at(time))
    }
    #expect(sample(3, 0).isEmpty)
    let actions = sample(5000, 1)
    guard case .freeze = actions.first, case .kill(let why) = actions.last, actions.count == 2 else {
      return #expect(Bool(false), "\(actions)")
    }
    #expect(why.limit == .pids)
    #expect(
      why.sentence
        == "it had 5000 processes and threads, over its limit of 100 (growing by 4997 a second); 6272 would have been enough for what it did so far"
    )
  }

  @Test("the violent bomb stays near its limit: it is frozen before it can pass the line at which it is killed")
  func violentBomb() {
    let slow = simulate(
      Behaviour(
        name: "", memory: { 50 * MiB + $0 * 600 * MiB }, limits: AgentLimits(memory: UInt64(1024 * MiB))),
      seconds: 20, base: 1, offset: 0.5)
    #expect(slow.peakMemory <= 1024 * MiB * 1.25)
  }

  @Test("a spinner over its cores is throttled and never killed, and an endless one only if the policy says so")
  func spinner() {
    let spinner = Behaviour(name: "spinner", cores: 8)
    #expect(simulate(spinner, seconds: 120, base: 1, offset: 0).kinds == ["alert", "throttle"])
    // The kernel's cpu.max holds by itself.
    #expect(simulate(spinner, seconds: 120, base: 1, offset: 0, tier: .kernel).actions.isEmpty)
  }

  @Test("200 calm agents are sampled once an interval, and judging one takes microseconds")
  func cost() {
    let calm = simulate(Behaviour(name: "calm"), seconds: 60, base: 1, offset: 0)
    #expect((59...61).contains(calm.samples))
    var fleet = (0..<200).map { _ in AgentOverseer(startedAt: at(0)) }
    let limits = AgentLimits(memory: 1 << 30, cpu: 2, pids: 4096, time: 3600, output: 1 << 30, silence: 600)
    let taken = ContinuousClock().measure {
      for second in 1...50 {
        for n in fleet.indices {
          let actions = fleet[n].observe(
            AgentReading(memoryBytes: 200 << 20, processes: 12, cpuCores: 0.3, outputBytes: 4096),
            limits: limits, tier: .sampled, policy: OverseerPolicy(), now: at(Double(second)))
          #expect(actions.isEmpty)
        }
      }
    }
    print("judging 200 agents once: \(taken / 50)")
  }
}

/// 2 to the power of `x`, without Foundation.
private func pow2(_ x: Double) -> Double {
  var result = 1.0
  var left = x
  while left >= 1 {
    result *= 2
    left -= 1
  }
  return result * (1 + left)
}
