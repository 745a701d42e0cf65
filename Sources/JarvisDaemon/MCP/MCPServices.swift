import JarvisProtocol

/// What an MCP session works with. All of it can be stood in for in a test; none of it knows a socket.
public struct MCPServices: Sendable {
  /// Jarvis's own methods.
  public var methods: any MethodCaller
  /// Where prompts come from.
  public var prompts: any PromptSource
  /// What the learner would tell a model.
  public var advice: any LearnedAdvice
  /// The tasks of MCP.
  public var ledger: MCPTaskLedger
  /// What happens.
  public var changes: any ChangeFeed
  /// `[server] confirm_above`: a submission of more tasks than this is confirmed by a person first; 0 is never.
  public var confirmAbove: @Sendable () -> Int
  /// How long a client is left alone with one thing that changes again and again.
  public var updateInterval: Duration
  /// The time.
  public var now: @Sendable () -> Timestamp

  /// Everything.
  public init(
    methods: any MethodCaller, prompts: any PromptSource, advice: any LearnedAdvice, ledger: MCPTaskLedger,
    changes: any ChangeFeed, confirmAbove: @escaping @Sendable () -> Int, updateInterval: Duration = .seconds(1),
    now: @escaping @Sendable () -> Timestamp
  ) {
    self.methods = methods
    self.prompts = prompts
    self.advice = advice
    self.ledger = ledger
    self.changes = changes
    self.confirmAbove = confirmAbove
    self.updateInterval = updateInterval
    self.now = now
  }
}

/// Tells what happens in Jarvis: the parameters of `event` notifications (`Event`), as JSON, since most of them are
/// looked at and dropped.
public protocol ChangeFeed: Sendable {
  /// Calls `sink` for each event from now on, in order, from any thread; it must not wait.
  func listen(_ sink: @escaping @Sendable (JSON) -> Void) -> Int
  /// Ends it.
  func leave(_ number: Int)
}

/// A request's surroundings: whose it is, in which revision, and the way to Jarvis's methods.
struct MCPContext: Sendable {
  let services: MCPServices
  let caller: Caller
  let revision: MCPRevision

  /// Calls one of Jarvis's methods.
  func callAsFunction<M: Method>(_ method: M.Type, _ parameters: M.Parameters) async throws(RPC.Failure) -> M.Result {
    try await services.methods.call(method, parameters, from: caller)
  }

  /// A result as the revision wants it.
  func finish(_ result: JSONObject, cache: MCPAnswers.Cache? = nil) -> JSONObject {
    MCPAnswers.finish(result, revision, cache: cache)
  }
}
