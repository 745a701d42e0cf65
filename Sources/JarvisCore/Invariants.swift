import JarvisProtocol

extension SchedulerState {
  /// Computes anew what the state keeps up to date, and names every difference. For tests: slow on purpose.
  func brokenInvariants() -> [String] {
    var broken: [String] = []
    func check(_ holds: Bool, _ what: @autoclosure () -> String) { if !holds { broken.append(what()) } }
    let all = tasks.values.sorted { $0.id < $1.id }

    // Counts.
    var total = TaskCounts()
    var bySession: [Int32: TaskCounts] = [:]
    for task in all {
      check(!task.state.isTerminal, "\(task.id) is over and still known")
      total.add(1, to: task.state)
      bySession[task.session, default: TaskCounts()].add(1, to: task.state)
    }
    check(total == counts, "counts are \(counts), should be \(total)")
    check(slots.count == bySession.count, "\(slots.count) sessions are known, \(bySession.count) have tasks")
    check(slots.count + freeSlots.count == sessions.count, "session slots leaked")
    for (slot, expected) in bySession.sorted(by: { $0.key < $1.key }) {
      let session = sessions[Int(slot)]
      check(session?.counts == expected, "session \(slot) counts \(String(describing: session?.counts))")
      check(session.flatMap { slots[$0.key] } == slot, "session \(slot) isn't found by its name")
    }

    // Agents.
    let active = all.filter { $0.state.isActive }.map(\.id)
    check(activeTasks == active, "agents are \(activeTasks), should be \(active)")
    check(agents.warming.allSatisfy { agents[$0] != nil }, "an agent that is gone warms up")
    check(Set(agents.warming).count == agents.warming.count, "an agent warms up twice")
    for rank in resuming.elements { check(tasks[rank.id]?.state == .paused, "\(rank.id) is to be resumed, not paused") }

    // Delayed tasks.
    let late = all.filter { $0.state == .queued }.compactMap { task in
      task.notBefore.map { Delayed(time: $0, id: task.id) }
    }
    check(delayed.elements == late.sorted(), "delayed tasks differ")
    check(delayed.count == late.count, "the count of delayed tasks differs")

    // Lanes and what is ready.
    var ready: [Int32: [Rank]] = [:]
    for task in all where task.isReady && batches[task.batch]?.width == nil {
      ready[task.session, default: []].append(rank(of: task))
    }
    for (id, batch) in batches.sorted(by: { $0.key < $1.key }) {
      let members = all.filter { $0.batch == id }
      check(!members.isEmpty && batch.total == members.count, "\(id) counts \(batch.total), has \(members.count)")
      check(batch.active == members.filter { $0.state.isActive }.count, "\(id) counts \(batch.active) active")
      guard let width = batch.width else { continue }
      let lane =
        batch.isSequential
        ? members.filter { $0.state.isWaiting }.map(\.place) : members.filter(\.isReady).map { rank(of: $0) }
      check(batch.lane.elements == lane.sorted(), "the lane of \(id) differs")
      let head = batch.active < width ? lane.min().flatMap { tasks[$0.id] } : nil
      let exposed = head.flatMap { $0.isReady ? rank(of: $0) : nil }
      check(batch.exposed == exposed, "\(id) exposes the wrong task")
      if let exposed { ready[batch.session, default: []].append(exposed) }
    }
    var offers: [Offer] = []
    for slot in Int32(0)..<Int32(sessions.count) {
      let line = queue.contents(of: slot)
      let expected = (ready[slot] ?? []).filter { runners.shelved[$0.id] == nil }.sorted()
      check(line.ready == expected, "session \(slot) has the wrong tasks ready")
      let best = line.isParked ? nil : expected.first
      check(line.offered == best, "session \(slot) offers the wrong task")
      if let best { offers.append(Offer(rank: best, session: slot)) }
      if line.isParked { check(sessionIsFull(slot, .start) != nil, "session \(slot) is parked and has room") }
    }
    check(queue.offered == offers.sorted(), "the offers differ from what the sessions offer")

    // Shelves.
    let shelves = runners.entries.flatMap(\.shelf.elements) + runners.overBudget.elements
    check(shelves.count == runners.shelved.count, "\(runners.shelved.count) are shelved, \(shelves.count) are found")
    for rank in shelves { check(tasks[rank.id]?.isReady == true, "\(rank.id) is shelved and not ready") }
    for (i, entry) in runners.entries.enumerated() {
      let count = all.filter { $0.state.isActive && $0.runner == Int16(i) }.count
      check(entry.active == count, "runner \(entry.name) counts \(entry.active) agents, has \(count)")
    }

    // Dependencies.
    var edges: [TaskID: Int32] = [:]
    for task in all {
      for edge in task.dependents where tasks[edge.dependent]?.generation == edge.generation {
        edges[edge.dependent, default: 0] += 1
      }
    }
    for task in all {
      check((task.state == .blocked) == (task.unmet > 0), "\(task.id) is \(task.state) with \(task.unmet) unmet")
      if task.state == .blocked {
        check(edges[task.id] == task.unmet, "\(task.id) counts \(task.unmet) unmet, has \(edges[task.id] ?? 0) edges")
      }
    }
    return broken
  }
}
