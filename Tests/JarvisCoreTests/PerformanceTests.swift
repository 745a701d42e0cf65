import JarvisProtocol
import Testing

@testable import JarvisCore

struct PerformanceTests {
  /// Printed, not asserted: machines differ. `swift test -c release --filter PerformanceTests` gives numbers that count.
  @Test("with 100,000 queued, a task more and an agent less take as long as with none", arguments: [0, 100_000])
  func cost(queued: Int) {
    var policy = SchedulerPolicy()
    policy.maxAgents = 2
    var state = calm(policy)
    let clock = ContinuousClock()
    let filling = clock.measure {
      for n in 0..<queued { _ = state.add(batch: batch(n / 10 + 1, SessionKey("s\(n % 100)")), tasks: [task(n + 10)]) }
    }
    _ = Scheduler.decide(&state, now: at(0))
    let rounds = 1000
    var started = 0
    let taken = clock.measure {
      for n in 0..<rounds {
        _ = state.add(batch: batch(1_000_000 + n, "new"), tasks: [task(1_000_000 + n, .critical)])
        started += Scheduler.decide(&state, now: at(1)).count
        if let first = state.activeTasks.first { _ = state.settle(first, as: .succeeded) }
        started += Scheduler.decide(&state, now: at(1)).count
      }
    }
    #expect(started >= rounds - 2)
    print("filled \(queued) in \(filling); add, decide, settle, decide: \(taken / rounds) each")
  }
}
