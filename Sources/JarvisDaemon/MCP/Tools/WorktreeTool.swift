import JarvisProtocol

/// `manage_worktrees`
enum WorktreeTool: MCPTool {
  static let name = "manage_worktrees"
  static let title = "Look at and merge agents' worktrees"
  static let guide = """
    For tasks that were submitted with `isolation` worktree: each works in a git worktree and on a branch of its own, and what \
    it changed waits there when it is over. action list: what there is and how much each changed. diff: files and patch of \
    the task `id` (in pages, by `offset`). merge: merges the work of `id` into the branch that it was submitted from, commits \
    what it left uncommitted, and removes worktree and branch; `squash` makes one commit. With a conflict nothing is changed and \
    the files are named: merge the others first, then resolve it in the worktree's folder (merge the target branch there and \
    commit), and merge again. Review a diff before you merge it. A worktree whose work is not wanted stays until a person \
    removes it (`jarvisctl worktree rm`).
    """
  static let hints = ToolHints(readOnly: false, destructive: false, idempotent: false, openWorld: false)
  static let meta: JSONObject = [
    "anthropic/searchHint": "merge an agent's git worktree or branch, diff of a task, isolated changes",
    "anthropic/maxResultSizeChars": 500_000,
  ]

  /// What is done.
  enum Action: String, WireEnum {
    case list, diff, merge
  }

  /// What to do with which.
  struct Arguments: WireObject {
    var action: Action
    var id: TaskID?
    var batchID: BatchID?
    var offset: Int
    var maxBytes: Int
    var message: String?
    var squash: Bool

    init(reading fields: inout ObjectReader) throws(WireError) {
      action = try fields.required("action", "list, diff or merge")
      id = try fields.optional("id", "the task (diff, merge)")
      batchID = try fields.optional("batch_id", "only those of a batch, also those that are gone (list)")
      offset = try fields.defaulted(
        "offset", "where in the patch to go on (diff)", 0, schema: .integer(minimum: 0, maximum: 1 << 40))
      maxBytes = try fields.defaulted(
        "max_bytes", "how much of the patch at most (diff)", 20_000, schema: .integer(minimum: 1, maximum: 200_000))
      message = try fields.optional("message", "the message of the commit (merge); default: one that names the task")
      squash = try fields.defaulted("squash", "one commit in place of the task's own (merge)", false)
      if fields.isDescribing { return }
      try fields.check("id", action == .list || id != nil, "is missing: which task?")
      try fields.check("offset", (0...(1 << 40)).contains(offset), "must be 0 or more, found \(offset)")
      try fields.check("max_bytes", (1...200_000).contains(maxBytes), "must be 1 to 200,000, found \(maxBytes)")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("action", action)
      fields.set("id", id)
      fields.set("batch_id", batchID)
      fields.set("offset", offset)
      fields.set("max_bytes", maxBytes)
      fields.set("message", message)
      fields.set("squash", squash)
    }
  }

  /// What was found or done.
  struct Output: WireObject {
    var summary: String
    var worktrees: [WorktreeView]?
    var diff: TaskDiff?
    var merge: WorktreeMerge.Result?

    init(_ summary: String) { self.summary = summary }

    init(reading fields: inout ObjectReader) throws(WireError) {
      summary = try fields.required("summary", "the outcome in a sentence")
      worktrees = try fields.optional("worktrees", "the worktrees, oldest first (list)")
      diff = try fields.optional("diff", "what the task changed (diff)")
      merge = try fields.optional("merge", "what was merged (merge)")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("summary", summary)
      fields.set("worktrees", worktrees)
      fields.set("diff", diff)
      fields.set("merge", merge)
    }
  }

  static func run(_ arguments: Arguments, in call: ToolCall) async throws(RPC.Failure) -> Output {
    switch (arguments.action, arguments.id) {
    case (.diff, let id?):
      var query = WorktreeChanges.Parameters(id: id, maxBytes: arguments.maxBytes)
      query.offset = arguments.offset
      let diff = try await call(WorktreeChanges.self, query)
      var output = Output("\(id): \(diff.changes?.sentence ?? "not read yet"), \(diff.state.rawValue).")
      if let next = diff.nextOffset { output.summary += " The patch goes on: give `offset` \(next)." }
      output.diff = diff
      return output
    case (.merge, let id?):
      var query = WorktreeMerge.Parameters(id: id)
      query.message = arguments.message
      query.squash = arguments.squash
      let merge = try await call(WorktreeMerge.self, query)
      let what = merge.merged ? "is merged" : "had nothing that is not there"
      var output = Output("\(id) \(what), in \(merge.into ?? "HEAD") of \(merge.folder), now at \(merge.commit).")
      output.merge = merge
      return output
    default:
      var query = WorktreeList.Parameters()
      query.batchID = arguments.batchID
      query.all = arguments.batchID != nil
      let trees = try await call(WorktreeList.self, query).worktrees
      let kept = trees.filter { $0.state == .kept }
      let names = kept.prefix(10).map(\.id.description).joined(separator: ", ") + (kept.count > 10 ? ", …" : "")
      var output = Output(
        "\(Phrase.count(trees.count, "worktree")), \(kept.count) to be merged"
          + (kept.isEmpty ? "." : ": \(names). Next: action diff, then merge."))
      output.worktrees = Array(trees.prefix(Shortlist.most))
      if trees.count > Shortlist.most { output.summary += " Only the first \(Shortlist.most) are shown." }
      return output
    }
  }
}
