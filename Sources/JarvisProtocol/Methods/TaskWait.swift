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
    /// What they came to together.
    public var totals: BatchTotals?

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
      totals = try fields.optional("totals", "what they came to together")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("done", done)
      fields.set("timed_out", timedOut)
      fields.set("succeeded", succeeded)
      fields.set("counts", counts)
      fields.set("tasks", tasks)
      fields.set("totals", totals)
    }
  }
}
