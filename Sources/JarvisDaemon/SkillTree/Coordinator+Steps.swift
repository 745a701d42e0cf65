import JarvisConfig
import JarvisCore
import JarvisLinux
import JarvisProtocol
import JarvisStore

// Steps of skills: groups of tasks, tasks that get the outputs of others, and steps whose tasks are not known before
// another has ended. All of them stand in the scheduler as tasks that time never releases (`unprepared`); when what they
// wait for is over they are prepared here.
extension Coordinator {
  /// Later than anything, and another time than a person's hold.
  static let unprepared = Timestamp(milliseconds: never.milliseconds - 1)

  /// Prepares a step whose dependencies are over; does nothing for other tasks.
  func advance(_ id: TaskID) {
    guard let task = tasks[id], task.isUnprepared, scheduler.state(of: id) == .queued, !isStopping,
      preparing.insert(id).inserted
    else { return }
    Task { await self.prepare(id) }
  }

  /// Takes back a start that the scheduler decided for a task which can't run as it is (a person may have resumed it).
  func postpone(_ id: TaskID) -> Bool {
    guard tasks[id]?.isUnprepared == true else { return false }
    scheduler.requeue(id, notBefore: Self.unprepared)
    advance(id)
    return true
  }

  private func prepare(_ id: TaskID) async {
    guard let task = tasks[id], task.state.isWaiting, let step = task.stored.step else {
      preparing.remove(id)
      return
    }
    do throws(RPC.Failure) {
      switch step.kind {
      case .inputs: try await gather(task, step)
      case .group: try await conclude(task, step)
      case .expansion:
        if let count = try await expand(task, step) {
          preparing.remove(id)
          return awaitRoom(id, for: count)
        }
      }
    } catch {
      if error.code == RPC.ErrorCode.storage.rawValue {
        // It says nothing about the step: again, until the store can be read and written.
        log.error("the step \(id) waits for the store: \(error.message)")
        try? await Task.sleep(for: .seconds(1), clock: .continuous)
        preparing.remove(id)
        return advance(id)
      }
      endStep(id, .failed, error.message)
    }
    preparing.remove(id)
  }

  /// Others' tasks will end; what the step waited for may have taken hours.
  private func awaitRoom(_ id: TaskID, for count: Int) {
    guard tasks[id]?.state.isWaiting == true else { return }
    roomWanted[id] = count
    tasks[id]?.reason = noRoom(for: count)
    endTurn()
  }

  func noRoom(for count: Int) -> String { "waits for room: \(queueIsFull(for: count))" }

  /// Goes on with steps whose tasks have room now.
  func advanceWithRoom() {
    for (id, count) in roomWanted where tasks[id] == nil || hasRoom(for: count) {
      roomWanted[id] = nil
      advance(id)
    }
  }

  private func endStep(_ id: TaskID, _ state: TaskState, _ why: String) {
    guard tasks[id]?.state.isWaiting == true else { return }
    tasks[id]?.notBefore = nil
    end(id, state, why)
    endTurn()
  }

  // MARK: Groups

  /// All tasks of a group are over: so is the group.
  private func conclude(_ task: LiveTask, _ step: StoredStep) async throws(RPC.Failure) {
    var states: [TaskID: TaskState] = [:]
    for id in step.sources { if let state = tasks[id]?.state, state.isTerminal { states[id] = state } }
    let others = step.sources.filter { states[$0] == nil }
    let ended = try await stored { (store) throws(StoreError) in try await store.terminalStates(others) }
    states.merge(ended) { mine, _ in mine }
    let bad = step.sources.filter { states[$0] != .succeeded }
    let count = step.sources.count
    guard !bad.isEmpty else {
      return endStep(task.id, .succeeded, count == 1 ? "its task succeeded" : "all of its \(count) tasks succeeded")
    }
    let named = bad.prefix(3).map { "\($0) \(states[$0]?.rawValue ?? "is gone")" }.joined(separator: ", ")
    let isCalledOff = bad.allSatisfy { states[$0] == .cancelled }
    endStep(
      task.id, isCalledOff ? .cancelled : .failed,
      "\(bad.count) of its \(count) tasks did not succeed: \(named)\(bad.count > 3 ? ", …" : "")")
  }

  // MARK: Outputs

  /// Puts the outputs of what a task waited for into its folder, and lets it go on.
  private func gather(_ task: LiveTask, _ step: StoredStep) async throws(RPC.Failure) {
    guard let folder = step.folder else { return }
    let outputs = try await outputs(of: step.sources)
    let problem = await Task.detached { OutputFolder.fill(folder, with: outputs) }.value
    if let problem { throw RPC.Failure(.internalError, "the outputs that it asks for have no place: \(problem)") }
    guard var now = tasks[task.id], now.state.isWaiting else { return }
    now.isPrepared = true
    tasks[task.id] = now
    if now.isHeld { return }
    now.notBefore = self.now()
    now.reason = "its dependencies have ended"
    tasks[task.id] = now
    _ = try? scheduler.edit(task.id, TaskChange(notBefore: now.notBefore))
    parcel.put(row(of: now))
    endTurn()
  }

  /// The files that tasks wrote their stdout to, in their order; of a group those of its tasks.
  private func outputs(of ids: [TaskID], depth: Int = 0) async throws(RPC.Failure) -> [TaskOutputFile] {
    var files: [TaskOutputFile] = []
    // Taken before the store is asked: what is forgotten meanwhile may not have been there yet.
    let known = ids.map { tasks[$0] }
    let gone = ids.indices.filter { known[$0] == nil }.map { ids[$0] }
    var rows: [TaskID: TaskRow] = [:]
    for row in try await stored({ (store) throws(StoreError) in try await store.tasks(gone) }) { rows[row.id] = row }
    for (index, id) in ids.enumerated() {
      let live = known[index]
      guard let spec = live?.stored ?? rows[id].flatMap({ StoredSpec(stored: $0.specJSON) }) else { continue }
      if let step = spec.step, step.kind != .inputs {
        // As deep as skills nest.
        if step.kind == .group, depth < 64 { files += try await outputs(of: step.sources, depth: depth + 1) }
        continue
      }
      guard let key = live?.run?.key.name ?? rows[id]?.runKey else { continue }
      let path = "\(paths.output(of: id).folder)/\(key)"
      let answer = try await answerFile(of: id, at: path + ".answer")
      files.append(TaskOutputFile(name: spec.spec.name ?? "\(id)", path: answer ?? path + ".out"))
    }
    return files
  }

  /// What an agent wrote is a stream of events; what others work on is its structured result, else its answer, in a
  /// file. Nil for what is no agent's.
  private func answerFile(of id: TaskID, at path: String) async throws(RPC.Failure) -> String? {
    guard let answer = try await answer(of: id) else { return nil }
    let text = answer.structured?.text ?? answer.answer
    let problem = await Task.detached { PrivateFile.write(text.hasSuffix("\n") ? text : text + "\n", to: path) }.value
    if let problem { throw RPC.Failure(.internalError, "the answer of \(id) has no place: \(problem)") }
    return path
  }

  // MARK: Expansion

  /// What a step's items are taken from has ended: makes its tasks. They and the step's change to their group are one
  /// commit, so it happens once, whatever dies meanwhile.
  /// - Returns: how many tasks there is no room for yet; nil when all is done.
  private func expand(_ task: LiveTask, _ step: StoredStep) async throws(RPC.Failure) -> Int? {
    guard let what = step.step, let run = step.run else {
      throw RPC.Failure(.internalError, "the store holds a step that can't be read")
    }
    let files = try await outputs(of: step.sources)
    let row = try await stored { (store) throws(StoreError) in try await store.skillRun(run) }
    guard let row else { throw RPC.Failure(.notFound, "the record of the skill's run \(run) has been pruned") }
    guard let batchRow = batches[task.batch]?.row else { return nil }
    let context = expansionContext(task)
    let inputs = paths.inputs(of: run)
    let prepared = try await Self.expansion(
      of: what, files: files, sources: row.sourcesJSON, inputs: inputs, run: run, context)
    try await checkIsolation(of: prepared)
    guard let group = tasks[task.id], group.state.isWaiting, batches[task.batch] != nil, !isStopping else { return nil }
    guard !prepared.tasks.isEmpty else {
      endStep(task.id, .succeeded, "nothing to do: \(what.producer) wrote no items")
      return nil
    }
    let agent = group.stored.parent.map {
      AgentIdentity(task: $0, branch: batchRow.branch, session: batchRow.session, depth: group.stored.depth - 1)
    }
    let (count, most) = (prepared.tasks.count, config.server.maxQueued)
    guard count <= most else {
      throw RPC.Failure(.tooMany, "it would become \(count) tasks, more than `[server] max_queued` = \(most)")
    }
    guard hasRoom(for: count) else { return count }
    try checkRoom(for: count, agent: agent)
    try await commit(prepared, into: group, batchRow, agent)
    return nil
  }

  private func commit(
    _ prepared: PreparedBatch, into group: LiveTask, _ batch: BatchRow, _ agent: AgentIdentity?
  ) async throws(RPC.Failure) {
    let count = prepared.tasks.count
    let first = nextTask
    nextTask += UInt64(count)
    arriving += count
    defer { arriving -= count }
    let environment = retain(environment: prepared.environment)
    defer { release(environment: environment) }
    let time = now()
    let live = prepared.tasks.enumerated().map { i, task in
      newTask(
        task, id: TaskID(first + UInt64(i)), sequence: group.sequence, first: first, batch: batch.id, at: time,
        environment, agent, group.stored.scope)
    }
    // Members of members are not the step's own.
    let inner = Set(live.flatMap { $0.stored.step?.kind == .inputs ? [] : $0.stored.step?.sources ?? [] })
    let members = live.map(\.id).filter { !inner.contains($0) }
    var stored = group.stored
    stored.step?.kind = .group
    stored.step?.sources = members
    stored.dependencies = members.map { After(task: $0.description, condition: .any) }
    var changes: [Change] = []
    if let entry = environments[environment], !entry.isStored {
      changes.append(.environment(id: environment, json: entry.json))
    }
    for task in live { changes.append(.task(taskRow(task, batch: batch))) }
    changes.append(.spec(id: group.id, specJSON: stored.json.text, priority: group.priority))
    let all = changes
    try await self.stored { (store) throws(StoreError) in try await store.commit(all) }

    countChildren(of: agent?.task, count)
    let known = batches[batch.id]
    insert(
      live, batch: LiveBatch(row: batch, live: (known?.live ?? 0) + count, childrenOf: known?.childrenOf),
      finished: [:])
    guard var now = tasks[group.id], now.state.isWaiting else {
      // The step was cancelled while its tasks were on their way to the disk.
      for task in live.reversed() { end(task.id, .cancelled, "the step that it belongs to was cancelled") }
      return endTurn()
    }
    now.stored = stored
    now.reason = "waits for its \(count) tasks"
    now.state = .blocked
    tasks[group.id] = now
    _ = try? scheduler.edit(group.id, TaskChange(after: members.map { Dependency($0, .any) }))
    parcel.put(self.row(of: now))
    log.debug("the step \(group.id) became \(count) tasks")
    noteTask(group.id, from: .queued)
    endTurn()
  }

  private func expansionContext(_ task: LiveTask) -> SubmissionContext {
    let environment = task.environment.flatMap { environments[$0]?.values } ?? [:]
    return published.withLock {
      SubmissionContext(
        cwd: task.stored.cwd, environment: environment, runners: $0.runners, config: $0.config, cores: $0.cores,
        memoryTotal: $0.memoryTotal, agent: nil)
    }
  }

  /// Reads the items and makes and checks their tasks, beside the actor.
  private nonisolated static func expansion(
    of step: SkillStep, files: [TaskOutputFile], sources: String, inputs: String, run: BatchID,
    _ context: SubmissionContext
  ) async throws(RPC.Failure) -> PreparedBatch {
    guard let json = try? JSON(parsing: sources), let texts = try? [String: String].read(json, at: .root("sources"))
    else {
      throw RPC.Failure(.internalError, "the store holds files of the skill \"\(step.skill)\" that can't be read")
    }
    var skills: [String: SkillFile] = [:]
    for (name, text) in texts {
      do throws(ConfigError) { skills[name] = try SkillFile(text: text, file: "\(name).toml") } catch {
        throw RPC.Failure(.internalError, "the skill \"\(name)\" as it was submitted can't be read: \(error)")
      }
    }
    let output = try OutputFolder.text(files)
    let plan: [PlannedTask]
    do throws(SkillError) {
      let items = try SkillExpansion.items(in: output, of: step, skills: skills)
      var expansion = SkillExpansion(skills: skills, inputs: inputs, most: context.config.server.maxBatch) {
        (pattern, most) throws(SkillError) in try FileGlob.find(pattern, in: context.cwd, most: most)
      }
      plan = try expansion.tasks(of: step, items: items)
    } catch {
      throw RPC.Failure(.invalidParams, error.description)
    }
    if plan.isEmpty {
      return PreparedBatch(
        tasks: [], branch: "", strategy: .auto, environment: context.environment, outside: [:], scope: "")
    }
    return try prepare(TaskSpawn.Parameters(tasks: plan.map { TaskSpec($0.task) }), plan, context, run: run)
  }
}
