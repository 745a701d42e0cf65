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
  public static let summary = "What is known of one type of task, and what was taught about it, newest first."
  /// Parameters that a test reads.
  public static let example: JSON = ["task_type": "codebase_search"]

  /// A type and nothing else.
  public struct TypeOnly: WireObject, Hashable {
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

  /// Which type.
  public struct Parameters: WireObject, Hashable {
    /// The type of task.
    public var taskType: String
    /// How many of its newest observations are wanted.
    public var observations: Int

    /// A type.
    public init(taskType: String, observations: Int = 0) {
      self.taskType = taskType
      self.observations = observations
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      taskType = try fields.required("task_type", "the type of task")
      observations = try fields.defaulted(
        "observations", "how many of its newest observations are wanted", 0,
        schema: .integer(minimum: 0, maximum: 1000))
      try fields.check(
        "observations", (0...1000).contains(observations), "must be 0 to 1,000, found \(observations)")
    }
    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("task_type", taskType)
      fields.set("observations", observations)
    }
  }

  /// What is known.
  public struct Result: WireObject, Hashable {
    /// The type of task.
    public var taskType: String
    /// What was learned; absent for a type of which nothing is known.
    public var profile: ProfileView?
    /// What was taught, newest first.
    public var learnings: [Learning]
    /// The newest observations, newest first, if asked for.
    public var observations: [JSON]?

    /// What is known of one type.
    public init(taskType: String, profile: ProfileView?, learnings: [Learning], observations: [JSON]? = nil) {
      self.taskType = taskType
      self.profile = profile
      self.learnings = learnings
      self.observations = observations
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      taskType = try fields.required("task_type", "the type of task")
      profile = try fields.optional("profile", "what was learned; absent for a type of which nothing is known")
      learnings = try fields.required("learnings", "what was taught, newest first")
      observations = try fields.optional("observations", "the newest observations, newest first, if asked for")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("task_type", taskType)
      fields.set("profile", profile)
      fields.set("learnings", learnings)
      fields.set("observations", observations)
    }
  }
}

/// `learn.list`
public enum LearnList: Method {
  /// As on the wire.
  public static let name = "learn.list"
  /// What it does.
  public static let summary = "What is known of each type of task, and what was taught last about it."
  /// Parameters that a test reads.
  public static let example: JSON = [:]

  /// How much.
  public struct Parameters: WireObject, Hashable {
    /// How many profiles at most.
    public var limit: Int

    /// So many.
    public init(limit: Int = 100) { self.limit = limit }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      limit = try fields.defaulted(
        "limit", "how many profiles at most", 100, schema: .integer(minimum: 0, maximum: 10_000))
      try fields.check("limit", (0...10_000).contains(limit), "must be 0 to 10,000, found \(limit)")
    }
    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) { fields.set("limit", limit) }
  }

  /// What is known.
  public struct Result: WireObject, Hashable {
    /// Those that were used last first.
    public var profiles: [ProfileView]
    /// The newest of each type, by type.
    public var learnings: [Learning]

    /// One of each a type.
    public init(profiles: [ProfileView], learnings: [Learning]) {
      self.profiles = profiles
      self.learnings = learnings
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      profiles = try fields.defaulted("profiles", "what was learned, the types used last first", [])
      learnings = try fields.required("learnings", "what was taught last about each type, by type")
    }
    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("profiles", profiles)
      fields.set("learnings", learnings)
    }
  }
}
