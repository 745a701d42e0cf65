import JarvisCore
import JarvisPolicy
import JarvisProtocol
import Testing

@testable import JarvisSimulator

/// A type's law changes in the middle of a simulation: the learner notices, relearns, and the widths follow.
@Suite("Changes of behaviour, simulated")
struct ChangeTests {
  private var policy: SchedulerPolicy {
    var policy = SchedulerPolicy()
    policy.zones = ZoneThresholds(cpuSafe: 1, cpuDanger: 1, ramSafe: 1, ramDanger: 1, hysteresis: 0)
    policy.machine.cpuPressure = 2
    return policy
  }

  /// Batches of calls of a server that serves so many a second, before and after batch `changesAt`.
  private func calls(
    _ rates: (Double, Double), batches: Int, changesAt: Int, strategy: SimulatedStrategy, seed: UInt64,
    slower: Double = 1
  ) -> (outcome: Outcome, profile: TypeProfile?) {
    var workload = Workload(
      machine: machine(), types: [type("api_call", seconds: 6, cpu: 0.02, server: 0)],
      servers: [SimulatedServer(name: "api", rate: rates.0)],
      sources: [closed("calls", type: 0, batches: batches, tasks: 20)], seed: seed)
    let still = outcome(workload, strategy, policy: policy, seed: seed)
    var change = SimulatedChange(at: still.batches[changesAt].submitted)
    (change.server, change.rate, change.type, change.slower) = (0, rates.1, 0, slower)
    workload.changes = [change]
    var simulation = Simulation(workload, policy: policy, strategy: strategy, seed: seed)
    let result = simulation.run()
    #expect(result.count(.succeeded) == 20 * batches)
    return (result, simulation.learner.profiles["api_call"])
  }

  @Test("calls of a server that gets a rate limit go one by one within 12 batches", arguments: 1...6)
  func getsLimit(seed: UInt64) throws {
    let (result, profile) = calls((100, 1), batches: 44, changesAt: 20, strategy: .auto, seed: seed)
    let widths = result.batches.map(\.mostAtOnce)
    #expect(widths[10..<20].allSatisfy { $0 == 5 }, "\(widths)")
    #expect(widths[32...].allSatisfy { $0 == 1 }, "\(widths)")
    #expect(try #require(profile).change?.sign == .slower, "\(profile?.relearned ?? "not noticed")")
  }

  @Test(
    "calls of a server that loses its limit, and answers sooner, go in parallel within 12 batches", arguments: 1...6)
  func losesLimit(seed: UInt64) throws {
    let (result, profile) = calls(
      (1, 100), batches: 50, changesAt: 20, strategy: .auto, seed: seed, slower: 1.0 / 3)
    let widths = result.batches.map(\.mostAtOnce)
    #expect(widths[10..<20].allSatisfy { $0 == 1 }, "\(widths)")
    #expect(widths[32...].allSatisfy { $0 == 5 }, "\(widths) \(profile?.relearned ?? "not noticed")")
    #expect(try #require(profile).change?.sign == .faster)
  }

  @Test("a limit whose loss shows at no width of one is found by a trial", arguments: 1...3)
  func losesLimitUnseen(seed: UInt64) throws {
    for strategy in [SimulatedStrategy.auto, .adaptive] {
      let (result, profile) = calls((1, 100), batches: 110, changesAt: 20, strategy: strategy, seed: seed)
      let widths = result.batches.map(\.mostAtOnce)
      #expect(widths[90...].allSatisfy { $0 == 5 }, "\(strategy): \(widths)")
      #expect(try #require(profile).law().benefit(5).value > 0.5, "\(strategy)")
    }
  }

  @Test("adaptive notices that a limit comes, and no longer believes that more at once gain", arguments: 1...6)
  func adaptive(seed: UInt64) throws {
    let (result, profile) = calls((100, 1), batches: 44, changesAt: 20, strategy: .adaptive, seed: seed)
    let widths = result.batches.map(\.mostAtOnce)
    #expect(widths[10..<20].allSatisfy { $0 == 5 }, "\(widths)")
    let found = try #require(profile)
    #expect(found.change?.sign == .slower, "\(widths)")
    #expect(found.law().benefit(5).value < 0.25)
  }

  @Test("nothing is found to have changed in a day on which nothing did", arguments: 1...4)
  func stationary(seed: UInt64) {
    var relearned: [String] = []
    for strategy in [SimulatedStrategy.auto, .adaptive] {
      for (name, rate, spread) in [("limited", 1.0, 0.2), ("noisy", 100, 0.8), ("half", 0.5, 0.5)] {
        var call = type(name, seconds: 6, spread: spread, cpu: 0.02, server: 0)
        call.failures = 0.1
        let workload = Workload(
          machine: machine(), types: [call, type("hog", seconds: 5, cpu: 1, sigma: 0.05, kappa: 0.02)],
          servers: [SimulatedServer(name: "s", rate: rate)],
          sources: [closed("a", type: 0, batches: 40, tasks: 12), closed("b", type: 1, batches: 40, tasks: 12)],
          seed: seed)
        var simulation = Simulation(workload, policy: policy, strategy: strategy, seed: seed)
        _ = simulation.run()
        for type in simulation.learner.profiles.types {
          if let words = simulation.learner.profiles[type]?.relearned { relearned.append("\(type): \(words)") }
        }
      }
    }
    #expect(relearned.isEmpty, "\(relearned)")
  }
}
