import ArgumentParser
import JarvisProtocol

/// `jarvisctl stats`
struct Stats: ParsableCommand {
  static let configuration = verb(
    "stats", "Shows the machine, the queue, the branches and the limits in force.", example: "jarvisctl stats")

  @OptionGroup var globals: GlobalOptions

  @Option(name: .long, help: "List the tasks of this branch only (in the JSON).")
  var branch: String?

  func run() throws {
    try globals.perform(StatsGet.self, StatsGet.Parameters(branchID: branch)) { Self.text($0, on: globals.screen) }
  }

  private static func text(_ stats: StatsGet.Result, on screen: Screen) -> String {
    let machine = stats.resources
    func share(_ used: Double, _ reserved: Double) -> String {
      let bar = screen.width == nil ? "" : Format.bar(used, width: 20) + " "
      return bar + Format.percent(used) + (reserved > 0 ? " (+ \(Format.percent(reserved)) reserved)" : "")
    }
    let ended = TaskState.allCases.compactMap { state in stats.ended[state.rawValue].map { "\($0) \(state.rawValue)" } }
    let psi = machine.psi.sorted { $0.key < $1.key }.map { "\($0.key) \(Format.percent($0.value))" }
    let limits = stats.limits.sorted { $0.key < $1.key }.map { "\($0.key) \(Format.number($0.value))" }
    let memory = "\(Format.size(machine.memoryAvailableBytes)) of \(Format.size(machine.memoryTotalBytes)) available"
    func lines(_ parts: [String]) -> String? { parts.isEmpty ? nil : parts.joined(separator: ", ") }
    var out = fieldList(
      [
        ("zone", machine.zone.rawValue), ("level", stats.level.rawValue), ("tier", stats.tier.rawValue),
        ("cpu", share(machine.cpu, machine.reservedCPU) + " of \(Format.number(machine.cores)) cores"),
        ("ram", share(machine.ram, machine.reservedRAM) + ", \(memory)"), ("stalls", lines(psi)),
        (
          "tasks",
          "\(stats.running) running, \(stats.queued) queued, \(stats.blocked) blocked, \(stats.paused) paused"
            + (stats.draining ? " (draining: nothing new is started)" : "")
        ),
        ("ended", lines(ended)), ("limits", lines(limits)),
      ], on: screen)
    if !stats.branches.isEmpty {
      var table = Table([
        Column("BRANCH", minimum: 10), Column("RUNNING", isNumber: true), Column("WAITING", isNumber: true),
      ])
      for branch in stats.branches {
        table.rows.append([Cell(branch.branchID), "\(branch.running)", "\(branch.waiting)"])
      }
      out += "\n" + table.text(on: screen)
    }
    return out
  }
}
