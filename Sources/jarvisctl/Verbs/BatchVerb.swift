import ArgumentParser
import JarvisProtocol

/// `jarvisctl batch`
struct BatchVerb: ParsableCommand {
  static let configuration = verb(
    "batch", "Lists and shows batches: the tasks of one submission.",
    example: """
      jarvisctl batch list
      jarvisctl batch show b7
      jarvisctl batch report b7 --format markdown
      """,
    subcommands: [List.self, Show.self, Report.self], defaultSubcommand: List.self)

  /// `jarvisctl batch list`
  struct List: ParsableCommand {
    static let configuration = verb(
      "list", "Lists batches, newest first.", example: "jarvisctl batch list --limit 10")

    @OptionGroup var globals: GlobalOptions

    @Option(name: .long, help: "How many at most, 1 to 1,000.")
    var limit = 20

    func run() throws {
      try globals.perform(BatchList.self, BatchList.Parameters(limit: limit)) { page in
        var table = Table([
          Column("ID"), Column("NAME", minimum: 8), Column("BRANCH", minimum: 6, dispensable: 1),
          Column("STRATEGY", dispensable: 2), Column("TASKS", isNumber: true), Column("STATES", minimum: 10),
        ])
        for batch in page.batches {
          table.rows.append([
            "\(batch.id)", Cell(batch.name), Cell(batch.branchID), Cell(batch.strategy.rawValue), "\(batch.total)",
            Cell(states(batch.counts), batch.done ? .dim : nil),
          ])
        }
        return table.text(on: globals.screen, none: "No batch was submitted yet, or their history has been pruned.")
      }
    }
  }

  /// `jarvisctl batch report`
  struct Report: ParsableCommand {
    static let configuration = verb(
      "report", "Gathers what a batch's tasks found and what came out of them.",
      example: "jarvisctl batch report b7 --format markdown > report.md")

    @OptionGroup var globals: GlobalOptions

    @Argument(help: ArgumentHelp("The batch.", valueName: "id"))
    var id: BatchID

    @Option(name: .long, help: "text, markdown or json.")
    var format: ReportFormat = .text

    @Option(name: .long, help: ArgumentHelp("How much of each output's end, 0 to 20000.", valueName: "bytes"))
    var outputBytes = 2000

    func run() throws {
      var parameters = BatchReport.Parameters(batchID: id)
      parameters.outputBytes = outputBytes
      let client = try globals.connect()
      var report = try client.call(BatchReport.self, parameters)
      while let next = report.nextCursor {
        parameters.cursor = next
        report.add(try client.call(BatchReport.self, parameters))
      }
      if globals.json { return put(report.json.text + "\n") }
      switch format {
      case .json: put(report.json.prettyText + "\n")
      case .markdown: put(readable(report.markdown))
      case .text: put(readable(report.text))
      }
    }
  }

  /// `jarvisctl batch show`
  struct Show: ParsableCommand {
    static let configuration = verb("show", "Shows one batch.", example: "jarvisctl batch show b7")

    @OptionGroup var globals: GlobalOptions

    @Argument(help: ArgumentHelp("The batch.", valueName: "id"))
    var id: BatchID

    func run() throws {
      try globals.perform(BatchGet.self, BatchGet.Parameters(batchID: id)) { batch in
        fieldList(
          [
            ("id", batch.id.description), ("name", batch.name), ("branch", batch.branchID),
            ("session", batch.sessionID), ("strategy", batch.strategy.rawValue),
            ("submitted", batch.submittedAt.description), ("tasks", "\(batch.total)"),
            ("states", states(batch.counts)), ("done", batch.done ? "yes" : "no"),
            ("together", batch.totals.map(\.sentence).flatMap { $0.isEmpty ? nil : $0 }),
          ], on: globals.screen)
      }
    }
  }
}

/// `2 running, 3 queued`
private func states(_ counts: [String: Int]) -> String {
  TaskState.allCases.compactMap { state in
    counts[state.rawValue].flatMap { $0 > 0 ? "\($0) \(state.rawValue)" : nil }
  }.joined(separator: ", ")
}

/// How a report or an export is written.
enum ReportFormat: String, ExpressibleByArgument, CaseIterable {
  case text, markdown, json
}

/// Text of several lines with what would steer a terminal made visible.
func readable(_ text: String) -> String {
  text.split(separator: "\n", omittingEmptySubsequences: false)
    .map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map { escaped(String($0)) }.joined(separator: "\t")
    }
    .joined(separator: "\n")
}
