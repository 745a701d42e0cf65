import JarvisProtocol

/// `get_finding`
enum GetFindingTool: MCPTool {
  static let name = "get_finding"
  static let title = "Read a finding"
  static let guide = """
    Gives one finding whole, by the id that search_findings or a digest tells (such as f12): its text, who found it and when, \
    how sure they are, and for one with a key the revision that a compare-and-set needs.
    """
  static let hints = ToolHints(readOnly: true, destructive: false, idempotent: true, openWorld: false)
  static let meta: JSONObject = ["anthropic/searchHint": "read a stored finding, decision or warning whole, by id"]

  /// Which finding.
  struct Arguments: Narrowed {
    static let offered = ["id"]
    let whole: HiveGet.Parameters
    init(_ whole: HiveGet.Parameters) { self.whole = whole }
  }

  /// The finding.
  struct Output: WireObject {
    var summary: String
    var finding: FindingView

    init(_ finding: FindingView) {
      let author = finding.taskID.map { "task \($0)" } ?? "a person"
      summary = "\(finding.id), a \(finding.kind.rawValue) by \(author) on branch \(finding.branchID)."
      self.finding = finding
    }

    init(reading fields: inout ObjectReader) throws(WireError) {
      summary = try fields.required("summary", "what it is, and whose")
      finding = try fields.required("finding", "the finding")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("summary", summary)
      fields.set("finding", finding)
    }
  }

  static func run(_ arguments: Arguments, in call: ToolCall) async throws(RPC.Failure) -> Output {
    Output(try await call(HiveGet.self, arguments.whole))
  }
}
