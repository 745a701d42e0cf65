import JarvisProtocol

/// A named, reusable pattern of tasks: `skills/NAME.toml`.
public struct SkillFile: Sendable, Equatable {
  /// What a parameter's value may be.
  public enum ParameterType: String, Sendable, CaseIterable {
    /// Any text without NUL.
    case string
    /// A file or folder. One that begins with - becomes `./-…`, so that no program takes it for an option.
    case path
    /// A whole number.
    case integer
  }

  /// A value that is asked for when the skill is run, `{name}` in the tasks' texts.
  public struct Parameter: Sendable, Equatable {
    /// Lower-case letters, digits and _.
    public var name: String
    /// What its value may be.
    public var type = ParameterType.string
    /// A sentence for people.
    public var description = ""
    /// Its value when none is given.
    public var defaultValue: String?
    /// Whether it must be given. Not given, not required and without a default it is the empty text.
    public var required = false
  }

  /// The same as the file's.
  public var name = ""
  /// A sentence for people.
  public var description = ""
  /// The branch of its tasks; nil: the caller's.
  public var branch: String?
  /// The strategy of its batch; nil: the default one.
  public var strategy: Strategy?
  /// Sorted by name.
  public var parameters: [Parameter] = []
  /// The file that this was read from.
  public var file = ""
  var tasks: [TaskTemplate] = []

  /// How many tasks it has.
  public var taskCount: Int { tasks.count }

  /// Reads all skills of `directories` (see `DataFolders.search`), of which later ones override earlier ones.
  public static func load(directories: [String]) -> LoadedFiles<SkillFile> {
    loadFiles(directories) { (document) throws(ConfigError) in try SkillFile(document: document) }
  }

  /// The tasks with the parameters' values in their texts.
  /// - Throws: `SkillError` for an unknown or missing parameter, or a value that its type doesn't allow.
  public func instantiate(parameters given: [String: String]) throws(SkillError) -> [SkillTask] {
    let known = parameters.map(\.name)
    for name in given.keys.sorted() where !known.contains(name) {
      let near = suggestion(for: name, among: known).map { "; did you mean \"\($0)\"?" }
      let list = known.isEmpty ? "; it has none" : "; it has: \(known.joined(separator: ", "))"
      throw SkillError(parameter: name, "the skill \"\(self.name)\" has no such parameter\(near ?? list)")
    }
    var values: [String: String] = [:]
    for parameter in parameters {
      guard let value = given[parameter.name] ?? parameter.defaultValue else {
        if parameter.required {
          throw SkillError(
            parameter: parameter.name,
            "the skill \"\(name)\" needs it\(parameter.description.isEmpty ? "" : ": \(parameter.description)")")
        }
        values[parameter.name] = ""
        continue
      }
      if let problem = parameter.type.problem(value) { throw SkillError(parameter: parameter.name, problem) }
      values[parameter.name] = parameter.type == .path && value.hasPrefix("-") ? "./\(value)" : value
    }
    return tasks.map { $0.filled(values) }
  }
}

extension SkillFile.ParameterType {
  /// What is wrong with a value, as a sentence.
  func problem(_ value: String) -> String? {
    if value.utf8.contains(0) { return "its value has a NUL character, which no command can carry" }
    switch self {
    case .string: return nil
    case .path: return value.isEmpty ? "its value is empty; expected the path of a file or folder" : nil
    case .integer: return Int(value) == nil ? "found \"\(value.prefix(60))\"; expected a whole number" : nil
    }
  }
}

/// A skill can't be run with these parameters.
public struct SkillError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The parameter that is wrong or missing.
  public let parameter: String
  /// A sentence about it.
  public let message: String

  init(parameter: String, _ message: String) {
    self.parameter = parameter
    self.message = message
  }

  /// `parameter NAME: MESSAGE`
  public var description: String { "parameter \(parameter): \(message)" }
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
}

/// A task of the same skill that must be over first.
public struct SkillDependency: Sendable, Equatable {
  /// Its name.
  public var task: String
  /// What it must have come to.
  public var condition: AfterCondition
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
}
