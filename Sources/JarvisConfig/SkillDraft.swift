import JarvisProtocol

/// A task of a batch that went well, for a skill that is made of it.
public struct DoneTask: Sendable, Equatable {
  var id: String
  var name: String?
  var type: String
  var priority: Priority
  var description: String
  var work: SkillTask.Work
  var runner: String?
  var folder: String
  var environment: [String: String]
  var after: [SkillDependency]
  var retries: Int
  var limits: SkillLimits
  var isolation: Isolation?

  /// A task; `after` names ids, `folder` is absolute.
  public init(
    id: String, name: String?, type: String, priority: Priority, description: String, work: SkillTask.Work,
    runner: String?, folder: String, environment: [String: String], after: [SkillDependency], retries: Int,
    limits: SkillLimits, isolation: Isolation? = nil
  ) {
    self.id = id
    self.name = name
    self.type = type
    self.priority = priority
    self.description = description
    self.work = work
    self.runner = runner
    self.folder = folder
    self.environment = environment
    self.after = after
    self.retries = retries
    self.limits = limits
    self.isolation = isolation
  }
}

/// Guesses a skill from the tasks of a batch, simply: the folder that all tasks ran in becomes the parameter `path`;
/// tasks in a row that differ in one word only become one step with a list of those words, which is a parameter too.
/// Nothing else is guessed.
public struct SkillDraft {
  private let name: String
  private let batch: String
  private let strategy: Strategy
  private let tasks: [DoneTask]

  /// A draft.
  public init(name: String, batch: String, strategy: Strategy, tasks: [DoneTask]) {
    self.name = name
    self.batch = batch
    self.strategy = strategy
    self.tasks = tasks
  }

  private struct Step {
    var name: String
    var members: [DoneTask]
    /// The words in which the members differ; empty for a single task.
    var words: [String]
    var parameter: String?
  }

  /// The file's text, which is a valid skill.
  public func text() throws(SkillError) -> String {
    if let problem = badName(name) { throw SkillError(problem) }
    guard !tasks.isEmpty else { throw SkillError("the batch has no tasks") }
    let folder = Set(tasks.map(\.folder)).count == 1 ? tasks[0].folder : nil
    let steps = steps()
    var lines = [
      "# Made from batch \(batch), in which every task succeeded. What is a parameter was guessed: read it through.",
      "name = \(toml(name))", "description = \(toml("What batch \(batch) did: \(summary())"))",
      "strategy = \(toml(strategy.rawValue))", "",
    ]
    if let folder {
      lines += [
        "[parameters.path]", "type = \"path\"", "default = \(toml(folder))",
        "description = \"The folder that the tasks run in\"", "",
      ]
    }
    for step in steps {
      guard let parameter = step.parameter else { continue }
      lines += [
        "[parameters.\(parameter)]", "type = \"list\"", "default = [\(step.words.map(toml).joined(separator: ", "))]",
        "description = \(toml("What \(step.name) is done for, one task each"))", "",
      ]
    }
    var stepOf: [String: String] = [:]
    for step in steps { for member in step.members { stepOf[member.id] = step.name } }
    for step in steps { lines += try self.lines(of: step, stepOf, hasPath: folder != nil) }
    let text = lines.joined(separator: "\n")
    do throws(ConfigError) { _ = try SkillFile(text: text, file: "\(name).toml") } catch {
      throw SkillError("no valid skill can be made of this batch: \(error)")
    }
    return text
  }

  private func summary() -> String {
    let titles = tasks.prefix(3).map { $0.name ?? ($0.description.isEmpty ? Self.text($0.work) : $0.description) }
    let short = titles.map { $0.split(whereSeparator: \.isNewline).first.map { String($0.prefix(60)) } ?? "" }
    return short.joined(separator: ", ") + (tasks.count > 3 ? ", …" : "")
  }

  // MARK: Steps

  private func steps() -> [Step] {
    var steps: [Step] = []
    var used: Set<String> = []
    var next = 0
    while next < tasks.count {
      var members = [tasks[next]]
      var words: [String] = []
      while next + members.count < tasks.count {
        guard let more = Self.difference(members + [tasks[next + members.count]]) else { break }
        members.append(tasks[next + members.count])
        words = more
      }
      // Two that are alike but for a word may be chance; three are a pattern.
      if members.count < 3 {
        members = [tasks[next]]
        words = []
      }
      let isFanOut = members.count > 1
      let name = Self.unique(
        isFanOut ? "each-\(steps.count + 1)" : Self.plain(members[0].name ?? "step-\(steps.count + 1)"), &used)
      let parameter = isFanOut ? "items_\(Self.letters(steps.count(where: { !$0.words.isEmpty })))" : nil
      steps.append(Step(name: name, members: members, words: words, parameter: parameter))
      next += members.count
    }
    return steps
  }

  /// The words in which tasks differ, if everything else is the same and each has another one in the same places.
  private static func difference(_ members: [DoneTask]) -> [String]? {
    let first = members[0]
    guard
      members.allSatisfy({
        $0.type == first.type && $0.priority == first.priority && $0.runner == first.runner
          && $0.folder == first.folder && $0.environment == first.environment && $0.after == first.after
          && $0.retries == first.retries && $0.limits == first.limits && $0.isolation == first.isolation
          && kind($0.work) == kind(first.work)
      })
    else { return nil }
    let split = members.map { words($0) }
    guard let count = split.first?.count, split.allSatisfy({ $0.count == count }) else { return nil }
    var values: [String]?
    for place in 0..<count {
      let column = split.map { $0[place] }
      if Set(column).count == 1 { continue }
      if let values, values != column { return nil }
      values = column
    }
    guard let values, Set(values).count == values.count, values.allSatisfy({ isWhole($0, first) }) else { return nil }
    return values
  }

  /// A word of a shell line can become a quoted value only where it needs no shell.
  private static func isWhole(_ word: String, _ task: DoneTask) -> Bool {
    guard case .shell = task.work else { return !word.isEmpty }
    return !word.isEmpty
      && word.utf8.allSatisfy {
        ($0 >= 48 && $0 <= 57) || ($0 >= 65 && $0 <= 90) || ($0 >= 97 && $0 <= 122) || "-_./:@%+,=".utf8.contains($0)
      }
  }

  private static func kind(_ work: SkillTask.Work) -> Int {
    switch work {
    case .prompt: 0
    case .argv: 1
    case .shell: 2
    }
  }

  /// The description's and the command's words; each argument is a word of its own.
  private static func words(_ task: DoneTask) -> [String] {
    let command: [String] =
      switch task.work {
      case .prompt: []
      case .argv(let argv): argv
      case .shell(let line): cut(line)
      }
    return cut(task.description) + ["\n"] + command
  }

  private static func cut(_ text: String) -> [String] {
    text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
  }

  // MARK: Text

  private func lines(of step: Step, _ stepOf: [String: String], hasPath: Bool) throws(SkillError) -> [String] {
    let task = step.members[0]
    let word = step.words.first
    var lines = ["[[tasks]]", "name = \(toml(step.name))"]
    if let parameter = step.parameter {
      lines.append("each = { list = \"{\(parameter)}\", max = \(max(200, step.words.count)) }")
    }
    if !task.description.isEmpty { lines.append("description = \(toml(Self.filled(task.description, word)))") }
    switch task.work {
    case .prompt: break
    case .argv(let argv):
      lines.append("command = [\(argv.map { toml($0 == word ? "{item}" : Self.literal($0)) }.joined(separator: ", "))]")
    case .shell(let line): lines.append("shell = \(toml(Self.filled(line, word)))")
    }
    if let runner = task.runner { lines.append("runner = \(toml(runner))") }
    if badName(task.type) == nil { lines.append("type = \(toml(task.type))") }
    if task.priority != .medium { lines.append("priority = \(toml(task.priority.rawValue))") }
    lines.append("cwd = \(hasPath ? "\"{path}\"" : toml(Self.literal(task.folder)))")
    var after: [String] = []
    for dependency in task.after {
      guard let name = stepOf[dependency.task] else {
        throw SkillError("task \(task.id) waited for \(dependency.task), which is no task of this batch")
      }
      let entry = dependency.condition == .success ? name : "\(name):\(dependency.condition.rawValue)"
      if !after.contains(entry) { after.append(entry) }
    }
    if !after.isEmpty { lines.append("after = [\(after.map(toml).joined(separator: ", "))]") }
    if !task.environment.isEmpty {
      let pairs = task.environment.sorted { $0.key < $1.key }.map {
        "\(toml($0.key)) = \(toml(Self.literal($0.value)))"
      }
      lines.append("env = { \(pairs.joined(separator: ", ")) }")
    }
    if task.retries > 0 { lines.append("retries = \(task.retries)") }
    if let isolation = task.isolation { lines.append("isolation = \(toml(isolation.rawValue))") }
    var limits: [String] = []
    if let time = task.limits.time { limits.append("time = \(time)") }
    if let memory = task.limits.memory { limits.append("memory = \(memory)") }
    if let cpu = task.limits.cpu { limits.append("cpu = \(cpu)") }
    if let pids = task.limits.pids { limits.append("pids = \(pids)") }
    if let output = task.limits.output { limits.append("output = \(output)") }
    if !limits.isEmpty { lines.append("limits = { \(limits.joined(separator: ", ")) }") }
    return lines + [""]
  }

  /// A text with the word that differs as `{item}`.
  private static func filled(_ text: String, _ word: String?) -> String {
    cut(text).map { $0 == word ? "{item}" : literal($0) }.joined(separator: " ")
  }

  /// A text in which nothing is taken for a placeholder.
  private static func literal(_ text: String) -> String {
    Template(text).parts.map { part in
      switch part {
      case .text(let text): text
      case .placeholder(let name): "{{\(name)}}"
      }
    }.joined()
  }

  private func toml(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16, uppercase: true)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }

  private static func text(_ work: SkillTask.Work) -> String {
    switch work {
    case .prompt: ""
    case .argv(let argv): argv.joined(separator: " ")
    case .shell(let line): line
    }
  }

  private static func plain(_ name: String) -> String {
    let kept = String(
      name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") ? $0 : "-" }.prefix(48))
    return badName(kept) == nil ? kept : "step"
  }

  private static func unique(_ name: String, _ used: inout Set<String>) -> String {
    var candidate = name
    var number = 2
    while !used.insert(candidate).inserted {
      candidate = "\(name)-\(number)"
      number += 1
    }
    return candidate
  }

  private static func letters(_ index: Int) -> String {
    var rest = index
    var text = ""
    repeat {
      text = String(UnicodeScalar(UInt8(97 + rest % 26))) + text
      rest = rest / 26 - 1
    } while rest >= 0
    return text
  }
}
