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
    case branch
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
  /// Arguments that make the program print its version and exit; empty: it can't.
  public var versionArguments: [String] = []
  /// The file that this was read from.
  public var file = ""
  var arguments: [Argument] = []

  /// Reads all runners of `directories` (see `DataFolders.search`), of which later ones override earlier ones.
  public static func load(directories: [String]) -> LoadedFiles<RunnerFile> {
    loadFiles(directories) { (document) throws(ConfigError) in try RunnerFile(document: document) }
  }

  /// The program and its arguments with the placeholders filled in.
  /// - Throws: `RunnerError` when a value is missing that the file demands, or would be taken for an option.
  public func commandLine(_ values: [Placeholder: String]) throws(RunnerError) -> [String] {
    var line = [executable]
    for argument in arguments {
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
    guard name == Placeholder.prompt.rawValue || name == Placeholder.command.rawValue else {
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
    readArguments(&reader)
    reader.choice("output", into: &output)
    reader.choice("polite_signal", into: &politeSignal)
    reader.strings("drop_environment", into: &dropEnvironment, problem: badVariablePattern)
    reader.strings("version_arguments", into: &versionArguments)
    reader.finish()
    try problems.throwIfAny()
  }

  private mutating func readArguments(_ reader: inout TableReader) {
    let key = "arguments"
    guard let found = reader.value(key) else { return }
    let expected =
      "a list of texts, and lists of texts for optional groups: [\"-p\", \"{prompt}\", [\"-m\", \"{model}\"]]"
    guard case .array(let elements) = found else { return reader.mismatch(key, found, expected: expected) }
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
    var demanded: Set<String> = []
    for case .single(let template) in arguments { demanded.formUnion(template.placeholders) }
    switch promptVia {
    case .argv where demanded.isDisjoint(with: ["prompt", "command"]):
      reader.add("no argument has {prompt} (or {command}), so the program would not know what to do", at: key)
    case .file where !demanded.contains("prompt_file"):
      reader.add("prompt_via is \"file\", but no argument has {prompt_file}", at: key)
    default: break
    }
  }

  private func template(_ text: String, _ key: String, _ reader: TableReader) -> Template {
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
