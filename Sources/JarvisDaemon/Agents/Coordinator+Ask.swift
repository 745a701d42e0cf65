import JarvisAgents
import JarvisConfig
import JarvisCore
import JarvisProtocol
import JarvisStore

// What agents came to, and going on with them.
extension Coordinator {
  /// What a task's agent said; nil for tasks whose runner has no stream.
  func answer(of id: TaskID) async throws(RPC.Failure) -> AgentAnswer? {
    if let task = tasks[id], let agent = task.run?.agent, !agent.isRead {
      var answer = AgentAnswer(answer: agent.report.answer, activity: activity(of: task) ?? TaskActivity())
      answer.error = agent.report.error
      return answer
    }
    guard let saved = try await saved(id), let report = saved.report else { return nil }
    // What was counted, not what was told: of a conversation that was gone on with, the program tells all.
    let cost = report.cost == nil ? nil : saved.counted.cost
    var answer = AgentAnswer(answer: report.answer, activity: TaskActivity(report, cost: cost))
    answer.structured = saved.structured
    answer.schemaProblem = saved.schemaProblem
    answer.error = report.error
    return answer
  }

  private func saved(_ id: TaskID) async throws(RPC.Failure) -> SavedAgent? {
    try await stored { (store) throws(StoreError) in try await store.agent(id) }.flatMap { SavedAgent(stored: $0) }
  }

  /// Goes on with an agent's conversation: a new task that takes its session up.
  func ask(_ question: TaskAsk.Parameters, _ caller: Caller) async throws(RPC.Failure) -> TaskSpawn.Result {
    let id = question.id
    func conflict(_ why: String) -> RPC.Failure {
      RPC.Failure(.conflict, why, data: ["id": .string("\(id)")])
    }
    guard let row = try await stored({ (store) throws(StoreError) in try await store.task(id) }) else {
      throw Self.noTask(id)
    }
    let state = tasks[id]?.state ?? row.state
    guard state.isTerminal else {
      throw conflict("task \(id) is \(state.rawValue); its agent can be asked when the task is over")
    }
    guard let stored = StoredSpec(stored: row.specJSON) else {
      throw RPC.Failure(.internalError, "the store holds a specification of task \(id) that can't be read")
    }
    let runner = published.withLock { $0.runners.files[stored.runner] }
    guard let runner, runner.canResume else {
      throw conflict("the runner \"\(stored.runner)\" of task \(id) can't go on with a conversation")
    }
    guard let saved = try await saved(id), let report = saved.report, let session = report.sessionID else {
      throw conflict("the agent of task \(id) named no session that could be gone on with")
    }
    // Two processes in one session would write over each other.
    if let other = tasks.values.first(where: { $0.stored.session == session && $0.stored.runner == stored.runner }) {
      throw conflict("task \(other.id) is going on with this session already; ask again when it is over")
    }
    let owner = stored.spec.isolation == .worktree ? stored.worktree ?? id : nil
    if let owner {
      try checkWorktreeIsFree(owner)
      worktreeWork.claims.insert(owner)
    }
    defer { if let owner { worktreeWork.claims.remove(owner) } }
    var spec = stored.spec
    spec.description = question.prompt
    spec.resultSchema = question.resultSchema
    spec.name = nil
    spec.delay = nil
    spec.notBefore = nil
    var task = PreparedTask(spec: spec, cwd: stored.cwd, runner: stored.runner, type: row.type, after: [])
    task.session = session
    task.worktree = owner
    let format = StreamFormat(rawValue: runner.output.rawValue)
    if format?.tellsCostOfConversation == true { task.costBefore = report.cost }
    if format?.tellsTokensOfConversation == true { task.tokensBefore = report.tokensBefore + report.tokens }
    let batch = PreparedBatch(
      tasks: [task], branch: caller.agent?.branch ?? row.branch, strategy: .auto,
      environment: try await environment(of: row), outside: [:], scope: stored.scope)
    return try await submit(
      batch, session: caller.agent?.session ?? row.session, name: "question to \(id)",
      requestKey: question.requestKey, agent: caller.agent)
  }

  private func environment(of row: TaskRow) async throws(RPC.Failure) -> [String: String] {
    guard let hash = row.environmentHash,
      let json = try await stored({ (store) throws(StoreError) in try await store.environment(hash) }),
      let parsed = try? JSON(parsing: json),
      let values = try? [String: String].read(parsed, at: .root("environment"))
    else { return [:] }
    return values
  }

  /// Adds what an agent's task was given and its submitter doesn't have: programs start MCP servers with a few variables
  /// only, and what is submitted through such a one may need keys and settings as much as its parent.
  func inheritEnvironment(of parent: TaskID, into environment: inout [String: String]) {
    guard let id = tasks[parent]?.environment, let given = environments[id]?.values else { return }
    environment.merge(given) { own, _ in own }
  }

  // MARK: What an agent is given

  /// What stands for the placeholders of a runner's templates.
  func runnerValues(of task: LiveTask, key: String) throws(StartError) -> [RunnerFile.Placeholder: String] {
    let spec = task.stored.spec
    var values: [RunnerFile.Placeholder: String] = [
      .cwd: task.folder, .taskID: task.id.description, .branch: batches[task.batch]?.row.branch ?? "main",
      .socket: paths.socket,
    ]
    guard let runner = runner(of: task) else { return values }
    values[.model] = spec.model
    values[.maxTurns] = spec.maxTurns.map { "\($0)" }
    values[.sessionID] = runner.canResume ? task.stored.session : nil
    values[.maxCost] = costLeft(of: task).map { "\($0)" }
    if let jarvisctl = MCPFiles.jarvisctl {
      values[.jarvisctl] = jarvisctl
      if runner.mcpConfig != .none { values[.mcpConfig] = MCPFiles.path(runner.mcpConfig, paths) }
    }
    let place = "\(paths.output(of: task.id).folder)/\(key)"
    func file(_ text: String, _ ending: String) throws(StartError) -> String {
      if let problem = PrivateFile.write(text, to: place + ending) { throw StartError(message: problem) }
      return place + ending
    }
    var prompt = spec.description ?? ""
    if task.stored.parks > 0, values[.sessionID] != nil {
      prompt = "You were interrupted because the API refused calls. Go on with your task where you were."
    }
    if let schema = spec.resultSchema?.text {
      values[.resultSchema] = schema
      if runner.uses(.resultSchemaFile) { values[.resultSchemaFile] = try file(schema, ".schema") }
      if !runner.uses(.resultSchema), !runner.uses(.resultSchemaFile) {
        prompt += "\n\nAnswer with JSON only, without any other text, that fits this JSON Schema:\n\(schema)"
      }
    }
    values[.prompt] = prompt
    values[.digest] = task.run?.digest?.text.map { $0 + "\n" }
    if runner.promptVia == .file {
      values[.promptFile] = try file((runner.uses(.digest) ? "" : values[.digest] ?? "") + prompt, ".prompt")
    }
    return values
  }

  /// The folder that an agent may leave files in; made when it is started.
  nonisolated func artifacts(of id: TaskID) -> String { "\(paths.output(of: id).folder)/\(id).files" }

  /// `NAME=value` that the runner adds for its program.
  func runnerVariables(
    of task: LiveTask, _ values: [RunnerFile.Placeholder: String], without lines: [String]
  ) -> [String] {
    guard let runner = runner(of: task), streamFormat(of: task) != nil else { return [] }
    let added = runner.variables(values).filter { variable in !lines.contains { $0.hasPrefix(variable.name + "=") } }
    return added.map { "\($0.name)=\($0.value)" } + ["JARVIS_ARTIFACTS=\(artifacts(of: task.id))"]
  }
}
