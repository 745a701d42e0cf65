import JarvisProtocol

/// The MCP server at one connection: five revisions on one dispatcher. It reads no bytes and knows no sockets; messages
/// come in as JSON, notifications and questions to the client go out through `send`.
///
/// The state beside the requests in flight is what `initialize` settled and what the client subscribed to. A request
/// that names its revision itself (2026-07-28) is answered without looking at the former, so both eras may share a
/// connection.
public actor MCPSession {
  /// An answer to a request.
  public typealias Answer = Result<JSON, RPC.Failure>
  /// What answers a request; nil leaves it unanswered.
  typealias Body = @Sendable () async throws(RPC.Failure) -> JSONObject?

  struct InFlight {
    let work: Task<Answer?, Never>
    var isCancelled = false
    /// The last progress that was sent: it must increase strictly.
    var progress = -1
  }

  let services: MCPServices
  let send: @Sendable (JSON) -> Void
  var caller: Caller
  var isAttached: Bool
  /// What `initialize` settled.
  var negotiated: MCPRevision?
  var clientCapabilities = JSONObject()
  var inFlight: [RPC.ID: InFlight] = [:]
  var usesOfKey: [String: Int] = [:]
  var isClosed = false

  /// What the client wants to be told, and what it is told.
  var subscriptions = MCPSubscriptions()
  var logLevel: MCPLogLevel?
  var log = MCPLog()
  var feed: (number: Int, task: Task<Void, Never>)?
  /// Followers of outputs by URI, and of tasks of MCP by id.
  var followers: [String: Task<Void, Never>] = [:]
  /// Questions to the client that are not answered yet.
  var questions: [String: CheckedContinuation<JSON?, Never>] = [:]

  /// A session.
  /// - Parameters:
  ///   - services: what does the work.
  ///   - caller: whose work it is.
  ///   - isAttached: whether the connection has named its session by `daemon.attach`. Only then can it be the same
  ///     session over several connections, and only then does a request of an earlier connection come again.
  ///   - send: takes a whole message to the client; called in order, and never after `close`.
  public init(
    services: MCPServices, caller: Caller, isAttached: Bool = false, send: @escaping @Sendable (JSON) -> Void
  ) {
    self.services = services
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
    stopTelling()
    for question in questions.values { question.resume(returning: nil) }
    questions = [:]
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
      switch try dispatch(request, id: id) {
      case .answer(let object): return Task { .success(.object(object)) }
      case .work(let body):
        let work = Task { await run(body, id: id) }
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

  /// Takes the client's answer to a question of ours; answers to nothing are ignored.
  public func receive(response id: RPC.ID, _ result: Answer) {
    guard let name = id.stringValue, let question = questions.removeValue(forKey: name) else { return }
    question.resume(returning: try? result.get())
  }

  private func admit(_ id: RPC.ID) throws(RPC.Failure) {
    guard id.stringValue != nil || id.intValue != nil else {
      throw RPC.Failure(.invalidRequest, "`id` must be a string or a whole number, found \(id.text.prefix(40))")
    }
    guard inFlight[id] == nil else {
      throw RPC.Failure(.invalidRequest, "`id` \(id.text.prefix(80)) is the id of a request that is still in flight")
    }
  }

  private func run(_ body: Body, id: RPC.ID) async -> Answer? {
    let answer: Answer?
    do throws(RPC.Failure) {
      answer = try await body().map { .success(.object($0)) }
    } catch {
      answer = .failure(error)
    }
    let isCancelled = inFlight.removeValue(forKey: id)?.isCancelled ?? true
    return isCancelled || isClosed ? nil : answer
  }

  // MARK: Which request is which

  enum Step {
    case answer(JSONObject)
    case work(Body)
  }

  private func dispatch(_ request: MCPRequest, id: RPC.ID) throws(RPC.Failure) -> Step {
    guard let method = MCPMethod(rawValue: request.method) else {
      throw MCPAnswers.notServed(request.method, (try? request.statedRevision()) ?? negotiated)
    }
    if method == .initialize { return try initialize(request) }
    guard let revision = try request.statedRevision() ?? negotiated else {
      switch method {
      case .ping: return .answer(JSONObject())
      case .discover, .listen, .updateTask: throw MCPRequest.incompleteEnvelope
      default: throw MCPAnswers.notInitialized(request.method)
      }
    }
    guard method.isServed(in: revision) else { throw MCPAnswers.notServed(request.method, revision) }
    let context = MCPContext(services: services, caller: caller, revision: revision)
    switch method {
    case .initialize, .ping: return .answer(JSONObject())
    case .listTools: return .answer(try MCPAnswers.listTools(request, revision))
    case .callTool: return .work(try toolBody(request, context, id))
    case .discover:
      return .work { [services] () throws(RPC.Failure) in
        MCPAnswers.discover(revision, MCPInstructions.text(learned: await services.advice.topTypes(8)))
      }
    case .listResources, .listTemplates, .readResource: return try resourceStep(method, request, context)
    case .subscribe, .unsubscribe, .listen: return try subscriptionStep(method, request, context, id)
    case .listPrompts, .getPrompt: return try promptStep(method, request, context)
    case .complete:
      let completion = try Completion(request, context)
      return .work { () throws(RPC.Failure) in try await completion.answer() }
    case .setLevel:
      logLevel = try MCPLogLevel(reading: request.params["level"], at: "params.level")
      startFeed()
      return .answer(JSONObject())
    case .getTask, .taskResult, .listTasks, .cancelTask, .updateTask:
      return try taskStep(method, request, context)
    }
  }

  private func initialize(_ request: MCPRequest) throws(RPC.Failure) -> Step {
    let revision = try MCPAnswers.negotiate(request)
    negotiated = revision
    clientCapabilities = request.params["capabilities"]?.objectValue ?? JSONObject()
    return .work { [services] () throws(RPC.Failure) in
      MCPAnswers.initialize(revision, MCPInstructions.text(learned: await services.advice.topTypes(8)))
    }
  }

  private func resourceStep(
    _ method: MCPMethod, _ request: MCPRequest, _ context: MCPContext
  ) throws(RPC.Failure) -> Step {
    let catalog = ResourceCatalog(context: context)
    switch method {
    case .listTemplates: return .answer(try catalog.templates(after: request.params["cursor"]))
    case .readResource:
      let uri = try ResourceURI(request, context.revision)
      return .work { () throws(RPC.Failure) in try await catalog.read(uri) }
    default:
      if !context.revision.traits.stateless { noteListed(.resources) }
      let cursor = request.params["cursor"]
      return .work { () throws(RPC.Failure) in try await catalog.list(after: cursor) }
    }
  }

  private func promptStep(
    _ method: MCPMethod, _ request: MCPRequest, _ context: MCPContext
  ) throws(RPC.Failure) -> Step {
    let answers = PromptAnswers(context: context)
    if method == .getPrompt { return .work { () throws(RPC.Failure) in try answers.get(request) } }
    let isFollowed = !context.revision.traits.stateless
    if isFollowed { noteListed(.prompts) }
    return .work { [services] () throws(RPC.Failure) in
      if isFollowed { await services.prompts.follow() }
      return try answers.list(after: request.params["cursor"])
    }
  }
}
