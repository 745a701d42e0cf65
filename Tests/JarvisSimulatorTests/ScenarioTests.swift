import JarvisCore
import JarvisPolicy
import JarvisProtocol
import Testing

@testable import JarvisConfig
@testable import JarvisSimulator

@Suite("The specification's scenarios, simulated")
struct ScenarioTests {
  @Test("Scenario 2: at CPU 75 % and RAM 80 % two of ten start, the others follow, and nothing is in danger")
  func two() {
    var explore = type("explore", seconds: 20, spread: 0, cpu: 0.16, mib: 320)
    explore.memorySpread = 0
    var source = Source(name: "session", types: [0])
    source.tasks = 10
    source.pattern = .burst
    let workload = Workload(
      machine: machine(cpu: 0.75, ram: 0.8), types: [explore], sources: [source], seed: 1)
    let result = outcome(workload, .parallel)
    #expect(result.count(.succeeded) == 10)
    #expect(result.batches[0].mostAtOnce == 2)
    #expect(result.ramDangerSeconds == 0 && result.cpuDangerSeconds == 0)
    // Two at once, so five rounds of twenty seconds.
    #expect(result.makespan >= 100 && result.makespan < 140)
  }

  @Test("Scenario 3: after ten batches searches always run in parallel, calls one by one", arguments: [1, 2, 3])
  func three(seed: UInt64) {
    let types = [
      type("codebase_search", seconds: 8, cpu: 0.8, sigma: 0.05), type("api_call", seconds: 6, cpu: 0.02, server: 0),
    ]
    let workload = Workload(
      machine: machine(cpu: 0.05, ram: 0.3), types: types, servers: [SimulatedServer(name: "api", rate: 1)],
      sources: [
        closed("searches", type: 0, batches: 30, tasks: 10), closed("calls", type: 1, batches: 30, tasks: 10),
      ], seed: seed)
    let result = outcome(workload, .auto, seed: seed)
    let searches = result.batches.filter { $0.source == 0 }
    let calls = result.batches.filter { $0.source == 1 }
    #expect(searches.dropFirst(10).allSatisfy { $0.mostAtOnce == 5 })
    #expect(calls.dropFirst(10).allSatisfy { $0.mostAtOnce == 1 })
  }

  /// The four workloads of the promise, each with the width that caps allow at most.
  static let worlds: [(name: String, type: SimulatedType, cores: Double, rate: Double)] = [
    ("CPU-bound, 2 cores", type("x", seconds: 5, cpu: 1, sigma: 0.005), 2, 1),
    ("CPU-bound, 4 cores", type("x", seconds: 5, cpu: 1, sigma: 0.01), 4, 1),
    ("memory-bound", type("x", seconds: 5, cpu: 0.3, sigma: 0.05, kappa: 0.06), 8, 1),
    ("waiting on a rate limit", type("x", seconds: 5, cpu: 0.02, server: 0), 8, 2),
    ("mixed", type("x", seconds: 5, cpu: 0.4, sigma: 0.3, kappa: 0.01), 4, 1),
  ]

  @Test(
    "adaptive on the simulated machine: at most 1.3 of the best fixed width while it learns, 1.05 from the 10th batch",
    arguments: worlds.indices)
  func regret(of index: Int) {
    let world = Self.worlds[index]
    var policy = SchedulerPolicy()
    // Gates are not what is tested; 6 at once at most.
    policy.zones = ZoneThresholds(cpuSafe: 1, cpuDanger: 1, ramSafe: 1, ramDanger: 1, hysteresis: 0)
    policy.machine.cpuPressure = 2
    policy.maxAgentsPerSession = 6
    policy.maxAgentsPerSessionInWarning = 6
    let (batches, runs) = (14, 4)
    var ratios = [Double](repeating: 0, count: batches)
    for run in 0..<runs {
      let workload = Workload(
        machine: machine(cores: world.cores), types: [world.type],
        servers: [SimulatedServer(name: "s", rate: world.rate)],
        sources: [closed("s", type: 0, batches: batches, tasks: 24)], seed: UInt64(run))
      let fixed = (1...6).map { outcome(workload, .width($0), policy: policy).batches.map(\.seconds) }
      let learned = outcome(workload, .adaptive, policy: policy, seed: UInt64(run)).batches
      for batch in 0..<batches {
        let best = fixed.map { $0[batch] }.min() ?? 1
        ratios[batch] += learned[batch].seconds / best / Double(runs)
      }
    }
    let learning = ratios[..<9].max() ?? 0
    let after = ratios[9...].reduce(0, +) / Double(batches - 9)
    print("\(world.name): worst batch while learning \(learning), from the 10th on \(after)")
    #expect(learning <= 1.3)
    #expect(after <= 1.05)
  }
}
