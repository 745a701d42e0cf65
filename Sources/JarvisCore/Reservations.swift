import JarvisProtocol

/// What the scheduler knows of a task that has, or is about to have, processes.
struct Agent: Sendable {
  /// What it is expected to use from when it starts (or is resumed) on.
  var expected: ResourceCost
  /// What the last sample saw it use.
  var measured: ResourceCost
  /// When that sample was taken; nil before the first.
  var measuredAt: Timestamp?
  /// How its share of memory grew each second between the last two samples.
  var growth = 0.0
  /// How many processes and threads the last sample saw.
  var processes = 0
  /// When it was started, seen running, or resumed: its warm-up counts from here.
  var since: Timestamp
  var isStarting: Bool
  /// Why it was started, or what was done to it since.
  var reason: Reason
  /// It was chosen to relieve the machine, and hasn't ended or been frozen yet.
  var isBeingRelieved = false
}

extension Agent {
  fileprivate mutating func observe(_ used: ResourceCost, at now: Timestamp) {
    if let measuredAt {
      // Two samples in one millisecond say nothing about growth.
      if now - measuredAt >= 0.001 { growth = (used.ram - measured.ram) / (now - measuredAt) }
    }
    measured = used
    measuredAt = now
  }
}

/// The active tasks, and what is kept free for those whose load doesn't show yet.
///
/// A sample tells what the machine does now, not what an agent that began a second ago will do. Until an agent is warm
/// (`warmUpSeconds` after it started), the part of its expected use that it doesn't use yet counts as used.
struct Agents: Sendable {
  private(set) var all: [TaskID: Agent] = [:]
  /// Those that may still be warming up, in the order of their start, so that sums never depend on a hash.
  private(set) var warming: [TaskID] = []

  subscript(id: TaskID) -> Agent? { all[id] }

  mutating func insert(_ id: TaskID, _ agent: Agent) {
    all[id] = agent
    warming.append(id)
  }

  mutating func remove(_ id: TaskID) {
    all[id] = nil
    cool(id)
  }

  /// A frozen agent will not use what it doesn't use yet.
  mutating func cool(_ id: TaskID) {
    if let at = warming.firstIndex(of: id) { warming.remove(at: at) }
  }

  /// Its process is known: the warm-up begins now.
  mutating func markRunning(_ id: TaskID, at: Timestamp) {
    all[id]?.since = at
    all[id]?.isStarting = false
  }

  /// It goes on after a freeze. Its memory is there already; its processor time comes back.
  mutating func markResumed(_ id: TaskID, at: Timestamp, reason: Reason, expected: ResourceCost) {
    cool(id)
    all[id]?.since = at
    all[id]?.isStarting = false
    all[id]?.expected = expected
    all[id]?.measured = .none
    all[id]?.measuredAt = nil
    all[id]?.growth = 0
    all[id]?.reason = reason
    all[id]?.isBeingRelieved = false
    warming.append(id)
  }

  mutating func markRelieved(_ id: TaskID, reason: Reason) {
    all[id]?.isBeingRelieved = true
    all[id]?.reason = reason
  }

  mutating func observe(_ usage: [TaskID: ResourceCost], processes: [TaskID: Int], at now: Timestamp) {
    for (id, used) in usage { all[id]?.observe(used, at: now) }
    for (id, count) in processes { all[id]?.processes = count }
  }

  /// What these agents use (`used`), and are expected to use beside that (`reserved`).
  func use(of ids: [TaskID], now: Timestamp, warmUp: Double) -> (used: ResourceCost, reserved: ResourceCost) {
    var sum = (used: ResourceCost.none, reserved: ResourceCost.none)
    for id in ids {
      guard let agent = all[id] else { continue }
      sum.used = sum.used + agent.measured
      guard agent.measuredAt == nil || isWarming(id, now: now, warmUp: warmUp) else { continue }
      sum.reserved = sum.reserved + ResourceCost.excess(of: agent.expected, over: agent.measured)
    }
    return sum
  }

  /// Forgets the warm-up of those that are warm.
  mutating func dropWarm(now: Timestamp, warmUp: Double) {
    warming = warming.filter { isWarming($0, now: now, warmUp: warmUp) }
  }

  /// What is kept free at `now`.
  func reserved(now: Timestamp, warmUp: Double) -> ResourceCost {
    var sum = ResourceCost.none
    for id in warming where isWarming(id, now: now, warmUp: warmUp) {
      guard let agent = all[id] else { continue }
      sum = sum + ResourceCost.excess(of: agent.expected, over: agent.measured)
    }
    return sum
  }

  /// When the next reservation ends by the clock; nil if none does.
  func nextWarm(now: Timestamp, warmUp: Double) -> Timestamp? {
    var next: Timestamp?
    for id in warming where isWarming(id, now: now, warmUp: warmUp) {
      guard let agent = all[id], !agent.isStarting else { continue }
      let end = agent.since + warmUp
      next = min(next ?? end, end)
    }
    return next
  }

  private func isWarming(_ id: TaskID, now: Timestamp, warmUp: Double) -> Bool {
    guard let agent = all[id] else { return false }
    // A clock that was set back must not keep a reservation for hours.
    return agent.isStarting || abs(now - agent.since) < warmUp
  }
}
