import JarvisGit
import JarvisProtocol
import JarvisStore

extension MethodTable {
  /// `worktree.*`.
  mutating func addWorktreeMethods(_ coordinator: Coordinator) {
    add(WorktreeList.self) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.worktreeList(parameters, caller)
    }
    add(WorktreeChanges.self) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.diff(parameters, caller)
    }
    add(WorktreeMerge.self) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.merge(parameters, caller)
    }
    add(WorktreeRemove.self) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.remove(parameters, caller)
    }
  }
}

// What is told of worktrees.
extension Coordinator {
  func worktreeList(_ query: WorktreeList.Parameters, _ caller: Caller) async throws(RPC.Failure)
    -> WorktreeList.Result
  {
    var rows = worktrees.values.filter { !$0.state.isGone }
    if query.all || query.batchID != nil {
      let filter = query.batchID.map(Store.WorktreeFilter.batch) ?? .all
      let stored = try await stored { (store) throws(StoreError) in try await store.worktrees(filter) }
      // Of those that are there, memory knows more.
      rows = stored.compactMap { worktrees[$0.task] ?? ($0.state.isGone ? $0 : nil) }
      rows += worktrees.values.filter { row in
        (query.batchID == nil || row.batch == query.batchID) && !stored.contains { $0.task == row.task }
      }
      if !query.all { rows.removeAll { $0.state.isGone } }
    }
    if let agent = caller.agent { rows.removeAll { $0.context != agent.branch } }
    return WorktreeList.Result(worktrees: rows.sorted { $0.task < $1.task }.map(\.view))
  }

  /// The worktree that a task works in or worked in, also one that is gone.
  func worktree(of id: TaskID) async throws(RPC.Failure) -> WorktreeRow {
    var owner = id
    if let task = tasks[id] {
      owner = task.worktreeOwner
    } else if worktrees[id] == nil,
      let row = try await stored({ (store) throws(StoreError) in try await store.task(id) })
    {
      owner = StoredSpec(stored: row.specJSON)?.worktree ?? id
    }
    if let row = worktrees[owner] { return row }
    let wanted = owner
    if let row = try await stored({ (store) throws(StoreError) in try await store.worktree(wanted) }) { return row }
    // Says whether there is such a task at all.
    _ = try await view(of: id)
    throw RPC.Failure(
      .notFound, "task \(id) has no worktree: it was not asked for (isolation), or the task never started",
      data: ["id": .string("\(id)")])
  }

  func diff(_ query: WorktreeChanges.Parameters, _ caller: Caller) async throws(RPC.Failure) -> TaskDiff {
    var row = try await worktree(of: query.id)
    try row.checkVisible(to: caller)
    if query.offset == 0, !row.state.isGone, row.state != .preparing {
      await takeTurn(row.task)
      defer { worktreeWork.release(row.task) }
      if let current = worktrees[row.task] {
        do throws(GitFailure) { _ = try await read(current) } catch { throw RPC.Failure(error, row.task) }
      }
      row = try await worktree(of: query.id)
    }
    return await Self.diff(of: row, patch: patch(of: row.task), offset: query.offset, maxBytes: query.maxBytes)
  }

  /// What a task changed, for its result; nil where it has no worktree. Of one that is over it waits a while until that
  /// has been read.
  func diff(of task: TaskView, maxBytes: Int) async throws(RPC.Failure) -> TaskDiff? {
    guard task.isolation == .worktree else { return nil }
    let row: WorktreeRow
    do throws(RPC.Failure) { row = try await worktree(of: task.id) } catch {
      if error.code == RPC.ErrorCode.notFound.rawValue { return nil }
      throw error
    }
    if task.state.isTerminal { await captured(row.task, within: 20) }
    let current = try await worktree(of: task.id)
    guard current.changes != nil else { return TaskDiff(current.view) }
    return await Self.diff(of: current, patch: patch(of: row.task), offset: 0, maxBytes: min(maxBytes, 65_536))
  }

  /// Beside the actor: the patch is a file.
  @concurrent private nonisolated static func diff(
    of row: WorktreeRow, patch: String, offset: Int, maxBytes: Int
  ) async -> TaskDiff {
    var diff = TaskDiff(row.view)
    diff.files = row.files
    diff.patchIsCut = row.isPatchCut
    guard let size = Output.size(of: patch) else { return diff }
    diff.patchPath = patch
    var bytes = Output.read(patch, offset: offset, count: maxBytes)
    if offset + bytes.count < size {
      bytes.cutIncompleteTail()
      diff.nextOffset = offset + bytes.count
    }
    diff.offset = offset
    diff.patch = String(decoding: bytes, as: UTF8.self)
    return diff
  }

  /// How much the tasks of a batch changed.
  func changes(in batch: BatchID) async throws(RPC.Failure) -> [TaskID: DiffNumbers] {
    let rows = try await stored { (store) throws(StoreError) in try await store.worktrees(.batch(batch)) }
    var changes: [TaskID: DiffNumbers] = [:]
    for row in rows { changes[row.task] = (worktrees[row.task] ?? row).changes }
    return changes
  }
}

extension WorktreeRow {
  /// An agent sees its own branch only.
  func checkVisible(to caller: Caller) throws(RPC.Failure) {
    guard let agent = caller.agent, agent.branch != context else { return }
    throw RPC.Failure(
      .forbidden,
      "the worktree of task \(task) belongs to branch \"\(context)\", and the agent of task \(agent.task) reads its own "
        + "branch only")
  }
}
