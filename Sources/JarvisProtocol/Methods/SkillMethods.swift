/// A parameter of a skill.
public struct SkillParameterView: WireObject, Hashable {
  /// Its name.
  public var name: String
  /// String, path or integer.
  public var type: String
  /// What it is for.
  public var description: String
  /// Whether it must be given.
  public var required: Bool
  /// What it is when it is not given.
  public var defaultValue: String?

  /// A parameter.
  public init(name: String, type: String, description: String, required: Bool, defaultValue: String?) {
    self.name = name
    self.type = type
    self.description = description
    self.required = required
    self.defaultValue = defaultValue
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    name = try fields.required("name", "its name")
    type = try fields.required("type", "string, path or integer")
    description = try fields.required("description", "what it is for")
    required = try fields.required("required", "whether it must be given")
    defaultValue = try fields.optional("default", "what it is when it is not given")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("name", name)
    fields.set("type", type)
    fields.set("description", description)
    fields.set("required", required)
    fields.set("default", defaultValue)
  }
}

/// A skill: a named, reusable pattern of tasks.
public struct SkillView: WireObject, Hashable {
  /// Its name.
  public var name: String
  /// What it does.
  public var description: String
  /// How its tasks are run.
  public var strategy: Strategy
  /// The branch it runs on unless told otherwise.
  public var branchID: String?
  /// How many tasks it has.
  public var tasks: Int
  /// What can be set.
  public var parameters: [SkillParameterView]
  /// Where it was read from.
  public var file: String

  /// A skill.
  public init(
    name: String, description: String, strategy: Strategy, branchID: String?, tasks: Int,
    parameters: [SkillParameterView], file: String
  ) {
    self.name = name
    self.description = description
    self.strategy = strategy
    self.branchID = branchID
    self.tasks = tasks
    self.parameters = parameters
    self.file = file
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    name = try fields.required("name", "its name")
    description = try fields.required("description", "what it does")
    strategy = try fields.required("strategy", "how its tasks are run")
    branchID = try fields.optional("branch_id", "the branch it runs on unless told otherwise")
    tasks = try fields.required("tasks", "how many tasks it has")
    parameters = try fields.required("parameters", "what can be set")
    file = try fields.required("file", "where it was read from")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("name", name)
    fields.set("description", description)
    fields.set("strategy", strategy)
    fields.set("branch_id", branchID)
    fields.set("tasks", tasks)
    fields.set("parameters", parameters)
    fields.set("file", file)
  }
}

/// `skill.list`
public enum SkillList: Method {
  /// As on the wire.
  public static let name = "skill.list"
  /// What it does.
  public static let summary =
    "Lists the skills that are installed; a file that can't be read is listed with its faults."
  /// Parameters that a test reads.
  public static let example: JSON = [:]
  /// What it takes.
  public typealias Parameters = Empty

  /// The skills.
  public struct Result: WireObject, Hashable {
    /// By name.
    public var skills: [SkillView]
    /// Files that could not be read, and why.
    public var faults: [String]

    /// Skills and files that could not be read.
    public init(skills: [SkillView], faults: [String]) {
      self.skills = skills
      self.faults = faults
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      skills = try fields.required("skills", "by name")
      faults = try fields.defaulted("faults", "files that could not be read, and why", [])
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("skills", skills)
      if !faults.isEmpty { fields.set("faults", faults) }
    }
  }
}

/// `skill.run`
public enum SkillRun: Method {
  /// As on the wire.
  public static let name = "skill.run"
  /// What it does.
  public static let summary = "Submits a skill's tasks as a batch."
  /// Parameters that a test reads.
  public static let example: JSON = ["name": "security-audit", "parameters": ["path": "/home/me/project"]]

  /// Which skill, with what.
  public struct Parameters: WireObject, Hashable {
    /// The skill's name.
    public var name: String
    /// Its parameters.
    public var parameters: [String: String]
    /// The context; default: the skill's, else as in task.spawn.
    public var branchID: String?
    /// How to run them; default: the skill's.
    public var strategy: Strategy?
    /// The folder; default: the submitter's.
    public var cwd: String?
    /// The session; default: the connection's.
    public var sessionID: String?
    /// As in task.spawn.
    public var requestKey: String?

    /// A run with the skill's own defaults.
    public init(name: String) {
      self.name = name
      parameters = [:]
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      name = try fields.required("name", "the skill's name")
      parameters = try fields.defaulted("parameters", "its parameters", [:])
      branchID = try fields.optional("branch_id", "the context; default: the skill's, else as in task.spawn")
      strategy = try fields.optional("strategy", "how to run them; default: the skill's")
      cwd = try fields.optional("cwd", "the folder; default: the submitter's")
      sessionID = try fields.optional("session_id", "the session; default: the connection's")
      requestKey = try fields.optional("request_key", "as in task.spawn")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("name", name)
      if !parameters.isEmpty { fields.set("parameters", parameters) }
      fields.set("branch_id", branchID)
      fields.set("strategy", strategy)
      fields.set("cwd", cwd)
      fields.set("session_id", sessionID)
      fields.set("request_key", requestKey)
    }
  }

  /// What it answers.
  public typealias Result = TaskSpawn.Result
}
