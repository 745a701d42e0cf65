import JarvisProtocol

/// A named, reusable pattern of tasks: `skills/NAME.toml`. Each `[[tasks]]` is a step: one task, one for each item of
/// its `each`, or another skill's tasks.
public struct SkillFile: Sendable, Equatable {
  /// A value that is asked for when the skill is run, `{name}` in the tasks' texts.
  public struct Parameter: Sendable, Equatable {
    /// Lower-case letters, digits and _.
    public var name: String
    /// What its value may be.
    public var type = SkillParameterType.string
    /// A sentence for people.
    public var description = ""
    /// Its value when none is given.
    public var defaultValue: SkillValue?
    /// Whether it must be given. Not given, not required and without a default it is the empty text (or list).
    public var required = false
    /// The allowed values of a choice.
    public var choices: [String] = []
  }

  /// The same as the file's.
  public var name = ""
  /// A sentence for people.
  public var description = ""
  /// The branch of its tasks; nil: the caller's.
  public var branch: String?
  /// The strategy of its batch; nil: the default one.
  public var strategy: Strategy?
  /// The skills that its steps run.
  public var requires: [String] = []
  /// Sorted by name.
  public var parameters: [Parameter] = []
  /// The file that this was read from.
  public var file = ""
  /// The file's text, kept with a run: a step that is expanded later is expanded from what was submitted.
  public var source = ""
  var tasks: [TaskTemplate] = []

  /// How many steps it has.
  public var stepCount: Int { tasks.count }

  /// Reads all skills of `directories` (see `DataFolders.search`), of which later ones override earlier ones.
  public static func load(directories: [String]) -> LoadedFiles<SkillFile> {
    loadFiles(directories) { (document) throws(ConfigError) in try SkillFile(document: document) }
  }

  /// Reads one skill.
  /// - Parameter file: `…/NAME.toml`; for the diagnostics, and for the skill's name.
  /// - Throws: everything that is wrong with it, with line and column.
  public init(text: String, file: String) throws(ConfigError) {
    try self.init(document: TOMLDocument(text, file: file))
  }
}

/// A task of a skill, ready to be submitted.
public struct SkillTask: Sendable, Equatable {
  /// What the task runs.
  public enum Work: Sendable, Equatable {
    /// The runner gets the description as its prompt.
    case prompt
    case argv([String])
    /// A line for `sh -c`.
    case shell(String)
  }

  /// Unique within the skill.
  public var name: String
  /// What it is about; the prompt of an agent.
  public var description: String
  /// The task type that the learner knows it by.
  public var type: String
  /// How urgent it is.
  public var priority: Priority
  /// What it runs.
  public var work: Work
  /// nil: `command` with a command, else the default agent.
  public var runner: String?
  /// nil: the caller's folder.
  public var cwd: String?
  /// What must be over before it starts.
  public var after: [SkillDependency]
  /// What it may use; nil: the configured default.
  public var limits: SkillLimits
  /// Variables beside the caller's.
  public var environment: [String: String]
  /// How often it is tried again after a failure.
  public var retries: Int
  /// Whether it works in a git worktree of its own; nil: as configured.
  public var isolation: Isolation?
}

/// A task of the same skill that must be over first.
public struct SkillDependency: Sendable, Equatable {
  /// Its name.
  public var task: String
  /// What it must have come to.
  public var condition: AfterCondition

  /// A dependency.
  public init(task: String, condition: AfterCondition) {
    self.task = task
    self.condition = condition
  }
}

/// Limits of a skill's task; nil: the configured default.
public struct SkillLimits: Sendable, Equatable {
  /// Bytes.
  public var memory: Int?
  /// Cores.
  public var cpu: Double?
  /// Processes and threads.
  public var pids: Int?
  /// Seconds of wall-clock time.
  public var time: Double?
  /// Bytes of stdout and stderr together.
  public var output: Int?

  /// Those that are given.
  public init(
    memory: Int? = nil, cpu: Double? = nil, pids: Int? = nil, time: Double? = nil, output: Int? = nil
  ) {
    self.memory = memory
    self.cpu = cpu
    self.pids = pids
    self.time = time
    self.output = output
  }
}
