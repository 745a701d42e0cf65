/// What the runs of a skill came to.
public struct SkillRecord: WireObject, Hashable {
  /// How many runs are over.
  public var runs: Int
  /// How many of them succeeded.
  public var succeeded: Int
  /// The success rate that is at least to be expected, 0 to 1.
  public var successBound: Double
  /// Seconds that running in parallel saved in all.
  public var savedSeconds: Double
  /// What skills are ranked by.
  public var worth: Double
  /// The step that was the bottleneck of most runs.
  public var bottleneck: String?

  /// A record.
  public init(
    runs: Int, succeeded: Int, successBound: Double, savedSeconds: Double, worth: Double, bottleneck: String?
  ) {
    self.runs = runs
    self.succeeded = succeeded
    self.successBound = successBound
    self.savedSeconds = savedSeconds
    self.worth = worth
    self.bottleneck = bottleneck
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    runs = try fields.required("runs", "how many runs are over")
    succeeded = try fields.required("succeeded", "in how many of them all tasks succeeded")
    successBound = try fields.required("success_bound", "the success rate that is at least to be expected, 0 to 1")
    savedSeconds = try fields.required(
      "saved_seconds", "the tasks' times together less the time of the runs: what running in parallel saved")
    worth = try fields.required("worth", "success_bound × seconds saved by successful runs, old runs counting less")
    bottleneck = try fields.optional("bottleneck", "the step that took longest on the critical path of most runs")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("runs", runs)
    fields.set("succeeded", succeeded)
    fields.set("success_bound", successBound)
    fields.set("saved_seconds", savedSeconds)
    fields.set("worth", worth)
    fields.set("bottleneck", bottleneck)
  }
}

/// One run of a skill that is over.
public struct SkillRunView: WireObject, Hashable {
  /// Its batch.
  public var batchID: BatchID
  /// When it ended.
  public var endedAt: Timestamp
  /// Whether all tasks succeeded.
  public var succeeded: Bool
  /// How many tasks it had.
  public var tasks: Int
  /// How many of them did not succeed.
  public var failed: Int
  /// From the first start to the last end.
  public var wallSeconds: Double
  /// What its tasks took together.
  public var workSeconds: Double
  /// The step that took longest on the critical path.
  public var bottleneck: String?
  /// How long it took there.
  public var bottleneckSeconds: Double?

  /// A run.
  public init(
    batchID: BatchID, endedAt: Timestamp, succeeded: Bool, tasks: Int, failed: Int, wallSeconds: Double,
    workSeconds: Double, bottleneck: String?, bottleneckSeconds: Double?
  ) {
    self.batchID = batchID
    self.endedAt = endedAt
    self.succeeded = succeeded
    self.tasks = tasks
    self.failed = failed
    self.wallSeconds = wallSeconds
    self.workSeconds = workSeconds
    self.bottleneck = bottleneck
    self.bottleneckSeconds = bottleneckSeconds
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    batchID = try fields.required("batch_id", "its batch")
    endedAt = try fields.required("ended_at", "when it ended")
    succeeded = try fields.required("succeeded", "whether all tasks succeeded")
    tasks = try fields.required("tasks", "how many tasks it had")
    failed = try fields.required("failed", "how many of them did not succeed")
    wallSeconds = try fields.required("wall_seconds", "from the first start to the last end")
    workSeconds = try fields.required("work_seconds", "what its tasks took together")
    bottleneck = try fields.optional("bottleneck", "the step that took longest on the critical path")
    bottleneckSeconds = try fields.optional("bottleneck_seconds", "how long it took there")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("batch_id", batchID)
    fields.set("ended_at", endedAt)
    fields.set("succeeded", succeeded)
    fields.set("tasks", tasks)
    fields.set("failed", failed)
    fields.set("wall_seconds", wallSeconds)
    fields.set("work_seconds", workSeconds)
    fields.set("bottleneck", bottleneck)
    fields.set("bottleneck_seconds", bottleneckSeconds)
  }
}

/// A step of a skill.
public struct SkillStepView: WireObject, Hashable {
  /// Its name.
  public var name: String
  /// What it does.
  public var description: String
  /// What it makes one task for each of.
  public var forEach: String?
  /// The skill that it runs.
  public var skill: String?
  /// The steps that it waits for.
  public var after: AfterList
  /// command, skill, agent, or a runner's name.
  public var runner: String

  /// A step.
  public init(name: String, description: String, forEach: String?, skill: String?, after: AfterList, runner: String) {
    self.name = name
    self.description = description
    self.forEach = forEach
    self.skill = skill
    self.after = after
    self.runner = runner
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    name = try fields.required("name", "its name")
    description = try fields.required("description", "what it does, with the names of its parameters in braces")
    forEach = try fields.optional("for", "what it makes one task for each of")
    skill = try fields.optional("skill", "the skill that it runs")
    after = try fields.defaulted("after", "the steps that it waits for", AfterList([]))
    runner = try fields.required("runner", "command, skill, agent, or a runner's name")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("name", name)
    fields.set("description", description)
    fields.set("for", forEach)
    fields.set("skill", skill)
    if !after.items.isEmpty { fields.set("after", after) }
    fields.set("runner", runner)
  }
}

/// `skill.show`
public enum SkillShow: Method {
  /// As on the wire.
  public static let name = "skill.show"
  /// What it does.
  public static let summary = "Shows one skill: its parameters, its steps, and what its last runs came to."
  /// Parameters that a test reads.
  public static let example: JSON = ["name": "security-audit"]

  /// Which skill.
  public struct Parameters: WireObject, Hashable {
    /// The skill's name.
    public var name: String

    /// A skill.
    public init(name: String) { self.name = name }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      name = try fields.required("name", "the skill's name")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) { fields.set("name", name) }
  }

  /// The skill.
  public struct Result: WireObject, Hashable {
    /// As in `skill.list`.
    public var skill: SkillView
    /// In the order of the file.
    public var steps: [SkillStepView]
    /// The newest 20 that are over, newest first.
    public var runs: [SkillRunView]

    /// A skill with its steps and runs.
    public init(skill: SkillView, steps: [SkillStepView], runs: [SkillRunView]) {
      self.skill = skill
      self.steps = steps
      self.runs = runs
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      skill = try fields.required("skill", "as in skill.list")
      steps = try fields.required("steps", "in the order of the file")
      runs = try fields.required("runs", "the newest 20 runs that are over, newest first")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("skill", skill)
      fields.set("steps", steps)
      fields.set("runs", runs)
    }
  }
}

/// `skill.plan`
public enum SkillPlan: Method {
  /// As on the wire.
  public static let name = "skill.plan"
  /// What it does.
  public static let summary =
    "The tasks that `skill.run` with the same parameters would make. Steps whose items another step writes are shown as "
    + "one task."
  /// Parameters that a test reads.
  public static let example: JSON = ["name": "security-audit", "parameters": ["path": "/home/me/project"]]
  /// The same as a run's.
  public typealias Parameters = SkillRun.Parameters

  /// What would be submitted.
  public struct Result: WireObject, Hashable {
    /// The tasks, in their order.
    public var tasks: [TaskSpec]
    /// How they would be run.
    public var strategy: Strategy

    /// A plan.
    public init(tasks: [TaskSpec], strategy: Strategy) {
      self.tasks = tasks
      self.strategy = strategy
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      tasks = try fields.required("tasks", "the tasks, in their order; those of the type skill-step run nothing")
      strategy = try fields.required("strategy", "how they would be run")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("tasks", tasks)
      fields.set("strategy", strategy)
    }
  }
}

/// `skill.check`
public enum SkillCheck: Method {
  /// As on the wire.
  public static let name = "skill.check"
  /// What it does.
  public static let summary = "Checks the text of a skill file: everything that is wrong with it, with line and column."
  /// Parameters that a test reads.
  public static let example: JSON = ["file": "count.toml", "text": "name = \"count\"\n"]

  /// A file.
  public struct Parameters: WireObject, Hashable {
    /// NAME.toml; for the messages, and for the name that the skill must have.
    public var file: String
    /// What is in it.
    public var text: String

    /// A file's text.
    public init(file: String, text: String) {
      self.file = file
      self.text = text
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      file = try fields.required("file", "NAME.toml; for the messages, and for the name that the skill must have")
      text = try fields.required("text", "what is in it")
      try fields.check("text", text.utf8.count <= 1_048_576, "must be at most 1 MiB")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("file", file)
      fields.set("text", text)
    }
  }

  /// What is wrong.
  public struct Result: WireObject, Hashable {
    /// `FILE:LINE:COLUMN: error: KEY: MESSAGE`, in the order of the file; none for a file that can be used.
    public var problems: [String]

    /// Problems.
    public init(problems: [String]) { self.problems = problems }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      problems = try fields.required(
        "problems", "FILE:LINE:COLUMN: error: KEY: MESSAGE, in the order of the file; none for a file that can be used")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) { fields.set("problems", problems) }
  }
}

/// `skill.save`
public enum SkillSave: Method {
  /// As on the wire.
  public static let name = "skill.save"
  /// What it does.
  public static let summary =
    "Makes the text of a skill file out of a batch whose tasks all succeeded; tasks that differ in one word become a list."
  /// Parameters that a test reads.
  public static let example: JSON = ["batch_id": "b7", "name": "nightly"]

  /// Which batch, under which name.
  public struct Parameters: WireObject, Hashable {
    /// The batch.
    public var batchID: BatchID
    /// The skill's name.
    public var name: String

    /// A batch and a name.
    public init(batchID: BatchID, name: String) {
      self.batchID = batchID
      self.name = name
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      batchID = try fields.required("batch_id", "the batch")
      name = try fields.required("name", "the skill's name")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("batch_id", batchID)
      fields.set("name", name)
    }
  }

  /// The file.
  public struct Result: WireObject, Hashable {
    /// TOML, checked.
    public var text: String

    /// A file's text.
    public init(text: String) { self.text = text }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      text = try fields.required("text", "the file's text, TOML")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) { fields.set("text", text) }
  }
}
