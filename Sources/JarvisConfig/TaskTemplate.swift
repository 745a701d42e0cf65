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

  /// The task with `values`, which has every placeholder that the skill was checked to use.
  func filled(_ values: [String: String]) -> SkillTask {
    let plain = { (name: String) in values[name] ?? "" }
    let work: SkillTask.Work =
      switch self.work {
      case .prompt: .prompt
      case .argv(let templates): .argv(templates.map { $0.filled(plain) })
      case .shell(let template): .shell(template.filled { ShellText.quoted(plain($0)) })
      }
    return SkillTask(
      name: name, description: description.filled(plain), type: type, priority: priority, work: work, runner: runner,
      cwd: cwd?.filled(plain), after: after, limits: limits, environment: environment.mapValues { $0.filled(plain) },
      retries: retries)
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
