import JarvisAgents
import JarvisConfig
import JarvisCore
import JarvisProtocol
import WardenProtocol

/// What is known of a running agent from its stream.
struct AgentRun: Sendable {
  let format: StreamFormat
  var report: AgentReport
  /// What of this run is in the ledger already.
  var counted = Spending()
  /// When it is ended, if it has not ended by itself after its terminal event.
  var endBy: Timestamp?
  /// When its progress was last told.
  var toldAt: Timestamp?
  /// When what came too soon after that is told.
  var tellAt: Timestamp?
  /// How far the stream was read when it was saved last.
  var savedOffset = 0
  /// Its exit, which waits for its output to be read to the end.
  var exit: ExitReport?
  /// Whether that is so.
  var isRead = false
}

/// What the store keeps of an agent, while it runs and after.
struct SavedAgent: WireObject {
  /// The attempt.
  var run: String
  var counted: Spending
  /// `AgentStream.saved`.
  var stream: JSON
  var structured: JSON?
  var schemaProblem: String?

  init(run: String, counted: Spending, stream: JSON) {
    self.run = run
    self.counted = counted
    self.stream = stream
  }

  init(reading fields: inout ObjectReader) throws(JarvisProtocol.WireError) {
    run = try fields.required("run", "the attempt")
    counted = Spending(
      cost: try fields.defaulted("cost", "counted already", 0.0),
      tokens: try fields.defaulted("tokens", "counted already", 0))
    stream = try fields.required("stream", "where parsing goes on")
    structured = try fields.optional("structured", "the structured result")
    schemaProblem = try fields.optional("schema_problem", "what is wrong with it")
  }

  func write(_ fields: inout ObjectWriter) {
    fields.set("run", run)
    fields.set("cost", counted.cost)
    fields.set("tokens", counted.tokens)
    fields.set("stream", stream)
    fields.set("structured", structured)
    fields.set("schema_problem", schemaProblem)
  }

  /// All that the agent said.
  var report: AgentReport? { stream["report"].flatMap { try? AgentReport.read($0, at: .root("report")) } }
}

extension TaskActivity {
  /// A report in the protocol's words.
  init(_ report: AgentReport, cost: Double?) {
    self.init()
    turn = report.turn
    action = report.action
    inputTokens = report.tokens.input
    outputTokens = report.tokens.output
    cachedTokens = report.tokens.cached
    self.cost = cost
    retries = report.retries
    agentSession = report.sessionID
    model = report.model
  }
}

extension BudgetPolicy {
  /// The bounds that a configuration asks for.
  init(_ budgets: Config.Budgets) {
    self.init()
    task = Budget(cost: budgets.taskCost, tokens: budgets.taskTokens)
    batch = Budget(cost: budgets.batchCost, tokens: budgets.batchTokens)
    session = Budget(cost: budgets.sessionCost, tokens: budgets.sessionTokens)
    branch = Budget(cost: budgets.branchCost, tokens: budgets.branchTokens)
    day = Budget(cost: budgets.dayCost, tokens: budgets.dayTokens)
  }
}
