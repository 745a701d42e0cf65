import JarvisProtocol

/// `ask_agent`
enum AskTool: MCPTool {
  static let name = "ask_agent"
  static let title = "Ask an agent something more"
  static let guide = """
    Goes on with the conversation of an agent whose task is over: it remembers all that it read and did. Use it for a \
    question about its result, or for the next step of its work, in place of a new agent that would begin from nothing. \
    Answers at once with a new task and its batch; next: wait_for_tasks with the batch_id, then get_task_result. Only \
    agents can be asked (tasks with a description), not commands, and each conversation by one task at a time.
    """
  static let hints = ToolHints(readOnly: false, destructive: true, idempotent: false, openWorld: true)
  static let meta: JSONObject = [
    "anthropic/searchHint": "follow-up question to a finished agent, continue its conversation"
  ]

  /// Whom to ask what.
  struct Arguments: Narrowed {
    static let offered = ["id", "prompt", "result_schema"]
    let whole: TaskAsk.Parameters
    init(_ whole: TaskAsk.Parameters) { self.whole = whole }
  }

  typealias Output = SpawnTool.Output

  static func run(_ arguments: Arguments, in call: ToolCall) async throws(RPC.Failure) -> Output {
    var question = arguments.whole
    question.requestKey = call.requestKey
    return Output(try await call(TaskAsk.self, question))
  }
}
