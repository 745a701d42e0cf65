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

  /// Which tasks.
  public struct Parameters: WireObject, Hashable {
    /// The tasks.
    public var tasks: TaskSelection
    /// As in task.spawn.
    public var requestKey: String?

    /// Without a key.
    public init(_ tasks: TaskSelection) { self.tasks = tasks }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      tasks = try TaskSelection(reading: &fields)
      requestKey = try fields.optional("request_key", "as in task.spawn")
      try fields.check("request_key", (requestKey?.utf8.count ?? 0) <= 128, "must be at most 128 bytes")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      tasks.write(&fields)
      fields.set("request_key", requestKey)
    }
  }

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
