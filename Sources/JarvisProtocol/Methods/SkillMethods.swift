/// A parameter of a skill.
public struct SkillParameterView: WireObject, Hashable {
  /// Its name.
  public var name: String
  /// String, path, integer, number, boolean, choice or list.
  public var type: String
  /// What it is for.
  public var description: String
  /// Whether it must be given.
  public var required: Bool
  /// What it is when it is not given; a list's is a list.
  public var defaultValue: JSON?
  /// What a choice may be.
  public var choices: [String]

  /// A parameter.
  public init(
    name: String, type: String, description: String, required: Bool, defaultValue: JSON?, choices: [String] = []
  ) {
    self.name = name
    self.type = type
    self.description = description
    self.required = required
    self.defaultValue = defaultValue
    self.choices = choices
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    name = try fields.required("name", "its name")
    type = try fields.required("type", "string, path, integer, number, boolean, choice or list")
    description = try fields.required("description", "what it is for")
    required = try fields.required("required", "whether it must be given")
    defaultValue = try fields.optional("default", "what it is when it is not given")
    choices = try fields.defaulted("choices", "what a choice may be", [])
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("name", name)
    fields.set("type", type)
    fields.set("description", description)
    fields.set("required", required)
    fields.set("default", defaultValue)
    if !choices.isEmpty { fields.set("choices", choices) }
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
  /// How many steps it has.
  public var tasks: Int
  /// The skills that its steps run.
  public var requires: [String]
  /// What can be set.
  public var parameters: [SkillParameterView]
  /// Where it was read from.
  public var file: String
  /// What its runs came to; nil where it never ran.
  public var record: SkillRecord?

  /// A skill.
  public init(
    name: String, description: String, strategy: Strategy, branchID: String?, tasks: Int, requires: [String],
    parameters: [SkillParameterView], file: String
  ) {
    self.name = name
    self.description = description
    self.strategy = strategy
    self.branchID = branchID
    self.tasks = tasks
    self.requires = requires
    self.parameters = parameters
    self.file = file
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    name = try fields.required("name", "its name")
    description = try fields.required("description", "what it does")
    strategy = try fields.required("strategy", "how its tasks are run")
    branchID = try fields.optional("branch_id", "the branch it runs on unless told otherwise")
    tasks = try fields.required("tasks", "how many steps it has")
    requires = try fields.defaulted("requires", "the skills that its steps run", [])
    parameters = try fields.required("parameters", "what can be set")
    file = try fields.required("file", "where it was read from")
    record = try fields.optional("record", "what its runs came to; absent where it never ran")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("name", name)
    fields.set("description", description)
    fields.set("strategy", strategy)
    fields.set("branch_id", branchID)
    fields.set("tasks", tasks)
    if !requires.isEmpty { fields.set("requires", requires) }
    fields.set("parameters", parameters)
    fields.set("file", file)
    fields.set("record", record)
  }
}

/// `skill.list`
public enum SkillList: Method {
  /// As on the wire.
  public static let name = "skill.list"
  /// What it does.
  public static let summary =
    "Lists the skills that are installed, by proven worth; a file that can't be read is listed with its faults."
  /// Parameters that a test reads.
  public static let example: JSON = [:]
  /// What it takes.
  public typealias Parameters = Empty

  /// The skills.
  public struct Result: WireObject, Hashable {
    /// By proven worth, then by name.
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
      skills = try fields.required("skills", "by proven worth, then by name")
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
    public var parameters: [String: JSON]
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
      parameters = try fields.defaulted("parameters", "its parameters, each of its type (a text will do for any)", [:])
      branchID = try fields.optional("branch_id", "the context; default: the skill's, else as in task.spawn")
      strategy = try fields.optional("strategy", "how to run them; default: the skill's")
      cwd = try fields.optional("cwd", "the folder; default: the submitter's")
      sessionID = try fields.optional("session_id", "the session; default: the connection's")
      requestKey = try fields.optional("request_key", "as in task.spawn")
      try fields.check("request_key", (requestKey?.utf8.count ?? 0) <= 128, "must be at most 128 bytes")
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
