import JarvisProtocol

/// `spawn_parallel_tasks`
enum SpawnTool: MCPTool {
  static let name = "spawn_parallel_tasks"
  static let title = "Run tasks in parallel"
  static let guide = """
    Submits one or more tasks that Jarvis runs in parallel as agents on this machine, as many at once as CPU and memory \
    allow; the others wait and follow by themselves. Use it for independent work (searching, analyzing, testing several \
    things), for map-reduce (one task with `after` naming all the others) and for long commands. Give all tasks in one call. \
    Each task needs a `command` (argv list or shell line) or a `description` for an agent, which must be self-contained. \
    strategy: auto (Jarvis decides), parallel (all that resources allow), sequential (one at a time, in order), adaptive (by \
    what was learned). Answers at once with the batch's id and each task's id, state and the reason for it; the tasks are \
    durable by then, so do not submit them again. Next: wait_for_tasks with the batch_id, then get_task_result by id.
    """
  // It runs whatever commands the tasks name, so what these may do is true of the tool.
  static let hints = ToolHints(readOnly: false, destructive: true, idempotent: false, openWorld: true)
  static let meta: JSONObject = [
    "anthropic/alwaysLoad": true,
    "anthropic/searchHint": "run commands or agents in parallel, background jobs, batch, map-reduce, subagents",
  ]

  /// What the specification's call carries. Session, environment and folder come from the connection.
  struct Arguments: Narrowed {
    static let offered = ["tasks", "branch_id", "strategy"]
    let whole: TaskSpawn.Parameters
    init(_ whole: TaskSpawn.Parameters) { self.whole = whole }
  }

  /// The batch as accepted, in short.
  struct Output: WireObject {
    var summary: String
    var batchID: BatchID
    var branchID: String
    var strategy: Strategy
    var tasks: [TaskBrief]
    var omitted: Int?

    init(_ batch: TaskSpawn.Result) {
      let list = Shortlist(batch.tasks)
      summary = SpawnTool.summary(of: batch)
      batchID = batch.batchID
      branchID = batch.branchID
      strategy = batch.strategy
      tasks = list.shown
      omitted = list.omitted
    }

    init(reading fields: inout ObjectReader) throws(WireError) {
      summary = try fields.required("summary", "what started, what waits and why, what to do next")
      batchID = try fields.required("batch_id", "for wait_for_tasks and cancel_tasks")
      branchID = try fields.required("branch_id", "the context that the tasks belong to")
      strategy = try fields.required("strategy", "how they are run")
      tasks = try fields.required("tasks", "the tasks, in the order given")
      omitted = try fields.optional("omitted", "how many more tasks the batch has; they are not listed here")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("summary", summary)
      fields.set("batch_id", batchID)
      fields.set("branch_id", branchID)
      fields.set("strategy", strategy)
      fields.set("tasks", tasks)
      fields.set("omitted", omitted)
    }
  }

  static func run(_ arguments: Arguments, in call: ToolCall) async throws(RPC.Failure) -> Output {
    var parameters = arguments.whole
    parameters.requestKey = call.requestKey
    return Output(try await call(TaskSpawn.self, parameters))
  }

  private static func summary(of batch: TaskSpawn.Result) -> String {
    let started = batch.tasks.filter(\.state.isActive)
    let waiting = batch.tasks.filter(\.state.isWaiting)
    let over = batch.tasks.filter(\.state.isTerminal)
    var text =
      "\(Phrase.count(batch.tasks.count, "task")) accepted as batch \(batch.batchID) on branch \(batch.branchID)."
    if !started.isEmpty { text += " Started: \(Phrase.list(started))." }
    if !waiting.isEmpty { text += " Waiting: \(Phrase.outcomes(waiting, withState: false))." }
    if !over.isEmpty { text += " Over already: \(Phrase.list(over))." }
    return text + " Next: wait_for_tasks with batch_id \"\(batch.batchID)\", then get_task_result for the ids you need."
  }
}
