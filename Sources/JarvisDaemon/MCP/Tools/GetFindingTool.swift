import JarvisProtocol

/// `get_finding`
enum GetFindingTool: MCPTool {
  static let name = "get_finding"
  static let title = "Read a finding"
  static let guide = """
    Gives one finding whole, by the id that search_findings or a digest tells (such as f12): its text, who found it and when, \
    how sure they are, and for one with a key the revision that a compare-and-set needs. A long text comes by pages: give \
    `offset` the `next_offset`.
    """
  static let hints = ToolHints(readOnly: true, destructive: false, idempotent: true, openWorld: false)
  static let meta: JSONObject = ["anthropic/searchHint": "read a stored finding, decision or warning whole, by id"]

  /// Which finding.
  struct Arguments: WireObject {
    /// About 10,000 tokens, where Claude Code begins to warn.
    static let page = 30_000

    var id: String
    var offset: Int

    init(reading fields: inout ObjectReader) throws(WireError) {
      id = try fields.required("id", "the finding's id")
      offset = try fields.defaulted(
        "offset", "the byte of the text to begin with", 0, schema: .integer(minimum: 0, maximum: 1_000_000))
      try fields.check("offset", (0...1_000_000).contains(offset), "must be 0 to 1,000,000, found \(offset)")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("id", id)
      fields.set("offset", offset)
    }
  }

  /// The finding.
  struct Output: WireObject {
    var summary: String
    var finding: FindingView
    var nextOffset: Int?

    init(_ finding: FindingView, from offset: Int) {
      let author = finding.taskID.map { "task \($0)" } ?? "a person"
      summary = "\(finding.id), a \(finding.kind.rawValue) by \(author) on branch \(finding.branchID)."
      self.finding = finding
      let size = finding.text.utf8.count
      guard offset > 0 || size > Arguments.page else { return }
      // Whole characters, whatever the offset.
      let rest = finding.text.utf8.dropFirst(offset).drop { $0 & 0xC0 == 0x80 }
      var piece = Array(rest.prefix(Arguments.page))
      piece.cutIncompleteTail()
      self.finding.text = String(decoding: piece, as: UTF8.self)
      let next = size - rest.count + piece.count
      guard next < size else { return }
      nextOffset = next
      self.finding.truncated = true
      summary += " Its text has \(size) bytes: go on with `offset` \(next)."
    }

    init(reading fields: inout ObjectReader) throws(WireError) {
      summary = try fields.required("summary", "what it is, and whose")
      finding = try fields.required("finding", "the finding")
      nextOffset = try fields.optional("next_offset", "where the next page of its text begins; absent on the last")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("summary", summary)
      fields.set("finding", finding)
      fields.set("next_offset", nextOffset)
    }
  }

  static func run(_ arguments: Arguments, in call: ToolCall) async throws(RPC.Failure) -> Output {
    Output(try await call(HiveGet.self, HiveGet.Parameters(id: arguments.id)), from: arguments.offset)
  }
}
