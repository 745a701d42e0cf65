import ArgumentParser
import JarvisClient
import JarvisProtocol

/// `jarvisctl worktree`
struct WorktreeVerb: ParsableCommand {
  static let configuration = verb(
    "worktree", "Lists, shows, merges and removes what tasks did in git worktrees of their own.",
    example: """
      jarvisctl run --isolation worktree -d 'Rename the module'
      jarvisctl worktree list
      jarvisctl worktree diff t42
      jarvisctl worktree merge t42
      jarvisctl worktree rm t43 --force
      """,
    subcommands: [List.self, Diff.self, Merge.self, Remove.self], defaultSubcommand: List.self)

  /// `jarvisctl worktree list`
  struct List: ParsableCommand {
    static let configuration = verb(
      "list", "Lists worktrees: those in use, and those that wait to be merged or removed.",
      example: """
        jarvisctl worktree list
        jarvisctl worktree list --all --batch b7
        """)

    @OptionGroup var globals: GlobalOptions

    @Flag(name: .shortAndLong, help: "Those that are gone too: merged, removed, or with nothing changed.")
    var all = false

    @Option(name: .long, help: "Only this batch.")
    var batch: BatchID?

    func run() throws {
      var parameters = WorktreeList.Parameters()
      parameters.all = all
      parameters.batchID = batch
      let screen = globals.screen
      try globals.perform(WorktreeList.self, parameters) { found in
        var table = Table([
          Column("TASK"), Column("STATE"), Column("FILES", isNumber: true), Column("+", dispensable: 1, isNumber: true),
          Column("-", dispensable: 1, isNumber: true), Column("COMMITS", dispensable: 4, isNumber: true),
          Column("BRANCH", minimum: 8, dispensable: 3), Column("INTO", minimum: 6, dispensable: 5),
          Column("NAME", minimum: 12, dispensable: 2), Column("FOLDER", minimum: 16, dispensable: 6),
        ])
        for tree in found.worktrees {
          let changes = tree.changes
          table.rows.append([
            Cell(tree.id.description), Cell(tree.state.rawValue, Self.style(of: tree)),
            Cell(changes.map { "\($0.filesChanged)" }), Cell(changes.map { "\($0.insertions)" }, .green),
            Cell(changes.map { "\($0.deletions)" }, .red), Cell(changes.map { "\($0.commits)" }), Cell(tree.branch),
            Cell(tree.target), Cell(tree.problem ?? tree.title, tree.problem == nil ? nil : .red),
            Cell(tree.path, .dim),
          ])
        }
        return table.text(on: screen, none: "no worktrees")
      }
    }

    private static func style(of tree: WorktreeView) -> Style? {
      if tree.problem != nil { return .red }
      return switch tree.state {
      case .preparing, .active: .green
      case .capturing: .cyan
      case .kept: .yellow
      case .clean, .merged, .removed: .dim
      case .lost: .red
      }
    }
  }

  /// `jarvisctl worktree diff`
  struct Diff: ParsableCommand {
    static let configuration = verb(
      "diff", "Shows what a task changed, as of now: committed, uncommitted and new files.",
      example: """
        jarvisctl worktree diff t42
        jarvisctl worktree diff t42 --stat
        jarvisctl worktree diff t42 | git apply
        """,
      more: """
        On a terminal it goes through $GIT_PAGER, else $PAGER, else less, with colours; elsewhere the patch is written as \
        it is, byte for byte.
        """)

    @OptionGroup var globals: GlobalOptions

    @Argument(help: ArgumentHelp("The task.", valueName: "id"), completion: taskIDs)
    var id: TaskID

    @Flag(name: .long, help: "Only the files, with the lines added and taken away.")
    var stat = false

    @Flag(name: .long, help: "Without a pager.")
    var noPager = false

    func run() throws {
      // The patch is read from its file: it may be larger than an answer, and not UTF-8.
      let wanted = globals.json ? WorktreeChanges.Parameters(id: id) : WorktreeChanges.Parameters(id: id, maxBytes: 1)
      let reply = try globals.connect().callRaw(WorktreeChanges.name, wanted.json, timeout: 180)
      if globals.json { return put(reply) }
      let diff = try Client.read(WorktreeChanges.self, reply)
      let screen = globals.screen
      if diff.changes == nil {
        complain(diff.problem ?? "\(id): its changes have not been read; it is \(diff.state.rawValue)")
      }
      if stat { return put(Self.stat(diff, on: screen)) }
      guard let path = diff.patchPath else {
        if diff.changes == nil || (diff.changes?.filesChanged ?? 0) > 0 {
          throw Failure(
            status: 1, message: "there is no patch of \(id) (any more); its worktree is \(diff.state.rawValue)")
        }
        return
      }
      let bytes = try contents(of: path)
      let cut = "the patch is longer than 16 MiB and was cut off; the worktree is \(diff.worktree)"
      guard screen.width != nil else {
        put(bytes)
        // Whoever applies it must know.
        if diff.patchIsCut { throw Failure(status: 1, message: cut) }
        return
      }
      let text = PatchText.coloured(String(decoding: bytes, as: UTF8.self), on: screen)
      let end = diff.patchIsCut ? "… \(cut)\n" : ""
      TextPager.show(Self.stat(diff, on: screen) + "\n" + text + end, isAllowed: !noPager)
    }

    private static func stat(_ diff: TaskDiff, on screen: Screen) -> String {
      var table = Table([
        Column("FILE", minimum: 20), Column("+", isNumber: true), Column("-", isNumber: true),
      ])
      for file in diff.files {
        table.rows.append([
          Cell(file.path), Cell(file.added.map { "\($0)" } ?? "binary", .green),
          Cell(file.removed.map { "\($0)" }, .red),
        ])
      }
      let more = (diff.changes?.filesChanged ?? 0) - diff.files.count
      let rest = more > 0 ? "… and \(more) more files\n" : ""
      guard screen.width != nil else { return table.text(on: screen) }
      let numbers = diff.changes.map { $0.sentence } ?? diff.state.rawValue
      let note = diff.uncommitted ? ", some of it not committed" : ""
      let head = "\(escaped(diff.branch)) on \(diff.base.prefix(12)): \(numbers)\(note)"
      return screen.paint(head, .bold) + "\n" + (diff.files.isEmpty ? "" : table.text(on: screen)) + rest
    }
  }

  /// `jarvisctl worktree merge`
  struct Merge: ParsableCommand {
    static let configuration = verb(
      "merge", "Merges what tasks changed into the branch that they were submitted from, one after the other.",
      example: """
        jarvisctl worktree merge t42 t43
        jarvisctl worktree merge t42 --squash -m 'Rename the module'
        jarvisctl worktree merge t42 --into release --keep
        """,
      more: """
        What a task did not commit is committed first. Then its worktree and its branch are removed. With a conflict \
        nothing is changed, the files are named, and the tasks after it are left alone (exit status 1).
        """)

    @OptionGroup var globals: GlobalOptions

    @Argument(help: ArgumentHelp("Tasks that are over.", valueName: "id"), completion: taskIDs)
    var ids: [TaskID]

    @Option(name: .long, help: "The branch to merge into, which must be checked out in the folder.")
    var into: String?

    @Option(
      name: .long, help: "The folder to merge in (default: the one that the task was submitted for).",
      completion: .directory)
    var folder: String?

    @Option(name: .shortAndLong, help: "The message of the commit.")
    var message: String?

    @Flag(name: .long, help: "One commit in place of a merge of the task's commits.")
    var squash = false

    @Flag(name: .long, help: "Leave the worktree and its branch there.")
    var keep = false

    func run() throws {
      for id in ids {
        var parameters = WorktreeMerge.Parameters(id: id)
        parameters.into = into
        parameters.folder = folder.map(absolutePath)
        parameters.message = message
        parameters.squash = squash
        parameters.keep = keep
        try globals.perform(WorktreeMerge.self, parameters, timeout: 300) { result in
          let commit = result.commit.prefix(12)
          let place = "\(escaped(result.into ?? "HEAD")) of \(escaped(result.folder)), now at \(commit)"
          let numbers = result.worktree.changes.map { " (\($0.sentence))" } ?? ""
          let problem = result.worktree.problem.map { "\n\(escaped($0))" } ?? ""
          return
            (result.merged ? "\(id) is merged\(numbers) into \(place)" : "\(id) has nothing that is not in \(place)")
            + problem + "\n"
        }
      }
    }
  }

  /// `jarvisctl worktree rm`
  struct Remove: ParsableCommand {
    static let configuration = verb(
      "rm", "Removes worktrees of tasks and their branches; refused where work would be lost.",
      example: """
        jarvisctl worktree rm t42
        jarvisctl worktree rm t42 t43 --force
        """, aliases: ["remove"])

    @OptionGroup var globals: GlobalOptions

    @Argument(help: ArgumentHelp("Tasks that are over.", valueName: "id"), completion: taskIDs)
    var ids: [TaskID]

    @Flag(name: .shortAndLong, help: "Also where commits or changes are lost.")
    var force = false

    func run() throws {
      for id in ids {
        try globals.perform(WorktreeRemove.self, WorktreeRemove.Parameters(id: id, force: force), timeout: 180) {
          "\(id): its worktree \(escaped($0.path)) is \($0.state.rawValue)\n"
        }
      }
    }
  }
}
