import JarvisProtocol
import Testing

@testable import JarvisCore

struct AdmissionTests {
  @Test("Scenario 2: at CPU 75 %, RAM 80 % two of five start, the others follow as resources free up")
  func scenario2() {
    var state = SchedulerState()
    state.observe(machine(cpu: 0.75, ram: 0.80))
    _ = state.add(batch: batch(), tasks: (1...5).map { task($0) })
    #expect(state.starts() == [1, 2])
    #expect(state.counts.queued == 3)
    #expect(state.level == .constrained)
    #expect(state.why(3) == "waits: its session has 2 of at most 2 agents in the warning zone")
    #expect(state.why(5) == "waits: its session has 2 of at most 2 agents in the warning zone; 2 tasks are ahead of it")
    state.markRunning(id(1), at: at(1))
    state.markRunning(id(2), at: at(1))

    // One ends: one follows.
    _ = state.settle(id(1), as: .succeeded)
    #expect(state.starts(5) == [3])
    // The machine calms down: all may run.
    state.observe(machine(cpu: 0.2, ram: 0.5, at: 20))
    #expect(state.starts(20) == [4, 5])
    #expect(state.level == .ideal)
  }

  @Test("nothing starts before the machine was sampled")
  func noSample() {
    var state = SchedulerState()
    _ = state.add(batch: batch(), tasks: [task(1)])
    #expect(state.starts() == [])
    #expect(state.explain(id(1), now: at(0))?.kind == .noSample)
    state.observe(machine(cpu: 0.1, ram: 0.1))
    #expect(state.starts() == [1])
  }

  @Test("five agents a session, and the cap of all sessions")
  func caps() {
    var state = calm()
    _ = state.add(batch: batch(1, "a"), tasks: (1...8).map { task($0) })
    _ = state.add(batch: batch(2, "b"), tasks: (11...18).map { task($0) })
    #expect(state.starts() == [1, 2, 3, 4, 5, 11, 12, 13, 14, 15])
    #expect(state.why(8) == "waits: its session has 5 of at most 5 agents; 2 tasks are ahead of it")
    #expect(state.counts(of: "a").starting == 5)

    var policy = SchedulerPolicy()
    policy.maxAgents = 3
    state = calm(policy)
    _ = state.add(batch: batch(1, "a"), tasks: (1...8).map { task($0) })
    #expect(state.starts() == [1, 2, 3])
    #expect(state.why(4) == "waits: there are 3 of at most 3 agents")
    _ = state.settle(id(2), as: .failed)
    #expect(state.starts() == [4])
  }

  @Test("lower caps stop nothing, and let nothing more start until there is room")
  func lowerCaps() {
    var state = calm()
    _ = state.add(batch: batch(), tasks: (1...8).map { task($0) })
    #expect(state.starts() == [1, 2, 3, 4, 5])
    var policy = SchedulerPolicy()
    policy.maxAgentsPerSession = 2
    state.updatePolicy(policy)
    for n in 1...3 {
      #expect(state.starts() == [])
      _ = state.settle(id(n), as: .succeeded)
    }
    #expect(state.counts.active == 2)
    #expect(state.starts() == [])
    _ = state.settle(id(4), as: .succeeded)
    #expect(state.starts() == [6])
    policy.maxAgentsPerSession = 4
    state.updatePolicy(policy)
    #expect(state.starts() == [7, 8])
  }

  @Test("what would bring the projection into danger waits, and says so in numbers")
  func projection() {
    var policy = roomy()
    policy.warmUpSeconds = 10
    var state = SchedulerState(policy: policy)
    state.observe(machine(cpu: 0.1, ram: 0.802))
    _ = state.add(batch: batch(), tasks: [task(1, cpu: 0.01, ram: 0.031), task(2, cpu: 0.01, ram: 0.04)])
    #expect(state.starts() == [1])
    #expect(state.why(2) == "waits: RAM 80.2 % + 3.1 % reserved + 4.0 % expected = 87.3 %, danger from 85.0 %")
    #expect(
      state.why(1) == "runs: zone warning, CPU 10.0 % + 0.0 % reserved + 1.0 % expected = 11.0 %, danger from 80.0 %; "
        + "RAM 80.2 % + 0.0 % reserved + 3.1 % expected = 83.3 %, danger from 85.0 %")
    #expect(state.explain(id(2), now: at(0))?.numbers.map(\.0).first == "ram_sampled")
    #expect(state.level == .constrained)

    // What the agent uses is in the sample now: it isn't counted twice.
    state.markRunning(id(1), at: at(1))
    state.observe(machine(cpu: 0.1, ram: 0.82, at: 2), usage: [id(1): ResourceCost(cpu: 0.01, ram: 0.02)])
    #expect(state.why(2, 2) == "waits: RAM 82.0 % + 1.1 % reserved + 4.0 % expected = 87.1 %, danger from 85.0 %")
    // Warm, its reservation ends, and time alone is what ends it.
    #expect(state.starts(2) == [])
    #expect(state.nextWakeUp(now: at(2)) == at(11))
    state.observe(machine(cpu: 0.1, ram: 0.81, at: 10), usage: [id(1): ResourceCost(cpu: 0.01, ram: 0.02)])
    #expect(state.starts(10) == [])
    #expect(state.starts(11) == [2])
  }

  @Test("a sum that reaches the threshold exactly fits")
  func exact() {
    var state = SchedulerState(policy: roomy())
    state.observe(machine(cpu: 0, ram: 0.8))
    _ = state.add(batch: batch(), tasks: [task(1, ram: 0), task(2, ram: 0.05), task(3, ram: 0.001)])
    #expect(state.starts() == [1, 2])
  }

  @Test("50 submissions in one millisecond from 50 sessions don't start 50 agents")
  func burst() {
    var state = calm()
    var started = 0
    for n in 1...50 {
      _ = state.add(batch: batch(n, SessionKey("s\(n)")), tasks: [task(n)])
      started += state.starts().count
    }
    // RAM 30 % + 27 · 2 % = 84 %.
    #expect(started == 27)
    #expect(
      state.why(50) == "waits: RAM 30.0 % + 54.0 % reserved + 2.0 % expected = 86.0 %, danger from 85.0 %; "
        + "22 tasks are ahead of it")
  }

  @Test("in danger nothing starts, but one task may always run")
  func boundedProgress() {
    var state = SchedulerState()
    state.observe(machine(cpu: 0.95, ram: 0.5))
    _ = state.add(batch: batch(1, "a"), tasks: [task(1), task(2)])
    _ = state.add(batch: batch(2, "b"), tasks: [task(3)])
    #expect(state.starts() == [1])
    #expect(state.starts(100) == [])
    #expect(state.why(1)?.hasPrefix("runs because no other agent works, and one always may: zone danger") == true)
    #expect(state.why(2) == "waits: CPU 95.0 %, danger from 80.0 % until below 77.0 %")
    #expect(state.level == .starved)
    _ = state.settle(id(1), as: .succeeded)
    #expect(state.starts(101) == [2])
    // A frozen agent makes no progress.
    state.markRunning(id(2), at: at(102))
    state.markPaused(id(2))
    #expect(state.starts(103) == [3])
  }

  @Test("a task bigger than the machine's room runs when it is alone")
  func tooBig() {
    var state = calm()
    _ = state.add(batch: batch(), tasks: [task(1), task(2, ram: 0.9)])
    #expect(state.starts() == [1])
    _ = state.settle(id(1), as: .succeeded)
    #expect(state.starts(1) == [2])
  }

  @Test("no bounded progress in an emergency")
  func emergency() {
    var state = SchedulerState()
    state.observe(machine(cpu: 0.1, ram: 0.9, at: 0))
    state.observe(machine(cpu: 0.1, ram: 0.9, at: 30))
    _ = state.add(batch: batch(), tasks: [task(1, .critical)])
    #expect(state.starts(30) == [])
    #expect(state.why(1, 30) == "waits: emergency, RAM 90.0 %")
  }

  @Test("draining starts nothing, and ends")
  func draining() {
    var state = calm()
    state.isDraining = true
    _ = state.add(batch: batch(), tasks: [task(1)])
    #expect(state.starts() == [])
    #expect(state.why(1) == "waits: Jarvis is draining and starts nothing")
    state.isDraining = false
    #expect(state.starts() == [1])
  }

  @Test("a pause between starts is kept, and its end is known")
  func startGap() {
    var policy = SchedulerPolicy()
    policy.startGapSeconds = 2
    var state = calm(policy)
    _ = state.add(batch: batch(), tasks: (1...3).map { task($0) })
    #expect(state.starts(0) == [1])
    #expect(state.starts(1.5) == [])
    #expect(state.why(2, 1.5) == "waits: the next start is 0.5 s away")
    #expect(state.nextWakeUp(now: at(1.5)) == at(2))
    #expect(state.starts(2) == [2])
    #expect(state.starts(4) == [3])
    #expect(state.nextWakeUp(now: at(4)) == nil)
  }
}
