import JarvisCore
import JarvisProtocol

@testable import JarvisSimulator

/// A machine with 8 cores and 16 GiB on which nothing else runs, unless told otherwise.
func machine(cores: Double = 8, gib: Double = 16, cpu: Double = 0, ram: Double = 0) -> SimulatedMachine {
  var machine = SimulatedMachine(cores: cores, memory: gib * Double(1 << 30))
  machine.backgroundCPU = cpu
  machine.backgroundRAM = ram
  return machine
}

/// A type that computes, in a few words.
func type(
  _ name: String, seconds: Double, spread: Double = 0.2, cpu: Double = 1, sigma: Double = 0, kappa: Double = 0,
  mib: Double = 50, server: Int? = nil
) -> SimulatedType {
  var type = SimulatedType(name: name, seconds: seconds)
  type.spread = spread
  type.cpu = cpu
  type.sigma = sigma
  type.kappa = kappa
  type.memory = mib * Double(1 << 20)
  type.server = server
  return type
}

/// Batches of one type, each after the one before.
func closed(_ name: String, type: Int, batches: Int, tasks: Int) -> Source {
  var source = Source(name: name, types: [type])
  source.batches = batches
  source.tasks = tasks
  source.pattern = .closed
  source.pause = 2
  return source
}

/// Runs a workload to its end.
func outcome(
  _ workload: Workload, _ strategy: SimulatedStrategy, policy: SchedulerPolicy = SchedulerPolicy(), seed: UInt64 = 1
) -> Outcome {
  var simulation = Simulation(workload, policy: policy, strategy: strategy, seed: seed)
  return simulation.run()
}

/// A bit of everything: types that compute, wait, need memory, fail and run away; sources of every pattern.
func medley(seed: UInt64, scale: Int = 1) -> Workload {
  var hungry = type("hungry", seconds: 8, cpu: 0.7, sigma: 0.1, kappa: 0.01, mib: 1200)
  hungry.memorySpread = 0.5
  hungry.runaways = 0.02
  var flaky = type("flaky", seconds: 3, cpu: 1.5, mib: 200)
  flaky.failures = 0.2
  var declared = type("declared", seconds: 2, cpu: 0.5, mib: 100)
  declared.declaredCPU = 1
  declared.declaredMemory = 2e8
  let types =
    [type("search", seconds: 1, cpu: 0.6, sigma: 0.05), hungry, flaky, declared]
    + [type("call", seconds: 2, cpu: 0.02, server: 0)]
  let sources = ArrivalPattern.allCases.enumerated().map { number, pattern in
    var source = Source(name: pattern.rawValue, types: [number % 5, (number + 2) % 5])
    source.batches = 8 * scale
    source.tasks = 5
    source.priority = Priority.allCases[number % 4]
    source.reduce = number % 2 == 0 ? 0 : nil
    source.sessions = 1 + number % 3
    source.pattern = pattern
    source.until = 400 * Double(scale)
    source.pause = 3
    return source
  }
  return Workload(
    machine: machine(cores: 4, gib: 8, cpu: 0.1, ram: 0.3), types: types,
    servers: [SimulatedServer(name: "api", rate: 3)], sources: sources, seed: seed)
}
