import JarvisProtocol
import Testing

@testable import JarvisCore

/// Random agents under random policies, judged against what must hold whatever happens.
struct OverseerPropertyTests {
  private struct Step {
    var reading: AgentReading
    var time: Double
    var danger: Bool
  }

  private static let limits = AgentLimits(
    memory: 1 << 30, cpu: 2, pids: 200, time: 500, output: 1 << 20, silence: 90)

  /// A walk that comes near limits often; it breaks them only if `breaks`.
  private static func walk(seed: UInt64, breaks: Bool) -> [Step] {
    var random = SplitMix64(seed: seed)
    var steps: [Step] = []
    var time = 0.0
    var memory = 0.2
    var pids = 0.1
    var output = 0.0
    var spoken = 0.0
    var high: UInt64 = 0
    while time < 400 {
      time += [0.05, 0.2, 1, 1, 3].randomElement(using: &random) ?? 1
      let top = breaks ? 1.4 : 1
      memory = min(top, max(0.05, memory + Double.random(in: -0.3...0.32, using: &random)))
      pids = min(top, max(0.01, pids + Double.random(in: -0.2...0.21, using: &random)))
      output = min(breaks ? 2 : 1, output + Double.random(in: 0...0.004, using: &random))
      if random.chance(breaks ? 0.1 : 0.3) || time - spoken > (breaks ? 1000 : 80) { spoken = time }
      if random.chance(0.3) { high += 50 }
      steps.append(
        Step(
          reading: AgentReading(
            memoryBytes: UInt64(memory * Double(1 << 30)), processes: Int(pids * 200),
            cpuCores: Double.random(in: 0...4, using: &random), outputBytes: UInt64(output * Double(1 << 20)),
            lastOutputAt: at(spoken), memoryHighEvents: high,
            // Bursts of throttling, but none that lasts.
            memoryStallShare: random.chance(0.5) ? 0.1 : 0),
          time: time, danger: random.chance(0.05)))
    }
    return steps
  }

  private static func run(_ steps: [Step], _ tier: Tier) -> [[OverseerAction]] {
    var overseer = AgentOverseer(startedAt: at(0))
    return steps.map { step in
      overseer.observe(
        step.reading, limits: limits, tier: tier, policy: OverseerPolicy(), isMachineInDanger: step.danger,
        now: at(step.time))
    }
  }

  @Test("no agent is ended before it breaks a limit", arguments: 1...25)
  func innocence(seed: UInt64) {
    for tier in Tier.allCases {
      let steps = Self.walk(seed: seed, breaks: true)
      for (step, actions) in zip(steps, Self.run(steps, tier)) {
        guard let end = actions.first(where: \.isEnd) else { continue }
        let evidence = end.evidence
        let isAtPidsMax = tier == .kernel && evidence.limit == .pids && evidence.value >= evidence.bound
        #expect(evidence.value > evidence.bound || isAtPidsMax, "\(evidence.sentence) at \(step.time)")
        break
      }
      // Within its limits it is never ended, in danger or not.
      let good = Self.run(Self.walk(seed: seed, breaks: false), tier).joined().first(where: \.isEnd)
      let isAtPidsMax = tier == .kernel && good?.evidence.limit == .pids
      #expect(good == nil || isAtPidsMax, "\(good?.evidence.sentence ?? "")")
    }
  }

  @Test("steps come in order, and every reversible one is taken back when its cause goes", arguments: 1...25)
  func order(seed: UInt64) {
    for tier in [Tier.sampled, .kernel] {
      var overseer = AgentOverseer(startedAt: at(0))
      var isFrozen = false
      var isEnded = false
      var alerts: Set<LimitKind> = []
      var inForce = Throttle()
      func take(_ actions: [OverseerAction]) {
        for action in actions {
          let limit = action.evidence.limit
          if isEnded, !action.isEnd {
            guard case .freeze = action, case .kill? = actions.last else { return #expect(Bool(false), "\(action)") }
          }
          switch action {
          case .alert: #expect(alerts.insert(limit).inserted, "two alerts for one approach")
          case .allClear: #expect(alerts.remove(limit) != nil, "the end of no alert")
          case .throttle(let throttle, _): inForce = throttle
          case .relax(let throttle, _): inForce = throttle
          case .freeze:
            #expect(!isFrozen)
            isFrozen = true
          case .thaw:
            #expect(isFrozen)
            isFrozen = false
          case .terminate, .kill: break
          case .kernelKilled: #expect(Bool(false))
          }
        }
        isEnded = isEnded || actions.contains(where: \.isEnd)
        #expect(inForce == overseer.throttle)
      }
      let steps = Self.walk(seed: seed, breaks: seed % 2 == 0)
      for step in steps {
        take(
          overseer.observe(
            step.reading, limits: Self.limits, tier: tier, policy: OverseerPolicy(), now: at(step.time)))
        let interval = overseer.nextInterval(base: 1)
        #expect(interval >= 0.05 && interval <= 1)
      }
      if isEnded { continue }
      let end = steps.last?.time ?? 0
      // Output and time don't fall: their alerts stay. All else is over after a minute of calm.
      for second in 1...60 {
        take(
          overseer.observe(
            AgentReading(
              memoryBytes: 1, processes: 1, outputBytes: steps.last?.reading.outputBytes ?? 0,
              lastOutputAt: at(end + Double(second)), memoryHighEvents: steps.last?.reading.memoryHighEvents,
              memoryStallShare: 0),
            limits: Self.limits, tier: tier, policy: OverseerPolicy(), now: at(end + Double(second))))
      }
      #expect(!isFrozen && inForce.isEmpty)
      #expect(alerts.isSubset(of: [.output, .time]))
    }
  }

  @Test("the same samples give the same actions", arguments: 1...10)
  func determinism(seed: UInt64) {
    let steps = Self.walk(seed: seed, breaks: true)
    for tier in Tier.allCases { #expect(Self.run(steps, tier) == Self.run(steps, tier)) }
  }
}
