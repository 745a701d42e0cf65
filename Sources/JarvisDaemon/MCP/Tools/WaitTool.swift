import JarvisProtocol

/// `wait_for_tasks`
enum WaitTool: TaskTool {
  static let name = "wait_for_tasks"
  static let title = "Wait for tasks"
  static let guide = """
    Waits until all of the given tasks (a whole batch by `batch_id`, or some by `ids`) are over, at most `timeout_seconds`. \
    Answers with the state of each, how many are in each state, and their `totals`: cost, tokens, time, the first line of \
    each answer. When the time is up first, `timed_out` is true and nothing \
    is cancelled: call it again with the same arguments, or do other work meanwhile. Output is not included: fetch it with \
    get_task_result.
    """
  static let hints = ToolHints(readOnly: true, destructive: false, idempotent: true, openWorld: false)
  static let meta: JSONObject = ["anthropic/searchHint": "wait for spawned tasks or a batch to finish, join"]

  /// What to wait for, how long.
  struct Arguments: WireObject {
    /// Under the minute after which many clients give a request up.
    static let usual = 50.0
    /// Claude Code moves calls to the background after two minutes and cuts them off after thirty.
    static let longest = 600.0

    var selection: TaskSelection
    var timeoutSeconds: Double

    init(reading fields: inout ObjectReader) throws(WireError) {
      selection = try TaskSelection(reading: &fields)
      timeoutSeconds = try fields.defaulted(
        "timeout_seconds", "how long to wait at most", Self.usual, schema: .number(minimum: 0, maximum: Self.longest))
      try fields.check(
        "timeout_seconds", (0...Self.longest).contains(timeoutSeconds),
        "must be 0 to 600, found \(timeoutSeconds); to wait longer, call again")
    }

    func write(_ fields: inout ObjectWriter) {
      selection.write(&fields)
      fields.set("timeout_seconds", timeoutSeconds)
    }
  }

  /// How it came out.
  struct Output: WireObject {
    var summary: String
    var done: Bool
    var timedOut: Bool
    var succeeded: Bool
    var counts: [String: Int]
    var tasks: [TaskBrief]
    var omitted: Int?
    var totals: BatchTotals?

    init(_ result: TaskWait.Result) {
      let list = Shortlist(result.tasks)
      summary = WaitTool.summary(of: result)
      done = result.done
      timedOut = !result.done
      succeeded = result.succeeded
      counts = result.counts
      tasks = list.shown
      omitted = list.omitted
      totals = result.totals
    }

    init(reading fields: inout ObjectReader) throws(WireError) {
      summary = try fields.required("summary", "how it came out, what to do next")
      done = try fields.required("done", "whether all of them are over")
      timedOut = try fields.required("timed_out", "whether the time was up first")
      succeeded = try fields.required("succeeded", "whether all of them are over and succeeded")
      counts = try fields.required("counts", "how many are in each state")
      tasks = try fields.required("tasks", "the tasks, in the order asked for")
      omitted = try fields.optional("omitted", "how many more tasks there are; they are not listed here")
      totals = try fields.optional("totals", "what they came to together")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("summary", summary)
      fields.set("done", done)
      fields.set("timed_out", timedOut)
      fields.set("succeeded", succeeded)
      fields.set("counts", counts)
      fields.set("tasks", tasks)
      fields.set("omitted", omitted)
      fields.set("totals", totals)
    }
  }

  static func run(_ arguments: Arguments, in call: ToolCall) async throws(RPC.Failure) -> Output {
    Output(try await TaskFollower.follow(arguments.selection, arguments.timeoutSeconds, call))
  }

  /// Clients that give a request up do so after a minute at the earliest.
  static func isLong(_ arguments: Arguments) -> Bool { arguments.timeoutSeconds > 60 }

  static func begin(_ arguments: Arguments, in call: ToolCall) async throws(RPC.Failure) -> LongWork {
    // Unknown tasks are an error now, not when somebody asks for the result.
    let selection = arguments.selection
    _ = try await call(TaskWait.self, .init(ids: selection.ids, batchID: selection.batchID, timeoutSeconds: 0))
    return LongWork(selection: selection, seconds: arguments.timeoutSeconds, note: [:])
  }

  static func output(_ work: LongWork, _ tasks: TaskWait.Result) throws(RPC.Failure) -> Output { Output(tasks) }

  static func summary(of result: TaskWait.Result) -> String {
    let total = result.tasks.count
    let open = result.tasks.filter { !$0.state.isTerminal }
    let bad = result.tasks.filter { $0.state.isTerminal && $0.state != .succeeded }
    var text =
      open.isEmpty
      ? "All \(Phrase.count(total, "task")) are over"
      : "\(total - open.count) of \(Phrase.count(total, "task")) are over"
    if total == 1 { text = open.isEmpty ? "The task is over" : "The task is not over" }
    if !bad.isEmpty { text += "; not successful: \(Phrase.outcomes(bad))" }
    if open.isEmpty, bad.isEmpty { text += ", " + (total == 1 ? "successfully" : "all successfully") }
    text += "."
    if !open.isEmpty { text += " Still open: \(Phrase.outcomes(open, most: 3))." }
    return text
      + (open.isEmpty
        ? " Next: get_task_result for the ids you need." : " Next: wait_for_tasks again; nothing was cancelled.")
  }
}
