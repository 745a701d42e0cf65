/// A share of the machine.
public struct ResourceShare: WireObject, Hashable {
  /// Share of the machine's cores.
  public var cpu: Double?
  /// Share of the machine's memory.
  public var ram: Double?

  /// Shares, 0 to 1.
  public init(cpu: Double? = nil, ram: Double? = nil) {
    self.cpu = cpu
    self.ram = ram
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    cpu = try fields.optional("cpu", "share of the machine's cores", schema: .number(minimum: 0, maximum: 1))
    ram = try fields.optional("ram", "share of the machine's memory", schema: .number(minimum: 0, maximum: 1))
    if let cpu { try fields.check("cpu", (0...1).contains(cpu), "must be 0 to 1, found \(cpu)") }
    if let ram { try fields.check("ram", (0...1).contains(ram), "must be 0 to 1, found \(ram)") }
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("cpu", cpu)
    fields.set("ram", ram)
  }
}

/// What somebody taught Jarvis about a type of task.
public struct Learning: WireObject, Hashable {
  /// The type of task.
  public var taskType: String
  /// Share of time saved by running such tasks in parallel.
  public var parallelBenefit: Double?
  /// What was seen.
  public var notes: String?
  /// What one such task costs, as shares of the machine.
  public var resourceCost: ResourceShare?
  /// When it was stored (set by Jarvis).
  public var recordedAt: Timestamp?

  /// A learning.
  public init(
    taskType: String, parallelBenefit: Double?, notes: String?, resourceCost: ResourceShare?,
    recordedAt: Timestamp? = nil
  ) {
    self.taskType = taskType
    self.parallelBenefit = parallelBenefit
    self.notes = notes
    self.resourceCost = resourceCost
    self.recordedAt = recordedAt
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    taskType = try fields.required("task_type", "the type of task", schema: .string(format: nil, maxLength: 128))
    parallelBenefit = try fields.optional(
      "parallel_benefit", "share of time saved by running such tasks in parallel",
      schema: .number(minimum: 0, maximum: 1))
    notes = try fields.optional("notes", "what was seen", schema: .string(format: nil, maxLength: 16_384))
    resourceCost = try fields.optional("resource_cost", "what one such task costs, as shares of the machine")
    recordedAt = try fields.optional("recorded_at", "when it was stored (set by Jarvis)")
    try fields.check("task_type", !taskType.isEmpty && taskType.utf8.count <= 128, "must be 1 to 128 bytes")
    if let parallelBenefit {
      try fields.check(
        "parallel_benefit", (0...1).contains(parallelBenefit), "must be 0 to 1, found \(parallelBenefit)")
    }
    try fields.check("notes", (notes?.utf8.count ?? 0) <= 16_384, "must be at most 16 KiB")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("task_type", taskType)
    fields.set("parallel_benefit", parallelBenefit)
    fields.set("notes", notes)
    fields.set("resource_cost", resourceCost)
    fields.set("recorded_at", recordedAt)
  }
}

/// `learn.record`
public enum LearnRecord: Method {
  /// As on the wire.
  public static let name = "learn.record"
  /// What it does.
  public static let summary = "Stores a learning about parallel execution: the specification's learn_parallelization."
  /// Parameters that a test reads.
  public static let example: JSON = [
    "task_type": "codebase_search", "parallel_benefit": 0.85,
    "notes": "Searching multiple directories in parallel saves 60% time", "resource_cost": ["cpu": 0.4, "ram": 0.2],
  ]
  /// What it takes.
  public typealias Parameters = Learning
  /// What it answers.
  public typealias Result = Learning
}

/// `learn.get`
public enum LearnGet: Method {
  /// As on the wire.
  public static let name = "learn.get"
  /// What it does.
  public static let summary = "What was taught about one type of task, newest first."
  /// Parameters that a test reads.
  public static let example: JSON = ["task_type": "codebase_search"]

  /// Which type.
  public struct Parameters: WireObject, Hashable {
    /// The type of task.
    public var taskType: String

    /// A type.
    public init(taskType: String) { self.taskType = taskType }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      taskType = try fields.required("task_type", "the type of task")
    }
    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) { fields.set("task_type", taskType) }
  }

  /// What is known.
  public struct Result: WireObject, Hashable {
    /// The type of task.
    public var taskType: String
    /// What was taught, newest first.
    public var learnings: [Learning]

    /// Learnings of one type.
    public init(taskType: String, learnings: [Learning]) {
      self.taskType = taskType
      self.learnings = learnings
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      taskType = try fields.required("task_type", "the type of task")
      learnings = try fields.required("learnings", "what was taught, newest first")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("task_type", taskType)
      fields.set("learnings", learnings)
    }
  }
}

/// `learn.list`
public enum LearnList: Method {
  /// As on the wire.
  public static let name = "learn.list"
  /// What it does.
  public static let summary = "The newest learning of each type."
  /// Parameters that a test reads.
  public static let example: JSON = [:]
  /// What it takes.
  public typealias Parameters = Empty

  /// What is known.
  public struct Result: WireObject, Hashable {
    /// The newest of each type, by type.
    public var learnings: [Learning]

    /// One learning a type.
    public init(learnings: [Learning]) { self.learnings = learnings }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      learnings = try fields.required("learnings", "the newest of each type, by type")
    }
    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) { fields.set("learnings", learnings) }
  }
}
