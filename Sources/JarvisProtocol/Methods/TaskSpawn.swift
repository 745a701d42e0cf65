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
    /// The branch's parent, whose findings its agents see too.
    public var parentBranchID: String?
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
      parentBranchID = try fields.optional(
        "parent_branch_id", "the branch's parent, whose findings its agents see too",
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
        ("branch_id", branchID, 256), ("parent_branch_id", parentBranchID, 256), ("session_id", sessionID, 128),
        ("name", name, 128),
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
      fields.set("parent_branch_id", parentBranchID)
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
