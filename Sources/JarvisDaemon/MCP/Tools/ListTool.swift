import JarvisProtocol

/// `list_tasks`
enum ListTool: MCPTool {
  static let name = "list_tasks"
  static let title = "List tasks"
  static let guide = """
    Lists tasks newest first, live and finished, a page at a time: by `batch_id`, `branch_id`, `type` or `states` (queued, \
    blocked, starting, running, paused, succeeded, failed, timed_out, killed, cancelled, lost). Give `cursor` the \
    `next_cursor` of the page before. Use it to find tasks again; for load and queue use get_task_stats.
    """
  static let hints = ToolHints.looksOnly
  static let meta: JSONObject = ["anthropic/searchHint": "find tasks by batch, branch, type or state; history"]

  /// Which tasks.
  struct Arguments: WireObject {
    var query: TaskList.Parameters

    init(reading fields: inout ObjectReader) throws(WireError) {
      query = TaskList.Parameters()
      query.batchID = try fields.optional("batch_id", "only this batch")
      query.branchID = try fields.optional("branch_id", "only this branch")
      query.type = try fields.optional("type", "only this type")
      query.states = try fields.optional("states", "only tasks in one of these states")
      query.limit = try fields.defaulted(
        "limit", "how many at most", 50, schema: .integer(minimum: 1, maximum: Int64(Shortlist.most)))
      query.cursor = try fields.optional("cursor", "`next_cursor` of the page before")
      try fields.check(
        "limit", (1...Shortlist.most).contains(query.limit), "must be 1 to \(Shortlist.most), found \(query.limit)")
      if let cursor = query.cursor { try fields.check("cursor", TaskID(cursor) != nil, "is no cursor of this tool") }
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("batch_id", query.batchID)
      fields.set("branch_id", query.branchID)
      fields.set("type", query.type)
      fields.set("states", query.states)
      fields.set("limit", query.limit)
      fields.set("cursor", query.cursor)
    }
  }

  /// A page of tasks.
  struct Output: WireObject {
    var summary: String
    var tasks: [TaskBrief]
    var nextCursor: String?

    init(_ page: TaskList.Result) {
      tasks = page.tasks.map { TaskBrief.amongOthers($0) }
      nextCursor = page.nextCursor
      summary = "\(Phrase.count(tasks.count, "task"))\(nextCursor == nil ? "" : "; there are more: give `cursor`")."
    }

    init(reading fields: inout ObjectReader) throws(WireError) {
      summary = try fields.required("summary", "how many, and whether there are more")
      tasks = try fields.required("tasks", "the tasks, newest first")
      nextCursor = try fields.optional("next_cursor", "for the next page; absent on the last")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("summary", summary)
      fields.set("tasks", tasks)
      fields.set("next_cursor", nextCursor)
    }
  }

  static func run(_ arguments: Arguments, in call: ToolCall) async throws(RPC.Failure) -> Output {
    Output(try await call(TaskList.self, arguments.query))
  }
}
