import JarvisProtocol
import Testing

@testable import JarvisCore

struct OrderTests {
  /// One agent at a time: the order of the starts is the order of the queue.
  private func order(_ state: inout SchedulerState, from time: Double = 0) -> [UInt64] {
    var all: [UInt64] = []
    while true {
      let next = state.starts(time)
      guard let first = next.first else { return all }
      #expect(next.count == 1)
      all.append(first)
      _ = state.settle(TaskID(first), as: .succeeded)
    }
  }

  private func oneByOne() -> SchedulerState {
    var policy = SchedulerPolicy()
    policy.maxAgents = 1
    return calm(policy)
  }

  @Test("critical, high, medium, low; first come, first served within one, across sessions")
  func priorities() {
    var state = oneByOne()
    _ = state.add(batch: batch(1, "a"), tasks: [task(1, .low), task(2, .medium), task(3, .high), task(4, .critical)])
    _ = state.add(batch: batch(2, "b"), tasks: [task(5, .critical), task(6, .high), task(7, .medium), task(8, .low)])
    #expect(order(&state) == [4, 5, 3, 6, 2, 7, 1, 8])
  }

  @Test("a low task that waited 45 minutes ranks with a fresh critical one")
  func ageing() {
    var state = oneByOne()
    _ = state.add(batch: batch(1, "a"), tasks: [task(1, .low, at: 0)])
    _ = state.add(
      batch: batch(2, "b"),
      tasks: [task(2, .critical, at: 2699), task(3, .critical, at: 2701), task(4, .high, at: 2399)])
    #expect(order(&state, from: 2702) == [2, 4, 1, 3])
  }

  @Test("a changed priority moves a waiting task")
  func edited() throws {
    var state = oneByOne()
    _ = state.add(batch: batch(), tasks: [task(1), task(2), task(3)])
    try state.edit(id(3), TaskChange(priority: .critical))
    try state.edit(id(1), TaskChange(priority: .low))
    #expect(order(&state) == [3, 2, 1])
  }

  @Test("a changed patience puts everything that waits in order again")
  func patience() {
    var state = oneByOne()
    _ = state.add(batch: batch(1, "a"), tasks: [task(1, .low), task(2, .critical, at: 10), task(3, .low)])
    _ = state.add(batch: batch(2, "b", .sequential), tasks: [task(4, .low), task(5, .critical)])
    _ = state.add(batch: batch(3, "c", .auto, width: 1), tasks: [task(6, .low), task(7, .critical, at: 10)])
    var policy = state.policy
    policy.patience = Patience(critical: 0, high: 0, medium: 0, low: 0)
    state.updatePolicy(policy)
    #expect(order(&state, from: 10) == [1, 3, 4, 5, 6, 2, 7])
  }

  @Test("a sequential batch runs one at a time in the order given, whatever the priorities")
  func sequential() {
    var state = calm()
    _ = state.add(
      batch: batch(1, "a", .sequential),
      tasks: [task(3, .low), task(1, .critical), task(2, .critical)].map {
        var entry = $0
        entry.sequence = entry.id == id(3) ? 0 : entry.id.raw
        return entry
      })
    #expect(state.starts() == [3])
    #expect(state.why(1) == "waits: its batch is sequential, and t3, which is starting, comes before it")
    state.markRunning(id(3), at: at(0))
    state.markPaused(id(3))
    #expect(state.starts() == [])
    // A retry comes before those behind it.
    state.requeue(id(3), notBefore: at(5))
    #expect(state.starts(1) == [])
    #expect(state.why(1, 1) == "waits: its batch is sequential, and t3, which is queued, comes before it")
    #expect(state.why(3, 1) == "waits: not before \(at(5)), 4.0 s from now")
    #expect(state.nextWakeUp(now: at(1)) == at(5))
    #expect(state.starts(5) == [3])
    _ = state.settle(id(3), as: .failed)
    #expect(state.starts(6) == [1])
    _ = state.settle(id(1), as: .cancelled)
    #expect(state.starts(6) == [2])
  }

  @Test("a blocked head holds up its sequential batch")
  func blockedHead() {
    var state = calm()
    _ = state.add(batch: batch(1), tasks: [task(1)])
    _ = state.add(batch: batch(2, "s", .sequential), tasks: [task(2, after: [Dependency(id(1), .any)]), task(3)])
    #expect(state.starts() == [1])
    #expect(state.starts() == [])
    _ = state.settle(id(1), as: .failed)
    #expect(state.starts() == [2])
  }

  @Test("a batch's width is kept, in order of priority")
  func width() {
    var state = calm()
    _ = state.add(
      batch: batch(1, "a", .adaptive, width: 2),
      tasks: [task(1, .low), task(2), task(3, .high), task(4, .critical)])
    #expect(state.starts() == [4, 3])
    #expect(state.why(2) == "waits: its batch has 2 of at most 2 at once")
    #expect(state.why(4)?.hasSuffix("; adaptive follows auto for now") == true)
    _ = state.settle(id(4), as: .succeeded)
    #expect(state.starts() == [2])
  }

  @Test("a smaller task behind one that doesn't fit starts, but not for ever")
  func backfill() {
    var policy = roomy()
    policy.backfillPatienceSeconds = 60
    var state = calm(policy)
    _ = state.add(batch: batch(1, "a"), tasks: [task(1, ram: 0.4), task(2, ram: 0.3), task(3, ram: 0.05)])
    #expect(state.starts(0) == [1, 3])
    #expect(state.level == .constrained)
    // The small ones keep coming; the sample shows what runs.
    var next = 10
    var time = 0.0
    var bigStarted: Double?
    var small: [Int] = [3]
    while time < 300, bigStarted == nil {
      time += 10
      state.observe(machine(cpu: 0.1, ram: 0.7 + 0.05 * Double(small.count), at: time))
      _ = state.add(batch: batch(2, "b"), tasks: [task(next, .critical, at: time, ram: 0.05)])
      small.append(next)
      next += 1
      _ = state.settle(id(small.removeFirst()), as: .succeeded)
      // The first, big one ends at last.
      if time == 150 {
        _ = state.settle(id(1), as: .succeeded)
        state.observe(machine(cpu: 0.1, ram: 0.3, at: time))
      }
      let started = state.starts(time)
      if started.contains(2) { bigStarted = time }
      if time > 70, time < 150 { #expect(started.allSatisfy { state.priority(of: TaskID($0)) == .critical }) }
    }
    #expect(bigStarted == 150)
  }

  @Test("a task overtaken for too long holds the line, and those behind it say so")
  func holdsTheLine() {
    var state = calm(roomy())
    _ = state.add(batch: batch(), tasks: [task(1, ram: 0.4), task(2, ram: 0.3), task(3, ram: 0.01)])
    #expect(state.starts(0) == [1, 3])
    state.markRunning(id(1), at: at(0))
    state.observe(machine(cpu: 0.1, ram: 0.7, at: 61), usage: [id(1): ResourceCost(cpu: 0, ram: 0.4)])
    _ = state.add(batch: batch(), tasks: [task(4, at: 61, ram: 0.01)])
    #expect(state.starts(61) == [])
    #expect(
      state.why(4, 61) == "waits: t2 is too big for now and was overtaken for 61.0 s; it comes first; "
        + "1 task is ahead of it")
    _ = state.settle(id(1), as: .succeeded)
    state.observe(machine(cpu: 0.1, ram: 0.3, at: 62))
    #expect(state.starts(62) == [2, 4])
  }

  @Test("only so many tasks that don't fit are looked past")
  func backfillLimit() {
    var policy = roomy()
    policy.backfillLimit = 3
    var state = calm(policy)
    _ = state.add(batch: batch(1, "z"), tasks: [task(1, .critical)])
    _ = state.add(batch: batch(2, "a"), tasks: [2, 4, 6].map { task($0, ram: 0.9) })
    _ = state.add(batch: batch(3, "b"), tasks: [task(3, ram: 0.9), task(5), task(7)])
    // 2, 3 and 4 are looked past, 5 starts, 6 is one too many.
    #expect(state.starts() == [1, 5])
    #expect(state.why(7) == "waits for its turn; 4 tasks are ahead of it")
  }

  @Test("a delayed task starts when its time has come")
  func notBefore() throws {
    var state = calm()
    _ = state.add(batch: batch(), tasks: [task(1, notBefore: 60), task(2, notBefore: 30), task(3)])
    #expect(state.starts(0) == [3])
    #expect(state.nextWakeUp(now: at(0)) == at(30))
    #expect(state.starts(29.999) == [])
    #expect(state.starts(30) == [2])
    try state.edit(id(1), TaskChange(notBefore: at(31)))
    #expect(state.starts(31) == [1])
    #expect(state.nextWakeUp(now: at(31)) == nil)
  }
}
