import JarvisProtocol

/// A task of a skill with placeholders in its texts.
struct TaskTemplate: Sendable, Equatable {
  enum Work: Sendable, Equatable {
    case prompt
    case argv([Template])
    /// Each value is quoted for the shell. The lines before it are the skill's prelude.
    case shell(Template)
  }

  var name = ""
  var description = Template("")
  var type = "general"
  var priority = Priority.medium
  var work = Work.prompt
  var runner: String?
  var cwd: Template?
  var after: [SkillDependency] = []
  var limits = SkillLimits()
  var environment: [String: Template] = [:]
  var retries = 0
  var isolation: Isolation?

  /// What it is repeated for.
  var each: Each?
  /// The skill whose tasks it stands for, and their parameters.
  var skill: String?
  var with: [String: [Template]] = [:]

  /// Where the items of a fan-out come from.
  struct Each: Sendable, Equatable {
    enum Source: Sendable, Equatable {
      /// Paths that match, sorted.
      case glob(Template)
      /// Texts; one that is a list parameter alone stands for all of its items.
      case list([Template])
      /// 1, 2, … up to a number.
      case count(Template)
      /// The lines that a step wrote to stdout.
      case lines(String)
      /// The elements of the JSON list that a step wrote to stdout.
      case json(String)

      /// The step whose output must be there first.
      var producer: String? {
        switch self {
        case .lines(let step), .json(let step): step
        case .glob, .list, .count: nil
        }
      }
    }

    var source: Source
    /// More items than this are refused.
    var max = 200
  }

  /// Whether a text of it has a placeholder.
  func uses(_ placeholder: String) -> Bool {
    var templates = [description] + environment.values + with.values.flatMap { $0 }
    if let cwd { templates.append(cwd) }
    switch work {
    case .prompt: break
    case .argv(let argv): templates += argv
    case .shell(let line): templates.append(line)
    }
    return templates.contains { $0.placeholders.contains(placeholder) }
  }

  /// The task with `values`, which has every placeholder that the skill was checked to use.
  func filled(_ values: [String: SkillValue], name: String, after: [SkillDependency]) -> SkillTask {
    let plain = { (name: String) in values[name]?.text ?? "" }
    let work: SkillTask.Work =
      switch self.work {
      case .prompt: .prompt
      case .argv(let templates): .argv(templates.flatMap { $0.items(values) })
      case .shell(let template):
        .shell(
          template.filled { name in
            (values[name]?.items ?? [""]).map { ShellText.quoted($0) }.joined(separator: " ")
          })
      }
    return SkillTask(
      name: name, description: description.filled(plain), type: type, priority: priority, work: work, runner: runner,
      cwd: cwd?.filled(plain), after: after, limits: limits, environment: environment.mapValues { $0.filled(plain) },
      retries: retries, isolation: isolation)
  }
}

extension Template {
  /// The text as one item; a list parameter alone is all of its items.
  func items(_ values: [String: SkillValue]) -> [String] {
    if parts.count == 1, case .placeholder(let name) = parts[0], case .list(let items)? = values[name] { return items }
    return [filled { values[$0]?.text ?? "" }]
  }
}

/// What may and may not be put into a line for `sh -c`.
enum ShellText {
  /// One word for the shell, whatever is in it.
  static func quoted(_ value: String) -> String {
    "'" + value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  /// Why the value of a placeholder in `line` would not stay one word, and could become commands: quotes only hold
  /// outside of other quotes, of backquotes and of here-documents.
  static func unsafePlaceholder(in line: Template) -> (name: String, reason: String)? {
    var state = State.plain
    var isEscaped = false
    var hasDocument = false
    var previous: UInt8 = 10
    var older: UInt8 = 10
    for part in line.parts {
      switch part {
      case .placeholder(let name):
        if isEscaped { return (name, "stands after a backslash, which would undo its quotes") }
        if hasDocument { return (name, "stands after a here-document (<<); put it into a variable before") }
        switch state {
        case .single, .double: return (name, "stands in quotes; Jarvis quotes the value itself, so leave them out")
        case .backquote: return (name, "stands in backquotes; use $(…) or a variable")
        case .plain, .comment: break
        }
        (older, previous) = (previous, UInt8(ascii: "'"))
      case .text(let text):
        for byte in text.utf8 {
          let wasEscaped = isEscaped
          if isEscaped {
            isEscaped = false
          } else {
            switch (state, byte) {
            case (.plain, UInt8(ascii: "\\")), (.double, UInt8(ascii: "\\")), (.backquote, UInt8(ascii: "\\")):
              isEscaped = true
            case (.plain, UInt8(ascii: "'")): state = .single
            case (.plain, UInt8(ascii: "\"")): state = .double
            case (.plain, UInt8(ascii: "`")): state = .backquote
            case (.plain, UInt8(ascii: "#")) where startsWord(after: previous):
              state = .comment
            case (.plain, UInt8(ascii: "<")) where previous == UInt8(ascii: "<") && older != UInt8(ascii: "<"):
              hasDocument = true
            case (.single, UInt8(ascii: "'")), (.double, UInt8(ascii: "\"")), (.backquote, UInt8(ascii: "`")),
              (.comment, 10):
              state = .plain
            default: break
            }
          }
          (older, previous) = (previous, wasEscaped ? UInt8(ascii: "x") : byte)
        }
      }
    }
    return nil
  }

  /// Whether what follows `byte` begins a word, so that # is a comment.
  private static func startsWord(after byte: UInt8) -> Bool { " \t\n;&|()".utf8.contains(byte) }

  private enum State {
    case plain, single, double, backquote, comment
  }
}
