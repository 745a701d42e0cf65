import JarvisProtocol

// `tools/call`: keys for replay, questions to a person, tasks of MCP, progress.
extension MCPSession {
  func toolBody(_ request: MCPRequest, _ context: MCPContext, _ id: RPC.ID) throws(RPC.Failure) -> Body {
    let invocation = try ToolInvocation(request, context.revision)
    let capabilities = context.revision.traits.stateless ? request.statedCapabilities : clientCapabilities
    let level = context.revision.traits.stateless ? try request.statedLogLevel() : nil
    // Taken now, in the order of the requests: it counts how often an id came.
    let key = MCPTools.keyed.contains(invocation.tool.name) ? requestKey(id, invocation.arguments) : nil
    return { [self] () throws(RPC.Failure) -> JSONObject? in
      let call = await toolCall(invocation, context, key, id)
      if Self.canBeAsked(capabilities),
        let question = await invocation.question(confirmAbove: services.confirmAbove(), in: call)
      {
        switch await confirm(question, invocation, context) {
        case .accepted: break
        case .ask(let result): return result
        case .declined(let answer): return invocation.declined(answer)
        case .given: return nil
        }
      }
      var listener: Int?
      if let level { listener = await startRequestLog(level, context.caller) }
      defer { if let listener { services.changes.leave(listener) } }
      let extensions = capabilities["extensions"]
      if let task = invocation.task {
        return try await startTask(invocation, call, context, ttl: task["ttl"])
      } else if context.revision.traits.tasks == .extension, extensions?[MCPTaskAnswers.extensionName] != nil,
        let result = try await startLongTask(invocation, call, context)
      {
        return result
      }
      return await invocation.run(in: call, mayComeAgain: isAttached)
    }
  }

  private func toolCall(
    _ invocation: ToolInvocation, _ context: MCPContext, _ key: String?, _ id: RPC.ID
  ) -> ToolCall {
    var progress: ToolCall.ProgressReport?
    if let token = invocation.progressToken {
      let hasMessages = invocation.revision.traits.annotations
      progress = { [weak self] done, total, message in
        await self?.report(id, token, done, total, hasMessages ? message : nil)
      }
    }
    return ToolCall(service: services.methods, caller: context.caller, requestKey: key, progress: progress)
  }

  private func report(_ id: RPC.ID, _ token: JSON, _ done: Int, _ total: Int, _ message: String?) {
    guard !isClosed, let call = inFlight[id], !call.isCancelled, done > call.progress else { return }
    inFlight[id]?.progress = done
    sendProgress(token, done, total, message)
  }

  func sendProgress(_ token: JSON, _ done: Int, _ total: Int, _ message: String?, meta: JSON? = nil) {
    var params: JSONObject = ["progressToken": token, "progress": done.json, "total": total.json]
    params["message"] = message.map { .string($0) }
    params["_meta"] = meta
    send(RPC.notification(method: "notifications/progress", params: .object(params)))
  }

  /// Sends log messages while one request runs (2026-07-28), until its listener leaves.
  private func startRequestLog(_ level: MCPLogLevel, _ caller: Caller) -> Int {
    services.changes.listen { [weak self] event in
      Task { await self?.tellRequestLog(event, level, caller) }
    }
  }

  private func tellRequestLog(_ event: JSON, _ level: MCPLogLevel, _ caller: Caller) {
    guard !isClosed, let params = log.message(for: event, level: level, to: caller) else { return }
    send(RPC.notification(method: "notifications/message", params: params))
  }

  /// A text that is the same when the bridge sends an unanswered request again over a new connection, and only then. The
  /// session alone would not do: agents share their parent's. So the peer's process, the arguments, and how often the
  /// same id came with them (ids may be used again once they are answered) are part of it.
  private func requestKey(_ id: RPC.ID, _ arguments: JSON) -> String? {
    guard isAttached else { return nil }
    let peer = "\(caller.pid)-\(caller.startTicks ?? 0)"
    let digest = String(fingerprint(arguments.text), radix: 16)
    var key = "mcp/\(caller.session)/\(id.text)/\(peer)/\(digest)"
    // 128 bytes is the most that `task.spawn` takes.
    if key.utf8.count > 112 { key = "mcp/\(String(fingerprint(key), radix: 16))/\(peer)/\(digest)" }
    let uses = usesOfKey[key, default: 0]
    usesOfKey[key] = uses + 1
    return uses == 0 ? key : "\(key)/\(uses)"
  }
}

/// FNV-1a over 64 bits (Fowler, Noll, Vo): the same in every process, unlike `Hasher`.
private func fingerprint(_ text: String) -> UInt64 {
  text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}
