import JarvisProtocol
import Testing

@testable import JarvisCore

struct LifecycleTests {
  @Test("a retry passes the gate again and keeps its age")
  func requeue() {
    var policy = SchedulerPolicy()
    policy.maxAgents = 1
    var state = calm(policy)
    _ = state.add(batch: batch(), tasks: [task(1), task(2)])
    #expect(state.starts() == [1])
    state.markRunning(id(1), at: at(1))
    state.requeue(id(1), notBefore: at(10))
    #expect(state.state(of: id(1)) == .queued)
    #expect(state.starts(2) == [2])
    _ = state.add(batch: batch(), tasks: [task(3, at: 3)])
    _ = state.settle(id(2), as: .succeeded)
    #expect(state.starts(10) == [1])
    state.requeue(id(1))
    state.observe(machine(cpu: 0.9, ram: 0.9, at: 11))
    state.observe(machine(cpu: 0.9, ram: 0.9, at: 41))
    #expect(state.starts(41) == [])
  }

  @Test("tasks taken over after a restart count as agents, whatever the gate would say")
  func restored() {
    var state = SchedulerState()
    _ = state.add(batch: batch(1, "a"), tasks: (1...8).map { task($0) })
    for n in 1...4 { state.markRunning(id(n), at: at(-100)) }
    state.markStarting(id(5), at: at(0))
    #expect(state.brokenInvariants() == [])
    #expect(state.counts.running == 4)
    #expect(state.starts() == [])
    state.observe(machine(cpu: 0.1, ram: 0.3))
    #expect(state.starts() == [])
    #expect(state.why(1) == "runs: it was taken over from before Jarvis started")
    // The old ones are warm; the one that is starting is not.
    #expect(state.reserved(now: at(0)) == state.policy.defaultCost)
    _ = state.settle(id(5), as: .lost)
    #expect(state.starts() == [6])
  }

  @Test("a frozen task keeps its place, is resumed only when asked for, and through the gate")
  func pauseAndResume() {
    var state = calm()
    _ = state.add(batch: batch(), tasks: (1...6).map { task($0, ram: 0.01) })
    #expect(state.starts() == [1, 2, 3, 4, 5])
    for n in 1...5 { state.markRunning(id(n), at: at(0)) }
    state.markPaused(id(2))
    #expect(state.starts(1) == [])
    #expect(state.why(2) == "paused")
    state.observe(machine(cpu: 0.9, ram: 0.4, at: 2))
    state.requestResume(id(2))
    #expect(Scheduler.decide(&state, now: at(2)) == [])
    #expect(state.why(2, 2) == "waits: CPU 90.0 %, danger from 80.0 % until below 77.0 %")
    // Warning: it would be the fifth of the session that works.
    state.observe(machine(cpu: 0.7, ram: 0.4, at: 3))
    #expect(Scheduler.decide(&state, now: at(3)) == [])
    state.observe(machine(cpu: 0.2, ram: 0.4, at: 4))
    let decisions = Scheduler.decide(&state, now: at(4))
    #expect(decisions.map(\.task) == [id(2)])
    guard case .resume = decisions.first else { return #expect(Bool(false), "not resumed: \(decisions)") }
    #expect(state.state(of: id(2)) == .running)
    #expect(state.brokenInvariants() == [])
  }

  private func emergency(_ action: EmergencyAction) -> SchedulerState {
    var policy = SchedulerPolicy()
    policy.emergencyAction = action
    var state = calm(policy)
    _ = state.add(batch: batch(), tasks: [task(1, .low), task(2, .low), task(3, .high), task(4, .medium)])
    _ = state.starts()
    for n in 1...4 { state.markRunning(id(n), at: at(Double(n == 1 ? 5 : n))) }
    state.observe(machine(cpu: 0.1, ram: 0.9, at: 10))
    #expect(Scheduler.decide(&state, now: at(10)) == [])
    state.observe(machine(cpu: 0.1, ram: 0.9, at: 41))
    return state
  }

  @Test("an emergency stops the youngest of equal low tasks, one at a time with a pause, and no others")
  func relief() {
    var state = emergency(.cancel)
    let first = Scheduler.decide(&state, now: at(41))
    #expect(first.map(\.task) == [id(1)])
    #expect(
      first.first?.reason.sentence
        == "cancelled to relieve the machine: RAM 90 %, danger from 85 %, for 31 s; of the low tasks it weighs most with 2 % of memory"
    )
    #expect(Scheduler.decide(&state, now: at(41)) == [])
    state.observe(machine(cpu: 0.1, ram: 0.9, at: 55))
    #expect(Scheduler.decide(&state, now: at(55)) == [])
    state.observe(machine(cpu: 0.1, ram: 0.9, at: 56))
    #expect(Scheduler.decide(&state, now: at(56)).map(\.task) == [id(2)])
    _ = state.settle(id(1), as: .cancelled)
    _ = state.settle(id(2), as: .cancelled)
    state.observe(machine(cpu: 0.1, ram: 0.9, at: 90))
    #expect(Scheduler.decide(&state, now: at(90)) == [])
    #expect(state.counts.running == 2)
  }

  @Test("what was frozen in an emergency goes on when there is room again")
  func freeze() {
    var state = emergency(.freeze)
    #expect(Scheduler.decide(&state, now: at(41)).map(\.task) == [id(1)])
    state.markPaused(id(1))
    #expect(Scheduler.decide(&state, now: at(42)) == [])
    state.observe(machine(cpu: 0.1, ram: 0.5, at: 43))
    guard case .resume(id(1), _) = Scheduler.decide(&state, now: at(43)).first else {
      return #expect(Bool(false), "not resumed")
    }
    #expect(state.brokenInvariants() == [])
  }

  @Test("news about tasks that are unknown or in another state change nothing")
  func lateNews() {
    var state = calm()
    _ = state.add(batch: batch(), tasks: [task(1)])
    #expect(state.settle(id(9), as: .failed) == Effects())
    state.markPaused(id(1))
    state.requestResume(id(1))
    state.markResumed(id(1), at: at(0))
    state.requeue(id(9))
    #expect(state.add(batch: batch(), tasks: [task(1, .critical)]) == Effects())
    #expect(state.state(of: id(1)) == .queued)
    #expect(state.priority(of: id(1)) == .medium)
    #expect(state.explain(id(9), now: at(0)) == nil)
    #expect(state.brokenInvariants() == [])
  }

  @Test("nothing is left of tasks, batches and sessions that are over")
  func noLeaks() {
    var state = calm()
    for n in 1...1000 {
      _ = state.add(batch: batch(n, SessionKey("s\(n)"), n % 2 == 0 ? .sequential : .auto), tasks: [task(n)])
      #expect(state.starts(Double(n)) == [UInt64(n)])
      _ = state.settle(id(n), as: .succeeded)
    }
    #expect(state.sessions.count == 1)
    #expect(state.batches.isEmpty && state.slots.isEmpty && state.tasks.isEmpty && state.sessionKeys.isEmpty)
  }
}
