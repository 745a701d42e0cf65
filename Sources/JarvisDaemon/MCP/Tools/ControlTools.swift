import JarvisProtocol

/// `pause_tasks`
enum PauseTool: MCPTool {
  static let name = "pause_tasks"
  static let title = "Pause tasks"
  static let guide = """
    Freezes running tasks (their processes stop where they are and keep their memory) and holds queued ones back, a whole \
    batch by `batch_id` or some by `ids`, until resume_tasks. Use it to let something more urgent have the machine.
    """
  static let hints = ToolHints(readOnly: false, destructive: false, idempotent: true, openWorld: false)
  static let meta: JSONObject = ["anthropic/searchHint": "freeze, hold, suspend running or queued tasks"]

  static func run(_ arguments: TaskSelection, in call: ToolCall) async throws(RPC.Failure) -> ChangedTasks {
    let tasks = try await call(TaskPause.self, arguments).tasks
    return ChangedTasks(tasks.isEmpty ? "There was nothing to pause." : "Now: \(Phrase.outcomes(tasks)).", tasks)
  }
}

/// `resume_tasks`
enum ResumeTool: MCPTool {
  static let name = "resume_tasks"
  static let title = "Resume tasks"
  static let guide = """
    Lets paused tasks go on, a whole batch by `batch_id` or some by `ids`. A frozen task runs on when the machine has room \
    for it; until then its `reason` says what it waits for.
    """
  static let hints = ToolHints(readOnly: false, destructive: false, idempotent: true, openWorld: false)
  static let meta: JSONObject = ["anthropic/searchHint": "continue, unpause, thaw paused tasks"]

  static func run(_ arguments: TaskSelection, in call: ToolCall) async throws(RPC.Failure) -> ChangedTasks {
    let tasks = try await call(TaskResume.self, arguments).tasks
    return ChangedTasks(tasks.isEmpty ? "There was nothing to resume." : "Now: \(Phrase.outcomes(tasks)).", tasks)
  }
}

/// `retry_tasks`
enum RetryTool: MCPTool {
  static let name = "retry_tasks"
  static let title = "Run failed tasks again"
  static let guide = """
    Runs tasks again that ended without success (some by `ids`, or with `batch_id` all such tasks of a batch), as new tasks \
    of a new batch. Look at get_task_result first: what fails for a reason of its own fails again.
    """
  // The commands run again, with whatever they do.
  static let hints = ToolHints(readOnly: false, destructive: true, idempotent: false, openWorld: true)
  static let meta: JSONObject = ["anthropic/searchHint": "rerun, restart, repeat failed tasks of a batch"]

  static func run(_ arguments: TaskSelection, in call: ToolCall) async throws(RPC.Failure) -> SpawnTool.Output {
    var parameters = TaskRetry.Parameters(arguments)
    parameters.requestKey = call.requestKey
    return SpawnTool.Output(try await call(TaskRetry.self, parameters))
  }

  static func question(_ arguments: TaskSelection, confirmAbove: Int, in call: ToolCall) async -> String? {
    var count = arguments.ids?.count ?? 0
    if let id = arguments.batchID, let batch = try? await call(BatchGet.self, .init(batchID: id)) {
      count = TaskState.allCases.filter { $0.isTerminal && $0 != .succeeded }.reduce(0) {
        $0 + (batch.counts[$1.rawValue] ?? 0)
      }
    }
    return count > confirmAbove ? "Run \(count) tasks again with Jarvis?" : nil
  }
}

/// `edit_task`
enum EditTool: MCPTool {
  static let name = "edit_task"
  static let title = "Change a waiting task"
  static let guide = """
    Changes a task that has not started: its `priority` (critical, high, medium, low: a higher one starts earlier), what it \
    does (`command` or `description`), its `limits`, what it waits for (`after`) or when it may start (`not_before`). Fields \
    that are left out stay.
    """
  static let hints = ToolHints(readOnly: false, destructive: true, idempotent: true, openWorld: false)
  static let meta: JSONObject = ["anthropic/searchHint": "change priority, dependencies or limits of a queued task"]

  static func run(_ arguments: TaskEdit.Parameters, in call: ToolCall) async throws(RPC.Failure) -> ChangedTasks {
    let task = try await call(TaskEdit.self, arguments)
    return ChangedTasks("\(task.id) is changed and \(task.state.rawValue), priority \(task.priority.rawValue).", [task])
  }
}

/// `explain_task`
enum ExplainTool: MCPTool {
  static let name = "explain_task"
  static let title = "Say why a task is where it is"
  static let guide = """
    Says in a sentence and in numbers why a task is where it is: what a queued one waits for (CPU, memory, a cap of its \
    session, its dependencies, its turn) with the figures that were compared, or how an ended one ended.
    """
  static let hints = ToolHints.looksOnly
  static let meta: JSONObject = ["anthropic/searchHint": "why is a task queued, blocked, killed; scheduler reason"]

  /// The reason.
  struct Output: WireObject {
    var summary: String
    var why: TaskWhy.Result

    init(_ why: TaskWhy.Result) {
      summary = "\(why.id) is \(why.state.rawValue): \(Phrase.clause(why.reason, most: 1000))."
      self.why = why
    }

    init(reading fields: inout ObjectReader) throws(WireError) {
      summary = try fields.required("summary", "the reason in a sentence")
      why = try fields.required("why", "the rule that decided, and its figures")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("summary", summary)
      fields.set("why", why)
    }
  }

  static func run(_ arguments: TaskReference, in call: ToolCall) async throws(RPC.Failure) -> Output {
    Output(try await call(TaskWhy.self, arguments))
  }
}
