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
      jarvisctl hive branches
      """,
    subcommands: [
      Put.self, Search.self, Show.self, Branches.self, Branch.self, Merge.self, Archive.self, Export.self,
    ])

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

    @Option(name: .long, help: "A name of its own: it takes the place of the finding with the same key.")
    var key: String?

    @Option(
      name: .long, help: ArgumentHelp("Refused unless the key is there (0: is not there).", valueName: "revision"))
    var expect: Int?

    @Option(name: .long, help: "How long it counts, such as 2h (default: for good).")
    var ttl: TimeSpan?

    func validate() throws {
      // JSON has no number for it, so the daemon would take it for absent.
      if let confidence, !confidence.isFinite { throw ValidationError("--confidence must be a number from 0 to 1") }
    }

    func run() throws {
      let text = text == "-" ? String(decoding: try contents(of: "-"), as: UTF8.self) : text
      var parameters = HivePut.Parameters(text: text)
      parameters.title = title
      parameters.kind = kind
      parameters.tags = tag
      parameters.confidence = confidence
      parameters.branchID = branch
      parameters.key = key
      parameters.expectedRevision = expect
      parameters.ttl = ttl
      try globals.perform(HivePut.self, parameters) { finding in
        "\(escaped(finding.id))\(finding.revision.map { " revision \($0)" } ?? "")\n"
      }
    }
  }

  /// `jarvisctl hive search`
  struct Search: ParsableCommand {
    static let configuration = verb(
      "search", "Finds findings of a branch and its parents by words, best first; without words the newest.",
      example: "jarvisctl hive search login session --branch auth")

    @OptionGroup var globals: GlobalOptions

    @Argument(help: "Words; all of them must occur, or where no finding has all, any.")
    var words: [String] = []

    @Option(name: .long, help: "The branch (default: an agent's own, else the folder's git branch).")
    var branch: String?

    @Option(name: .long, help: "How many at most, 1 to 200.")
    var limit = 20

    @Option(name: .long, help: "Only finding, decision, artifact or warning.")
    var kind: FindingKind?

    @Option(name: .long, help: "Only with this label (repeatable).")
    var tag: [String] = []

    @Flag(name: .long, help: "The branch alone, without its parents.")
    var noParents = false

    @Flag(name: .long, help: "Archived branches too.")
    var archived = false

    @Option(name: .long, help: "Goes on where a page ended (next_cursor, or the last line).")
    var cursor: String?

    func run() throws {
      var parameters = HiveSearch.Parameters(query: words.isEmpty ? nil : words.joined(separator: " "))
      parameters.branchID = branch
      parameters.limit = limit
      parameters.kind = kind
      parameters.tags = tag
      parameters.parents = !noParents
      parameters.archived = archived
      parameters.cursor = cursor
      try globals.perform(HiveSearch.self, parameters) { found in
        var table = Table([
          Column("ID"), Column("KIND", dispensable: 1), Column("TASK", dispensable: 2),
          Column("BRANCH", minimum: 6, dispensable: 3), Column("FINDING", minimum: 20),
        ])
        for finding in found.findings {
          let text = headline(finding)
          table.rows.append([
            Cell(finding.id), Cell(finding.kind.rawValue), Cell(finding.taskID?.description), Cell(finding.branchID),
            Cell(text),
          ])
        }
        let more = found.nextCursor.map { "more: --cursor \($0)\n" } ?? ""
        let place = branch.map { "branch \($0)" } ?? "this branch"
        let none =
          parameters.query == nil && kind == nil && tag.isEmpty
          ? "Nothing was stored on \(place) yet; `jarvisctl hive branches` lists those that hold something."
          : "Nothing was found on \(place)\(noParents ? "" : " or above it")."
        return table.text(on: globals.screen, none: none) + (globals.screen.width == nil ? "" : more)
      }
    }

    /// The title with the passage that matched, where that is not the title itself.
    private func headline(_ finding: FindingView) -> String {
      guard let title = finding.title else { return finding.snippet ?? finding.text }
      guard let snippet = finding.snippet else { return title }
      let bare = snippet.filter { !"[]…".contains($0) }
      return title.filter { !"[]…".contains($0) }.contains(bare) ? snippet : "\(title): \(snippet)"
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
            ("key", finding.key.map { "\($0), revision \(finding.revision ?? 1)" }), ("agent", finding.agent),
            ("expires", finding.expiresAt?.description), ("confidence", finding.confidence.map(Format.percent)),
            ("text", finding.text),
          ], on: globals.screen)
      }
    }
  }
}
