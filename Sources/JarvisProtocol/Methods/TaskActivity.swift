/// What an agent says of itself, from its output stream, as of now. What is not known is absent.
public struct TaskActivity: WireObject, Hashable {
  /// How many turns its model took.
  public var turn: Int
  /// What it did last, in one line.
  public var action: String?
  /// Tokens read by the model in this attempt, without those from a cache.
  public var inputTokens: Int
  /// Tokens written by the model in this attempt.
  public var outputTokens: Int
  /// Tokens read from a cache in this attempt.
  public var cachedTokens: Int
  /// US dollars of this attempt, where its program tells.
  public var cost: Double?
  /// How often a call of the API was refused and tried again in this attempt.
  public var retries: Int
  /// Its program's own name for the conversation.
  public var agentSession: String?
  /// The model.
  public var model: String?

  /// Nothing was said yet.
  public init() {
    turn = 0
    inputTokens = 0
    outputTokens = 0
    cachedTokens = 0
    retries = 0
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    turn = try fields.defaulted("turn", "how many turns its model took", 0)
    action = try fields.optional("action", "what it did last, in one line")
    inputTokens = try fields.defaulted("input_tokens", "tokens read by the model, without those from a cache", 0)
    outputTokens = try fields.defaulted("output_tokens", "tokens written by the model", 0)
    cachedTokens = try fields.defaulted("cached_tokens", "tokens read from a cache", 0)
    cost = try fields.optional("cost", "US dollars of this attempt, where its program tells")
    retries = try fields.defaulted("retries", "how often a call of the API was refused and tried again", 0)
    agentSession = try fields.optional("agent_session", "its program's own name for the conversation")
    model = try fields.optional("model", "the model")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("turn", turn)
    fields.set("action", action)
    fields.set("input_tokens", inputTokens)
    fields.set("output_tokens", outputTokens)
    fields.set("cached_tokens", cachedTokens)
    fields.set("cost", cost)
    fields.set("retries", retries)
    fields.set("agent_session", agentSession)
    fields.set("model", model)
  }
}

/// What an agent came to.
public struct AgentAnswer: WireObject, Hashable {
  /// Its final answer, at most 256 KiB.
  public var answer: String
  /// The structured result, where the task asked for one and the answer has one.
  public var structured: JSON?
  /// Why there is no structured result, or what in it does not fit the schema.
  public var schemaProblem: String?
  /// What it says of its failure.
  public var error: String?
  /// Its last state.
  public var activity: TaskActivity

  /// An answer.
  public init(answer: String, activity: TaskActivity) {
    self.answer = answer
    self.activity = activity
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    answer = try fields.required("answer", "its final answer, at most 256 KiB")
    structured = try fields.optional("structured", "the structured result, where the task asked for one")
    schemaProblem = try fields.optional(
      "schema_problem", "why there is no structured result, or what in it does not fit the schema")
    error = try fields.optional("error", "what it says of its failure")
    activity = try fields.required("activity", "turns, tokens, cost, its session")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("answer", answer)
    fields.set("structured", structured)
    fields.set("schema_problem", schemaProblem)
    fields.set("error", error)
    fields.set("activity", activity)
  }
}
