import JarvisCore
import JarvisLinux
import JarvisProtocol
import JarvisStore

// What people and agents do to tasks.
extension Coordinator {
  /// The tasks of a selection, oldest first, those that are over included.
  /// - Throws: `notFound` for an id or a batch that does not exist.
  func ids(of selection: TaskSelection) async throws(RPC.Failure) -> [TaskID] {
    if let ids = selection.ids {
      let unknown = ids.filter { tasks[$0] == nil }
      if !unknown.isEmpty {
        let rows = try await stored { (store) throws(StoreError) in try await store.tasks(unknown) }
        if rows.count < Set(unknown).count, let missing = unknown.first(where: { id in !rows.contains { $0.id == id } })
        {
          throw Self.noTask(missing)
        }
      }
      return ids
    }
    guard let batch = selection.batchID else { return [] }
    return try await ids(of: batch)
  }

  func ids(of batch: BatchID) async throws(RPC.Failure) -> [TaskID] {
    let rows = try await stored { (store) throws(StoreError) in
      try await store.tasksPage(TaskFilter(batch: batch), limit: 10_000, newestFirst: false).rows
    }
    guard !rows.isEmpty else {
      throw RPC.Failure(.notFound, "there is no batch \(batch)", data: ["id": .string("\(batch)")])
    }
    return rows.map(\.id)
  }

  static func noTask(_ id: TaskID) -> RPC.Failure {
    RPC.Failure(
      .notFound, "there is no task \(id): it never was, or its history has been pruned", data: ["id": .string("\(id)")])
  }

  /// Reads from the store, with its errors in the protocol's words.
  func stored<T: Sendable>(_ body: (Store) async throws(StoreError) -> T) async throws(RPC.Failure) -> T {
    do throws(StoreError) { return try await body(store) } catch { throw RPC.Failure(.storage, error.description) }
  }

  /// An agent may act on its own descendants only.
  func checkMayControl(_ ids: [TaskID], _ caller: Caller) throws(RPC.Failure) {
    guard let agent = caller.agent else { return }
    for id in ids {
      guard let task = tasks[id] else { continue }
      var parent = task.stored.parent
      var steps = 0
      while let current = parent, current != agent.task, steps < 64 {
        parent = tasks[current]?.stored.parent
        steps += 1
      }
      if parent != agent.task {
        throw RPC.Failure(
          .forbidden, "task \(agent.task) may act on the tasks it spawned only, and \(id) is none of them")
      }
    }
  }

  // MARK: cancel, pause, resume

  func cancel(_ ids: [TaskID], _ caller: Caller) async throws(RPC.Failure) -> [TaskView] {
    try checkMayControl(ids, caller)
    let by = "by " + Self.words(for: caller)
    // Waiting ones first, youngest first: a running one's end must not start what is about to be cancelled.
    for id in ids.sorted(by: >) {
      guard let task = tasks[id], !task.state.isTerminal else { continue }
      if task.state.isWaiting {
        end(id, .cancelled, "cancelled \(by)")
      } else {
        // It may outlive this daemon: the next one goes on with it.
        if task.run?.stop == nil { parcel.changes.append(.meta(key: Self.cancelKey(id), value: by)) }
        stop(id, .cancel(by: by))
      }
    }
    try await confirm()
    return try await views(of: ids)
  }

  /// Where the store remembers that a running task is being cancelled.
  static func cancelKey(_ id: TaskID) -> String { "cancel/\(id)" }

  func pause(_ ids: [TaskID], _ caller: Caller) async throws(RPC.Failure) -> [TaskView] {
    try checkMayControl(ids, caller)
    try checkAreLive(ids, "paused")
    for id in ids {
      guard let task = tasks[id] else { continue }
      switch task.state {
      case .running: freeze(id, "paused by \(Self.words(for: caller))")
      case .queued, .blocked:
        // Far enough that time never releases it (9999-12-31).
        var held = task
        held.isHeld = true
        held.notBefore = Self.never
        held.reason = "held back by \(Self.words(for: caller))"
        tasks[id] = held
        _ = try? scheduler.edit(id, TaskChange(notBefore: Self.never))
        parcel.put(row(of: held))
      case .starting:
        let why = "paused by \(Self.words(for: caller))"
        tasks[id]?.run?.pauseWhenRunning = why
        tasks[id]?.reason = "will be \(why) as soon as it runs"
      default: break
      }
    }
    try await confirm()
    return try await views(of: ids)
  }

  /// Nothing is done to any of them where one is over.
  private func checkAreLive(_ ids: [TaskID], _ what: String) throws(RPC.Failure) {
    for id in ids where tasks[id] == nil {
      throw RPC.Failure(.conflict, "task \(id) is over and can't be \(what)", data: ["id": .string("\(id)")])
    }
  }

  static let never = Timestamp(milliseconds: 253_402_300_799_000)

  func resume(_ ids: [TaskID], _ caller: Caller) async throws(RPC.Failure) -> [TaskView] {
    try checkMayControl(ids, caller)
    try checkAreLive(ids, "resumed")
    for id in ids {
      guard var task = tasks[id] else { continue }
      tasks[id]?.run?.pauseWhenRunning = nil
      if task.state == .paused {
        scheduler.requestResume(id)
      } else if task.isHeld {
        task.isHeld = false
        task.notBefore = task.isUnprepared ? Self.unprepared : now()
        task.reason = "resumed by \(Self.words(for: caller))"
        tasks[id] = task
        _ = try? scheduler.edit(id, TaskChange(notBefore: task.notBefore))
        parcel.put(row(of: task))
      }
    }
    try await confirm()
    return try await views(of: ids)
  }

  static func words(for caller: Caller) -> String {
    caller.agent.map { "task \($0.task)" } ?? "session \(caller.session)"
  }

  // MARK: retry

  /// Runs tasks again that ended without success, as new tasks of a new batch.
  func retry(_ parameters: TaskRetry.Parameters, _ caller: Caller) async throws(RPC.Failure) -> TaskSpawn.Result {
    let selection = parameters.tasks
    let ids = try await ids(of: selection)
    let rows = try await stored { (store) throws(StoreError) in try await store.tasks(ids) }
    var again: [(TaskRow, StoredSpec)] = []
    for row in rows {
      let state = tasks[row.id]?.state ?? row.state
      guard state.isTerminal, state != .succeeded else {
        if selection.batchID != nil { continue }
        throw RPC.Failure(
          .conflict, "task \(row.id) is \(state.rawValue); only tasks that ended without success can be retried",
          data: ["id": .string("\(row.id)")])
      }
      guard let stored = StoredSpec(stored: row.specJSON) else {
        throw RPC.Failure(.internalError, "the store holds a specification of task \(row.id) that can't be read")
      }
      again.append((row, stored))
    }
    guard let first = again.first else {
      throw RPC.Failure(.conflict, "nothing to retry: all of these tasks succeeded or are still live")
    }
    var environment: [String: String] = [:]
    if let hash = first.0.environmentHash {
      let json = try await stored { (store) throws(StoreError) in try await store.environment(hash) }
      if let json, let parsed = try? JSON(parsing: json),
        let values = try? [String: String].read(parsed, at: .root("environment"))
      {
        environment = values
      }
    }
    let owners = try worktrees(ofRetried: again)
    worktreeWork.claims.formUnion(owners.values)
    defer { worktreeWork.claims.subtract(owners.values) }
    let places = Dictionary(again.enumerated().map { ($1.0.id, $0) }) { first, _ in first }
    let prepared = again.map { row, stored in
      var task = PreparedTask(
        spec: stored.spec, cwd: stored.cwd, runner: stored.runner, type: row.type,
        after: stored.dependencies.compactMap { after in
          guard let id = TaskID(after.task), let place = places[id] else { return nil }
          return (.inBatch(place), after.condition)
        })
      task.step = stored.step
      task.sources = stored.step?.sources.map { id in places[id].map { .inBatch($0) } ?? .outside(id) } ?? []
      task.session = stored.session
      task.costBefore = stored.costBefore
      task.worktree = owners[row.id]
      task.tokensBefore = stored.tokensBefore
      return task
    }
    let strategy = try await stored { (store) throws(StoreError) in try await store.batch(first.0.batch) }?.strategy
    let batch = PreparedBatch(
      tasks: prepared, branch: caller.agent?.branch ?? first.0.branch, strategy: strategy ?? .auto,
      environment: environment, outside: [:], scope: first.1.scope)
    return try await submit(
      batch, session: caller.agent?.session ?? first.0.session, name: "retry of \(first.0.batch)",
      requestKey: parameters.requestKey, agent: caller.agent)
  }

  // MARK: edit

  func edit(_ change: TaskEdit.Parameters, _ caller: Caller) async throws(RPC.Failure) -> TaskView {
    let id = change.id
    try checkMayControl([id], caller)
    guard let old = tasks[id] else {
      _ = try await ids(of: TaskSelection(ids: [id]))
      throw RPC.Failure(
        .conflict, "task \(id) is over; only waiting tasks can be edited", data: ["id": .string("\(id)")])
    }
    guard !old.isGroup else {
      throw RPC.Failure(
        .conflict, "task \(id) is a step of a skill, a group of tasks; only tasks that run can be edited",
        data: ["id": .string("\(id)")])
    }
    guard old.state.isWaiting else {
      throw RPC.Failure(
        .conflict, "task \(id) is \(old.state.rawValue); only waiting tasks can be edited",
        data: ["id": .string("\(id)")])
    }
    var new = old
    if let priority = change.priority {
      new.priority = priority
      new.stored.spec.priority = priority
    }
    if let command = change.command { new.stored.spec.command = command }
    if let description = change.description { new.stored.spec.description = description }
    if let limits = change.limits { new.stored.spec.limits = limits }
    if let notBefore = change.notBefore { new.notBefore = notBefore }
    try checkEdited(new)
    var dependencies: [Dependency]?
    var ended: [TaskID: TaskState] = [:]
    if let after = change.after {
      var outside: [TaskID: String] = [:]
      var list: [Dependency] = []
      for (i, item) in after.items.enumerated() {
        guard let other = TaskID(item.task) else {
          throw RPC.Failure(WireError(path: "params.after[\(i)]", "must be a task's id, found \"\(item.task)\""))
        }
        outside[other] = "params.after[\(i)]"
        list.append(Dependency(other, item.condition))
      }
      ended = try await endedDependencies(outside)
      dependencies = list
      new.stored.dependencies = list.map { After(task: $0.task.description, condition: $0.condition) }
    }
    // It may have started while the store was asked.
    guard let current = tasks[id], current.state.isWaiting else {
      throw RPC.Failure(.conflict, "task \(id) has just started", data: ["id": .string("\(id)")])
    }
    let expected = expectedCost(new.stored.spec.limits, type: new.type)
    do throws(SchedulingError) {
      let state = try scheduler.edit(
        id,
        TaskChange(
          priority: change.priority, expected: change.limits == nil ? nil : expected.cost,
          expectedIsDeclared: expected.isDeclared, notBefore: change.notBefore, after: dependencies), finished: ended)
      new.state = state
    } catch {
      throw RPC.Failure(.conflict, "\(error)", data: ["id": .string("\(id)")])
    }
    tasks[id] = new
    do throws(StoreError) {
      try await store.commit([
        .spec(id: id, specJSON: new.stored.json.text, priority: new.priority), .state(row(of: new)),
      ])
    } catch {
      throw RPC.Failure(.storage, "\(error) The edit holds until Jarvis restarts.")
    }
    endTurn()
    return try await view(of: id)
  }

  private func checkEdited(_ task: LiveTask) throws(RPC.Failure) {
    let context = published.withLock {
      SubmissionContext(
        cwd: task.stored.cwd, environment: task.environment.flatMap { environments[$0]?.values } ?? [:],
        runners: $0.runners, config: $0.config, cores: $0.cores, memoryTotal: $0.memoryTotal, agent: nil)
    }
    var spec = task.stored.spec
    if spec.command != nil { spec.runner = "command" }
    var check = SubmissionCheck(context)
    do throws(WireError) {
      _ = try check.prepare(spec, folder: task.stored.cwd, environment: context.environment, at: .root("params"))
    } catch {
      throw RPC.Failure(error)
    }
  }

  // MARK: drain

  func drain(_ enabled: Bool) async throws(RPC.Failure) -> DaemonDrain.Result {
    isDraining = enabled
    scheduler.isDraining = enabled
    parcel.changes.append(.meta(key: "draining", value: enabled ? "1" : nil))
    note(.daemon, enabled ? "draining: nothing new is started" : "no longer draining")
    try await confirm()
    return DaemonDrain.Result(
      draining: enabled, running: scheduler.counts.active, queued: scheduler.counts.waiting)
  }
}
