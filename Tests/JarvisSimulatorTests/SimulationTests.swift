import JarvisCore
import JarvisProtocol
import Testing

@testable import JarvisSimulator

@Suite("The simulator")
struct SimulationTests {
  static let strategies: [SimulatedStrategy] = [
    .fixed(5), .fixed(20), .width(3), .sequential, .parallel, .auto, .adaptive,
  ]

  @Test("the same seed gives the same outcome to the last digit, another seed another", arguments: strategies)
  func determinism(strategy: SimulatedStrategy) {
    let first = outcome(medley(seed: 3), strategy)
    #expect(first == outcome(medley(seed: 3), strategy))
    #expect(first != outcome(medley(seed: 4), strategy))
  }

  @Test("no task is lost, and no work appears or disappears", arguments: strategies, [1, 2, 3])
  func conservation(strategy: SimulatedStrategy, seed: UInt64) {
    let workload = medley(seed: seed)
    let result = outcome(workload, strategy)
    #expect(!result.isUnfinished)
    #expect(result.submitted == workload.taskCount)
    #expect(result.ended.values.reduce(0, +) == workload.taskCount)
    // What was done is the work of those that came to their own end, and what was in vain.
    let killed = result.killedByKernel + result.relieved
    let complete = result.delivered - result.wasted
    if killed == 0 {
      #expect(abs(complete - result.work) < 1e-6 * result.work)
      #expect(result.wasted == 0)
    } else {
      #expect(complete < result.work)
    }
    #expect(result.cpuOfAgents <= 1 && result.cpu <= 1 + 1e-9 && result.ramMost <= 1)
  }

  @Test("what is put back to make room is done in the end", arguments: [EmergencyAction.requeue, .freeze])
  func emergencies(action: EmergencyAction) {
    var policy = SchedulerPolicy()
    policy.emergencyAction = action
    policy.emergencyAfterSeconds = 2
    policy.machine.pause = 2
    // Nobody knows that they are hungry, so that all start at once.
    var hungry = type("hungry", seconds: 60, spread: 0, cpu: 0.2, mib: 1320)
    hungry.ramp = 0.3
    var source = Source(name: "low", types: [0])
    source.tasks = 5
    source.priority = .low
    source.pattern = .burst
    let workload = Workload(machine: machine(gib: 8, ram: 0.1), types: [hungry], sources: [source], seed: 1)
    let result = outcome(workload, .parallel, policy: policy)
    #expect(result.count(.succeeded) == 5)
    #expect(action == .freeze ? result.frozen > 0 : result.relieved > 0)
    #expect((result.wasted > 0) == (action == .requeue))
    #expect(abs(result.delivered - result.wasted - result.work) < 1e-6 * result.work)
  }

  @Test("caps hold at every step, and the scheduler's own invariants", arguments: strategies, [5, 6])
  func caps(strategy: SimulatedStrategy, seed: UInt64) {
    var policy = SchedulerPolicy()
    policy.maxAgents = 7
    policy.maxAgentsPerSession = 3
    let result = outcome(medley(seed: seed), strategy, policy: policy)
    let points = result.curve.points
    let cap: Double
    switch strategy {
    case .fixed(let number): cap = Double(number)
    default: cap = 7
    }
    #expect(points.allSatisfy { $0.running <= cap + 1e-9 })
    for batch in result.batches {
      if case .width(let number) = strategy { #expect(batch.mostAtOnce <= number) }
      if strategy == .sequential { #expect(batch.mostAtOnce <= 1) }
      if case .fixed = strategy { continue }
      #expect(batch.mostAtOnce <= 3)
    }
  }

  @Test("a machine that is fast enough does as much as one by one takes, divided by the width")
  func arithmetic() {
    let steady = type("steady", seconds: 10, spread: 0, cpu: 0, mib: 0)
    var source = Source(name: "s", types: [0])
    source.tasks = 12
    source.pattern = .burst
    let workload = Workload(machine: machine(), types: [steady], sources: [source], seed: 1)
    #expect(outcome(workload, .fixed(1)).makespan == 120)
    #expect(outcome(workload, .fixed(3)).makespan == 40)
    #expect(outcome(workload, .fixed(12)).makespan == 10)
    #expect(outcome(workload, .sequential).makespan == 120)
  }

  @Test("processors, laws and servers slow down as they should")
  func slowdowns() {
    var source = Source(name: "s", types: [0])
    source.tasks = 4
    source.pattern = .burst
    func span(_ type: SimulatedType, cores: Double, rate: Double = 1) -> Double {
      let workload = Workload(
        machine: machine(cores: cores), types: [type], servers: [SimulatedServer(name: "x", rate: rate)],
        sources: [source], seed: 1)
      return outcome(workload, .fixed(4)).makespan
    }
    #expect(abs(span(type("t", seconds: 10, spread: 0), cores: 4) - 10) < 0.01)
    #expect(abs(span(type("t", seconds: 10, spread: 0), cores: 2) - 20) < 0.01)
    // Half of the time it computes; all four together want two processors and have one.
    #expect(abs(span(type("t", seconds: 10, spread: 0, cpu: 0.5), cores: 1) - 20) < 0.2)
    #expect(abs(span(type("t", seconds: 10, spread: 0, sigma: 0.5), cores: 8) - 25) < 0.01)
    #expect(abs(span(type("t", seconds: 10, spread: 0, cpu: 0, server: 0), cores: 8, rate: 2) - 20) < 0.01)
  }

  @Test("a day of 100,000 tasks takes a bounded number of steps")
  func size() {
    let quick = type("quick", seconds: 2, cpu: 0.5, sigma: 0.02)
    var source = Source(name: "s", types: [0])
    source.batches = 10_000
    source.tasks = 10
    source.sessions = 4
    source.pattern = .day
    source.until = 86_400
    var slow = machine(cores: 16)
    slow.sampleSeconds = 10
    let workload = Workload(machine: slow, types: [quick], sources: [source], seed: 1)
    let result = outcome(workload, .fixed(12))
    #expect(result.count(.succeeded) == 100_000)
    // An arrival for each batch, an end for each task, a sample each ten seconds.
    #expect(result.steps < 10_000 + 100_000 + 8_640 + 1)
    #expect(result.steps > 50_000)
  }

  @Test("without a width that fits all of its memory a machine falls; Jarvis keeps it out of danger")
  func danger() {
    var hungry = type("hungry", seconds: 10, cpu: 0.3, mib: 1500)
    hungry.declaredMemory = 1500 * Double(1 << 20)
    let workload = Workload(
      machine: machine(gib: 8, ram: 0.2), types: [hungry], sources: [closed("s", type: 0, batches: 5, tasks: 8)],
      seed: 1)
    let blind = outcome(workload, .fixed(8))
    #expect(blind.killedByKernel > 0 && blind.ramDangerSeconds > 0)
    for strategy in [SimulatedStrategy.parallel, .auto, .adaptive] {
      let result = outcome(workload, strategy)
      #expect(result.killedByKernel == 0 && result.ramDangerSeconds == 0)
      #expect(result.count(.succeeded) == 40)
    }
  }
}
