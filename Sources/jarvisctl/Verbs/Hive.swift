import ArgumentParser
import JarvisProtocol

/// `jarvisctl hive`
struct Hive: ParsableCommand {
  static let configuration = verb(
    "hive", "Stores and finds what agents of the same branch have found out.",
    example: """
      jarvisctl hive put 'login is in src/auth.swift:12' --tag auth
      jarvisctl hive search login
      jarvisctl hive show f3
      """,
    subcommands: [Put.self, Search.self, Show.self])

  /// `jarvisctl hive put`
  struct Put: ParsableCommand {
    static let configuration = verb(
      "put", "Stores a finding on a branch.",
      example: """
        jarvisctl hive put 'login is in src/auth.swift:12' --tag auth
        ./report.sh | jarvisctl hive put - --title report --kind artifact
        """)

    @OptionGroup var globals: GlobalOptions

    @Argument(help: "What was found; - reads it from stdin.")
    var text: String

    @Option(name: .long, help: "A headline.")
    var title: String?

    @Option(name: .long, help: "finding, decision, artifact or warning.")
    var kind: FindingKind = .finding

    @Option(name: .long, help: "A label (repeatable).")
    var tag: [String] = []

    @Option(name: .long, help: "How sure it is, 0 to 1.")
    var confidence: Double?

    @Option(name: .long, help: "The branch (default: an agent's own, else the folder's git branch).")
    var branch: String?

    func run() throws {
      let text = text == "-" ? String(decoding: try contents(of: "-"), as: UTF8.self) : text
      var parameters = HivePut.Parameters(text: text)
      parameters.title = title
      parameters.kind = kind
      parameters.tags = tag
      parameters.confidence = confidence
      parameters.branchID = branch
      try globals.perform(HivePut.self, parameters) { "\(escaped($0.id))\n" }
    }
  }

  /// `jarvisctl hive search`
  struct Search: ParsableCommand {
    static let configuration = verb(
      "search", "Finds findings by words, best first; without words the newest.",
      example: "jarvisctl hive search login session --branch auth")

    @OptionGroup var globals: GlobalOptions

    @Argument(help: "Words; all of them must occur.")
    var words: [String] = []

    @Option(name: .long, help: "The branch (default: an agent's own, else the folder's git branch).")
    var branch: String?

    @Option(name: .long, help: "How many at most, 1 to 200.")
    var limit = 20

    func run() throws {
      var parameters = HiveSearch.Parameters(query: words.isEmpty ? nil : words.joined(separator: " "))
      parameters.branchID = branch
      parameters.limit = limit
      try globals.perform(HiveSearch.self, parameters) { found in
        var table = Table([
          Column("ID"), Column("KIND", dispensable: 1), Column("TASK", dispensable: 2),
          Column("BRANCH", minimum: 6, dispensable: 3), Column("FINDING", minimum: 20),
        ])
        for finding in found.findings {
          let text = finding.title ?? finding.snippet ?? finding.text
          table.rows.append([
            Cell(finding.id), Cell(finding.kind.rawValue), Cell(finding.taskID?.description), Cell(finding.branchID),
            Cell(text),
          ])
        }
        return table.text(on: globals.screen)
      }
    }
  }

  /// `jarvisctl hive show`
  struct Show: ParsableCommand {
    static let configuration = verb("show", "Shows one finding, whole.", example: "jarvisctl hive show f3")

    @OptionGroup var globals: GlobalOptions

    @Argument(help: ArgumentHelp("The finding.", valueName: "id"))
    var id: String

    func run() throws {
      try globals.perform(HiveGet.self, HiveGet.Parameters(id: id)) { finding in
        fieldList(
          [
            ("id", finding.id), ("kind", finding.kind.rawValue), ("branch", finding.branchID),
            ("task", finding.taskID?.description), ("at", finding.at.description), ("title", finding.title),
            ("tags", finding.tags.isEmpty ? nil : finding.tags.joined(separator: ", ")),
            ("confidence", finding.confidence.map(Format.percent)), ("text", finding.text),
          ], on: globals.screen)
      }
    }
  }
}
