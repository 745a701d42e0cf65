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
      var text = paragraph(
        shown.skill.description.isEmpty ? shown.skill.name : "\(shown.skill.name): \(shown.skill.description)",
        on: globals.screen)
      text += "\(escaped(shown.skill.file))\n"
      text += parameters(shown.skill) + "\nSteps\n"
      text += tree(shown.steps, indent: "  ") { name in
        // As deep as skills nest; the daemon refuses circles.
        (try? client.call(SkillShow.self, SkillShow.Parameters(name: name)))?.steps ?? []
      }
      put(text + record(shown))
    }

    private func parameters(_ skill: SkillView) -> String {
      guard !skill.parameters.isEmpty else { return "" }
      guard globals.screen.width != nil else {
        var table = Table([Column("PARAMETER"), Column("TYPE"), Column("DEFAULT"), Column("DESCRIPTION")])
        for parameter in skill.parameters {
          let value = standard(parameter) ?? (parameter.required ? "(required)" : "")
          table.rows.append([
            Cell(parameter.name), Cell(type(parameter)), Cell(value), Cell(parameter.description),
          ])
        }
        return "\n" + table.text(on: globals.screen)
      }
      var text = "\nParameters\n"
      for parameter in skill.parameters {
        text += "  " + globals.screen.paint(escaped(parameter.name), .bold) + " [\(escaped(type(parameter)))]"
        text += parameter.required ? ", required\n" : "\n"
        let value = standard(parameter).map { $0.isEmpty ? [] : ["Default: \($0)"] } ?? []
        for line in (parameter.description.isEmpty ? [] : [parameter.description]) + value {
          text += paragraph(line, on: globals.screen, indent: 6)
        }
      }
      return text
    }

    private func type(_ parameter: SkillParameterView) -> String {
      parameter.choices.isEmpty ? parameter.type : parameter.choices.joined(separator: "|")
    }

    private func standard(_ parameter: SkillParameterView) -> String? {
      switch parameter.defaultValue {
      case .string(let text)?: text
      case .array(let items)?: items.compactMap(\.stringValue).joined(separator: ", ")
      case let other?: other.text
      case nil: nil
      }
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
          text += paragraph(String(line.prefix(400)), on: globals.screen, indent: indent.count + 4)
        }
        if let skill = step.skill, depth < 16 {
          text += tree(inner(skill), indent: indent + "    ", depth: depth + 1, steps: inner)
        }
      }
      return text
    }

    private func record(_ shown: SkillShow.Result) -> String {
      guard let record = shown.skill.record else { return "\nIt has not run yet.\n" }
      let runs = record.runs == 1 ? "1 run" : "\(record.runs) runs"
      var words =
        "\(runs), of which \(record.succeeded) succeeded (at least \(Format.percent(record.successBound)) are to be "
      words += "expected); running in parallel saved \(Format.duration(record.savedSeconds)) in all"
      if let step = record.bottleneck { words += "; most often the bottleneck: \(step)" }
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
      return "\n" + paragraph(words + ".", on: globals.screen) + "\n" + table.text(on: globals.screen)
    }
  }
}
