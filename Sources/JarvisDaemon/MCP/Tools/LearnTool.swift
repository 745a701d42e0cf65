import JarvisProtocol

/// `learn_parallelization`
enum LearnTool: MCPTool {
  static let name = "learn_parallelization"
  static let title = "Teach Jarvis about a task type"
  static let guide = """
    Stores what was seen about running one type of task in parallel, for Jarvis to schedule that type better: \
    `parallel_benefit` is the share of time saved (0.85: five searches took 15 % of the time that one after the other would \
    have taken), `resource_cost` what one such task uses of the machine (0 to 1), `notes` what limited it. Use the same word \
    as the tasks' `type`. Record only what was measured or observed.
    """
  // Each call adds a record to the history of its type; nothing is overwritten.
  static let hints = ToolHints(readOnly: false, destructive: false, idempotent: false, openWorld: false)
  static let meta: JSONObject = [
    "anthropic/searchHint": "record how much a task type gains from parallel execution, learnings"
  ]

  /// The specification's fields.
  struct Arguments: Narrowed {
    static let offered = ["task_type", "parallel_benefit", "notes", "resource_cost"]
    let whole: Learning
    init(_ whole: Learning) { self.whole = whole }
  }

  /// What was stored.
  struct Output: WireObject {
    var summary: String
    var learning: Learning

    init(_ learning: Learning) {
      var text = "Stored for tasks of type \(learning.taskType)"
      if let benefit = learning.parallelBenefit {
        text += ": running them in parallel saves \(Phrase.percent(benefit)) of time"
      }
      summary = text + "."
      self.learning = learning
    }

    init(reading fields: inout ObjectReader) throws(WireError) {
      summary = try fields.required("summary", "what was stored, in a sentence")
      learning = try fields.required("learning", "the record")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("summary", summary)
      fields.set("learning", learning)
    }
  }

  static func run(_ arguments: Arguments, in call: ToolCall) async throws(RPC.Failure) -> Output {
    Output(try await call(LearnRecord.self, arguments.whole))
  }
}
