import ArgumentParser
import JarvisClient
import JarvisProtocol

/// `jarvisctl skill`
struct SkillVerb: ParsableCommand {
  static let configuration = verb(
    "skill", "Lists and runs skills: named, reusable patterns of tasks.",
    example: """
      jarvisctl skill list
      jarvisctl skill run security-audit path=$PWD --wait
      """,
    subcommands: [List.self, RunSkill.self], defaultSubcommand: List.self)

  /// `jarvisctl skill list`
  struct List: ParsableCommand {
    static let configuration = verb(
      "list", "Lists the skills that are installed.", example: "jarvisctl skill list")

    @OptionGroup var globals: GlobalOptions

    func run() throws {
      try globals.perform(SkillList.self, Empty()) { list in
        var table = Table([
          Column("NAME"), Column("TASKS", isNumber: true), Column("PARAMETERS", minimum: 10, dispensable: 1),
          Column("DESCRIPTION", minimum: 20),
        ])
        for skill in list.skills {
          let parameters = skill.parameters.map { $0.required ? $0.name : "[\($0.name)]" }.joined(separator: " ")
          table.rows.append([Cell(skill.name), "\(skill.tasks)", Cell(parameters), Cell(skill.description)])
        }
        for fault in list.faults { complain(escaped(fault)) }
        return table.text(on: globals.screen)
      }
    }
  }

  /// `jarvisctl skill run`
  struct RunSkill: ParsableCommand {
    static let configuration = verb(
      "run", "Submits a skill's tasks as a batch.", example: "jarvisctl skill run security-audit path=$PWD --wait")

    @OptionGroup var globals: GlobalOptions

    @Argument(help: "The skill's name.", completion: skillNames)
    var name: String

    @Argument(help: ArgumentHelp("Its parameters.", valueName: "key=value"))
    var parameters: [String] = []

    @Option(name: .long, help: "The branch (default: the skill's).")
    var branch: String?

    @Option(name: .long, help: "auto, parallel, sequential or adaptive (default: the skill's).")
    var strategy: Strategy?

    @Flag(name: .shortAndLong, help: "Wait until all tasks are over; exit status 1 if not all succeeded.")
    var wait = false

    func validate() throws {
      if let bad = parameters.first(where: { !$0.contains("=") || $0.hasPrefix("=") }) {
        throw ValidationError("a parameter must be key=value, found \"\(escaped(bad))\"")
      }
    }

    func run() throws {
      var params = SkillRun.Parameters(name: name)
      for pair in parameters {
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        params.parameters[String(parts[0])] = String(parts[1])
      }
      params.branchID = branch
      params.strategy = strategy
      params.cwd = currentFolder()
      try submitAndShow(SkillRun.name, params.json, wait: wait, globals)
    }
  }
}
