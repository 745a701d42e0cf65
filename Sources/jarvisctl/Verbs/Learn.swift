import ArgumentParser
import JarvisProtocol

/// `jarvisctl learn`
struct Learn: ParsableCommand {
  static let configuration = verb(
    "learn", "Shows what Jarvis has learned of types of tasks, and teaches it.",
    example: """
      jarvisctl learn show codebase_search --plot
      jarvisctl learn list
      jarvisctl learn codebase_search --benefit 0.85 --notes 'saves 60% time' --cpu 0.4 --ram 0.2
      jarvisctl learn export > learned.json
      jarvisctl learn import learned.json
      """,
    subcommands: [
      LearnRecordVerb.self, LearnListVerb.self, LearnShowVerb.self, LearnExportVerb.self, LearnImportVerb.self,
      LearnForgetVerb.self,
    ],
    defaultSubcommand: LearnRecordVerb.self)
}

/// `jarvisctl learn TYPE`
struct LearnRecordVerb: ParsableCommand {
  static let configuration = verb(
    "record", "Teaches something about a type of task.", example: "jarvisctl learn codebase_search --benefit 0.85",
    aliases: ["store"])

  @OptionGroup var globals: GlobalOptions

  @Argument(help: "The type of task.")
  var type: String

  @Option(name: .long, help: "Share of time that running such tasks in parallel saves, 0 to 1.")
  var benefit: Double?

  @Option(name: .long, help: "What was seen.")
  var notes: String?

  @Option(name: .long, help: "Share of the machine's cores that one such task costs, 0 to 1.")
  var cpu: Double?

  @Option(name: .long, help: "Share of the machine's memory that one such task costs, 0 to 1.")
  var ram: Double?

  func validate() throws {
    if benefit == nil, notes == nil, cpu == nil, ram == nil {
      throw ValidationError("nothing to learn: give --benefit, --notes, --cpu or --ram")
    }
  }

  func run() throws {
    let cost = cpu == nil && ram == nil ? nil : ResourceShare(cpu: cpu, ram: ram)
    let learning = Learning(taskType: type, parallelBenefit: benefit, notes: notes, resourceCost: cost)
    try globals.perform(LearnRecord.self, learning) { "learned about \(escaped($0.taskType))\n" }
  }
}

/// `jarvisctl learn list`
struct LearnListVerb: ParsableCommand {
  static let configuration = verb(
    "list", "Lists the types of which something is known, those used last first.", example: "jarvisctl learn list")

  @OptionGroup var globals: GlobalOptions

  @Option(name: .long, help: "How many types at most.")
  var limit = 100

  func run() throws {
    try globals.perform(LearnList.self, LearnList.Parameters(limit: limit)) { text($0) }
  }

  private func text(_ result: LearnList.Result) -> String {
    let taught = Dictionary(result.learnings.map { ($0.taskType, $0) }) { first, _ in first }
    var table = Table([
      Column("TYPE"), Column("TASKS", isNumber: true), Column("ALONE", isNumber: true),
      Column("5 AT ONCE SAVE", isNumber: true), Column("BEST", dispensable: 2, isNumber: true),
      Column("BOTTLENECK", dispensable: 2), Column("SUCCEED", dispensable: 3, isNumber: true),
      Column("TAUGHT", dispensable: 3, isNumber: true), Column("AUTO"),
    ])
    for profile in result.profiles {
      let benefit = (profile.widths.first { $0.width == 5 } ?? profile.widths.last)?.benefit
      let margin = benefit.map { ($0.high - $0.low) / 2 }
      table.rows.append([
        Cell(profile.taskType), Cell("\(profile.total)"), Cell(profile.secondsAlone.map { Format.duration($0.value) }),
        Cell(benefit.map { "\(Format.percent($0.value)) ± \(Format.percent(margin ?? 0))" }),
        Cell("\(profile.bestWidth)"), Cell(profile.bottleneck?.kind), Cell(profile.successRate.map(Format.percent)),
        Cell(taught[profile.taskType]?.parallelBenefit.map(Format.percent)), Cell(profile.verdict),
      ])
    }
    return table.text(
      on: globals.screen, none: "Nothing is known of any type of task yet; it comes with the first that end.")
  }
}

/// `jarvisctl learn show`
struct LearnShowVerb: ParsableCommand {
  static let configuration = verb(
    "show", "Says in words and numbers what is known of a type of task.",
    example: "jarvisctl learn show codebase_search --plot --svg search.svg")

  @OptionGroup var globals: GlobalOptions

  @Argument(help: "The type of task.")
  var type: String

  @Flag(name: .long, help: "Draw how long a task takes while 1, 2, … run at once.")
  var plot = false

  @Option(name: .long, help: ArgumentHelp("Write that drawing to a file.", valueName: "file"), completion: .file())
  var svg: String?

  func run() throws {
    let wanted = LearnGet.Parameters(taskType: type, observations: plot || svg != nil || globals.json ? 1000 : 0)
    try globals.perform(LearnGet.self, wanted) { result in
      var text = words(result)
      guard plot || svg != nil else { return text }
      guard let drawing = WidthPlot(result) else {
        throw Failure.usage("there is nothing to draw: no task of type \(escaped(type)) has succeeded yet")
      }
      if plot { text += "\n" + TextPlot(drawing, on: globals.screen).text }
      if let svg {
        try writeFile(svg, SVGPlot(drawing).text)
        text += "\nThe drawing is in \(escaped(svg)).\n"
      }
      return text
    }
  }

  private func words(_ result: LearnGet.Result) -> String {
    var lines = (result.profile?.explanation ?? []).map { escaped($0) }
    if let first = lines.first { lines[0] = globals.screen.paint(first, .bold) }
    if result.profile == nil, result.learnings.isEmpty {
      lines.append("nothing is known of \(escaped(type)); `jarvisctl learn list` names the types that are known")
    }
    let notes = result.learnings.compactMap { learning in
      learning.notes.map { "\(learning.recordedAt?.description.prefix(10) ?? ""): \(escaped($0))" }
    }
    if !notes.isEmpty { lines += ["", "Notes, newest first:"] + notes.prefix(20).map { "  \($0)" } }
    return lines.joined(separator: "\n") + "\n"
  }
}
