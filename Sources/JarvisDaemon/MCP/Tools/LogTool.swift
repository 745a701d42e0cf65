import JarvisProtocol

/// `get_task_log`
enum LogTool: MCPTool {
  static let name = "get_task_log"
  static let title = "Read a task's log"
  static let guide = """
    Reads what a task wrote to stdout or stderr, from byte `offset` on (negative: from the end), at most `max_bytes`. While \
    the task runs, `wait_seconds` waits for more than there is at `offset`: give the `next_offset` of the answer before to \
    follow a running task. For the outcome of a task use get_task_result.
    """
  static let hints = ToolHints.looksOnly
  static let meta: JSONObject = [
    "anthropic/searchHint": "tail or follow stdout and stderr of a running task",
    "anthropic/maxResultSizeChars": 250_000,
  ]

  /// Which piece.
  struct Arguments: WireObject {
    var query: TaskLogs.Parameters

    init(reading fields: inout ObjectReader) throws(WireError) {
      query = TaskLogs.Parameters(id: try fields.required("id", "the task's id"))
      query.stream = try fields.defaulted("stream", "stdout or stderr", .stdout)
      query.offset = try fields.defaulted(
        "offset", "bytes to skip; a negative number counts from the end", -20_000,
        schema: .integer(minimum: -ResultTool.Arguments.farthest, maximum: ResultTool.Arguments.farthest))
      query.maxBytes = try fields.defaulted(
        "max_bytes", "how many at most", 20_000, schema: .integer(minimum: 1, maximum: 200_000))
      query.waitSeconds = try fields.defaulted(
        "wait_seconds", "how long to wait for more", 0.0, schema: .number(minimum: 0, maximum: 50))
      try fields.check(
        "offset", abs(Double(query.offset)) <= Double(ResultTool.Arguments.farthest),
        "must be within \(ResultTool.Arguments.farthest), found \(query.offset)")
      try fields.check(
        "max_bytes", (1...200_000).contains(query.maxBytes), "must be 1 to 200,000, found \(query.maxBytes)")
      try fields.check(
        "wait_seconds", (0...50).contains(query.waitSeconds), "must be 0 to 50, found \(query.waitSeconds)")
    }

    func write(_ fields: inout ObjectWriter) { query.write(&fields) }
  }

  /// A piece of output.
  struct Output: WireObject {
    var summary: String
    var text: String
    var nextOffset: Int
    var size: Int
    var end: Bool
    var state: TaskState

    init(_ page: TaskLogs.Result, _ query: TaskLogs.Parameters) {
      text = page.data
      nextOffset = page.nextOffset
      size = page.size
      end = page.end
      state = page.state
      summary =
        "Bytes \(page.offset) to \(nextOffset) of \(size) of \(query.stream.rawValue); the task is \(state.rawValue)."
      if !end { summary += " Go on with `offset` \(nextOffset)." }
    }

    init(reading fields: inout ObjectReader) throws(WireError) {
      summary = try fields.required("summary", "which piece this is, and how to go on")
      text = try fields.required("text", "the text; bytes that are not UTF-8 are replaced")
      nextOffset = try fields.required("next_offset", "where to go on")
      size = try fields.required("size", "how long the output is now")
      end = try fields.required("end", "whether there is nothing more to come")
      state = try fields.required("state", "where the task is")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("summary", summary)
      fields.set("text", text)
      fields.set("next_offset", nextOffset)
      fields.set("size", size)
      fields.set("end", end)
      fields.set("state", state)
    }
  }

  static func run(_ arguments: Arguments, in call: ToolCall) async throws(RPC.Failure) -> Output {
    Output(try await call(TaskLogs.self, arguments.query), arguments.query)
  }
}
