import ArgumentParser
import JarvisClient
import JarvisProtocol

extension SkillVerb {
  /// `jarvisctl skill show`
  struct ShowSkill: ParsableCommand {
    static let configuration = verb(
      "show", "Shows a skill: its parameters, its steps as a tree, and what its runs came to.",
      example: "jarvisctl skill show security-audit")

    @OptionGroup var globals: GlobalOptions

    @Argument(help: "The skill's name.", completion: skillNames)
    var name: String

    func run() throws {
      let client = try globals.connect()
      let reply = try client.callRaw(SkillShow.name, SkillShow.Parameters(name: name).json)
      if globals.json { return put(reply) }
      let shown = try Client.read(SkillShow.self, reply)
      var text = "\(escaped(shown.skill.name)): \(escaped(shown.skill.description))\n\(escaped(shown.skill.file))\n"
      text += parameters(shown.skill) + "\nSteps\n"
      text += tree(shown.steps, indent: "  ") { name in
        // As deep as skills nest; the daemon refuses circles.
        (try? client.call(SkillShow.self, SkillShow.Parameters(name: name)))?.steps ?? []
      }
      put(text + record(shown))
    }

    private func parameters(_ skill: SkillView) -> String {
      guard !skill.parameters.isEmpty else { return "" }
      var table = Table([
        Column("PARAMETER"), Column("TYPE"), Column("DEFAULT", minimum: 8), Column("DESCRIPTION", minimum: 20),
      ])
      for parameter in skill.parameters {
        let type = parameter.choices.isEmpty ? parameter.type : parameter.choices.joined(separator: "|")
        let value: String =
          switch parameter.defaultValue {
          case .string(let text)?: text
          case .array(let items)?: items.compactMap(\.stringValue).joined(separator: ",")
          case let other?: other.text
          case nil: parameter.required ? "(required)" : ""
          }
        table.rows.append([Cell(parameter.name), Cell(type), Cell(value), Cell(parameter.description)])
      }
      return "\n" + table.text(on: globals.screen)
    }

    private func tree(
      _ steps: [SkillStepView], indent: String, depth: Int = 0, steps inner: (String) -> [SkillStepView]
    ) -> String {
      var text = ""
      for step in steps {
        text += indent + globals.screen.paint(escaped(step.name), .bold) + " [\(escaped(step.runner))]"
        if let skill = step.skill { text += " \(escaped(skill))" }
        if !step.after.items.isEmpty {
          let names = step.after.items.map {
            $0.condition == .success ? $0.task : "\($0.task):\($0.condition.rawValue)"
          }
          text += "  after \(escaped(names.joined(separator: ", ")))"
        }
        text += "\n"
        if let each = step.forEach { text += "\(indent)    for \(escaped(each))\n" }
        if let line = step.description.split(separator: "\n").first {
          text += "\(indent)    \(escaped(String(line.prefix(160))))\n"
        }
        if let skill = step.skill, depth < 16 {
          text += tree(inner(skill), indent: indent + "    ", depth: depth + 1, steps: inner)
        }
      }
      return text
    }

    private func record(_ shown: SkillShow.Result) -> String {
      guard let record = shown.skill.record else { return "\nIt has not run yet.\n" }
      var text = "\n\(record.runs) runs, \(record.succeeded) of them succeeded (at least "
      text += "\(Format.percent(record.successBound)) are to be expected); running in parallel saved "
      text += "\(Format.duration(record.savedSeconds)) in all"
      if let step = record.bottleneck { text += "; most often the bottleneck: \(escaped(step))" }
      var table = Table([
        Column("BATCH"), Column("ENDED"), Column("RESULT"), Column("TASKS", isNumber: true),
        Column("TOOK", isNumber: true), Column("ONE BY ONE", isNumber: true), Column("BOTTLENECK"),
      ])
      for run in shown.runs {
        let bottleneck = run.bottleneck.map {
          "\($0)\(run.bottleneckSeconds.map { " (\(Format.duration($0)))" } ?? "")"
        }
        table.rows.append([
          "\(run.batchID)", Cell(run.endedAt.description), run.succeeded ? "succeeded" : "\(run.failed) failed",
          "\(run.tasks)", Cell(Format.duration(run.wallSeconds)), Cell(Format.duration(run.workSeconds)),
          Cell(bottleneck),
        ])
      }
      return text + ".\n\n" + table.text(on: globals.screen)
    }
  }
}
