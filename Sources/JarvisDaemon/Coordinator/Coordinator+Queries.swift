import JarvisCore
import JarvisLinux
import JarvisProtocol
import JarvisStore
import WardenProtocol

// What clients ask.
extension Coordinator {
  func view(of id: TaskID) async throws(RPC.Failure) -> TaskView {
    if let task = tasks[id] { return view(of: task, explained: true) }
    guard let row = try await stored({ (store) throws(StoreError) in try await store.task(id) }) else {
      throw Self.noTask(id)
    }
    return tasks[id].map { view(of: $0, explained: true) } ?? view(of: row)
  }

  /// Views in the order of `ids`, live or from the store.
  func views(of ids: [TaskID]) async throws(RPC.Failure) -> [TaskView] {
    let over = ids.filter { tasks[$0] == nil }
    var rows: [TaskID: TaskRow] = [:]
    if !over.isEmpty {
      for row in try await stored({ (store) throws(StoreError) in try await store.tasks(over) }) { rows[row.id] = row }
    }
    let explained = ids.count <= 32
    return ids.compactMap { id in tasks[id].map { view(of: $0, explained: explained) } ?? rows[id].map { view(of: $0) }
    }
  }

  func list(_ query: TaskList.Parameters, branch: String?) async throws(RPC.Failure) -> TaskList.Result {
    let filter = TaskFilter(
      batch: query.batchID, branch: branch ?? query.branchID, session: query.sessionID,
      states: query.states.map { Set($0.flatMap(Self.storedStates)) }, type: query.type, group: query.group)
    var cursor = query.cursor.flatMap { TaskID($0) }
    var found: [TaskView] = []
    // The store may lag behind for a moment; a page is filled from as many of the store's as it takes.
    repeat {
      let after = cursor
      let page = try await stored { (store) throws(StoreError) in
        try await store.tasksPage(filter, after: after, limit: query.limit - found.count)
      }
      cursor = page.next
      for row in page.rows {
        let task = tasks[row.id].map { view(of: $0, explained: found.count < 64) } ?? view(of: row)
        if let states = query.states, !states.contains(task.state) { continue }
        found.append(task)
      }
    } while found.count < query.limit && cursor != nil
    return TaskList.Result(tasks: found, nextCursor: cursor?.description)
  }

  /// The states that a row may have in the store while the task is in `state` in memory: a start is journalled as
  /// `starting` only, and an end may be on its way.
  private static func storedStates(_ state: TaskState) -> [TaskState] {
    switch state {
    case .running: [.running, .starting, .paused]
    case .starting: [.starting, .queued]
    case .paused: [.paused, .running, .starting]
    case .queued: [.queued, .blocked, .starting]
    default: [state]
    }
  }

  func why(_ id: TaskID) async throws(RPC.Failure) -> TaskWhy.Result {
    guard let task = tasks[id] else {
      let view = try await view(of: id)
      return TaskWhy.Result(id: id, state: view.state, reason: view.reason, kind: view.state.rawValue, numbers: [:])
    }
    if task.state.isWaiting {
      let reason = waitingReason(of: task)
      return TaskWhy.Result(
        id: id, state: task.state, reason: reason.sentence, kind: reason.kind, numbers: reason.numbers)
    }
    var reason = task.reason
    var (kind, numbers) = (task.state.rawValue, [String: Double]())
    if task.run?.stop == nil, let explained = scheduler.explain(id, now: now()) {
      reason = explained.sentence
      kind = explained.code
      numbers = Dictionary(explained.numbers) { first, _ in first }
    }
    return TaskWhy.Result(id: id, state: task.state, reason: reason, kind: kind, numbers: numbers)
  }

  // MARK: wait

  /// Returns true when all are over, false when the time was up (or the caller gave up).
  func wait(for ids: [TaskID], seconds: Double?) async -> Bool {
    let open = Set(ids.filter { tasks[$0] != nil })
    if open.isEmpty { return true }
    if let seconds, seconds <= 0 { return false }
    let number = waiters.reserve()
    let timeout = seconds.map { seconds in
      Task { [weak self] in
        do { try await Task.sleep(for: .seconds(seconds), clock: .continuous) } catch { return }
        await self?.giveUp(number)
      }
    }
    defer { timeout?.cancel() }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        // The handler may have run before the waiter was there to be given up.
        if Task.isCancelled { return continuation.resume(returning: false) }
        waiters.add(number, tasks: open, continuation)
      }
    } onCancel: {
      Task { [weak self] in await self?.giveUp(number) }
    }
  }

  private func giveUp(_ number: Int) { waiters.giveUp(number) }

  func waitResult(_ query: TaskWait.Parameters) async throws(RPC.Failure) -> TaskWait.Result {
    let ids = try await ids(of: TaskSelection(ids: query.ids, batchID: query.batchID))
    let done = await wait(for: ids, seconds: query.timeoutSeconds)
    if Task.isCancelled { throw RPC.Failure(.unavailable, "the wait was given up") }
    if !done, isStopping { throw RPC.Failure(.unavailable, "Jarvis is stopping; wait again when it is back") }
    let tasks = try await views(of: ids)
    var counts: [String: Int] = [:]
    for task in tasks { counts[task.state.rawValue, default: 0] += 1 }
    return TaskWait.Result(
      done: done, timedOut: !done, succeeded: done && tasks.allSatisfy { $0.state == .succeeded }, counts: counts,
      tasks: tasks)
  }

  // MARK: batches

  func batch(_ id: BatchID) async throws(RPC.Failure) -> BatchView {
    guard let row = try await stored({ (store) throws(StoreError) in try await store.batch(id) }) else {
      throw RPC.Failure(.notFound, "there is no batch \(id)", data: ["id": .string("\(id)")])
    }
    return try await view(of: row)
  }

  private func view(of row: BatchRow) async throws(RPC.Failure) -> BatchView {
    var counts: [String: Int] = [:]
    let stored = try await stored { (store) throws(StoreError) in try await store.batchCounts(row.id) }
    for (state, n) in stored { counts[state.rawValue] = n }
    if batches[row.id] != nil {
      // Live ones as they are in memory.
      for state in [TaskState.queued, .blocked, .starting, .running, .paused] { counts[state.rawValue] = nil }
      for task in tasks.values where task.batch == row.id && !task.state.isTerminal {
        counts[task.state.rawValue, default: 0] += 1
      }
    }
    var view = BatchView(
      id: row.id, name: row.name, branchID: row.branch, sessionID: row.session, strategy: row.strategy,
      submittedAt: row.submittedAt, counts: counts, total: stored.values.reduce(0, +), done: batches[row.id] == nil)
    if let plan = batches[row.id]?.plan, !plan.reason.isEmpty {
      (view.width, view.widthReason) = (plan.width, plan.reason)
    }
    return view
  }

  func batchList(_ query: BatchList.Parameters) async throws(RPC.Failure) -> BatchList.Result {
    let after = query.cursor.flatMap { BatchID($0) }
    let page = try await stored { (store) throws(StoreError) in
      try await store.batchesPage(after: after, limit: query.limit)
    }
    var views: [BatchView] = []
    for row in page.rows { views.append(try await view(of: row)) }
    return BatchList.Result(batches: views, nextCursor: page.next?.description)
  }

  // MARK: stats

  func stats(_ query: StatsGet.Parameters, branch: String?) -> StatsGet.Result {
    let wanted = branch ?? query.branchID
    let time = now()
    var resources = Resources(zone: scheduler.zone)
    if let machine = scheduler.machine, let sample {
      resources.cpu = machine.cpu
      resources.ram = machine.ram
      resources.cores = machine.cores
      resources.memoryTotalBytes = Int(sample.memoryTotal)
      resources.memoryAvailableBytes = Int(sample.memoryAvailable)
      let reserved = scheduler.reserved(now: time)
      resources.reservedCPU = reserved.cpu
      resources.reservedRAM = reserved.ram
      resources.psi = Self.pressures(sample.pressure)
      resources.sampledAt = sample.at
    }
    var branches: [String: (running: Int, waiting: Int)] = [:]
    var running: [LiveTask] = []
    var waiting: [LiveTask] = []
    for task in tasks.values where !task.state.isTerminal {
      let name = batches[task.batch]?.row.branch ?? ""
      if task.state.isActive {
        branches[name, default: (0, 0)].running += 1
        if wanted == nil || wanted == name { running.append(task) }
      } else {
        branches[name, default: (0, 0)].waiting += 1
        if wanted == nil || wanted == name { keepFirst(task, in: &waiting, limit: query.limit) }
      }
    }
    running.sort { $0.id < $1.id }
    let counts = scheduler.counts
    var ended: [String: Int] = [:]
    for (state, n) in endedCounts { ended[state.rawValue] = n }
    let policy = scheduler.policy
    return StatsGet.Result(
      running: counts.working, queued: counts.queued, blocked: counts.blocked, paused: counts.paused, ended: ended,
      resources: resources, level: scheduler.level, tier: tier, draining: isDraining,
      limits: [
        "cpu_safe": policy.zones.cpuSafe, "cpu_danger": policy.zones.cpuDanger, "ram_safe": policy.zones.ramSafe,
        "ram_danger": policy.zones.ramDanger, "max_agents_per_session": Double(policy.maxAgentsPerSession),
        "max_agents_per_session_warning": Double(policy.maxAgentsPerSessionInWarning),
        "max_agents": Double(policy.maxAgents),
      ],
      branches: branches.sorted { $0.key < $1.key }.map {
        BranchCounts(branchID: $0.key, running: $0.value.running, waiting: $0.value.waiting)
      },
      runningTasks: running.prefix(query.limit).map { view(of: $0) },
      queuedTasks: waiting.map { view(of: $0, explained: true) })
  }

  /// Keeps the `limit` tasks that come first, without sorting the whole queue.
  private func keepFirst(_ task: LiveTask, in list: inout [LiveTask], limit: Int) {
    func isBefore(_ a: LiveTask, _ b: LiveTask) -> Bool { (a.priority, a.id) < (b.priority, b.id) }
    if list.count >= limit {
      guard let last = list.last, isBefore(task, last) else { return }
      list.removeLast()
    }
    list.insert(task, at: list.firstIndex { isBefore(task, $0) } ?? list.endIndex)
  }

  /// How limits are enforced; the least that is promised while the warden is away.
  var tier: Tier { wardenState.welcome.flatMap { Tier(rawValue: $0.tier.rawValue) } ?? .tree }

  private static func pressures(_ reading: PressureReading?) -> [String: Double] {
    var shares: [String: Double] = [:]
    for (name, pressure) in [("cpu", reading?.cpu), ("memory", reading?.memory), ("io", reading?.io)] {
      if let some = pressure?.some { shares["\(name)_some"] = some.avg10 / 100 }
      if let full = pressure?.full { shares["\(name)_full"] = full.avg10 / 100 }
    }
    return shares
  }

  // MARK: who calls

  /// What the process in a cgroup, or (in the tree tier) below these ancestors, is.
  func peer(inCgroup folder: String?, ancestors: [Int32], process: (Int32) -> ProcessStat?) -> Peer {
    guard let welcome = wardenState.welcome else {
      // Its agents, if there are any, can't be told from people until the warden is back.
      return scheduler.counts.active > 0 ? .undecided : .person
    }
    let id: TaskID?
    if welcome.tier == .tree {
      // A chain that does not reach the top has lost a link while it was read.
      guard ancestors.last.flatMap(process)?.parent == 0 else { return .undecided }
      guard ancestors.contains(welcome.wardenPID) else { return .person }
      id = task(below: ancestors, process)
    } else {
      guard let folder, folder.hasPrefix(welcome.cgroupRoot + "/") else { return .person }
      id = task(inCgroup: folder.dropFirst(welcome.cgroupRoot.count + 1))
    }
    guard let id, let task = tasks[id], let batch = batches[task.batch]?.row else { return .undecided }
    return .agent(AgentIdentity(task: id, branch: batch.branch, session: batch.session, depth: task.stored.depth))
  }

  private func task(inCgroup path: Substring) -> TaskID? {
    // An agent may have made groups below its own; the run's key is the first name that is one.
    for name in path.split(whereSeparator: { $0 == "/" }) {
      if let key = RunKey(String(name)), let id = task(of: key) { return id }
    }
    return nil
  }

  private func task(below ancestors: [Int32], _ process: (Int32) -> ProcessStat?) -> TaskID? {
    scheduler.activeTasks.first { id in
      guard let run = tasks[id]?.run, let pid = run.pid, let agent = process(pid), agent.startTicks == run.startTicks
      else { return false }
      // The agent itself, or the stub above it, which gets those of its descendants that have left their parents.
      return ancestors.contains(pid) || ancestors.contains(agent.parent)
    }
  }
}
