import JarvisProtocol

/// Where waiting tasks are kept, and the bookkeeping that every change of state goes through.
extension SchedulerState {
  /// A task's place among the ready ones, under the policy in force.
  func rank(of task: LiveTask) -> Rank {
    let patience = Int64((policy.patience[task.priority] * 1000).rounded())
    return Rank(key: task.submittedAt.milliseconds + patience, sequence: task.sequence, id: task.id)
  }

  /// Makes a task known, `blocked` until somebody looks at what it depends on.
  mutating func insert(_ entry: TaskEntry, batch id: BatchID) {
    guard let batch = batches[id] else { return }
    let task = LiveTask(
      id: entry.id, batch: id, session: batch.session, sequence: entry.sequence, submittedAt: entry.submittedAt,
      priority: entry.priority, expectedIsDeclared: entry.expectedIsDeclared, notBefore: entry.notBefore,
      expected: entry.expected, after: entry.after, generation: generation, runner: runners.number(of: entry.runner))
    tasks[entry.id] = task
    counts.add(1, to: .blocked)
    sessions[Int(batch.session)]?.counts.add(1, to: .blocked)
    batches[id]?.total += 1
    if batch.isSequential { batches[id]?.lane.insert(task.place) }
  }

  /// Puts a task that became `queued` where it belongs.
  mutating func enqueue(_ id: TaskID) {
    guard let task = tasks[id] else { return }
    if let time = task.notBefore {
      delayed.insert(Delayed(time: time, id: id))
      return
    }
    let rank = rank(of: task)
    switch laneKind(of: task) {
    case .none: queue.insert(rank, of: task.session)
    case .limited: batches[task.batch]?.lane.insert(rank)
    case .sequential: break
    }
    refreshLane(of: task.batch)
  }

  /// Takes a `queued` task from where it is. Its lane is right again after the next `refreshLane`.
  mutating func withdraw(_ id: TaskID) {
    guard let task = tasks[id] else { return }
    if let time = task.notBefore {
      delayed.remove(Delayed(time: time, id: id))
      return
    }
    let rank = rank(of: task)
    switch laneKind(of: task) {
    case .none: removeReady(rank, of: task.session)
    case .limited: batches[task.batch]?.lane.remove(rank)
    case .sequential: break
    }
  }

  private func laneKind(of task: LiveTask) -> LiveBatch.LaneKind { batches[task.batch]?.laneKind ?? .none }

  /// Sees to it that the ready queue holds the task of a limited batch that may run next, or none.
  mutating func refreshLane(of id: BatchID) {
    guard let batch = batches[id], let width = batch.width else { return }
    var next: Rank?
    if batch.active < width, let head = batch.lane.first, let task = tasks[head.id], task.isReady {
      next = rank(of: task)
    }
    guard next != batch.exposed else { return }
    if let old = batch.exposed { removeReady(old, of: batch.session) }
    if let next { queue.insert(next, of: batch.session) }
    batches[id]?.exposed = next
  }

  /// Changes a task's state and all counts.
  mutating func move(_ id: TaskID, to state: TaskState) {
    guard let task = tasks[id], task.state != state else { return }
    tasks[id]?.state = state
    counts.add(-1, to: task.state)
    counts.add(1, to: state)
    sessions[Int(task.session)]?.counts.add(-1, to: task.state)
    sessions[Int(task.session)]?.counts.add(1, to: state)
    if task.state.isActive != state.isActive {
      batches[task.batch]?.active += state.isActive ? 1 : -1
      runners.count(state.isActive ? 1 : -1, task.runner)
    }
    if task.state.isActive, !state.isActive { queue.unpark(task.session) }
  }

  /// Makes a waiting task an agent.
  mutating func begin(_ id: TaskID, at: Timestamp, reason: Reason) {
    guard let task = tasks[id], task.state.isWaiting else { return }
    if task.state == .queued { withdraw(id) }
    // Nothing it waited for matters any more: edges that still lead here are void.
    tasks[id]?.generation = 0
    tasks[id]?.unmet = 0
    tasks[id]?.notBefore = nil
    tasks[id]?.overtakenSince = nil
    if laneKind(of: task) == .sequential { batches[task.batch]?.lane.remove(task.place) }
    let expected = task.expected ?? policy.defaultCost
    agents.insert(id, Agent(expected: expected, measured: .none, since: at, isStarting: true, reason: reason))
    move(id, to: .starting)
    if task.runner >= 0 { runners.entries[Int(task.runner)].gate.started(at: at) }
    refreshLane(of: task.batch)
  }

  /// Puts an active task back into the queue.
  mutating func putBack(_ id: TaskID, notBefore: Timestamp?) {
    guard let task = tasks[id], task.state.isActive else { return }
    agents.remove(id)
    resuming.remove(rank(of: task))
    tasks[id]?.notBefore = notBefore
    move(id, to: .queued)
    if laneKind(of: task) == .sequential { batches[task.batch]?.lane.insert(task.place) }
    enqueue(id)
    refreshLane(of: task.batch)
  }

  /// Forgets a task. Returns the edges to those that wait for it; nil if it isn't known.
  mutating func forget(_ id: TaskID) -> [Edge]? {
    guard let task = tasks[id] else { return nil }
    if task.state == .queued { withdraw(id) }
    if task.state.isActive {
      agents.remove(id)
      resuming.remove(rank(of: task))
    }
    if task.state.isWaiting, laneKind(of: task) == .sequential {
      batches[task.batch]?.lane.remove(task.place)
    }
    if task.state.isActive {
      batches[task.batch]?.active -= 1
      runners.count(-1, task.runner)
    }
    counts.add(-1, to: task.state)
    sessions[Int(task.session)]?.counts.add(-1, to: task.state)
    tasks[id] = nil
    refreshLane(of: task.batch)
    batches[task.batch]?.total -= 1
    if batches[task.batch]?.total == 0 { batches[task.batch] = nil }
    // A session whose last task is gone gives its slot back; else an agent of it less may make room.
    if let session = sessions[Int(task.session)] {
      if session.counts.total == 0 {
        slots[session.key] = nil
        sessions[Int(task.session)] = nil
        freeSlots.append(task.session)
      }
      if task.state.isActive || session.counts.total == 0 { queue.unpark(task.session) }
    }
    return task.dependents
  }

  /// Moves delayed tasks whose time has come to where they compete.
  mutating func wakeDue(now: Timestamp) {
    while let next = delayed.first, next.time <= now {
      delayed.remove(next)
      tasks[next.id]?.notBefore = nil
      enqueue(next.id)
    }
  }

  /// Puts all ready tasks in order again, after the policy's patience changed.
  mutating func rankAnew() {
    let requested = Set(resuming.elements.map(\.id))
    unshelveAll()
    queue.removeAll()
    resuming = SortedList()
    for id in batches.keys.sorted() {
      if batches[id]?.isSequential == false { batches[id]?.lane = SortedList() }
      batches[id]?.exposed = nil
    }
    for id in tasks.keys.sorted() {
      guard let task = tasks[id] else { continue }
      if task.isReady { enqueue(id) }
      if requested.contains(id) { resuming.insert(rank(of: task)) }
    }
  }

  /// A session's number among those that have tasks.
  mutating func slot(for key: SessionKey) -> Int32 {
    if let slot = slots[key] { return slot }
    let slot: Int32
    if let free = freeSlots.popLast() {
      slot = free
      sessions[Int(slot)] = LiveSession(key: key)
    } else {
      slot = Int32(sessions.count)
      sessions.append(LiveSession(key: key))
      queue.reserve(sessions: sessions.count)
    }
    slots[key] = slot
    return slot
  }
}
