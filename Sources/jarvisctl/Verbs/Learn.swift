import ArgumentParser
import JarvisProtocol

/// `jarvisctl learn`
struct Learn: ParsableCommand {
  static let configuration = verb(
    "learn", "Teaches Jarvis what a type of task gains from running in parallel, and shows what it was taught.",
    example: """
      jarvisctl learn codebase_search --benefit 0.85 --notes 'saves 60% time' --cpu 0.4 --ram 0.2
      jarvisctl learn list
      jarvisctl learn show codebase_search
      """,
    subcommands: [Store.self, List.self, Show.self], defaultSubcommand: Store.self)

  /// `jarvisctl learn TYPE`
  struct Store: ParsableCommand {
    static let configuration = verb(
      "store", "Stores a learning about a type of task.", example: "jarvisctl learn codebase_search --benefit 0.85")

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
  struct List: ParsableCommand {
    static let configuration = verb("list", "Lists the newest learning of each type.", example: "jarvisctl learn list")

    @OptionGroup var globals: GlobalOptions

    func run() throws {
      try globals.perform(LearnList.self, Empty()) { table($0.learnings, on: globals.screen) }
    }
  }

  /// `jarvisctl learn show`
  struct Show: ParsableCommand {
    static let configuration = verb(
      "show", "Shows all that was taught about one type.", example: "jarvisctl learn show codebase_search")

    @OptionGroup var globals: GlobalOptions

    @Argument(help: "The type of task.")
    var type: String

    func run() throws {
      try globals.perform(LearnGet.self, LearnGet.Parameters(taskType: type)) {
        table($0.learnings, on: globals.screen)
      }
    }
  }
}

private func table(_ learnings: [Learning], on screen: Screen) -> String {
  var table = Table([
    Column("TYPE"), Column("BENEFIT", isNumber: true), Column("CPU", dispensable: 2, isNumber: true),
    Column("RAM", dispensable: 2, isNumber: true), Column("RECORDED", dispensable: 3), Column("NOTES", minimum: 12),
  ])
  for learning in learnings {
    table.rows.append([
      Cell(learning.taskType), Cell(learning.parallelBenefit.map(Format.percent)),
      Cell(learning.resourceCost?.cpu.map(Format.percent)), Cell(learning.resourceCost?.ram.map(Format.percent)),
      Cell(learning.recordedAt?.description), Cell(learning.notes),
    ])
  }
  return table.text(on: screen)
}
