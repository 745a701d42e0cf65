import JarvisProtocol

/// Those who wait for tasks to end.
struct Waiters {
  private struct Waiter {
    var remaining: Set<TaskID>
    let continuation: CheckedContinuation<Bool, Never>
  }

  private var next = 0
  private var waiters: [Int: Waiter] = [:]
  private var byTask: [TaskID: Set<Int>] = [:]

  /// How many wait.
  var count: Int { waiters.count }

  /// A number for a waiter that is about to be added, so that it can be given up from elsewhere.
  mutating func reserve() -> Int {
    next += 1
    return next
  }

  /// Resumes with true when all of `tasks` are over, with false when it is given up.
  mutating func add(_ number: Int, tasks: Set<TaskID>, _ continuation: CheckedContinuation<Bool, Never>) {
    guard !tasks.isEmpty else { return continuation.resume(returning: true) }
    waiters[number] = Waiter(remaining: tasks, continuation: continuation)
    for id in tasks { byTask[id, default: []].insert(number) }
  }

  mutating func ended(_ id: TaskID) {
    guard let numbers = byTask.removeValue(forKey: id) else { return }
    for number in numbers.sorted() {
      waiters[number]?.remaining.remove(id)
      if waiters[number]?.remaining.isEmpty == true {
        waiters.removeValue(forKey: number)?.continuation.resume(returning: true)
      }
    }
  }

  mutating func giveUp(_ number: Int) {
    guard let waiter = waiters.removeValue(forKey: number) else { return }
    for id in waiter.remaining {
      byTask[id]?.remove(number)
      if byTask[id]?.isEmpty == true { byTask.removeValue(forKey: id) }
    }
    waiter.continuation.resume(returning: false)
  }

  mutating func giveUpAll() {
    for number in waiters.keys.sorted() { giveUp(number) }
  }
}
