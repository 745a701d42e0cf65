import JarvisProtocol
import Testing

@testable import JarvisCore

struct DependencyTests {
  private let ends: [TaskState] = [.succeeded, .failed, .timedOut, .killed, .lost, .cancelled]

  @Test("which end satisfies which condition")
  func conditions() {
    #expect(ends.map { AfterCondition.success.holds(for: $0) } == [true, false, false, false, false, false])
    #expect(ends.map { AfterCondition.failure.holds(for: $0) } == [false, true, true, true, true, false])
    #expect(ends.map { AfterCondition.any.holds(for: $0) } == [true, true, true, true, true, true])
    #expect(!AfterCondition.any.holds(for: .running))
  }

  @Test("dependents wait, are released, or are settled with the reason, transitively")
  func cascade() {
    var state = calm()
    let effects = state.add(
      batch: batch(),
      tasks: [
        task(3, after: [Dependency(id(2))]), task(2, after: [Dependency(id(1))]), task(1),
        task(4, after: [Dependency(id(1), .failure)]), task(5, after: [Dependency(id(3), .any)]),
      ])
    #expect(effects == Effects())
    #expect(state.counts.blocked == 4)
    #expect(state.starts() == [1])
    #expect(state.why(3) == "waits for t2 to succeed, which is blocked")
    let after = state.settle(id(1), as: .failed)
    #expect(
      after.settled == [
        Settlement(id: id(2), state: .cancelled, reason: "its dependency t1 ended failed; it needed success"),
        Settlement(id: id(3), state: .cancelled, reason: "its dependency t2 ended cancelled; it needed success"),
      ])
    #expect(after.released == [id(4), id(5)])
    #expect(state.starts() == [4, 5])
    #expect(state.state(of: id(2)) == nil)
  }

  @Test("map, then reduce")
  func mapReduce() {
    var state = calm()
    _ = state.add(
      batch: batch(), tasks: (1...4).map { task($0) } + [task(5, after: (1...4).map { Dependency(id($0)) })])
    #expect(state.starts() == [1, 2, 3, 4])
    #expect(state.why(5) == "waits for t1 to succeed, which is starting (and for 3 more)")
    for n in [3, 1, 4] { #expect(state.settle(id(n), as: .succeeded) == Effects()) }
    #expect(state.why(5) == "waits for t2 to succeed, which is starting")
    #expect(state.settle(id(2), as: .succeeded).released == [id(5)])
    #expect(state.starts() == [5])
  }

  @Test("a task that two failed dependencies doom is settled once")
  func settledOnce() {
    var state = calm()
    _ = state.add(
      batch: batch(),
      tasks: [
        task(1), task(2, after: [Dependency(id(1))]), task(3, after: [Dependency(id(1)), Dependency(id(2))]),
        task(4, after: [Dependency(id(1), .any), Dependency(id(3), .any), Dependency(id(1))]),
      ])
    _ = state.starts()
    let effects = state.settle(id(1), as: .killed)
    #expect(effects.settled.map(\.id) == [id(2), id(3), id(4)])
    #expect(effects.released == [])
    #expect(state.counts.total == 0)
    #expect(state.brokenInvariants() == [])
  }

  @Test("dependencies that ended before count, and what can't be met settles at once")
  func finished() {
    var state = calm()
    let effects = state.add(
      batch: batch(),
      tasks: [
        task(11, after: [Dependency(id(1))]), task(12, after: [Dependency(id(2))]),
        task(13, after: [Dependency(id(12))]), task(14, after: [Dependency(id(12), .any)]),
        task(15, after: [Dependency(id(99))]),
      ], finished: [id(1): .succeeded, id(2): .timedOut])
    #expect(
      effects.settled.map { "\($0.id) \($0.state) \($0.reason)" } == [
        "t12 cancelled its dependency t2 ended timed_out; it needed success",
        "t15 cancelled its dependency t99 is not known",
        "t13 cancelled its dependency t12 ended cancelled; it needed success",
      ])
    #expect(effects.released == [id(14)])
    #expect(state.starts() == [11, 14])
  }

  @Test("a chain of 10,000 settles without a deep stack")
  func deepChain() {
    var state = calm()
    _ = state.add(
      batch: batch(), tasks: (1...10_000).map { task($0, after: $0 == 1 ? [] : [Dependency(id($0 - 1))]) })
    let effects = state.settle(id(1), as: .cancelled)
    #expect(effects.settled.count == 9_999)
    #expect(effects.settled.last?.reason == "its dependency t9999 ended cancelled; it needed success")
    #expect(state.counts.total == 0)
  }

  @Test("edited dependencies replace the old ones")
  func edited() throws {
    var state = calm()
    _ = state.add(batch: batch(), tasks: [task(1), task(2), task(3, after: [Dependency(id(1))])])
    #expect(
      try state.edit(
        id(3), TaskChange(after: [Dependency(id(2)), Dependency(id(7), .failure)]), finished: [id(7): .lost])
        == .blocked)
    #expect(state.starts() == [1, 2])
    #expect(state.settle(id(1), as: .failed) == Effects())
    #expect(state.settle(id(2), as: .succeeded).released == [id(3)])
    #expect(try state.edit(id(3), TaskChange(after: [])) == .queued)
    #expect(state.starts() == [3])
  }

  @Test("an edit that can't be is refused, and changes nothing")
  func refusedEdits() throws {
    var state = calm()
    _ = state.add(
      batch: batch(), tasks: [task(1), task(2, after: [Dependency(id(1))]), task(3, after: [Dependency(id(2))])])
    #expect(throws: SchedulingError.cycle([id(1), id(3), id(2), id(1)])) {
      try state.edit(id(1), TaskChange(priority: .low, after: [Dependency(id(3))]))
    }
    #expect(throws: SchedulingError.cycle([id(2), id(2)])) {
      try state.edit(id(2), TaskChange(after: [Dependency(id(2))]))
    }
    #expect(throws: SchedulingError.unknownDependency(id(9))) {
      try state.edit(id(1), TaskChange(after: [Dependency(id(9))]))
    }
    #expect(throws: SchedulingError.cannotBeMet(Dependency(id(9)), .failed)) {
      try state.edit(id(1), TaskChange(after: [Dependency(id(9))]), finished: [id(9): .failed])
    }
    #expect(throws: SchedulingError.unknownTask(id(9))) { try state.edit(id(9), TaskChange(priority: .low)) }
    #expect(state.priority(of: id(1)) == .medium)
    #expect(state.starts() == [1])
    #expect(throws: SchedulingError.notWaiting(id(1), .starting)) { try state.edit(id(1), TaskChange(priority: .low)) }
  }
}
