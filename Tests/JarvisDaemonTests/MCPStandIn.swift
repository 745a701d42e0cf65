import JarvisDaemon
import JarvisProtocol
import Synchronization

/// The daemon as the MCP server sees it, in memory. Tasks end when a test says so; nothing happens by a clock.
actor MCPStandIn: MethodCaller {
  /// What sessions work with; the same for all of them, as in a daemon.
  nonisolated let services: MCPServices
  nonisolated let changes = MCPChanges()
  nonisolated let storage: MCPTaskMemory
  private(set) var edits: [String] = []
  private let me: Me

  private final class Me: MethodCaller, Sendable {
    struct Weak { weak var value: MCPStandIn? }
    let box = Mutex(Weak())
    func call<M: Method>(_ method: M.Type, _ parameters: M.Parameters, from caller: Caller) async throws(RPC.Failure)
      -> M.Result
    {
      guard let daemon = box.withLock({ $0.value }) else { throw RPC.Failure(.unavailable, "the stand-in is gone") }
      return try await daemon.call(method, parameters, from: caller)
    }
  }

  /// - Parameter storage: what a daemon before this one has kept.
  init(confirmAbove: Int = 0, storage: MCPTaskMemory = MCPTaskMemory()) {
    me = Me()
    self.storage = storage
    let now: @Sendable () -> Timestamp = { Timestamp(milliseconds: 1_000_000) }
    services = MCPServices(
      methods: me, prompts: MCPPrompts(), advice: MCPAdvice(), ledger: MCPTaskLedger(storage: storage, now: now),
      changes: changes, confirmAbove: { confirmAbove }, updateInterval: .milliseconds(20), now: now)
    me.box.withLock { $0.value = self }
  }

  private(set) var tasks: [TaskView] = []
  private(set) var submissions: [TaskSpawn.Parameters] = []
  private(set) var skillRuns: [SkillRun.Parameters] = []
  private(set) var retryKeys: [String?] = []
  private(set) var callers: [Caller] = []
  private(set) var waitsGivenUp = 0
  private var waits: [Int: (ids: Set<TaskID>, continuation: CheckedContinuation<Void, Never>)] = [:]
  private var nextWait = 0
  private var byKey: [String: TaskSpawn.Result] = [:]
  /// Whether a submission with a key that is known answers with the first one's batch.
  var keepsKeys = false
  private var endsWaitsAtOnce = false
  private var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

  // MARK: What tests do

  /// Ends a task.
  func finish(_ id: UInt64, as state: TaskState = .succeeded) {
    guard let i = tasks.firstIndex(where: { $0.id == TaskID(id) }) else { return }
    tasks[i].state = state
    tasks[i].reason = "It ended as the test asked."
    if state == .succeeded { tasks[i].exitCode = 0 }
    for (number, wait) in waits where wait.ids.allSatisfy({ isOver($0) }) { resume(number) }
  }

  /// Knows the tasks of a stand-in before it.
  func take(_ tasks: [TaskView]) { self.tasks = tasks }

  /// Lets the time of all waits be up.
  func expireWaits() {
    for number in waits.keys { resume(number) }
  }

  /// From now on waits end at once, as if their time were up.
  func letWaitsGo() {
    endsWaitsAtOnce = true
    expireWaits()
  }

  /// Returns once so many waits are under way.
  func untilWaiting(_ count: Int) async {
    if waits.count >= count { return }
    await withCheckedContinuation { watchers.append((count, $0)) }
  }

  // MARK: What the server calls

  func call<M: Method>(_ method: M.Type, _ parameters: M.Parameters, from caller: Caller) async throws(RPC.Failure)
    -> M.Result
  {
    callers.append(caller)
    let result: any WireObject
    switch parameters {
    case let spawn as TaskSpawn.Parameters: result = try submit(spawn, caller)
    case let wait as TaskWait.Parameters: result = try await self.wait(wait)
    case let selection as TaskSelection: result = try change(M.name, selection)
    case let retry as TaskRetry.Parameters:
      retryKeys.append(retry.requestKey)
      result = try change(M.name, retry.tasks)
    case is SkillPlan.Parameters where M.name == SkillPlan.name:
      result = SkillPlan.Result(
        tasks: (1...4).map { TaskSpec(command: .shell("work \($0)")) }, strategy: .auto)
    case let run as SkillRun.Parameters:
      skillRuns.append(run)
      result = TaskSpawn.Result(batchID: BatchID(77), branchID: "main", strategy: .auto, tasks: [])
    case let reference as TaskReference where M.name == TaskWhy.name:
      let task = try task(reference.id)
      result = TaskWhy.Result(id: task.id, state: task.state, reason: task.reason, kind: "cpu", numbers: ["cpu": 0.79])
    case let reference as TaskReference: result = try task(reference.id)
    case let edit as TaskEdit.Parameters:
      edits.append(edit.json.text)
      result = try task(edit.id)
    case let query as TaskList.Parameters: result = list(query)
    case let query as BatchGet.Parameters: result = try batch(query.batchID)
    case is HiveSearch.Parameters: result = HiveSearch.Result(findings: [], nextCursor: nil)
    case is LearnList.Parameters: result = LearnList.Result(profiles: [], learnings: [])
    case let stats as StatsGet.Parameters: result = self.stats(stats)
    case let learning as Learning: result = learning
    case let wanted as TaskResult.Parameters:
      result = TaskResult.Result(
        task: try task(wanted.id), output: "the end\n", errors: "", truncated: wanted.maxBytes < 100)
    case let wanted as TaskLogs.Parameters:
      result = TaskLogs.Result(
        data: "page", offset: wanted.offset, nextOffset: wanted.offset + 4, size: 100, end: false,
        state: try task(wanted.id).state)
    case is WorktreeList.Parameters: result = WorktreeList.Result(worktrees: [Self.worktree])
    case is WorktreeChanges.Parameters: result = TaskDiff(Self.worktree)
    case is WorktreeMerge.Parameters:
      result = WorktreeMerge.Result(
        worktree: Self.worktree, folder: "/src", into: "main", commit: "c0ffee", merged: true)
    default: throw RPC.Failure(.methodNotFound, "the stand-in has no \(M.name)")
    }
    guard let result = result as? M.Result else {
      throw RPC.Failure(.internalError, "the stand-in answers \(M.name) with another type")
    }
    return result
  }

  private static var worktree: WorktreeView {
    var tree = WorktreeView(
      id: TaskID(1), title: "lint", state: .kept, path: "/state/worktrees/t1", branch: "jarvis/t1", base: "c0ffee",
      folder: "/src", repository: "/src/.git", branchID: "main", createdAt: Timestamp(milliseconds: 0))
    tree.changes = DiffNumbers(filesChanged: 2, insertions: 3, deletions: 1, commits: 1)
    return tree
  }

  private func submit(_ batch: TaskSpawn.Parameters, _ caller: Caller) throws(RPC.Failure) -> TaskSpawn.Result {
    for (i, task) in batch.tasks.enumerated() where task.cwd == "/missing" {
      throw RPC.Failure(WireError(path: "params.tasks[\(i)].cwd", "is no folder: /missing"))
    }
    if let key = batch.requestKey, let known = byKey[key] { return known }
    submissions.append(batch)
    let batchID = BatchID(UInt64(submissions.count))
    let branch = caller.agent?.branch ?? batch.branchID ?? "main"
    let views = batch.tasks.enumerated().map { i, spec in
      var view = TaskView(
        id: TaskID(UInt64(tasks.count + i + 1)), batchID: batchID, branchID: branch, sessionID: caller.session,
        type: spec.type ?? "general", priority: spec.priority, state: i < 2 ? .running : .queued,
        reason: i < 2 ? "It was started." : "The session runs 2 agents already.", runner: "command",
        submittedAt: Timestamp(milliseconds: 0))
      view.name = spec.name
      view.command = spec.command
      view.description = spec.description
      return view
    }
    tasks += views
    let result = TaskSpawn.Result(batchID: batchID, branchID: branch, strategy: batch.strategy, tasks: views)
    if let key = batch.requestKey, keepsKeys { byKey[key] = result }
    return result
  }

  private func wait(_ wait: TaskWait.Parameters) async throws(RPC.Failure) -> TaskWait.Result {
    let ids = try self.ids(wait.ids, wait.batchID)
    if !ids.allSatisfy({ isOver($0) }), wait.timeoutSeconds != 0, !endsWaitsAtOnce {
      nextWait += 1
      let number = nextWait
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          if Task.isCancelled { return continuation.resume() }
          waits[number] = (Set(ids), continuation)
          for (i, watcher) in watchers.enumerated().reversed() where watcher.count <= waits.count {
            watchers.remove(at: i)
            watcher.continuation.resume()
          }
        }
      } onCancel: {
        Task { await self.resume(number) }
      }
      if Task.isCancelled {
        waitsGivenUp += 1
        throw RPC.Failure(.unavailable, "the wait was given up")
      }
    }
    var views: [TaskView] = []
    for id in ids { views.append(try task(id)) }
    let done = views.allSatisfy(\.state.isTerminal)
    var counts: [String: Int] = [:]
    for view in views { counts[view.state.rawValue, default: 0] += 1 }
    return TaskWait.Result(
      done: done, timedOut: !done, succeeded: views.allSatisfy { $0.state == .succeeded }, counts: counts, tasks: views)
  }

  private func resume(_ number: Int) { waits.removeValue(forKey: number)?.continuation.resume() }

  private func cancel(_ selection: TaskSelection) throws(RPC.Failure) -> [TaskView] {
    let ids = try self.ids(selection.ids, selection.batchID)
    for id in ids where !isOver(id) { finish(id.raw, as: .cancelled) }
    return tasks.filter { ids.contains($0.id) }
  }

  private func change(_ name: String, _ selection: TaskSelection) throws(RPC.Failure) -> any WireObject {
    guard name != TaskCancel.name else { return TaskListResult(tasks: try cancel(selection)) }
    let ids = try ids(selection.ids, selection.batchID)
    edits.append("\(name) \(ids.map(\.description).joined(separator: " "))")
    let found = tasks.filter { ids.contains($0.id) }
    guard name == TaskRetry.name else { return TaskListResult(tasks: found) }
    return TaskSpawn.Result(batchID: BatchID(99), branchID: "main", strategy: .auto, tasks: found)
  }

  private func list(_ query: TaskList.Parameters) -> TaskList.Result {
    let all = tasks.reversed().filter { task in
      (query.batchID == nil || task.batchID == query.batchID)
        && (query.cursor.flatMap { TaskID($0) }.map { task.id < $0 } ?? true)
    }
    let page = Array(all.prefix(query.limit))
    return TaskList.Result(tasks: page, nextCursor: page.count < all.count ? page.last?.id.description : nil)
  }

  private func batch(_ id: BatchID) throws(RPC.Failure) -> BatchView {
    let found = tasks.filter { $0.batchID == id }
    guard let first = found.first else { throw RPC.Failure(.notFound, "there is no batch \(id)") }
    return BatchView(
      id: id, name: nil, branchID: first.branchID, sessionID: first.sessionID, strategy: .auto,
      submittedAt: first.submittedAt, counts: [:], total: found.count, done: found.allSatisfy(\.state.isTerminal))
  }

  private func stats(_ asked: StatsGet.Parameters) -> StatsGet.Result {
    var resources = Resources(zone: .warning)
    resources.cpu = 0.75
    resources.ram = 0.8
    return StatsGet.Result(
      running: tasks.count { $0.state == .running }, queued: tasks.count { $0.state == .queued }, blocked: 0, paused: 0,
      ended: [:], resources: resources, level: .constrained, tier: .tree, draining: false,
      limits: ["max_agents_per_session": 5], branches: [BranchCounts(branchID: "main", running: 2, waiting: 1)],
      runningTasks: Array(tasks.filter { $0.state == .running }.prefix(asked.limit)),
      queuedTasks: Array(tasks.filter { $0.state == .queued }.prefix(asked.limit)))
  }

  private func ids(_ ids: [TaskID]?, _ batch: BatchID?) throws(RPC.Failure) -> [TaskID] {
    if let ids {
      for id in ids { _ = try task(id) }
      return ids
    }
    let found = tasks.filter { $0.batchID == batch }.map(\.id)
    if found.isEmpty { throw RPC.Failure(.notFound, "there is no batch \(batch?.description ?? "")") }
    return found
  }

  private func task(_ id: TaskID) throws(RPC.Failure) -> TaskView {
    guard let task = tasks.first(where: { $0.id == id }) else { throw RPC.Failure(.notFound, "there is no task \(id)") }
    return task
  }

  private func isOver(_ id: TaskID) -> Bool { tasks.first { $0.id == id }?.state.isTerminal ?? true }
}
