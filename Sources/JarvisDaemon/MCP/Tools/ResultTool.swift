import JarvisProtocol

/// `get_task_result`
enum ResultTool: MCPTool {
  static let name = "get_task_result"
  static let title = "Read a task's result"
  static let guide = """
    Gives one task with its state, exit status and usage; of an agent its final answer, structured result, tokens and cost \
    (`agent`); of a command the end of what it wrote to stdout (`output`) and stderr \
    (`errors`), at most `max_bytes` of each. For a long output give `offset` (0 is the beginning) and read page by page: each \
    page tells `next_offset` and the whole `size`; `stream` picks stdout or stderr. A task that still runs shows what it has \
    written so far.
    """
  static let hints = ToolHints(readOnly: true, destructive: false, idempotent: true, openWorld: false)
  static let meta: JSONObject = [
    "anthropic/searchHint": "output, log, exit code and errors of a finished or running task",
    "anthropic/maxResultSizeChars": 500_000,
  ]

  /// Which task, how much.
  struct Arguments: WireObject {
    /// Beyond any output, and far enough from the end of the integers to count on from it.
    static let farthest: Int64 = 1 << 50

    var id: TaskID
    var maxBytes: Int
    var offset: Int?
    var stream: OutputStream

    init(reading fields: inout ObjectReader) throws(WireError) {
      id = try fields.required("id", "the task's id")
      maxBytes = try fields.defaulted(
        "max_bytes", "how much of each output at most", 20_000, schema: .integer(minimum: 1, maximum: 200_000))
      offset = try fields.optional(
        "offset", "read one page from this byte on, instead of the end",
        schema: .integer(minimum: 0, maximum: Self.farthest))
      stream = try fields.defaulted("stream", "which output the page is of", .stdout)
      try fields.check("max_bytes", (1...200_000).contains(maxBytes), "must be 1 to 200,000, found \(maxBytes)")
      if let offset {
        try fields.check(
          "offset", (0...Int(Self.farthest)).contains(offset), "must be 0 to \(Self.farthest), found \(offset)")
      }
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("id", id)
      fields.set("max_bytes", maxBytes)
      fields.set("offset", offset)
      fields.set("stream", stream)
    }
  }

  /// The task and what it wrote.
  struct Output: WireObject {
    var summary: String
    var task: TaskView
    var output: String
    var errors: String
    var truncated: Bool
    var nextOffset: Int?
    var size: Int?
    var agent: AgentAnswer?
    var artifacts: [String]?
    var diff: TaskDiff?

    /// The end of both outputs.
    init(_ result: TaskResult.Result) {
      task = result.task.forModels
      agent = result.agent
      artifacts = result.artifacts.isEmpty ? nil : result.artifacts
      diff = result.diff
      // The answer is what counts; the stream that it came in would only repeat it.
      output = result.agent == nil || result.agent?.answer.isEmpty == true ? result.output : ""
      errors = result.errors
      truncated = result.truncated
      summary = ResultTool.state(of: result.task)
      if let diff = result.diff {
        summary +=
          " It changed \(diff.changes?.sentence ?? "what is not read yet"); its worktree is \(diff.state.rawValue)."
        if diff.state == .kept { summary += " To take it over: manage_worktrees with action merge." }
      }
      if truncated {
        summary += " There is more before this end of the output: give `offset` 0 to read from the beginning."
      }
    }

    /// One page of one output.
    init(_ task: TaskView, _ page: TaskLogs.Result, _ stream: OutputStream) {
      self.task = task.forModels
      output = stream == .stdout ? page.data : ""
      errors = stream == .stderr ? page.data : ""
      truncated = page.nextOffset < page.size
      nextOffset = page.nextOffset
      size = page.size
      summary =
        "\(ResultTool.state(of: task)) Bytes \(page.offset) to \(page.nextOffset) of \(page.size) of \(stream.rawValue)."
      if truncated { summary += " Go on with `offset` \(page.nextOffset)." }
    }

    init(reading fields: inout ObjectReader) throws(WireError) {
      summary = try fields.required("summary", "the outcome, and how to read more")
      task = try fields.required("task", "the task")
      output = try fields.required("output", "from stdout")
      errors = try fields.required("errors", "from stderr")
      truncated = try fields.required("truncated", "whether there is more than this")
      nextOffset = try fields.optional("next_offset", "where the next page begins")
      size = try fields.optional("size", "how many bytes the output has in all")
      agent = try fields.optional("agent", "what the agent came to: answer, structured result, tokens, cost, session")
      artifacts = try fields.optional("artifacts", "files that it left, absolute paths")
      diff = try fields.optional("diff", "what it changed, where it had a worktree (`isolation`)")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("summary", summary)
      fields.set("task", task)
      fields.set("output", output)
      fields.set("errors", errors)
      fields.set("truncated", truncated)
      fields.set("next_offset", nextOffset)
      fields.set("size", size)
      fields.set("agent", agent)
      fields.set("artifacts", artifacts)
      fields.set("diff", diff)
    }
  }

  static func run(_ arguments: Arguments, in call: ToolCall) async throws(RPC.Failure) -> Output {
    guard let offset = arguments.offset else {
      return Output(try await call(TaskResult.self, .init(id: arguments.id, maxBytes: arguments.maxBytes)))
    }
    var range = TaskLogs.Parameters(id: arguments.id, stream: arguments.stream, offset: offset)
    range.maxBytes = arguments.maxBytes
    let page = try await call(TaskLogs.self, range)
    return Output(try await call(TaskGet.self, TaskReference(id: arguments.id)), page, arguments.stream)
  }

  private static func state(of task: TaskView) -> String {
    let outcome = "\(task.id)\(task.name.map { " (\($0))" } ?? "") is \(task.state.rawValue)"
    let ending = task.exitCode.map { ", exit status \($0)" } ?? task.signal.map { ", signal \($0)" } ?? ""
    let cause = task.state.isTerminal && task.state != .succeeded ? ": \(Phrase.clause(task.reason))" : ""
    return "\(outcome)\(ending)\(cause)."
  }
}

extension TaskView {
  /// Without a long prompt or command: whoever asks for the result gave it and need not read it again.
  fileprivate var forModels: TaskView {
    var view = self
    view.description = description.map { Phrase.shortened($0, to: 1000) }
    if let command, command.text.utf8.count > 4000 { view.command = nil }
    return view
  }
}
