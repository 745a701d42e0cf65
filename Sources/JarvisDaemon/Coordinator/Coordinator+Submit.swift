import JarvisCore
import JarvisLinux
import JarvisProtocol
import JarvisStore

// How tasks come in.
extension Coordinator {
  /// Takes a checked batch in. Returns when it is durable.
  /// - Parameter origin: says where the parameters stand, for errors.
  func submit(
    _ prepared: PreparedBatch, session: String, name: String?, requestKey: String?, agent: AgentIdentity?,
    skillRun: SkillRunRow? = nil
  ) async throws(RPC.Failure) -> TaskSpawn.Result {
    try checkRoom(for: prepared.tasks.count, agent: agent)
    guard !isStopping else { throw RPC.Failure(.unavailable, "Jarvis is stopping; submit again when it is back") }
    arriving += prepared.tasks.count
    countChildren(of: agent?.task, prepared.tasks.count)
    var isTaken = false
    defer {
      arriving -= prepared.tasks.count
      if !isTaken { countChildren(of: agent?.task, -prepared.tasks.count) }
      unpin(prepared.outside.keys)
    }
    pin(prepared.outside.keys)
    var ended = try await endedDependencies(prepared.outside)

    let time = now()
    let batchID = skillRun?.batch ?? BatchID(nextBatch)
    if skillRun == nil { nextBatch += 1 }
    let first = nextTask
    nextTask += UInt64(prepared.tasks.count)
    let row = BatchRow(
      id: batchID, requestKey: requestKey.map { "\(session)\u{1F}\($0)" }, branch: prepared.branch,
      strategy: prepared.strategy, session: session, submittedAt: time, name: name)
    let scope = agent.map { tasks[$0.task]?.stored.scope ?? "" } ?? prepared.scope
    let environment = retain(environment: prepared.environment)
    defer { release(environment: environment) }

    var live: [LiveTask] = []
    live.reserveCapacity(prepared.tasks.count)
    for (i, task) in prepared.tasks.enumerated() {
      live.append(
        newTask(
          task, id: TaskID(first + UInt64(i)), sequence: i, first: first, batch: batchID, at: time, environment, agent,
          scope))
    }
    var changes: [Change] = [.batch(row)]
    if let entry = environments[environment], !entry.isStored {
      changes.append(.environment(id: environment, json: entry.json))
    }
    for task in live { changes.append(.task(taskRow(task, batch: row))) }
    if let skillRun { changes.append(.skillRun(skillRun)) }
    if let parent = prepared.parentBranch {
      changes.append(.branch(scope: scope, name: row.branch, parent: parent, at: time))
    }
    do throws(StoreError) {
      // Alone and small: at once and in place. Otherwise with whatever else waits for the disk.
      if arriving == live.count, changes.count <= 16, let result = store.commitInPlace(changes) {
        try result.get()
      } else {
        try await store.commit(changes)
      }
    } catch {
      if case .duplicateRequest(let existing) = error { return try await resultOfEarlier(existing) }
      if case .refused = error, prepared.parentBranch != nil { throw RPC.Failure(.conflict, error.description) }
      throw RPC.Failure(.storage, error.description)
    }

    isTaken = true
    if skillRun != nil { openRuns.insert(batchID) }
    if let parent = prepared.parentBranch { hive.note(scope: scope, branch: row.branch, parent: parent) }
    for id in prepared.outside.keys { if let state = pins[id]?.state { ended[id] = state } }
    insert(live, batch: LiveBatch(row: row, live: live.count, childrenOf: agent?.task), finished: ended)
    endTurn()
    return TaskSpawn.Result(
      batchID: batchID, branchID: row.branch, strategy: row.strategy, tasks: live.map { viewAfterSubmission($0) })
  }

  /// Puts durable tasks into memory.
  func insert(_ live: [LiveTask], batch: LiveBatch, finished ended: [TaskID: TaskState]) {
    if tasks.isEmpty { alarm.ring() }
    batches[batch.row.id] = batch
    let plan = plan(batch.row, live)
    batches[batch.row.id]?.plan = plan
    for task in live {
      if task.stored.parent != nil { spawnedLive[batch.row.session, default: 0] += 1 }
      tasks[task.id] = task
      guard let environment = task.environment else { continue }
      environments[environment]?.uses += 1
      environments[environment]?.isStored = true
    }
    let entry = BatchEntry(
      id: batch.row.id, session: SessionKey(batch.row.session), strategy: batch.row.strategy,
      widthLimit: plan?.width, branch: batch.row.branch)
    let effects = scheduler.add(batch: entry, tasks: live.map { schedulerEntry($0) }, finished: ended)
    for task in live where task.state == .blocked && scheduler.state(of: task.id) == .queued {
      // Its dependency ended while the batch was on its way to the store.
      tasks[task.id]?.state = .queued
    }
    for task in live { noteTask(task.id, from: nil) }
    apply(effects)
    for task in live where task.isUnprepared && task.run == nil { advance(task.id) }
  }

  func schedulerEntry(_ task: LiveTask) -> TaskEntry {
    let expected = expectedCost(task.stored.spec.limits, type: task.type)
    return TaskEntry(
      id: task.id, sequence: task.id.raw, priority: task.priority, submittedAt: task.submittedAt,
      notBefore: task.notBefore, expected: expected.cost, expectedIsDeclared: expected.isDeclared,
      after: task.stored.dependencies.compactMap { after in TaskID(after.task).map { Dependency($0, after.condition) }
      },
      runner: streamFormat(of: task) == nil ? nil : task.stored.runner
    )
  }

  /// What a task is expected to use: its limits if declared, else what is known of its type, else unknown.
  func expectedCost(_ limits: TaskLimits, type: String) -> (cost: ResourceCost?, isDeclared: Bool) {
    let (cores, memory) = published.withLock { ($0.cores, $0.memoryTotal) }
    let known = learner.expectedCost(type, cores: cores, memory: memory, fallback: scheduler.policy.defaultCost)
    let fallback = known ?? scheduler.policy.defaultCost
    guard limits.memory != nil || limits.cpu != nil else { return (known, false) }
    return (
      ResourceCost(
        cpu: limits.cpu.flatMap { cores > 0 ? min(1, $0 / cores) : nil } ?? fallback.cpu,
        ram: limits.memory.flatMap { memory > 0 ? min(1, Double($0.bytes) / Double(memory)) : nil } ?? fallback.ram),
      true
    )
  }

  func newTask(
    _ task: PreparedTask, id taskID: TaskID, sequence: Int, first: UInt64, batch: BatchID, at time: Timestamp,
    _ environment: Int64, _ agent: AgentIdentity?, _ scope: String
  ) -> LiveTask {
    func id(_ target: PreparedTask.Target) -> TaskID {
      switch target {
      case .inBatch(let i): TaskID(first + UInt64(i))
      case .outside(let id): id
      }
    }
    let dependencies = task.after.map { After(task: id($0.target).description, condition: $0.condition) }
    var spec = task.spec
    // The resolved ones are beside it; keeping both would cost memory for each queued task.
    spec.after = AfterList([])
    spec.cwd = nil
    var stored = StoredSpec(
      spec: spec, cwd: task.cwd, runner: task.runner, dependencies: dependencies, parent: agent?.task,
      depth: agent.map { $0.depth + 1 } ?? 0, scope: scope)
    stored.session = task.session
    stored.costBefore = task.costBefore
    stored.tokensBefore = task.tokensBefore
    stored.step = task.step
    stored.worktree = task.worktree
    stored.step?.sources = task.sources.map(id)
    var live = LiveTask(
      id: taskID, batch: batch, sequence: sequence, stored: stored, type: task.type, priority: spec.priority,
      submittedAt: time, environment: environment, state: dependencies.isEmpty ? .queued : .blocked,
      reason: dependencies.isEmpty ? "waits for its turn" : "waits for its dependencies")
    live.notBefore = live.isUnprepared ? Self.unprepared : spec.notBefore ?? spec.delay.map { time + $0.seconds }
    return live
  }

  func taskRow(_ task: LiveTask, batch: BatchRow) -> TaskRow {
    TaskRow(
      id: task.id, batch: batch.id, seq: task.sequence, name: task.stored.spec.name, type: task.type,
      priority: task.priority, branch: batch.branch, session: batch.session, group: task.stored.spec.group,
      state: task.state, reason: task.reason, specJSON: task.stored.json.text, environmentHash: task.environment,
      submittedAt: task.submittedAt, notBefore: task.notBefore)
  }

  private func viewAfterSubmission(_ task: LiveTask) -> TaskView {
    guard let live = tasks[task.id] else { return view(of: task) }
    // Reasons cost a look at the queue each; a large batch gets them from `task.why`.
    return view(of: live, explained: live.sequence < 32)
  }

  func checkRoom(for count: Int, agent: AgentIdentity?) throws(RPC.Failure) {
    guard hasRoom(for: count) else {
      throw RPC.Failure(
        .tooMany, queueIsFull(for: count),
        data: ["bound": "max_queued", "limit": .int(Int64(config.server.maxQueued))])
    }
    guard let agent else { return }
    let request = SpawnRequest(
      count: count, session: SessionKey(agent.session), agent: agent.task, depth: agent.depth,
      children: childCounts[agent.task] ?? 0, live: spawnedLive[agent.session] ?? 0)
    guard let refusal = spawnGuard.admit(request, policy: SpawnPolicy(config), now: now()) else { return }
    let isDepth = if case .depth = refusal { true } else { false }
    throw RPC.Failure(
      isDepth ? .forbidden : .tooMany, refusal.description,
      data: ["bound": .string(refusal.bound), "limit": .int(Int64(refusal.limit))])
  }

  /// Whether the queue takes so many more.
  func hasRoom(for count: Int) -> Bool { scheduler.counts.total + arriving + count <= config.server.maxQueued }

  /// That it does not, as a sentence.
  func queueIsFull(for count: Int) -> String {
    "the queue is full: \(scheduler.counts.total) tasks are live and \(count) more would be over "
      + "`[server] max_queued` = \(config.server.maxQueued); wait for some to end or cancel some"
  }

  /// Counts tasks for the agent that spawned them and for all agents above it.
  func countChildren(of agent: TaskID?, _ count: Int) {
    var parent = agent
    var steps = 0
    while let current = parent, steps < 64 {
      childCounts[current, default: 0] += count
      parent = tasks[current]?.stored.parent
      steps += 1
    }
  }

  // MARK: Dependencies on earlier tasks

  private func pin(_ ids: some Sequence<TaskID>) {
    for id in ids { pins[id, default: Pin(count: 0, state: nil)].count += 1 }
  }

  private func unpin(_ ids: some Sequence<TaskID>) {
    for id in ids {
      pins[id]?.count -= 1
      if pins[id]?.count == 0 { pins.removeValue(forKey: id) }
    }
  }

  /// How those of the dependencies ended that are over; refuses those that never were.
  func endedDependencies(_ outside: [TaskID: String]) async throws(RPC.Failure) -> [TaskID: TaskState] {
    let unknown = outside.keys.filter { tasks[$0] == nil }.sorted()
    guard !unknown.isEmpty else { return [:] }
    let ended: [TaskID: TaskState]
    do throws(StoreError) { ended = try await store.terminalStates(unknown) } catch {
      throw RPC.Failure(.storage, error.description)
    }
    for id in unknown where ended[id] == nil && pins[id]?.state == nil && tasks[id] == nil {
      throw RPC.Failure(WireError(path: outside[id] ?? "after", "names task \(id), which does not exist"))
    }
    return ended
  }

  /// A request that was sent again is answered with what the first one did.
  private func resultOfEarlier(_ id: BatchID) async throws(RPC.Failure) -> TaskSpawn.Result {
    do throws(StoreError) {
      guard let batch = try await store.batch(id) else { throw StoreError.closed(path: store.path) }
      let rows = try await store.tasksPage(TaskFilter(batch: id), limit: 10_000, newestFirst: false).rows
      return TaskSpawn.Result(
        batchID: id, branchID: batch.branch, strategy: batch.strategy,
        tasks: rows.map { row in tasks[row.id].map { view(of: $0) } ?? TaskView(row) })
    } catch {
      throw RPC.Failure(.storage, error.description)
    }
  }

  // MARK: Environments

  /// Interns an environment: it is kept once, however many tasks have it.
  func retain(environment values: [String: String]) -> Int64 {
    // Who submits often has the same environment each time, and the inspector gives the same dictionary for it.
    let known = lastEnvironment.flatMap { $0.values == values ? $0 : nil }
    let json = known?.json ?? values.json.text
    var hash = known?.hash ?? Self.hash(json)
    lastEnvironment = (values, json, hash)
    // Two environments of one hash: the next free number.
    while let other = environments[hash], other.json != json { hash &+= 1 }
    environments[hash, default: EnvironmentEntry(values: values, json: json, uses: 0)].uses += 1
    return hash
  }

  func release(environment: Int64?) {
    guard let environment, let entry = environments[environment] else { return }
    if entry.uses <= 1 {
      environments.removeValue(forKey: environment)
    } else {
      environments[environment]?.uses -= 1
    }
  }

  /// FNV-1a, 64 bits (G. Fowler, L. C. Noll, K.-P. Vo): stable over runs, unlike Swift's own hashes.
  private static func hash(_ text: String) -> Int64 {
    var h: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { h = (h ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int64(bitPattern: h)
  }
}
