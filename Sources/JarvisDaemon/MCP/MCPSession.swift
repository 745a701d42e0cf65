import JarvisProtocol

/// The MCP server at one connection: five revisions on one dispatcher. It reads no bytes and knows no sockets; requests
/// come in as JSON, notifications to the client go out through `send`.
///
/// The only state beside the requests in flight is the revision that `initialize` settled. A request that names its
/// revision itself (2026-07-28) is answered without looking at that state, so both eras may share a connection.
public actor MCPSession {
  /// An answer to a request.
  public typealias Answer = Result<JSON, RPC.Failure>

  private struct InFlight {
    let work: Task<Answer?, Never>
    var isCancelled = false
    /// The last progress that was sent: it must increase strictly.
    var progress = -1
  }

  private let service: any MethodCaller
  private let send: @Sendable (JSON) -> Void
  private var caller: Caller
  private var isAttached: Bool
  private var negotiated: MCPRevision?
  private var inFlight: [RPC.ID: InFlight] = [:]
  private var usesOfKey: [String: Int] = [:]
  private var isClosed = false

  /// A session.
  /// - Parameters:
  ///   - service: what does the work.
  ///   - caller: whose work it is.
  ///   - isAttached: whether the connection has named its session by `daemon.attach`. Only then can it be the same
  ///     session over several connections, and only then does a request of an earlier connection come again.
  ///   - send: takes a whole notification to the client; called in order, and never after `close`.
  public init(
    service: any MethodCaller, caller: Caller, isAttached: Bool = false, send: @escaping @Sendable (JSON) -> Void
  ) {
    self.service = service
    self.caller = caller
    self.isAttached = isAttached
    self.send = send
  }

  /// Whether a method or notification is MCP's. Jarvis's own have dots (`task.spawn`), MCP's have slashes, but for two.
  public static func owns(_ method: String) -> Bool {
    method == "initialize" || method == "ping" || method.utf8.contains(UInt8(ascii: "/"))
  }

  /// Takes the new caller after `daemon.attach` named the session.
  public func updateCaller(_ caller: Caller) {
    self.caller = caller
    isAttached = true
  }

  /// Ends the session: what runs is cancelled, nothing more is sent or answered. Tasks of Jarvis go on.
  public func close() {
    isClosed = true
    for call in inFlight.values { call.work.cancel() }
  }

  /// Answers a request.
  /// - Returns: nil where the client cancelled it: then no response may be sent.
  public func handle(id: RPC.ID, method: String, params: JSON?) async -> Answer? {
    let work = begin(id: id, method: method, params: params)
    return await withTaskCancellationHandler {
      await work.value
    } onCancel: {
      work.cancel()
    }
  }

  /// Like `handle`, but returns as soon as the request is known here. Who reads a connection should await this in the
  /// order of reading, and the task's value elsewhere: then `notifications/cancelled` and requests that follow
  /// `initialize` find what they refer to.
  public func begin(id: RPC.ID, method: String, params: JSON?) -> Task<Answer?, Never> {
    if isClosed { return Task { nil } }
    do throws(RPC.Failure) {
      try admit(id)
      let request = try MCPRequest(method: method, params: params)
      switch try dispatch(request) {
      case .answer(let object): return Task { .success(.object(object)) }
      case .call(let call):
        let work = Task { await run(call, id: id) }
        inFlight[id] = InFlight(work: work)
        return work
      }
    } catch {
      return Task { .failure(error) }
    }
  }

  /// Takes a notification of the client's. Those that are unknown or malformed are ignored, as JSON-RPC asks.
  public func receive(notification method: String, params: JSON?) {
    guard method == "notifications/cancelled", let id = params?["requestId"], inFlight[id] != nil else { return }
    inFlight[id]?.isCancelled = true
    inFlight[id]?.work.cancel()
  }

  private func admit(_ id: RPC.ID) throws(RPC.Failure) {
    guard id.stringValue != nil || id.intValue != nil else {
      throw RPC.Failure(.invalidRequest, "`id` must be a string or a whole number, found \(id.text.prefix(40))")
    }
    guard inFlight[id] == nil else {
      throw RPC.Failure(.invalidRequest, "`id` \(id.text.prefix(80)) is the id of a request that is still in flight")
    }
  }

  private enum Step {
    case answer(JSONObject)
    case call(ToolInvocation)
  }

  private func dispatch(_ request: MCPRequest) throws(RPC.Failure) -> Step {
    // Also after a good `server/discover`: clients that speak both eras do that.
    if request.method == "initialize" {
      let revision = try MCPAnswers.negotiate(request)
      negotiated = revision
      return .answer(MCPAnswers.initialize(revision))
    }
    let revision = try request.statedRevision() ?? negotiated
    switch (request.method, revision) {
    case ("ping", nil): return .answer(JSONObject())
    case ("ping", let revision?) where !revision.traits.stateless: return .answer(JSONObject())
    case ("server/discover", nil): throw MCPRequest.incompleteEnvelope
    case ("server/discover", let revision?) where revision.traits.stateless:
      return .answer(MCPAnswers.discover(revision))
    case ("tools/list", let revision?): return .answer(try MCPAnswers.listTools(request, revision))
    case ("tools/call", let revision?): return .call(try ToolInvocation(request, revision))
    case ("tools/list", nil), ("tools/call", nil): throw MCPAnswers.notInitialized(request.method)
    default: throw MCPAnswers.notServed(request.method, revision)
    }
  }

  private func run(_ invocation: ToolInvocation, id: RPC.ID) async -> Answer? {
    var progress: ToolCall.ProgressReport?
    if let token = invocation.progressToken {
      progress = { [weak self] done, total, message in
        await self?.report(id, token, done, total, invocation.revision.traits.annotations ? message : nil)
      }
    }
    let key = invocation.tool == SpawnTool.self ? requestKey(id, invocation.arguments) : nil
    let call = ToolCall(service: service, caller: caller, requestKey: key, progress: progress)
    let result = await invocation.run(in: call)
    let isCancelled = inFlight.removeValue(forKey: id)?.isCancelled ?? true
    return isCancelled || isClosed ? nil : .success(.object(result))
  }

  private func report(_ id: RPC.ID, _ token: JSON, _ done: Int, _ total: Int, _ message: String?) {
    guard !isClosed, let call = inFlight[id], !call.isCancelled, done > call.progress else { return }
    inFlight[id]?.progress = done
    var params: JSONObject = ["progressToken": token, "progress": done.json, "total": total.json]
    params["message"] = message.map { .string($0) }
    send(RPC.notification(method: "notifications/progress", params: .object(params)))
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
