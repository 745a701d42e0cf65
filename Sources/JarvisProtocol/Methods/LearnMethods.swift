/// A share of the machine.
public struct ResourceShare: WireObject, Hashable {
  public var cpu: Double?
  public var ram: Double?

  /// Shares, 0 to 1.
  public init(cpu: Double? = nil, ram: Double? = nil) {
    self.cpu = cpu
    self.ram = ram
  }

  public init(reading fields: inout ObjectReader) throws(WireError) {
    cpu = try fields.optional("cpu", "share of the machine's cores", schema: .number(minimum: 0, maximum: 1))
    ram = try fields.optional("ram", "share of the machine's memory", schema: .number(minimum: 0, maximum: 1))
    if let cpu { try fields.check("cpu", (0...1).contains(cpu), "must be 0 to 1, found \(cpu)") }
    if let ram { try fields.check("ram", (0...1).contains(ram), "must be 0 to 1, found \(ram)") }
  }

  public func write(_ fields: inout ObjectWriter) {
    fields.set("cpu", cpu)
    fields.set("ram", ram)
  }
}

/// What somebody taught Jarvis about a type of task.
public struct Learning: WireObject, Hashable {
  public var taskType: String
  public var parallelBenefit: Double?
  public var notes: String?
  public var resourceCost: ResourceShare?
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
  public static let name = "learn.record"
  public static let summary = "Stores a learning about parallel execution: the specification's learn_parallelization."
  public static let example: JSON = [
    "task_type": "codebase_search", "parallel_benefit": 0.85,
    "notes": "Searching multiple directories in parallel saves 60% time", "resource_cost": ["cpu": 0.4, "ram": 0.2],
  ]
  public typealias Parameters = Learning
  public typealias Result = Learning
}

/// `learn.get`
public enum LearnGet: Method {
  public static let name = "learn.get"
  public static let summary = "What was taught about one type of task, newest first."
  public static let example: JSON = ["task_type": "codebase_search"]

  /// Which type.
  public struct Parameters: WireObject, Hashable {
    public var taskType: String

    /// A type.
    public init(taskType: String) { self.taskType = taskType }

    public init(reading fields: inout ObjectReader) throws(WireError) {
      taskType = try fields.required("task_type", "the type of task")
    }
    public func write(_ fields: inout ObjectWriter) { fields.set("task_type", taskType) }
  }

  /// What is known.
  public struct Result: WireObject, Hashable {
    public var taskType: String
    public var learnings: [Learning]

    /// Learnings of one type.
    public init(taskType: String, learnings: [Learning]) {
      self.taskType = taskType
      self.learnings = learnings
    }

    public init(reading fields: inout ObjectReader) throws(WireError) {
      taskType = try fields.required("task_type", "the type of task")
      learnings = try fields.required("learnings", "what was taught, newest first")
    }

    public func write(_ fields: inout ObjectWriter) {
      fields.set("task_type", taskType)
      fields.set("learnings", learnings)
    }
  }
}

/// `learn.list`
public enum LearnList: Method {
  public static let name = "learn.list"
  public static let summary = "The newest learning of each type."
  public static let example: JSON = [:]
  public typealias Parameters = Empty

  /// What is known.
  public struct Result: WireObject, Hashable {
    public var learnings: [Learning]

    /// One learning a type.
    public init(learnings: [Learning]) { self.learnings = learnings }

    public init(reading fields: inout ObjectReader) throws(WireError) {
      learnings = try fields.required("learnings", "the newest of each type, by type")
    }
    public func write(_ fields: inout ObjectWriter) { fields.set("learnings", learnings) }
  }
}
