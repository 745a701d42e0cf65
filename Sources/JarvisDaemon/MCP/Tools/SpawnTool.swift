import JarvisProtocol

/// `spawn_parallel_tasks`
enum SpawnTool: TaskTool {
  static let name = "spawn_parallel_tasks"
  static let title = "Run tasks in parallel"
  static let guide = """
    Submits one or more tasks that Jarvis runs in parallel as agents on this machine, as many at once as CPU and memory \
    allow; the others wait and follow by themselves. Use it for independent work (searching, analyzing, testing several \
    things), for map-reduce (one task with `after` naming all the others) and for long commands. Give all tasks in one call. \
    Each task needs a `command` (argv list or shell line) or a `description` for an agent, which must be self-contained. \
    Agents that write into the same repository: `isolation` worktree gives each a git worktree and a branch of its own, to be \
    merged with manage_worktrees. strategy: auto (Jarvis decides), parallel (all that resources allow), sequential (one at a \
    time, in order), adaptive (by what was learned). Answers at once with the batch's id and each task's id, state and the \
    reason for it; the tasks are \
    durable by then, so do not submit them again. Next: wait_for_tasks with the batch_id, then get_task_result by id.
    """
  // It runs whatever commands the tasks name, so what these may do is true of the tool.
  static let hints = ToolHints(readOnly: false, destructive: true, idempotent: false, openWorld: true)
  static let meta: JSONObject = [
    "anthropic/alwaysLoad": true,
    "anthropic/searchHint": "run commands or agents in parallel, background jobs, batch, map-reduce, subagents",
  ]

  /// What the specification's call carries, and whether to wait. Session, environment and folder come from the
  /// connection.
  struct Arguments: WireValue {
    static let offered = ["tasks", "branch_id", "strategy"]
    /// Claude Code cuts a call off after half an hour.
    static let longest = 600.0

    var whole: TaskSpawn.Parameters
    var waits: Bool?

    private struct Waiting: WireObject {
      var wait: Bool?
      init(reading fields: inout ObjectReader) throws(WireError) {
        wait = try fields.optional(
          "wait",
          "answer when all tasks are over (or after 10 minutes) instead of at once; default: false, and true where "
            + "the call is made as an MCP task")
      }
      func write(_ fields: inout ObjectWriter) { fields.set("wait", wait) }
    }

    static var schema: Schema {
      .object(TaskSpawn.Parameters.fields.filter { offered.contains($0.name) } + Waiting.fields)
    }
    static var placeholder: Arguments { Arguments(whole: .placeholder, waits: nil) }

    static func read(_ json: JSON, at path: WirePath) throws(WireError) -> Arguments {
      guard case .object(var object) = json else { throw WireError(path, "must be an object, found \(json.kind)") }
      let known = offered + ["wait"]
      if let stranger = object.members.first(where: { !known.contains($0.key) }) {
        throw WireError(
          .field(path, stranger.key), "is not a known field (known: \(known.joined(separator: ", ")))")
      }
      var waiting = JSONObject()
      waiting["wait"] = object["wait"]
      object["wait"] = nil
      let waits = try Waiting.read(.object(waiting), at: path).wait
      return Arguments(whole: try TaskSpawn.Parameters.read(.object(object), at: path), waits: waits)
    }

    var json: JSON {
      guard case .object(var object) = whole.json else { return whole.json }
      object["wait"] = waits.map { .bool($0) }
      return .object(object)
    }
  }

  /// The batch as accepted, in short.
  struct Output: WireObject {
    var summary: String
    var batchID: BatchID
    var branchID: String
    var strategy: Strategy
    var tasks: [TaskBrief]
    var omitted: Int?
    var done: Bool?
    var succeeded: Bool?
    var counts: [String: Int]?

    init(_ batch: TaskSpawn.Result) {
      let list = Shortlist(batch.tasks)
      summary = SpawnTool.summary(of: batch)
      batchID = batch.batchID
      branchID = batch.branchID
      strategy = batch.strategy
      tasks = list.shown
      omitted = list.omitted
    }

    /// The batch after a wait.
    init(_ batch: Note, _ result: TaskWait.Result) {
      let list = Shortlist(result.tasks)
      summary = "Batch \(batch.batchID) on branch \(batch.branchID). \(WaitTool.summary(of: result))"
      batchID = batch.batchID
      branchID = batch.branchID
      strategy = batch.strategy
      tasks = list.shown
      omitted = list.omitted
      done = result.done
      succeeded = result.succeeded
      counts = result.counts
    }

    init(reading fields: inout ObjectReader) throws(WireError) {
      summary = try fields.required("summary", "what started, what waits and why, what to do next")
      batchID = try fields.required("batch_id", "for wait_for_tasks and cancel_tasks")
      branchID = try fields.required("branch_id", "the context that the tasks belong to")
      strategy = try fields.required("strategy", "how they are run")
      tasks = try fields.required("tasks", "the tasks, in the order given")
      omitted = try fields.optional("omitted", "how many more tasks the batch has; they are not listed here")
      done = try fields.optional("done", "after a wait: whether all of them are over")
      succeeded = try fields.optional("succeeded", "after a wait: whether all of them are over and succeeded")
      counts = try fields.optional("counts", "after a wait: how many are in each state")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("summary", summary)
      fields.set("batch_id", batchID)
      fields.set("branch_id", branchID)
      fields.set("strategy", strategy)
      fields.set("tasks", tasks)
      fields.set("omitted", omitted)
      fields.set("done", done)
      fields.set("succeeded", succeeded)
      fields.set("counts", counts)
    }
  }

  /// What of a batch is told again with its end.
  struct Note: WireObject {
    var batchID: BatchID
    var branchID: String
    var strategy: Strategy

    init(_ batch: TaskSpawn.Result) {
      batchID = batch.batchID
      branchID = batch.branchID
      strategy = batch.strategy
    }

    init(reading fields: inout ObjectReader) throws(WireError) {
      batchID = try fields.required("batch_id", "the batch")
      branchID = try fields.required("branch_id", "its branch")
      strategy = try fields.required("strategy", "its strategy")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("batch_id", batchID)
      fields.set("branch_id", branchID)
      fields.set("strategy", strategy)
    }
  }

  static func run(_ arguments: Arguments, in call: ToolCall) async throws(RPC.Failure) -> Output {
    let batch = try await submit(arguments, call)
    guard arguments.waits == true else { return Output(batch) }
    let end = try await TaskFollower.follow(TaskSelection(batchID: batch.batchID), Arguments.longest, call)
    return Output(Note(batch), end)
  }

  private static func submit(_ arguments: Arguments, _ call: ToolCall) async throws(RPC.Failure) -> TaskSpawn.Result {
    var parameters = arguments.whole
    parameters.requestKey = call.requestKey
    return try await call(TaskSpawn.self, parameters)
  }

  static func isLong(_ arguments: Arguments) -> Bool { arguments.waits == true }

  static func begin(_ arguments: Arguments, in call: ToolCall) async throws(RPC.Failure) -> LongWork {
    let batch = try await submit(arguments, call)
    // A client that asks for a task and says nothing of waiting wants to wait; one that says no gets its answer soon.
    return LongWork(
      selection: TaskSelection(batchID: batch.batchID), seconds: arguments.waits == false ? 0 : nil,
      note: Note(batch).json)
  }

  static func output(_ work: LongWork, _ tasks: TaskWait.Result) throws(RPC.Failure) -> Output {
    do throws(WireError) { return Output(try Note.read(work.note, at: .root("note")), tasks) } catch {
      throw RPC.Failure(.internalError, error.description)
    }
  }

  static func question(_ arguments: Arguments, confirmAbove: Int, in call: ToolCall) async -> String? {
    let tasks = arguments.whole.tasks
    return tasks.count > confirmAbove ? "Start \(tasks.count) tasks with Jarvis? \(shortly(tasks))" : nil
  }

  /// The first of them.
  static func shortly(_ tasks: [TaskSpec]) -> String {
    let first = tasks.prefix(3).map { Phrase.shortened($0.description ?? $0.command?.text ?? "?", to: 60) }
    return first.joined(separator: ", ") + (tasks.count > 3 ? ", …" : "")
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
