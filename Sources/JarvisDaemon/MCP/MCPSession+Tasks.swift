import JarvisProtocol

// Long calls as tasks of MCP.
extension MCPSession {
  func taskStep(_ method: MCPMethod, _ request: MCPRequest, _ context: MCPContext) throws(RPC.Failure) -> Step {
    let answers = MCPTaskAnswers(context: context)
    if context.revision.traits.tasks == .extension { try MCPTaskAnswers.checkDeclared(request) }
    if method == .listTasks {
      let cursor = request.params["cursor"]
      return .work { () throws(RPC.Failure) in try await answers.list(after: cursor) }
    }
    let id = try request.string("taskId", most: 128)
    switch method {
    case .getTask: return .work { () throws(RPC.Failure) in try await answers.get(id) }
    case .cancelTask: return .work { () throws(RPC.Failure) in try await answers.cancel(id) }
    case .updateTask:
      // No task of ours asks for anything, and answers to what was not asked are ignored.
      return .work { () throws(RPC.Failure) in
        _ = try await answers.entry(id)
        return context.finish(JSONObject())
      }
    default:
      return .work { [isAttached] () throws(RPC.Failure) -> JSONObject? in
        do throws(RPC.Failure) { return try await answers.result(id) } catch {
          // The daemon is stopping: left unanswered, the bridge asks the next one.
          if isAttached, error.code == RPC.ErrorCode.unavailable.rawValue { return nil }
          throw error
        }
      }
    }
  }

  /// Makes a task of a call because the client asks for it (2025-11-25).
  func startTask(
    _ invocation: ToolInvocation, _ call: ToolCall, _ context: MCPContext, ttl: JSON?
  ) async throws(RPC.Failure) -> JSONObject {
    guard let tool = invocation.tool as? any TaskTool.Type else {
      throw RPC.Failure(.methodNotFound, "`\(invocation.tool.name)` can't be called as a task")
    }
    let wanted = ttl?.doubleValue.map { $0.isFinite ? Int(min(max($0, 0), 1e12)) : 0 } ?? MCPTaskAnswers.usualTTL
    let bounds = MCPTaskAnswers.bounds
    let entry = try await enter(
      tool, invocation.arguments, call, context, min(max(wanted, bounds.lowerBound), bounds.upperBound))
    followProgress(entry, invocation.progressToken, context)
    let answers = MCPTaskAnswers(context: context)
    var state = try await answers.state(of: entry)
    // A task begins as `working`, also where its work is over by now.
    state.status = .working
    let text = "\(state.message). The call goes on as MCP task \(entry.id); its result comes when all are over."
    return [
      "task": .object(answers.form(state)),
      "_meta": ["io.modelcontextprotocol/model-immediate-response": .string(text)],
    ]
  }

  /// Makes a task of a call that will be long, as the server decides (2026-07-28); nil where it will not be.
  func startLongTask(
    _ invocation: ToolInvocation, _ call: ToolCall, _ context: MCPContext
  ) async throws(RPC.Failure) -> JSONObject? {
    guard let tool = invocation.tool as? any TaskTool.Type else { return nil }
    func isLong<T: TaskTool>(_ tool: T.Type) -> Bool {
      (try? T.read(invocation.arguments)).map { T.isLong($0) } ?? false
    }
    guard isLong(tool) else { return nil }
    do throws(RPC.Failure) {
      let entry = try await enter(tool, invocation.arguments, call, context, MCPTaskAnswers.usualTTL)
      let answers = MCPTaskAnswers(context: context)
      var state = try await answers.state(of: entry)
      state.status = .working
      return MCPAnswers.finish(answers.form(state), context.revision, type: "task")
    } catch {
      if isAttached, error.code == RPC.ErrorCode.unavailable.rawValue { return nil }
      return invocation.tool.failed(error, context.revision)
    }
  }

  private func enter(
    _ tool: any TaskTool.Type, _ arguments: JSON, _ call: ToolCall, _ context: MCPContext, _ ttl: Int
  ) async throws(RPC.Failure) -> MCPTaskEntry {
    func begin<T: TaskTool>(_ tool: T.Type) async throws(RPC.Failure) -> LongWork {
      try await T.begin(try T.read(arguments), in: call)
    }
    let work = try await begin(tool)
    return try await services.ledger.add(
      MCPTaskEntry(
        tool: tool.name, work: work, branch: context.caller.agent?.branch, at: services.now(), ttlMilliseconds: ttl))
  }

  /// The progress token of the call stays good for the task's life; its end is told by a status notification.
  private func followProgress(_ entry: MCPTaskEntry, _ token: JSON?, _ context: MCPContext) {
    let key = "task:\(entry.id)"
    guard followers[key] == nil, followers.count < MCPSubscriptions.most else { return }
    followers[key] = Task { [weak self, services] in
      var report: ToolCall.ProgressReport?
      if let token {
        report = { [weak self] done, total, message in
          await self?.tellTaskProgress(entry.id, token, done, total, message)
        }
      }
      let call = ToolCall(service: services.methods, caller: context.caller, requestKey: nil, progress: report)
      let seconds = entry.deadline.map { max(0, $0 - services.now()) }
      guard (try? await TaskFollower.follow(entry.selection, seconds, call)) != nil, !Task.isCancelled else { return }
      let answers = MCPTaskAnswers(context: context)
      guard let now = try? await services.ledger.entry(entry.id, for: context.caller),
        let state = try? await answers.state(of: now)
      else { return }
      await self?.tellTaskStatus(entry.id, answers.form(state))
    }
  }

  private func tellTaskProgress(_ id: String, _ token: JSON, _ done: Int, _ total: Int, _ message: String) {
    guard !isClosed, followers["task:\(id)"] != nil else { return }
    sendProgress(token, done, total, message, meta: .object([MCPTaskAnswers.relatedTask: ["taskId": .string(id)]]))
  }

  private func tellTaskStatus(_ id: String, _ params: JSONObject) {
    followers.removeValue(forKey: "task:\(id)")
    guard !isClosed else { return }
    send(RPC.notification(method: "notifications/tasks/status", params: .object(params)))
  }
}
