/// How a task becomes a process: `runners/NAME.toml`. No shell is involved; each argument is passed as it is.
public struct RunnerFile: Sendable, Equatable {
  /// What a task's text reaches the program by.
  public enum PromptVia: String, Sendable, CaseIterable {
    /// As an argument. Linux takes at most 128 KiB in one (`MAX_ARG_STRLEN` of execve(2)).
    case argv
    /// The daemon writes it into a file and passes the file's path.
    case file
  }

  /// What the program writes to stdout.
  public enum OutputFormat: String, Sendable, CaseIterable {
    /// Anything; the answer is its end.
    case text
    case claudeStreamJSON = "claude-stream-json"
    case codexJSONL = "codex-jsonl"
    case gemini, opencode
  }

  /// What asks the program to end, before the kill.
  public enum PoliteSignal: String, Sendable, CaseIterable {
    case terminate = "SIGTERM"
    case interrupt = "SIGINT"

    /// The signal's number on Linux.
    public var number: Int32 {
      switch self {
      case .terminate: 15
      case .interrupt: 2
      }
    }
  }

  /// What can stand in braces in an argument.
  public enum Placeholder: String, Sendable, CaseIterable {
    /// The task's description.
    case prompt
    /// Path of a file that holds it, with `prompt_via = "file"`.
    case promptFile = "prompt_file"
    /// A shell line.
    case command
    case model
    case maxTurns = "max_turns"
    /// The task's folder.
    case cwd
    case taskID = "task_id"
    /// What the hive-mind knows of the task's branch, with an empty line after it; nothing where it knows nothing.
    case digest
    case branch
    /// The conversation that is to be gone on with.
    case sessionID = "session_id"
    /// Path of the file that tells the program of Jarvis's own MCP server, in the form that `mcp_config` names.
    case mcpConfig = "mcp_config"
    /// Path of `jarvisctl`, whose argument `mcp` makes it that server.
    case jarvisctl
    /// Jarvis's socket.
    case socket
    /// The JSON Schema that the result is to fit.
    case resultSchema = "result_schema"
    /// Path of a file that holds it.
    case resultSchemaFile = "result_schema_file"
    /// US dollars that the task may still spend.
    case maxCost = "max_cost"
  }

  /// In which form a program is told of MCP servers.
  public enum MCPConfig: String, Sendable, CaseIterable {
    /// Not by a file.
    case none
    /// `{"mcpServers": {"jarvis": {"command", "args", "env"}}}`: Claude Code, Gemini CLI and many others.
    case servers
    /// OpenCode's own configuration.
    case opencode
  }

  /// One argument, or several that are left out together when a value in them is not known.
  enum Argument: Sendable, Equatable {
    case single(Template)
    case optional([Template])
  }

  /// The same as the file's.
  public var name = ""
  /// A sentence for people.
  public var description = ""
  /// A program's name, looked up in `PATH`, or an absolute path.
  public var executable = ""
  /// How the task's text is passed.
  public var promptVia = PromptVia.argv
  /// What comes back.
  public var output = OutputFormat.text
  /// Asks the program to end.
  public var politeSignal = PoliteSignal.terminate
  /// Variables (`*` at the end: all that begin so) that are not inherited, beside those of `[agents]`.
  public var dropEnvironment: [String] = []
  /// Variables (`*` at the end: all that begin so) that are inherited although they are to be dropped.
  public var keepEnvironment: [String] = []
  /// The most agents of this runner at once, as far as its API bears them.
  public var maxAgents = 16
  /// Least seconds between two starts.
  public var startGap = 0.25
  /// The form of the file whose path is `{mcp_config}`.
  public var mcpConfig = MCPConfig.none
  /// Arguments that make the program print its version and exit; empty: it can't.
  public var versionArguments: [String] = []
  /// The file that this was read from.
  public var file = ""
  var arguments: [Argument] = []
  /// The arguments that go on with a conversation; empty: the program can't.
  var resumeArguments: [Argument] = []
  /// Variables that it gets unless the submitter has set them; one is left out where a value in it is not known.
  var environment: [(name: String, value: Template)] = []

  /// Whether it can go on with a conversation.
  public var canResume: Bool { !resumeArguments.isEmpty }

  /// Whether an argument of a new conversation has this placeholder.
  public func uses(_ placeholder: Placeholder) -> Bool {
    let names = arguments.flatMap { argument in
      switch argument {
      case .single(let template): template.placeholders
      case .optional(let group): group.flatMap(\.placeholders)
      }
    }
    return names.contains(placeholder.rawValue)
      || environment.contains { $0.value.placeholders.contains(placeholder.rawValue) }
  }

  /// Two files that say the same.
  public static func == (a: RunnerFile, b: RunnerFile) -> Bool {
    a.name == b.name && a.description == b.description && a.executable == b.executable && a.promptVia == b.promptVia
      && a.output == b.output && a.politeSignal == b.politeSignal && a.dropEnvironment == b.dropEnvironment
      && a.keepEnvironment == b.keepEnvironment
      && a.versionArguments == b.versionArguments && a.file == b.file && a.arguments == b.arguments
      && a.maxAgents == b.maxAgents && a.startGap == b.startGap && a.mcpConfig == b.mcpConfig
      && a.resumeArguments == b.resumeArguments
      && a.environment.map(\.name) == b.environment.map(\.name)
      && a.environment.map(\.value) == b.environment.map(\.value)
  }

  /// Reads all runners of `directories` (see `DataFolders.search`), of which later ones override earlier ones.
  public static func load(directories: [String]) -> LoadedFiles<RunnerFile> {
    loadFiles(directories) { (document) throws(ConfigError) in try RunnerFile(document: document) }
  }

  /// The variables that it gets: `NAME=value`.
  public func variables(_ values: [Placeholder: String]) -> [(name: String, value: String)] {
    environment.compactMap { variable in
      let text = try? variable.value.filled { (name) throws(RunnerError) in
        guard let value = Placeholder(rawValue: name).flatMap({ values[$0] }) else { throw RunnerError("unknown") }
        return value
      }
      return text.map { (variable.name, $0) }
    }
  }

  /// The program and its arguments with the placeholders filled in; with a `session_id` among them those that go on
  /// with that conversation.
  /// - Throws: `RunnerError` when a value is missing that the file demands, or would be taken for an option.
  public func commandLine(_ values: [Placeholder: String]) throws(RunnerError) -> [String] {
    var line = [executable]
    for argument in values[.sessionID] != nil && canResume ? resumeArguments : arguments {
      switch argument {
      case .single(let template): line.append(try fill(template, values, isLiteral: line.contains("--")))
      case .optional(let group):
        let names = group.flatMap(\.placeholders).compactMap(Placeholder.init(rawValue:))
        guard names.allSatisfy({ values[$0] != nil }) else { continue }
        for template in group { line.append(try fill(template, values, isLiteral: line.contains("--"))) }
      }
    }
    return line
  }

  private func fill(
    _ template: Template, _ values: [Placeholder: String], isLiteral: Bool
  ) throws(RunnerError) -> String {
    let argument = try template.filled { (name) throws(RunnerError) in
      if name == Placeholder.digest.rawValue { return values[.digest] ?? "" }
      guard let placeholder = Placeholder(rawValue: name), let value = values[placeholder] else {
        throw RunnerError("the runner \"\(self.name)\" needs {\(name)}, which this task doesn't have")
      }
      guard !value.utf8.contains(0) else {
        throw RunnerError("{\(name)} has a NUL character, which no argument can carry")
      }
      return value
    }
    guard !isLiteral, argument.hasPrefix("-"), case .placeholder(let name)? = template.parts.first else {
      return argument
    }
    // A text that begins with - would be read as an option of the program, `--dangerously-skip-permissions` say. A
    // blank before it changes nothing for the reader of a text, but would break any other kind of value.
    guard [.prompt, .command, .digest].contains(Placeholder(rawValue: name)) else {
      throw RunnerError("{\(name)} is \"\(argument)\", which the program would read as an option")
    }
    return " " + argument
  }
}

/// A task can't be made into a command line.
public struct RunnerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A sentence.
  public let description: String

  init(_ description: String) { self.description = description }
}

extension RunnerFile {
  init(document: TOMLDocument) throws(ConfigError) {
    let problems = TableReader.Problems(document)
    var reader = TableReader(problems)
    file = document.file
    reader.fileName(into: &name)
    reader.string("description", into: &description)
    reader.required("executable")
    reader.string("executable", into: &executable) { text in
      text.isEmpty || text.hasPrefix("-") || (text.contains("/") && !text.hasPrefix("/"))
        ? "found \"\(text)\"; expected a program's name or an absolute path" : nil
    }
    reader.choice("prompt_via", into: &promptVia)
    reader.required("arguments")
    arguments = Self.arguments("arguments", &reader)
    if !arguments.isEmpty { checkPrompt(arguments, "arguments", reader) }
    if reader.has("resume_arguments") {
      resumeArguments = Self.arguments("resume_arguments", &reader)
      if !resumeArguments.isEmpty {
        checkPrompt(resumeArguments, "resume_arguments", reader)
        if !Self.demanded(resumeArguments).contains(Placeholder.sessionID.rawValue) {
          reader.add("no argument has {session_id}, so the program would begin anew", at: "resume_arguments")
        }
      }
    }
    readEnvironment(&reader)
    reader.choice("mcp_config", into: &mcpConfig)
    reader.integer("max_agents", into: &maxAgents, in: 1...10_000)
    reader.duration("start_gap", into: &startGap, in: 0...3600)
    reader.choice("output", into: &output)
    reader.choice("polite_signal", into: &politeSignal)
    reader.strings("drop_environment", into: &dropEnvironment, problem: badVariablePattern)
    reader.strings("keep_environment", into: &keepEnvironment, problem: badVariablePattern)
    reader.strings("version_arguments", into: &versionArguments)
    reader.finish()
    try problems.throwIfAny()
  }

  private mutating func readEnvironment(_ reader: inout TableReader) {
    var lines: [String] = []
    reader.strings("environment", into: &lines) { line in
      line.first == "=" || !line.contains("=") ? "\"\(line)\" is not NAME=value" : nil
    }
    for (i, line) in lines.enumerated() {
      guard let cut = line.firstIndex(of: "="), cut > line.startIndex else { continue }
      let value = Self.template(String(line[line.index(after: cut)...]), "environment[\(i)]", reader)
      environment.append((String(line[..<cut]), value))
    }
  }

  private static func demanded(_ arguments: [Argument]) -> Set<String> {
    var demanded: Set<String> = []
    for case .single(let template) in arguments { demanded.formUnion(template.placeholders) }
    return demanded
  }

  private func checkPrompt(_ arguments: [Argument], _ key: String, _ reader: TableReader) {
    let demanded = Self.demanded(arguments)
    switch promptVia {
    case .argv where demanded.isDisjoint(with: ["prompt", "command"]):
      reader.add("no argument has {prompt} (or {command}), so the program would not know what to do", at: key)
    case .file where !demanded.contains("prompt_file"):
      reader.add("prompt_via is \"file\", but no argument has {prompt_file}", at: key)
    default: break
    }
  }

  private static func arguments(_ key: String, _ reader: inout TableReader) -> [Argument] {
    var arguments: [Argument] = []
    guard let found = reader.value(key) else { return [] }
    let expected =
      "a list of texts, and lists of texts for optional groups: [\"-p\", \"{prompt}\", [\"-m\", \"{model}\"]]"
    guard case .array(let elements) = found else {
      reader.mismatch(key, found, expected: expected)
      return []
    }
    for (index, element) in elements.enumerated() {
      switch element {
      case .string(let text): arguments.append(.single(template(text, "\(key)[\(index)]", reader)))
      case .array(let group):
        var templates: [Template] = []
        for (inner, member) in group.enumerated() {
          guard case .string(let text) = member else {
            reader.mismatch("\(key)[\(index)][\(inner)]", member, expected: "text in quotes")
            continue
          }
          templates.append(template(text, "\(key)[\(index)][\(inner)]", reader))
        }
        arguments.append(.optional(templates))
      default: reader.mismatch("\(key)[\(index)]", element, expected: expected)
      }
    }
    return arguments
  }

  private static func template(_ text: String, _ key: String, _ reader: TableReader) -> Template {
    let template = Template(text)
    let known = Placeholder.allCases.map(\.rawValue)
    for name in template.placeholders where !known.contains(name) {
      let near = suggestion(for: name, among: known).map { "did you mean {\($0)}?" }
      reader.add(
        "unknown placeholder {\(name)}; \(near ?? "known: {\(known.joined(separator: "}, {"))}") "
          + "({{\(name)}} stands for the text itself)", at: key)
    }
    return template
  }
}

extension TableReader {
  /// Reports a key that has no default and isn't there.
  func required(_ key: String) {
    if !has(key) { add("the key is missing", at: key) }
  }
}
