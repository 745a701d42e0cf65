import JarvisProtocol

/// `store_finding`
enum StoreFindingTool: MCPTool {
  static let name = "store_finding"
  static let title = "Share a finding"
  static let guide = """
    Stores something found out for all agents of the same branch, and for later ones: where something is, a decision and its \
    reason, a file that was made (kind artifact), a trap (kind warning). Write it so that it makes sense by itself, one \
    finding a call. `key` gives it a name: a later one with the same key takes its place; with `expected_revision` only if \
    nobody else was faster (0: only if the key is new), else it fails and tells the revision. `confidence` is 0 to 1, `ttl` \
    how long it counts (such as "2h"). The branch and the author come from the caller's process.
    """
  static let hints = ToolHints(readOnly: false, destructive: false, idempotent: false, openWorld: false)
  static let meta: JSONObject = [
    "anthropic/searchHint": "remember, note, share a finding, decision or warning with other agents, hive mind, memory"
  ]

  /// What a model may set.
  struct Arguments: Narrowed {
    static let offered = [
      "text", "title", "kind", "tags", "confidence", "branch_id", "key", "expected_revision", "ttl",
    ]
    let whole: HivePut.Parameters
    init(_ whole: HivePut.Parameters) { self.whole = whole }
  }

  /// What was stored.
  struct Output: WireObject {
    var summary: String
    var id: String
    var branchID: String
    var revision: Int?

    init(_ finding: FindingView) {
      summary = "Stored as \(finding.id) on branch \(finding.branchID)."
      id = finding.id
      branchID = finding.branchID
      revision = finding.revision
    }

    init(reading fields: inout ObjectReader) throws(WireError) {
      summary = try fields.required("summary", "what was stored, in a sentence")
      id = try fields.required("id", "the finding's id")
      branchID = try fields.required("branch_id", "the branch that shares it")
      revision = try fields.optional("revision", "the key's revision, for the next compare-and-set")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("summary", summary)
      fields.set("id", id)
      fields.set("branch_id", branchID)
      fields.set("revision", revision)
    }
  }

  static func run(_ arguments: Arguments, in call: ToolCall) async throws(RPC.Failure) -> Output {
    var finding = arguments.whole
    finding.requestKey = call.requestKey
    return Output(try await call(HivePut.self, finding))
  }
}
