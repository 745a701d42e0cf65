import ArgumentParser
import JarvisClient
import JarvisProtocol

/// `jarvisctl skill`
struct SkillVerb: ParsableCommand {
  static let configuration = verb(
    "skill", "Lists, shows, runs, writes, checks and saves skills: named, reusable patterns of tasks.",
    example: """
      jarvisctl skill list
      jarvisctl skill run security-audit path=$PWD --wait
      jarvisctl skill new nightly && jarvisctl skill check ~/.config/jarvis/skills/nightly.toml
      """,
    subcommands: [List.self, ShowSkill.self, RunSkill.self, NewSkill.self, CheckSkill.self, SaveSkill.self],
    defaultSubcommand: List.self)

  /// `jarvisctl skill list`
  struct List: ParsableCommand {
    static let configuration = verb(
      "list", "Lists the skills that are installed, those of proven worth first.", example: "jarvisctl skill list")

    @OptionGroup var globals: GlobalOptions

    func run() throws {
      try globals.perform(SkillList.self, Empty()) { list in
        var table = Table([
          Column("NAME"), Column("STEPS", isNumber: true), Column("RUNS", dispensable: 2, isNumber: true),
          Column("SUCCESS", dispensable: 2, isNumber: true), Column("SAVED", dispensable: 2, isNumber: true),
          Column("PARAMETERS", minimum: 10, dispensable: 1), Column("DESCRIPTION", minimum: 20),
        ])
        for skill in list.skills {
          let parameters = skill.parameters.map { $0.required ? $0.name : "[\($0.name)]" }.joined(separator: " ")
          let record = skill.record
          table.rows.append([
            Cell(skill.name), "\(skill.tasks)", Cell(record.map { "\($0.runs)" }),
            Cell(record.map { Format.percent(Double($0.succeeded) / Double(max(1, $0.runs))) }),
            Cell(record.map { Format.duration($0.savedSeconds) }), Cell(parameters), Cell(skill.description),
          ])
        }
        for fault in list.faults { complain(escaped(fault)) }
        return table.text(on: globals.screen)
      }
    }
  }

  /// `jarvisctl skill run`
  struct RunSkill: ParsableCommand {
    static let configuration = verb(
      "run", "Submits a skill's tasks as a batch.",
      example: """
        jarvisctl skill run security-audit path=$PWD --wait
        jarvisctl skill run map-reduce files='src/*.c' map='wc -l' --dry-run
        """)

    @OptionGroup var globals: GlobalOptions

    @Argument(help: "The skill's name.", completion: skillNames)
    var name: String

    @Argument(
      help: ArgumentHelp("Its parameters; a list's items are parted by commas or lines.", valueName: "key=value"))
    var parameters: [String] = []

    @Option(name: .long, help: "The branch (default: the skill's).")
    var branch: String?

    @Option(name: .long, help: "auto, parallel, sequential or adaptive (default: the skill's).")
    var strategy: Strategy?

    @Flag(name: .shortAndLong, help: "Wait until all tasks are over; exit status 1 if not all succeeded.")
    var wait = false

    @Flag(name: [.customShort("n"), .long], help: "Only print the tasks that it would make.")
    var dryRun = false

    func validate() throws {
      if let bad = parameters.first(where: { !$0.contains("=") || $0.hasPrefix("=") }) {
        throw ValidationError("a parameter must be key=value, found \"\(escaped(bad))\"")
      }
      if dryRun, wait { throw ValidationError("--dry-run runs nothing, so there is nothing to --wait for") }
    }

    func run() throws {
      var params = SkillRun.Parameters(name: name)
      for pair in parameters {
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        params.parameters[String(parts[0])] = .string(String(parts[1]))
      }
      params.branchID = branch
      params.strategy = strategy
      params.cwd = currentFolder()
      guard dryRun else { return try submitAndShow(SkillRun.name, params.json, wait: wait, globals) }
      try globals.perform(SkillPlan.self, params) { plan in
        plan.tasks.map { PlanText.lines(of: $0) }.joined() + "strategy \(plan.strategy.rawValue)\n"
      }
    }
  }

  /// `jarvisctl skill check`
  struct CheckSkill: ParsableCommand {
    static let configuration = verb(
      "check", "Checks a skill file and says what is wrong, with line and column; exit status 1 if anything is.",
      example: "jarvisctl skill check nightly.toml")

    @OptionGroup var globals: GlobalOptions

    @Argument(help: "The file, NAME.toml.", completion: .file(extensions: ["toml"]))
    var file: String

    func run() throws {
      let text = String(decoding: try contents(of: file), as: UTF8.self)
      let reply = try globals.connect().callRaw(SkillCheck.name, SkillCheck.Parameters(file: file, text: text).json)
      let result = try Client.read(SkillCheck.self, reply)
      if globals.json {
        put(reply)
      } else {
        put(result.problems.map { escaped($0) + "\n" }.joined())
        if result.problems.isEmpty { put("\(escaped(file)): nothing is wrong\n") }
      }
      if !result.problems.isEmpty { throw ExitCode(1) }
    }
  }
}

/// A planned task on a few lines.
enum PlanText {
  static func lines(of task: TaskSpec) -> String {
    let isGroup = task.type == "skill-step"
    var text = escaped(task.name ?? "") + (isGroup ? "  (a step)" : "")
    if !task.after.items.isEmpty {
      let names = task.after.items.map { $0.condition == .success ? $0.task : "\($0.task):\($0.condition.rawValue)" }
      let shown = names.count > 8 ? names.prefix(7) + ["… \(names.count - 7) more"] : names[...]
      text += (isGroup ? "  of " : "  after ") + escaped(shown.joined(separator: ", "))
    }
    text += "\n"
    if isGroup { return text + "    \(escaped(task.description ?? ""))\n" }
    if let description = task.description, !description.isEmpty { text += block(description, "") }
    switch task.command {
    case .argv(let argv)?: text += block(argv.joined(separator: " "), "$ ")
    case .shell(let line)?: text += block(line, "$ ")
    case nil: break
    }
    return text
  }

  /// At most 12 lines.
  private static func block(_ text: String, _ mark: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
    let shown = lines.prefix(12).map { "    \(mark)\(escaped(String($0.prefix(200))))\n" }.joined()
    return shown + (lines.count > 12 ? "    … \(lines.count - 12) more lines\n" : "")
  }
}
