/// `task.ask`
public enum TaskAsk: Method {
  /// As on the wire.
  public static let name = "task.ask"
  /// What it does.
  public static let summary =
    "Goes on with an agent's conversation after its task is over: a new task, in a new batch, that takes the same session up again with another prompt."
  /// Parameters that a test reads.
  public static let example: JSON = ["id": "t1", "prompt": "Which of these is the worst?"]

  /// Whom to ask what.
  public struct Parameters: WireObject, Hashable {
    /// The task whose agent is asked.
    public var id: TaskID
    /// What it is asked.
    public var prompt: String
    /// A JSON Schema that the answer is to fit.
    public var resultSchema: JSON?
    /// Any text that is unique to this question: sent again, it answers with the first one's task.
    public var requestKey: String?

    /// A question.
    public init(id: TaskID, prompt: String) {
      self.id = id
      self.prompt = prompt
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      id = try fields.required("id", "the task whose agent is asked")
      prompt = try fields.required("prompt", "what it is asked", schema: .string(format: nil, maxLength: 262_144))
      resultSchema = try fields.optional("result_schema", "a JSON Schema that the answer is to fit")
      requestKey = try fields.optional(
        "request_key", "any text that is unique to this question: sent again, it answers with the first one's task")
      if fields.isDescribing { return }
      try fields.check("prompt", prompt.contains { !$0.isWhitespace }, "must say something")
      try fields.check("prompt", prompt.utf8.count <= 262_144, "must be at most 256 KiB")
      try fields.check("request_key", (requestKey?.utf8.count ?? 0) <= 256, "must be at most 256 bytes")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("id", id)
      fields.set("prompt", prompt)
      fields.set("result_schema", resultSchema)
      fields.set("request_key", requestKey)
    }
  }

  /// The batch with the new task.
  public typealias Result = TaskSpawn.Result
}
