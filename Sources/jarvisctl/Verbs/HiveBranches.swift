import ArgumentParser
import JarvisClient
import JarvisProtocol

extension Hive {
  /// `jarvisctl hive branches`
  struct Branches: ParsableCommand {
    static let configuration = verb(
      "branches", "Lists the branches of the folder's repository, with their parents.",
      example: "jarvisctl hive branches --all")

    @OptionGroup var globals: GlobalOptions

    @Flag(name: .long, help: "Those of all repositories.")
    var all = false

    func run() throws {
      var parameters = BranchList.Parameters()
      parameters.all = all
      try globals.perform(BranchList.self, parameters) { list in
        var table = Table([
          Column("BRANCH", minimum: 8), Column("PARENT", minimum: 6, dispensable: 1),
          Column("FINDINGS", isNumber: true), Column("STATE", dispensable: 2),
          Column("REPOSITORY", minimum: 8, dispensable: 3),
        ])
        for branch in list.branches {
          let state = branch.archivedAt == nil ? "" : branch.mergedAt == nil ? "archived" : "merged"
          table.rows.append([
            Cell(branch.branchID), Cell(branch.parentBranchID), "\(branch.findings)", Cell(state),
            Cell(branch.repository),
          ])
        }
        let none =
          "No branch\(all ? "" : " of this folder's repository") holds a finding yet; `jarvisctl hive put` stores one."
        return table.text(on: globals.screen, none: none)
      }
    }
  }

  /// `jarvisctl hive branch`
  struct Branch: ParsableCommand {
    static let configuration = verb(
      "branch", "Makes a branch below a parent, whose findings are seen on it too.",
      example: "jarvisctl hive branch auth-tests --parent auth")

    @OptionGroup var globals: GlobalOptions

    @Argument(help: "The branch.")
    var branch: String

    @Option(name: .long, help: "Its parent; made where it is new.")
    var parent: String?

    func run() throws {
      var parameters = BranchCreate.Parameters(branchID: branch)
      parameters.parentBranchID = parent
      try globals.perform(BranchCreate.self, parameters) { branch in
        "\(escaped(branch.branchID))\(branch.parentBranchID.map { " below \(escaped($0))" } ?? "")\n"
      }
    }
  }

  /// `jarvisctl hive merge`
  struct Merge: ParsableCommand {
    static let configuration = verb(
      "merge", "Moves a branch's findings to its parent and archives it.",
      example: """
        jarvisctl hive merge auth-tests --dry-run
        jarvisctl hive merge auth-tests --resolution branch
        """,
      more: """
        Exact duplicates are folded. A key that has another value in the parent is a conflict: it is shown, nothing is \
        merged, and the exit status is 1, until --resolution says which value counts: parent, branch, or both (the \
        branch's moves to KEY@BRANCH).
        """)

    @OptionGroup var globals: GlobalOptions

    @Argument(help: "The branch.")
    var branch: String

    @Option(name: .long, help: "Where to (default: its parent).")
    var into: String?

    @Option(name: .long, help: "refuse, parent, branch or both.")
    var resolution: MergeResolution = .refuse

    @Flag(name: .long, help: "Only tell the conflicts.")
    var dryRun = false

    func run() throws {
      var parameters = BranchMerge.Parameters(branchID: branch)
      parameters.into = into
      parameters.resolution = resolution
      parameters.dryRun = dryRun
      let reply = try globals.connect().callRaw(BranchMerge.name, parameters.json, timeout: 600)
      let result = try Client.read(BranchMerge.self, reply)
      if globals.json { put(reply) } else { put(words(result)) }
      if !result.merged, !dryRun { throw ExitCode(1) }
    }

    private func words(_ result: BranchMerge.Result) -> String {
      var out = ""
      for conflict in result.conflicts {
        out += "\(escaped(conflict.key)):\n"
        out += "  \(escaped(result.branchID)): \(escaped(conflict.branch.text)) (\(conflict.branch.id))\n"
        out += "  \(escaped(result.into)): \(escaped(conflict.parent.text)) (\(conflict.parent.id))\n"
      }
      guard result.merged else {
        let count = result.conflicts.count
        let what = count == 1 ? "1 key has" : "\(count) keys have"
        return out + (count == 0 ? "nothing stands against it\n" : "nothing was merged; \(what) two values\n")
      }
      return out + "\(result.moved) moved to \(escaped(result.into)), \(result.folded) duplicates folded\n"
    }
  }

  /// `jarvisctl hive archive`
  struct Archive: ParsableCommand {
    static let configuration = verb(
      "archive", "Hides a branch from searches, or shows it again.",
      example: """
        jarvisctl hive archive auth-tests
        jarvisctl hive archive auth-tests --undo
        """)

    @OptionGroup var globals: GlobalOptions

    @Argument(help: "The branch.")
    var branch: String

    @Flag(name: .long, help: "Shows it again.")
    var undo = false

    func run() throws {
      var parameters = BranchArchive.Parameters(branchID: branch)
      parameters.archived = !undo
      try globals.perform(BranchArchive.self, parameters) { branch in
        "\(escaped(branch.branchID)) is \(branch.archivedAt == nil ? "searched" : "hidden from searches")\n"
      }
    }
  }

  /// `jarvisctl hive export`
  struct Export: ParsableCommand {
    static let configuration = verb(
      "export", "Writes all findings of a branch, whole, oldest first.",
      example: "jarvisctl hive export --branch auth --format markdown > auth.md")

    @OptionGroup var globals: GlobalOptions

    @Option(name: .long, help: "The branch (default: the folder's git branch).")
    var branch: String?

    @Option(name: .long, help: "json or markdown.")
    var format: ExportFormat = .json

    func run() throws {
      let client = try globals.connect()
      var parameters = HiveExport.Parameters()
      parameters.branchID = branch
      var isFirst = true
      while true {
        let page = try client.call(HiveExport.self, parameters)
        switch format {
        case .json:
          if isFirst { put("{\"branch_id\":\(page.branchID.json.text),\"findings\":[") }
          for (index, finding) in page.findings.enumerated() {
            put((isFirst && index == 0 ? "\n" : ",\n") + finding.json.text)
          }
        case .markdown:
          if isFirst { put("# Findings of branch \(escaped(page.branchID))\n") }
          for finding in page.findings { put(section(finding)) }
        }
        isFirst = isFirst && page.findings.isEmpty
        guard let next = page.nextCursor else { break }
        parameters.cursor = next
      }
      if format == .json { put("\n]}\n") }
    }

    private func section(_ finding: FindingView) -> String {
      var notes = ["\(finding.at)"]
      notes.append(finding.taskID.map { "task \($0)" } ?? "a person")
      if let agent = finding.agent { notes.append("agent \(agent)") }
      if let confidence = finding.confidence { notes.append("confidence \(Format.percent(confidence))") }
      if let key = finding.key { notes.append("key \(key), revision \(finding.revision ?? 1)") }
      if !finding.tags.isEmpty { notes.append("tags: " + finding.tags.joined(separator: ", ")) }
      let title = finding.title.map { ": " + escaped($0) } ?? ""
      return "\n## \(finding.id), \(finding.kind.rawValue)\(title)\n\n*\(escaped(notes.joined(separator: "; ")))*\n\n"
        + readable(finding.text) + "\n"
    }
  }
}

/// How an export is written.
enum ExportFormat: String, ExpressibleByArgument, CaseIterable {
  case json, markdown
}

extension MergeResolution: ExpressibleByArgument {}
