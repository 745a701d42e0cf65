import JarvisProtocol

/// Tasks of MCP in both dialects, told from Jarvis's tasks.
struct MCPTaskAnswers: Sendable {
  static let extensionName = "io.modelcontextprotocol/tasks"
  static let relatedTask = "io.modelcontextprotocol/related-task"
  static let perPage = 50
  /// Milliseconds between two looks that a client is advised to take.
  private static let pollInterval: JSON = 2000
  /// Milliseconds that a task is kept where the client names no time, and the bounds of what it may name.
  static let usualTTL = 24 * 3_600_000
  static let bounds = 60_000...(7 * 24 * 3_600_000)

  let context: MCPContext

  /// A task as of now.
  struct State {
    enum Status: String { case working, completed, failed, cancelled }

    let entry: MCPTaskEntry
    var status: Status
    var message: String
    var updatedAt: Timestamp
    /// What the call's answer is, where the status is terminal.
    var result: JSONObject?
    var error: RPC.Failure?
  }

  private static func unknown(_ id: String) -> RPC.Failure {
    RPC.Failure(.invalidParams, "there is no task of MCP \"\(id.prefix(80))\": it has expired, or never was")
  }

  /// - Throws: -32021 where the client did not declare the extension.
  static func checkDeclared(_ request: MCPRequest) throws(RPC.Failure) {
    guard request.statedCapabilities["extensions"]?[extensionName] == nil else { return }
    throw MCPAnswers.missingCapability(
      ["extensions": .object([extensionName: [:]])], "this needs the client capability `\(extensionName)`")
  }

  func entry(_ id: String) async throws(RPC.Failure) -> MCPTaskEntry {
    guard let entry = try await context.services.ledger.entry(id, for: context.caller) else { throw Self.unknown(id) }
    return entry
  }

  /// Those of the ids that there are.
  func known(_ ids: Set<String>) async -> Set<String> {
    var found: Set<String> = []
    for id in ids where (try? await entry(id)) != nil { found.insert(id) }
    return found
  }

  /// The state, after waiting for the end where `waits`.
  func state(of entry: MCPTaskEntry, waits: Bool = false) async throws(RPC.Failure) -> State {
    var seconds = 0.0 as Double?
    if waits, entry.cancelledAt == nil {
      seconds = entry.deadline.map { max(0, $0 - context.services.now()) }
    }
    let tasks: TaskWait.Result
    do throws(RPC.Failure) {
      tasks = try await context(
        TaskWait.self,
        .init(ids: entry.selection.ids, batchID: entry.selection.batchID, timeoutSeconds: seconds))
    } catch {
      guard error.code == RPC.ErrorCode.notFound.rawValue else { throw error }
      return State(
        entry: entry, status: .failed, message: error.message, updatedAt: entry.createdAt,
        error: RPC.Failure(.internalError, "what the task waited for is no longer in the history: \(error.message)"))
    }
    let over = tasks.tasks.count { $0.state.isTerminal }
    let updatedAt = tasks.tasks.flatMap { [$0.endedAt, $0.startedAt] }.compactMap { $0 }.max() ?? entry.createdAt
    var state = State(
      entry: entry, status: .working, message: "\(over) of \(Phrase.count(tasks.tasks.count, "task")) are over",
      updatedAt: max(updatedAt, entry.createdAt))
    let isUp = entry.deadline.map { $0 <= context.services.now() } ?? false
    if let at = entry.cancelledAt {
      state.status = .cancelled
      state.updatedAt = at
      state.message = "cancelled by the client"
    } else if tasks.done || isUp || waits {
      state.status = .completed
    } else {
      return state
    }
    try fill(&state, tasks)
    return state
  }

  private func fill(_ state: inout State, _ tasks: TaskWait.Result) throws(RPC.Failure) {
    let entry = state.entry
    guard let tool = MCPTools.all.first(where: { $0.name == entry.tool }) as? any TaskTool.Type else {
      throw RPC.Failure(.internalError, "the tool \(entry.tool) of this task is gone")
    }
    func result<T: TaskTool>(_ tool: T.Type) throws(RPC.Failure) -> JSONObject {
      let work = LongWork(selection: entry.selection, seconds: nil, note: entry.note)
      return T.result(try T.output(work, tasks), context.revision)
    }
    state.result = try result(tool)
  }

  // MARK: The forms

  /// The fields of a task in the context's dialect.
  func form(_ state: State) -> JSONObject {
    let isCore = context.revision.traits.tasks == .core
    var task: JSONObject = ["taskId": .string(state.entry.id), "status": .string(state.status.rawValue)]
    task["statusMessage"] = .string(state.message)
    task["createdAt"] = state.entry.createdAt.json
    task["lastUpdatedAt"] = state.updatedAt.json
    task[isCore ? "ttl" : "ttlMs"] = state.entry.ttlMilliseconds.json
    task[isCore ? "pollInterval" : "pollIntervalMs"] = Self.pollInterval
    return task
  }

  /// The same with the result inline (the extension's).
  func detailed(_ state: State) -> JSONObject {
    var task = form(state)
    switch state.status {
    case .completed: task["result"] = state.result.map { .object($0) }
    case .failed: task["error"] = state.error?.json
    case .working, .cancelled: break
    }
    return task
  }

  /// Waits for the end; the task as `notifications/tasks` carries it.
  func ended(_ id: String) async throws(RPC.Failure) -> JSONObject {
    detailed(try await state(of: try await entry(id), waits: true))
  }

  // MARK: Requests

  func get(_ id: String) async throws(RPC.Failure) -> JSONObject {
    let state = try await state(of: try await entry(id))
    return context.finish(context.revision.traits.tasks == .core ? form(state) : detailed(state))
  }

  /// Exactly what the call would have answered, with the task that it belongs to.
  func result(_ id: String) async throws(RPC.Failure) -> JSONObject {
    let state = try await state(of: try await entry(id), waits: true)
    if let error = state.error { throw error }
    var result = state.result ?? JSONObject()
    result["_meta"] = .object([Self.relatedTask: ["taskId": .string(id)]])
    return result
  }

  func list(after cursor: JSON?) async throws(RPC.Failure) -> JSONObject {
    let all = try await context.services.ledger.all(for: context.caller)
    let page = try Paging.page(all, after: cursor, size: Self.perPage)
    var tasks: [JSON] = []
    for entry in page.items { tasks.append(.object(form(try await state(of: entry)))) }
    var result: JSONObject = ["tasks": .array(tasks)]
    result["nextCursor"] = page.next.map { .string($0) }
    return result
  }

  /// Stops what the call began; a mere wait is given up and stops nothing.
  func cancel(_ id: String) async throws(RPC.Failure) -> JSONObject {
    let found = try await entry(id)
    let before = try await state(of: found)
    let isCore = context.revision.traits.tasks == .core
    guard before.status == .working else {
      if !isCore { return context.finish(JSONObject()) }
      throw RPC.Failure(.invalidParams, "the task is \(before.status.rawValue) already and can't be cancelled")
    }
    if found.tool == SpawnTool.name { _ = try await context(TaskCancel.self, found.selection) }
    guard let entry = try await context.services.ledger.cancel(id) else { throw Self.unknown(id) }
    return context.finish(isCore ? form(try await state(of: entry)) : JSONObject())
  }
}
