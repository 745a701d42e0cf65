import JarvisConfig
import JarvisLinux
import JarvisProtocol
import JarvisStore

extension MethodTable {
  /// `task.*`, `batch.*` and `stats.get`.
  mutating func addTaskMethods(_ coordinator: Coordinator, _ inspector: PeerInspector) {
    add(TaskSpawn.self) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.spawn(parameters, caller, inspector)
    }
    add(TaskList.self) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.list(parameters, branch: caller.agent?.branch)
    }
    add(TaskGet.self) { (parameters, caller, _) throws(RPC.Failure) in
      let view = try await coordinator.view(of: parameters.id)
      try view.checkVisible(to: caller)
      return view
    }
    add(TaskWait.self) { (parameters, caller, _) throws(RPC.Failure) in
      if caller.agent != nil {
        let ids = try await coordinator.ids(of: TaskSelection(ids: parameters.ids, batchID: parameters.batchID))
        for task in try await coordinator.views(of: ids) { try task.checkVisible(to: caller) }
      }
      var result = try await coordinator.waitResult(parameters)
      result.totals = try await TotalsReader(coordinator: coordinator).totals(of: result.tasks)
      return result
    }
    add(TaskCancel.self) { (parameters, caller, _) throws(RPC.Failure) in
      TaskListResult(tasks: try await coordinator.cancel(try await coordinator.ids(of: parameters), caller))
    }
    add(TaskPause.self) { (parameters, caller, _) throws(RPC.Failure) in
      TaskListResult(tasks: try await coordinator.pause(try await coordinator.liveIDs(of: parameters), caller))
    }
    add(TaskResume.self) { (parameters, caller, _) throws(RPC.Failure) in
      TaskListResult(tasks: try await coordinator.resume(try await coordinator.liveIDs(of: parameters), caller))
    }
    add(TaskRetry.self, forAgents: false) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.retry(parameters, caller)
    }
    add(TaskEdit.self) { (parameters, caller, _) throws(RPC.Failure) in try await coordinator.edit(parameters, caller) }
    add(TaskWhy.self) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.view(of: parameters.id).checkVisible(to: caller)
      return try await coordinator.why(parameters.id)
    }
    add(TaskLogs.self) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.view(of: parameters.id).checkVisible(to: caller)
      return try await LogReader(coordinator: coordinator).read(parameters)
    }
    add(TaskResult.self) { (parameters, caller, _) throws(RPC.Failure) in
      let view = try await coordinator.view(of: parameters.id)
      try view.checkVisible(to: caller)
      var result = await LogReader(coordinator: coordinator).result(view, maxBytes: parameters.maxBytes)
      result.agent = try await coordinator.answer(of: parameters.id)
      result.artifacts = Artifacts.list(in: coordinator.artifacts(of: parameters.id))
      result.diff = try await coordinator.diff(of: view, maxBytes: parameters.maxBytes)
      return result
    }
    add(TaskAsk.self) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.view(of: parameters.id).checkVisible(to: caller)
      return try await coordinator.ask(parameters, caller)
    }
    add(BatchList.self, forAgents: false) { (parameters, _, _) throws(RPC.Failure) in
      try await coordinator.batchList(parameters)
    }
    add(BatchGet.self) { (parameters, caller, _) throws(RPC.Failure) in
      var batch = try await coordinator.batch(parameters.batchID)
      if let agent = caller.agent, agent.branch != batch.branchID {
        throw RPC.Failure(
          .forbidden,
          "batch \(batch.id) belongs to branch \"\(batch.branchID)\", and the agent of task \(agent.task) reads its own branch only"
        )
      }
      // A batch whose tasks are pruned has nothing to add up.
      let tasks = batch.total > 0 ? try await coordinator.views(of: coordinator.ids(of: batch.id)) : []
      batch.totals = try await TotalsReader(coordinator: coordinator).totals(of: tasks)
      return batch
    }
    add(StatsGet.self) { (parameters, caller, _) throws(RPC.Failure) in
      await coordinator.stats(parameters, branch: caller.agent?.branch)
    }
  }
}

extension TaskView {
  /// An agent reads its own branch only.
  func checkVisible(to caller: Caller) throws(RPC.Failure) {
    guard let agent = caller.agent, agent.branch != branchID else { return }
    throw RPC.Failure(
      .forbidden,
      "task \(id) belongs to branch \"\(branchID)\", and the agent of task \(agent.task) reads its own branch only")
  }
}

extension Coordinator {
  /// The whole way of a submission: context from the kernel, checks beside the actor, then `submit`.
  nonisolated func spawn(
    _ parameters: TaskSpawn.Parameters, _ caller: Caller, _ inspector: PeerInspector
  ) async throws(RPC.Failure) -> TaskSpawn.Result {
    var check = SubmissionCheck(await inheritingContext(caller, inspector))
    let prepared: PreparedBatch
    do throws(WireError) { prepared = try check.prepare(parameters) } catch { throw RPC.Failure(error) }
    try await checkIsolation(of: prepared)
    let session = caller.agent?.session ?? parameters.sessionID ?? caller.session
    return try await submit(
      prepared, session: session, name: parameters.name, requestKey: parameters.requestKey, agent: caller.agent)
  }

  /// What the kernel says of the submitter, and what is configured.
  nonisolated func submissionContext(_ caller: Caller, _ inspector: PeerInspector) -> SubmissionContext {
    let surroundings = inspector.surroundings(of: caller)
    let environment = surroundings?.environment ?? [:]
    let cwd = surroundings?.folder ?? environment["HOME"] ?? "/"
    return published.withLock {
      SubmissionContext(
        cwd: cwd, environment: environment, runners: $0.runners, config: $0.config, cores: $0.cores,
        memoryTotal: $0.memoryTotal, agent: caller.agent)
    }
  }

  /// The same of what is to be run: an agent's tasks have what its own was given, too.
  nonisolated func inheritingContext(_ caller: Caller, _ inspector: PeerInspector) async -> SubmissionContext {
    var context = submissionContext(caller, inspector)
    if let agent = caller.agent { await inheritEnvironment(of: agent.task, into: &context.environment) }
    return context
  }

  /// The tasks of a selection; of a batch, those that are not over.
  func liveIDs(of selection: TaskSelection) async throws(RPC.Failure) -> [TaskID] {
    let all = try await ids(of: selection)
    return selection.batchID == nil ? all : all.filter { tasks[$0].map { !$0.state.isTerminal } ?? false }
  }
}
