import ArgumentParser
import JarvisClient
import JarvisProtocol

/// `jarvisctl simulate`
struct Simulate: ParsableCommand {
  static let configuration = verb(
    "simulate", "Runs a made-up or recorded day through the scheduler, strategies side by side.",
    example: """
      jarvisctl simulate laptop-day
      jarvisctl simulate mine.toml --strategy adaptive --strategy "width 3" --svg plot.svg
      jarvisctl simulate --export-trace yesterday.jsonl
      jarvisctl simulate --trace yesterday.jsonl --strategy auto --strategy "fixed 8"
      """,
    more: """
      It needs no daemon (but for --export-trace): it runs `jarvis-simulate`, whose exit status is this one's. \
      Shipped workloads: laptop-day, scenario-2, scenario-3, mixed. docs/simulator.md describes the files.
      """)

  @OptionGroup var globals: GlobalOptions

  @Argument(
    help: ArgumentHelp("A file, or the name of a shipped workload.", valueName: "workload"),
    completion: .file(extensions: ["toml"]))
  var workload: String?

  @Option(
    help: ArgumentHelp("Replay what was recorded: arrivals, durations, memory.", valueName: "file"), completion: .file()
  )
  var trace: String?

  @Option(
    help: ArgumentHelp(
      "\"fixed N\", \"width N\", sequential, parallel, auto or adaptive; may be repeated.", valueName: "name"))
  var strategy: [String] = []

  @Option(help: ArgumentHelp("Makes up other tasks.", valueName: "number"))
  var seed: UInt64?

  @Option(help: ArgumentHelp("Draw a plot into this file.", valueName: "file"), completion: .file())
  var svg: String?

  @Option(
    help: ArgumentHelp("Take zones and caps from this jarvis.toml.", valueName: "file"),
    completion: .file(extensions: ["toml"]))
  var config: String?

  @Flag(help: "With --json: each batch too.")
  var batches = false

  @Option(
    help: ArgumentHelp("Write the daemon's history into this file, for --trace.", valueName: "file"),
    completion: .file())
  var exportTrace: String?

  func validate() throws {
    if exportTrace != nil, workload != nil || trace != nil {
      throw ValidationError("--export-trace only records; simulate what it wrote with --trace afterwards")
    }
    if exportTrace == nil, workload == nil, trace == nil {
      throw ValidationError("name a workload (laptop-day, scenario-2, scenario-3, mixed, or a file), or a --trace")
    }
  }

  func run() throws {
    if let exportTrace {
      let count = try TraceExport(globals.connect()).write(to: exportTrace)
      return put(
        globals.json
          ? JSON.object(["file": .string(exportTrace), "tasks": .int(Int64(count))]).text + "\n"
          : "\(count) tasks written to \(escaped(exportTrace))\n")
    }
    var arguments: [String] = []
    if let trace { arguments += ["--trace", trace] }
    for name in strategy { arguments += ["--strategy", name] }
    if let seed { arguments += ["--seed", String(seed)] }
    if let svg { arguments += ["--svg", svg] }
    if let config { arguments += ["--config", config] }
    if globals.json { arguments.append("--json") }
    if batches { arguments.append("--batches") }
    if let workload { arguments += ["--", workload] }
    throw SiblingProgram.become("jarvis-simulate", arguments)
  }
}
