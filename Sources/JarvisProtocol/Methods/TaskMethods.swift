/// Several tasks by id, or all of a batch.
public struct TaskSelection: WireObject, Hashable {
  /// Tasks by id.
  public var ids: [TaskID]?
  /// All tasks of a batch.
  public var batchID: BatchID?

  /// A selection; give exactly one of them.
  public init(ids: [TaskID]? = nil, batchID: BatchID? = nil) {
    self.ids = ids
    self.batchID = batchID
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    ids = try fields.optional("ids", "tasks by id")
    batchID = try fields.optional("batch_id", "all tasks of a batch")
    if fields.isDescribing { return }
    guard (ids == nil) != (batchID == nil) else {
      throw WireError(.field(fields.path, "ids"), "or `batch_id` must be given, and only one of them")
    }
    try fields.check("ids", ids?.isEmpty != true, "must name at least one task")
    try fields.check("ids", (ids?.count ?? 0) <= 10_000, "must name at most 10,000 tasks")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("ids", ids)
    fields.set("batch_id", batchID)
  }
}

/// Tasks as they are after a change.
public struct TaskListResult: WireObject, Hashable {
  /// The tasks.
  public var tasks: [TaskView]

  /// A list of tasks.
  public init(tasks: [TaskView]) { self.tasks = tasks }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    tasks = try fields.required("tasks", "the tasks")
  }
  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) { fields.set("tasks", tasks) }
}

/// `task.spawn`
public enum TaskSpawn: Method {
  /// As on the wire.
  public static let name = "task.spawn"
  /// What it does.
  public static let summary =
    "Submits a batch of tasks: the specification's spawn_parallel_tasks. It answers once the tasks are durable."
  /// Parameters that a test reads.
  public static let example: JSON = [
    "tasks": [
      ["description": "Search codebase for authentication logic", "type": "explore", "priority": "high"],
      ["name": "lint", "command": ["make", "lint"], "limits": ["memory": "2G", "time": "10m"]],
      ["command": "wc -l report.txt", "after": [["task": "lint", "on": "any"]]],
    ],
    "branch_id": "security-audit", "strategy": "auto",
  ]

  /// The batch.
  public struct Parameters: WireObject, Hashable {
    /// The tasks, 1 to 10,000.
    public var tasks: [TaskSpec]
    /// The context; default: the submitter's git branch, else main.
    public var branchID: String?
    /// How to run them.
    public var strategy: Strategy
    /// The session; default: the connection's.
    public var sessionID: String?
    /// A name for the batch.
    public var name: String?
    /// The folder for tasks that name none; default: the submitter's.
    public var cwd: String?
    /// The whole environment for the tasks; default: the submitter's.
    public var environment: [String: String]?
    /// Any text that is unique to this submission: sent again, it answers with the first one's batch.
    public var requestKey: String?

    /// A batch with defaults for everything but the tasks.
    public init(tasks: [TaskSpec]) {
      self.tasks = tasks
      strategy = .auto
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      // 10,000 is `[server] max_batch`'s upper bound; the count is checked before 10,001 of them are read.
      tasks = try fields.required(
        "tasks", "the tasks, 1 to 10,000", schema: .list(of: TaskSpec.schema, minItems: 1, maxItems: 10_000))
      branchID = try fields.optional(
        "branch_id", "the context; default: the submitter's git branch, else main",
        schema: .string(format: nil, maxLength: 256))
      strategy = try fields.defaulted("strategy", "how to run them", .auto)
      sessionID = try fields.optional(
        "session_id", "the session; default: the connection's", schema: .string(format: nil, maxLength: 128))
      name = try fields.optional("name", "a name for the batch", schema: .string(format: nil, maxLength: 128))
      cwd = try fields.optional("cwd", "the folder for tasks that name none; default: the submitter's")
      environment = try fields.optional(
        "environment", "the whole environment for the tasks; default: the submitter's")
      requestKey = try fields.optional(
        "request_key", "any text that is unique to this submission: sent again, it answers with the first one's batch",
        schema: .string(format: nil, maxLength: 128))
      if fields.isDescribing { return }
      try fields.check("tasks", !tasks.isEmpty, "must not be empty: give at least one task")
      try fields.check("tasks", tasks.count <= 10_000, "must be at most 10,000 tasks in a batch, found \(tasks.count)")
      for (field, value, most) in [
        ("branch_id", branchID, 256), ("session_id", sessionID, 128), ("name", name, 128),
        ("request_key", requestKey, 128),
      ] {
        guard let value else { continue }
        try fields.check(field, !value.isEmpty && value.utf8.count <= most, "must be 1 to \(most) bytes")
        try fields.check(
          field, !value.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F },
          "must not contain control characters")
      }
      for key in (environment ?? [:]).keys where key.isEmpty || key.contains("=") {
        throw WireError(.field(.field(fields.path, "environment"), key), "is no name of an environment variable")
      }
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("tasks", tasks)
      fields.set("branch_id", branchID)
      fields.set("strategy", strategy)
      fields.set("session_id", sessionID)
      fields.set("name", name)
      fields.set("cwd", cwd)
      fields.set("environment", environment)
      fields.set("request_key", requestKey)
    }
  }

  /// The batch as accepted.
  public struct Result: WireObject, Hashable {
    /// The batch's id.
    public var batchID: BatchID
    /// The context its tasks belong to.
    public var branchID: String
    /// How they are run.
    public var strategy: Strategy
    /// The tasks, in the order given.
    public var tasks: [TaskView]

    /// An accepted batch.
    public init(batchID: BatchID, branchID: String, strategy: Strategy, tasks: [TaskView]) {
      self.batchID = batchID
      self.branchID = branchID
      self.strategy = strategy
      self.tasks = tasks
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      batchID = try fields.required("batch_id", "the batch's id")
      branchID = try fields.required("branch_id", "the context its tasks belong to")
      strategy = try fields.required("strategy", "how they are run")
      tasks = try fields.required("tasks", "the tasks, in the order given")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("batch_id", batchID)
      fields.set("branch_id", branchID)
      fields.set("strategy", strategy)
      fields.set("tasks", tasks)
    }
  }
}

/// `task.list`
public enum TaskList: Method {
  /// As on the wire.
  public static let name = "task.list"
  /// What it does.
  public static let summary = "Lists tasks, newest first, live and finished, a page at a time."
  /// Parameters that a test reads.
  public static let example: JSON = ["batch_id": "b1", "states": ["queued", "running"], "limit": 100]

  /// Which tasks.
  public struct Parameters: WireObject, Hashable {
    /// Only this batch.
    public var batchID: BatchID?
    /// Only this branch.
    public var branchID: String?
    /// Only this session.
    public var sessionID: String?
    /// Only this group.
    public var group: String?
    /// Only this type.
    public var type: String?
    /// Only tasks in one of these states.
    public var states: [TaskState]?
    /// How many at most.
    public var limit: Int
    /// `next_cursor` of the page before.
    public var cursor: String?

    /// Everything, a first page.
    public init() { limit = 200 }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      batchID = try fields.optional("batch_id", "only this batch")
      branchID = try fields.optional("branch_id", "only this branch")
      sessionID = try fields.optional("session_id", "only this session")
      group = try fields.optional("group", "only this group")
      type = try fields.optional("type", "only this type")
      states = try fields.optional("states", "only tasks in one of these states")
      limit = try fields.defaulted("limit", "how many at most", 200, schema: .integer(minimum: 1, maximum: 10_000))
      cursor = try fields.optional("cursor", "`next_cursor` of the page before")
      try fields.check("limit", (1...10_000).contains(limit), "must be 1 to 10,000, found \(limit)")
      if let cursor { try fields.check("cursor", TaskID(cursor) != nil, "is no cursor of this method") }
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("batch_id", batchID)
      fields.set("branch_id", branchID)
      fields.set("session_id", sessionID)
      fields.set("group", group)
      fields.set("type", type)
      fields.set("states", states)
      fields.set("limit", limit)
      fields.set("cursor", cursor)
    }
  }

  /// A page of tasks.
  public struct Result: WireObject, Hashable {
    /// The tasks, newest first.
    public var tasks: [TaskView]
    /// For the next page; absent on the last.
    public var nextCursor: String?

    /// A page.
    public init(tasks: [TaskView], nextCursor: String?) {
      self.tasks = tasks
      self.nextCursor = nextCursor
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      tasks = try fields.required("tasks", "the tasks, newest first")
      nextCursor = try fields.optional("next_cursor", "for the next page; absent on the last")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("tasks", tasks)
      fields.set("next_cursor", nextCursor)
    }
  }
}

/// One task by id.
public struct TaskReference: WireObject, Hashable {
  /// The task's id.
  public var id: TaskID

  /// A task.
  public init(id: TaskID) { self.id = id }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) { id = try fields.required("id", "the task's id") }
  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) { fields.set("id", id) }
}

/// `task.get`
public enum TaskGet: Method {
  /// As on the wire.
  public static let name = "task.get"
  /// What it does.
  public static let summary = "Shows one task."
  /// Parameters that a test reads.
  public static let example: JSON = ["id": "t1"]
  /// What it takes.
  public typealias Parameters = TaskReference
  /// What it answers.
  public typealias Result = TaskView
}

/// `task.wait`
public enum TaskWait: Method {
  /// As on the wire.
  public static let name = "task.wait"
  /// What it does.
  public static let summary =
    "Answers when all of the tasks are over, or when the time is up (then `timed_out` is true and nothing is cancelled)."
  /// Parameters that a test reads.
  public static let example: JSON = ["batch_id": "b1", "timeout_seconds": 30]

  /// Which tasks, how long.
  public struct Parameters: WireObject, Hashable {
    /// Tasks by id.
    public var ids: [TaskID]?
    /// All tasks of a batch.
    public var batchID: BatchID?
    /// How long to wait; default: without end.
    public var timeoutSeconds: Double?

    /// A wait; give exactly one of `ids` and `batchID`.
    public init(ids: [TaskID]? = nil, batchID: BatchID? = nil, timeoutSeconds: Double? = nil) {
      self.ids = ids
      self.batchID = batchID
      self.timeoutSeconds = timeoutSeconds
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      ids = try fields.optional("ids", "tasks by id")
      batchID = try fields.optional("batch_id", "all tasks of a batch")
      timeoutSeconds = try fields.optional(
        "timeout_seconds", "how long to wait; default: without end", schema: .number(minimum: 0, maximum: nil))
      if fields.isDescribing { return }
      guard (ids == nil) != (batchID == nil) else {
        throw WireError(.field(fields.path, "ids"), "or `batch_id` must be given, and only one of them")
      }
      try fields.check("ids", ids?.isEmpty != true, "must name at least one task")
      try fields.check("ids", (ids?.count ?? 0) <= 10_000, "must name at most 10,000 tasks")
      if let timeoutSeconds {
        try fields.check(
          "timeout_seconds", timeoutSeconds >= 0 && timeoutSeconds < 1e9,
          "must be 0 or more seconds, found \(timeoutSeconds)")
      }
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("ids", ids)
      fields.set("batch_id", batchID)
      fields.set("timeout_seconds", timeoutSeconds)
    }
  }

  /// How it came out.
  public struct Result: WireObject, Hashable {
    /// Whether all of them are over.
    public var done: Bool
    /// Whether the time was up first.
    public var timedOut: Bool
    /// Whether all of them are over and succeeded.
    public var succeeded: Bool
    /// How many are in each state.
    public var counts: [String: Int]
    /// The tasks, in the order asked for.
    public var tasks: [TaskView]

    /// The state of the tasks waited for.
    public init(done: Bool, timedOut: Bool, succeeded: Bool, counts: [String: Int], tasks: [TaskView]) {
      self.done = done
      self.timedOut = timedOut
      self.succeeded = succeeded
      self.counts = counts
      self.tasks = tasks
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      done = try fields.required("done", "whether all of them are over")
      timedOut = try fields.required("timed_out", "whether the time was up first")
      succeeded = try fields.required("succeeded", "whether all of them are over and succeeded")
      counts = try fields.required("counts", "how many are in each state")
      tasks = try fields.required("tasks", "the tasks, in the order asked for")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("done", done)
      fields.set("timed_out", timedOut)
      fields.set("succeeded", succeeded)
      fields.set("counts", counts)
      fields.set("tasks", tasks)
    }
  }
}

/// `task.cancel`
public enum TaskCancel: Method {
  /// As on the wire.
  public static let name = "task.cancel"
  /// What it does.
  public static let summary =
    "Cancels tasks: waiting ones at once, running ones by the kill ladder (polite signal, grace, whole cgroup). Tasks that are over stay as they are."
  /// Parameters that a test reads.
  public static let example: JSON = ["ids": ["t1"]]
  /// What it takes.
  public typealias Parameters = TaskSelection
  /// What it answers.
  public typealias Result = TaskListResult
}

/// `task.pause`
public enum TaskPause: Method {
  /// As on the wire.
  public static let name = "task.pause"
  /// What it does.
  public static let summary = "Freezes running tasks; a queued task is held back until it is resumed."
  /// Parameters that a test reads.
  public static let example: JSON = ["ids": ["t1"]]
  /// What it takes.
  public typealias Parameters = TaskSelection
  /// What it answers.
  public typealias Result = TaskListResult
}

/// `task.resume`
public enum TaskResume: Method {
  /// As on the wire.
  public static let name = "task.resume"
  /// What it does.
  public static let summary = "Lets paused tasks go on."
  /// Parameters that a test reads.
  public static let example: JSON = ["ids": ["t1"]]
  /// What it takes.
  public typealias Parameters = TaskSelection
  /// What it answers.
  public typealias Result = TaskListResult
}

/// `task.retry`
public enum TaskRetry: Method {
  /// As on the wire.
  public static let name = "task.retry"
  /// What it does.
  public static let summary =
    "Runs tasks again that ended without success (for a batch: all such tasks of it), as new tasks of a new batch."
  /// Parameters that a test reads.
  public static let example: JSON = ["ids": ["t1"]]
  /// What it takes.
  public typealias Parameters = TaskSelection
  /// What it answers.
  public typealias Result = TaskSpawn.Result
}

/// `task.edit`
public enum TaskEdit: Method {
  /// As on the wire.
  public static let name = "task.edit"
  /// What it does.
  public static let summary = "Changes a task that has not started."
  /// Parameters that a test reads.
  public static let example: JSON = ["id": "t1", "priority": "high"]

  /// What to change; absent fields stay.
  public struct Parameters: WireObject, Hashable {
    /// The task's id.
    public var id: TaskID
    /// How urgent it is.
    public var priority: Priority?
    /// What it runs.
    public var command: Command?
    /// What it is to do.
    public var description: String?
    /// Bounds; replaces all of the task's limits.
    public var limits: TaskLimits?
    /// Dependencies by id; replaces all of them.
    public var after: AfterList?
    /// When it may start at the earliest.
    public var notBefore: Timestamp?

    /// No change yet.
    public init(id: TaskID) { self.id = id }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      id = try fields.required("id", "the task's id")
      priority = try fields.optional("priority", "how urgent it is")
      command = try fields.optional("command", "what it runs")
      description = try fields.optional("description", "what it is to do")
      limits = try fields.optional("limits", "bounds; replaces all of the task's limits")
      after = try fields.optional("after", "dependencies by id; replaces all of them")
      notBefore = try fields.optional("not_before", "when it may start at the earliest")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("id", id)
      fields.set("priority", priority)
      fields.set("command", command)
      fields.set("description", description)
      fields.set("limits", limits)
      fields.set("after", after)
      fields.set("not_before", notBefore)
    }
  }

  /// What it answers.
  public typealias Result = TaskView
}

/// `task.why`
public enum TaskWhy: Method {
  /// As on the wire.
  public static let name = "task.why"
  /// What it does.
  public static let summary = "Says why a task is where it is, in a sentence and in numbers."
  /// Parameters that a test reads.
  public static let example: JSON = ["id": "t1"]
  /// What it takes.
  public typealias Parameters = TaskReference

  /// The reason.
  public struct Result: WireObject, Hashable {
    /// The task's id.
    public var id: TaskID
    /// Where it is.
    public var state: TaskState
    /// Why, in a sentence.
    public var reason: String
    /// The rule that decided, in a word.
    public var kind: String
    /// The figures that the rule compared; shares are 0 to 1.
    public var numbers: [String: Double]

    /// A reason.
    public init(id: TaskID, state: TaskState, reason: String, kind: String, numbers: [String: Double]) {
      self.id = id
      self.state = state
      self.reason = reason
      self.kind = kind
      self.numbers = numbers
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      id = try fields.required("id", "the task's id")
      state = try fields.required("state", "where it is")
      reason = try fields.required("reason", "why, in a sentence")
      kind = try fields.required("kind", "the rule that decided, in a word")
      numbers = try fields.required("numbers", "the figures that the rule compared; shares are 0 to 1")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("id", id)
      fields.set("state", state)
      fields.set("reason", reason)
      fields.set("kind", kind)
      fields.set("numbers", numbers)
    }
  }
}

/// Which of a task's outputs.
public enum OutputStream: String, WireEnum {
  case stdout, stderr
}

/// `task.logs`
public enum TaskLogs: Method {
  /// As on the wire.
  public static let name = "task.logs"
  /// What it does.
  public static let summary =
    "Reads a task's output from an offset. With `wait_seconds` it waits for more, or for the task's end, when there is none yet."
  /// Parameters that a test reads.
  public static let example: JSON = ["id": "t1", "stream": "stdout", "offset": 0]

  /// What to read.
  public struct Parameters: WireObject, Hashable {
    /// The task's id.
    public var id: TaskID
    /// Stdout or stderr.
    public var stream: OutputStream
    /// Bytes to skip; a negative number counts from the end.
    public var offset: Int
    /// How many at most.
    public var maxBytes: Int
    /// How long to wait for more.
    public var waitSeconds: Double

    /// From the beginning, at once.
    public init(id: TaskID, stream: OutputStream = .stdout, offset: Int = 0, waitSeconds: Double = 0) {
      self.id = id
      self.stream = stream
      self.offset = offset
      self.waitSeconds = waitSeconds
      maxBytes = 65_536
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      id = try fields.required("id", "the task's id")
      stream = try fields.defaulted("stream", "stdout or stderr", .stdout)
      offset = try fields.defaulted("offset", "bytes to skip; a negative number counts from the end", 0)
      maxBytes = try fields.defaulted(
        "max_bytes", "how many at most", 65_536, schema: .integer(minimum: 1, maximum: 1_048_576))
      waitSeconds = try fields.defaulted(
        "wait_seconds", "how long to wait for more", 0.0, schema: .number(minimum: 0, maximum: 3600))
      try fields.check("max_bytes", (1...1_048_576).contains(maxBytes), "must be 1 to 1,048,576, found \(maxBytes)")
      try fields.check("wait_seconds", (0...3600).contains(waitSeconds), "must be 0 to 3600, found \(waitSeconds)")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("id", id)
      fields.set("stream", stream)
      fields.set("offset", offset)
      fields.set("max_bytes", maxBytes)
      fields.set("wait_seconds", waitSeconds)
    }
  }

  /// A piece of output.
  public struct Result: WireObject, Hashable {
    /// The text; bytes that are not UTF-8 are replaced.
    public var data: String
    /// Where the piece begins, in bytes.
    public var offset: Int
    /// Where to go on.
    public var nextOffset: Int
    /// How long the output is now.
    public var size: Int
    /// Whether there is nothing more to come.
    public var end: Bool
    /// Where the task is.
    public var state: TaskState

    /// A piece.
    public init(data: String, offset: Int, nextOffset: Int, size: Int, end: Bool, state: TaskState) {
      self.data = data
      self.offset = offset
      self.nextOffset = nextOffset
      self.size = size
      self.end = end
      self.state = state
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      data = try fields.required("data", "the text; bytes that are not UTF-8 are replaced")
      offset = try fields.required("offset", "where the piece begins, in bytes")
      nextOffset = try fields.required("next_offset", "where to go on")
      size = try fields.required("size", "how long the output is now")
      end = try fields.required("end", "whether there is nothing more to come")
      state = try fields.required("state", "where the task is")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("data", data)
      fields.set("offset", offset)
      fields.set("next_offset", nextOffset)
      fields.set("size", size)
      fields.set("end", end)
      fields.set("state", state)
    }
  }
}

/// `task.result`
public enum TaskResult: Method {
  /// As on the wire.
  public static let name = "task.result"
  /// What it does.
  public static let summary = "The end of a task's output together with the task."
  /// Parameters that a test reads.
  public static let example: JSON = ["id": "t1"]

  /// Which task, how much.
  public struct Parameters: WireObject, Hashable {
    /// The task's id.
    public var id: TaskID
    /// How much of each output at most.
    public var maxBytes: Int

    /// The last 64 KiB.
    public init(id: TaskID, maxBytes: Int = 65_536) {
      self.id = id
      self.maxBytes = maxBytes
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      id = try fields.required("id", "the task's id")
      maxBytes = try fields.defaulted(
        "max_bytes", "how much of each output at most", 65_536, schema: .integer(minimum: 1, maximum: 1_048_576))
      try fields.check("max_bytes", (1...1_048_576).contains(maxBytes), "must be 1 to 1,048,576, found \(maxBytes)")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("id", id)
      fields.set("max_bytes", maxBytes)
    }
  }

  /// The task and what it wrote.
  public struct Result: WireObject, Hashable {
    /// The task.
    public var task: TaskView
    /// The end of stdout.
    public var output: String
    /// The end of stderr.
    public var errors: String
    /// Whether there was more before it.
    public var truncated: Bool

    /// A result.
    public init(task: TaskView, output: String, errors: String, truncated: Bool) {
      self.task = task
      self.output = output
      self.errors = errors
      self.truncated = truncated
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      task = try fields.required("task", "the task")
      output = try fields.required("output", "the end of stdout")
      errors = try fields.required("errors", "the end of stderr")
      truncated = try fields.required("truncated", "whether there was more before it")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("task", task)
      fields.set("output", output)
      fields.set("errors", errors)
      fields.set("truncated", truncated)
    }
  }
}
