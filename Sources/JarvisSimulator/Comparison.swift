import JarvisProtocol

/// Strategies side by side, as text for a terminal.
public struct Comparison: Sendable {
  /// One outcome for each strategy, of the same workload.
  public let outcomes: [Outcome]
  /// The names of the workload's sources.
  public let sources: [String]

  /// Takes outcomes of one workload.
  public init(_ outcomes: [Outcome], of workload: Workload) {
    self.outcomes = outcomes
    sources = workload.sources
  }

  /// The table: a line for each figure, a column for each strategy.
  public var table: String {
    var rows: [[String]] = [[""] + outcomes.map(\.strategy.description)]
    func row(_ name: String, _ value: (Outcome) -> String) { rows.append([name] + outcomes.map(value)) }
    row("makespan") { Figure.time($0.makespan) + ($0.isUnfinished ? " (given up)" : "") }
    row("batch p50 / p95") { outcome in
      Waits(outcome.batches.map(\.seconds)).map { "\(Figure.time($0.p50)) / \(Figure.time($0.p95))" } ?? "–"
    }
    for priority in Priority.allCases where outcomes.contains(where: { $0.waits[priority] != nil }) {
      row("wait \(priority.rawValue) p50 / p95 / max") { outcome in
        outcome.waits[priority].map {
          "\(Figure.time($0.p50)) / \(Figure.time($0.p95)) / \(Figure.time($0.max))"
        } ?? "–"
      }
    }
    row("CPU of agents, of all") { "\(Figure.percent($0.cpuOfAgents)), \(Figure.percent($0.cpu))" }
    row("memory mean, most") { "\(Figure.percent($0.ram)), \(Figure.percent($0.ramMost))" }
    row("memory in danger") { Figure.time($0.ramDangerSeconds) }
    row("CPU in danger") { Figure.time($0.cpuDangerSeconds) }
    for state in TaskState.allCases where state.isTerminal && outcomes.contains(where: { $0.count(state) > 0 }) {
      row(state.rawValue) { Figure.count($0.count(state)) }
    }
    row("ended to make room, frozen") { "\(Figure.count($0.relieved)), \(Figure.count($0.frozen))" }
    row("killed by the kernel") { Figure.count($0.killedByKernel) }
    row("work in vain") { $0.delivered > 0 ? Figure.percent($0.wasted / $0.delivered) : "–" }
    let widths = (0...outcomes.count).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { cells in
      var line = ""
      for (column, cell) in cells.enumerated() {
        let blanks = String(repeating: " ", count: widths[column] - cell.count)
        line += column == 0 ? cell + blanks : "  " + blanks + cell
      }
      return line + "\n"
    }.joined()
  }

  /// Processors, memory, and tasks that run and wait, over time: a block of lines for each strategy, on one axis.
  public func plot(columns: Int = 64) -> String {
    let end = outcomes.map { Double($0.curve.points.count) * $0.curve.seconds }.max() ?? 0
    guard end > 0 else { return "" }
    let most = outcomes.flatMap(\.curve.points)
    let running = max(1, most.map(\.running).max() ?? 1)
    let waiting = max(1, most.map(\.waiting).max() ?? 1)
    var text = ""
    for outcome in outcomes {
      text += "\(outcome.strategy)\n"
      let lines: [(String, (Curve.Point) -> Double, Double, String)] = [
        ("CPU", \.cpu, 1, "100 %"), ("memory", \.ram, 1, "100 %"),
        ("running", \.running, running, Figure.count(Int((running - 1e-6).rounded(.up)))),
        ("waiting", \.waiting, waiting, Figure.count(Int((waiting - 1e-6).rounded(.up)))),
      ]
      for (name, value, top, label) in lines {
        let bars = outcome.curve.resampled(to: columns, end: end, value).map { Figure.bar($0, of: top) }.joined()
        text += "  \(name)\(String(repeating: " ", count: 8 - name.count))▕\(bars)▏ \(label)\n"
      }
    }
    let label = Figure.time(end)
    return text + String(repeating: " ", count: 10) + "0" + String(repeating: " ", count: max(1, columns - label.count))
      + label + "\n"
  }
}

extension Curve {
  /// Values at `count` pieces of the time until `end`; nil where nothing was measured.
  func resampled(to count: Int, end: Double, _ value: (Point) -> Double) -> [Double?] {
    (0..<count).map { column in
      let first = Int(end * Double(column) / Double(count) / seconds)
      let last = max(first + 1, Int((end * Double(column + 1) / Double(count) / seconds).rounded(.up)))
      let pieces = points[min(first, points.count)..<min(last, points.count)].filter { $0.weight > 0 }
      let weight = pieces.reduce(0) { $0 + $1.weight }
      return weight > 0 ? pieces.reduce(0) { $0 + value($1) * $1.weight } / weight : nil
    }
  }
}

/// Numbers for people.
enum Figure {
  /// `12%`, with a decimal below ten.
  static func percent(_ share: Double) -> String {
    let value = share * 100
    return value < 9.95 && value > 0 ? "\((value * 10).rounded() / 10) %" : "\(Int(value.rounded())) %"
  }

  /// `0.2 s`, `12 s`, `3 min 5 s`, `2 h 3 min`.
  static func time(_ seconds: Double) -> String {
    if seconds < 9.95 { return "\((max(0, seconds) * 10).rounded() / 10) s" }
    let whole = Int(min(1e12, seconds).rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

  /// Thousands are set apart.
  static func count(_ number: Int) -> String {
    var digits = String(abs(number))
    var text = ""
    while digits.count > 3 {
      text = "," + digits.suffix(3) + text
      digits.removeLast(3)
    }
    return (number < 0 ? "-" : "") + digits + text
  }

  /// An eighth's block for a value; a blank where there is none.
  static func bar(_ value: Double?, of top: Double) -> String {
    guard let value, top > 0 else { return " " }
    let blocks = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
    return value <= 0 ? " " : blocks[max(0, min(7, Int(value / top * 8)))]
  }
}
