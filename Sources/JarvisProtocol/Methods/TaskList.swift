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
