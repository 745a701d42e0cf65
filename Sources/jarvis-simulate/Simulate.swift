import ArgumentParser
import Glibc
import JarvisConfig
import JarvisCore
import JarvisPolicy
import JarvisProtocol
import JarvisSimulator

/// The command line of jarvis-simulate, which `jarvisctl simulate` runs.
struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jarvis-simulate",
    abstract: "Runs a day's tasks through Jarvis's scheduler on a made-up machine, strategies side by side.",
    discussion: """
      `jarvisctl simulate` runs this program; docs/simulator.md describes the files. It needs no daemon.

      EXAMPLE
        $ jarvis-simulate laptop-day
        $ jarvis-simulate mine.toml --strategy adaptive --strategy "width 3" --svg plot.svg
      """,
    version: jarvisVersion)

  @Argument(help: ArgumentHelp("A file, or the name of a shipped workload.", valueName: "workload"))
  var workload: String?

  @Option(help: ArgumentHelp("Replay what was recorded: arrivals, durations, memory.", valueName: "file"))
  var trace: String?

  @Option(
    help: ArgumentHelp(
      "\"fixed N\", \"width N\", sequential, parallel, auto or adaptive; may be repeated.", valueName: "name"))
  var strategy: [String] = []

  @Option(help: ArgumentHelp("Makes up other tasks.", valueName: "number"))
  var seed: UInt64?

  @Option(help: ArgumentHelp("Draw a plot into this file.", valueName: "file"))
  var svg: String?

  @Option(help: ArgumentHelp("Take zones and caps from this jarvis.toml.", valueName: "file"))
  var config: String?

  @Flag(help: "Print all figures as JSON.")
  var json = false

  @Flag(help: "With --json: each batch too.")
  var batches = false

  func run() throws {
    do {
      try simulate()
    } catch let error as Refusal {
      complain(error.message)
      throw ExitCode(1)
    } catch let error as ConfigError {
      complain(error.description)
      throw ExitCode(1)
    }
  }

  private func simulate() throws {
    let inputs = try Inputs(self)
    var outcomes: [Outcome] = []
    for strategy in inputs.strategies {
      var simulation = Simulation(
        inputs.workload, policy: inputs.policy, strategy: strategy, seed: inputs.seed)
      outcomes.append(simulation.run())
    }
    let comparison = Comparison(outcomes, of: inputs.workload)
    if let svg {
      let text = comparison.svg(title: inputs.title, ramDanger: inputs.policy.zones.ramDanger)
      try Files.write(text, to: svg)
    }
    if json {
      let result: JSON = [
        "workload": .string(inputs.name), "seed": .int(Int64(clamping: inputs.seed)),
        "tasks": .int(Int64(inputs.workload.taskCount)), "cores": .double(inputs.workload.machine.cores),
        "memory_bytes": .double(inputs.workload.machine.memory),
        "outcomes": .array(outcomes.map { $0.json(withBatches: batches) }),
      ]
      print(result.text)
    } else {
      print(inputs.title)
      for note in inputs.notes { print(note) }
      print()
      print(comparison.table)
      print(comparison.plot(), terminator: "")
    }
  }
}

/// Why nothing was simulated.
struct Refusal: Error {
  let message: String
}

/// Says on stderr what is wrong.
func complain(_ text: String) {
  let bytes = Array("jarvis-simulate: \(text)\n".utf8)
  _ = Glibc.write(2, bytes, bytes.count)
}
