import JarvisProtocol

/// `get_batch_report`
enum BatchReportTool: MCPTool {
  static let name = "get_batch_report"
  static let title = "Read a batch's report"
  static let guide = """
    Gathers what came out of a batch: the findings of its tasks (warnings, decisions, artifacts, findings), each told once \
    with everybody who found it, and how the tasks ended with the end of their output (of an agent, of its answer): those \
    that went wrong first, then those that no other waited for, such as a reduce step, then the others. Use it \
    after wait_for_tasks in place of get_task_result for each task. `format`: markdown (for people), text, or json (for the \
    parts in `data`). Of many tasks it is a page: give `cursor` the `next_cursor`.
    """
  static let hints = ToolHints(readOnly: true, destructive: false, idempotent: true, openWorld: false)
  static let meta: JSONObject = [
    "anthropic/searchHint": "summary of all results and findings of a batch, aggregate, report",
    "anthropic/maxResultSizeChars": 500_000,
  ]

  /// How it is written.
  enum Format: String, WireEnum {
    case text, markdown, json
  }

  /// Which batch.
  struct Arguments: WireObject {
    var query: BatchReport.Parameters
    var format: Format

    init(reading fields: inout ObjectReader) throws(WireError) {
      query = try BatchReport.Parameters(reading: &fields)
      format = try fields.defaulted("format", "text, markdown or json", .markdown)
    }

    func write(_ fields: inout ObjectWriter) {
      query.write(&fields)
      fields.set("format", format)
    }
  }

  /// The report in the form asked for.
  struct Output: WireObject {
    var summary: String
    var report: String?
    var data: BatchReportView?
    var totals: BatchTotals?
    var nextCursor: String?

    init(_ view: BatchReportView, _ format: Format) {
      let wrong = view.batch.counts.filter { ["failed", "timed_out", "killed", "lost"].contains($0.key) }
      let failed = wrong.values.reduce(0, +)
      summary =
        "\(Phrase.count(view.batch.total, "task")), \(failed) went wrong, \(Phrase.count(view.findings.count, "finding"))."
      if !view.batch.done { summary += " It is not over yet." }
      if let next = view.nextCursor {
        summary += " \(Phrase.count(view.omittedTasks, "more task")): give `cursor` \"\(next)\"."
        nextCursor = next
      }
      switch format {
      case .text: report = view.text
      case .markdown: report = view.markdown
      case .json: data = view
      }
      // JSON has them with the batch.
      if format != .json { totals = view.batch.totals }
    }

    init(reading fields: inout ObjectReader) throws(WireError) {
      summary = try fields.required("summary", "the outcome in a sentence")
      report = try fields.optional("report", "the report, as text or Markdown")
      data = try fields.optional("data", "the report, as JSON")
      totals = try fields.optional("totals", "what the tasks came to together")
      nextCursor = try fields.optional("next_cursor", "for the next page of results; absent on the last")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("summary", summary)
      fields.set("report", report)
      fields.set("data", data)
      fields.set("totals", totals)
      fields.set("next_cursor", nextCursor)
    }
  }

  static func run(_ arguments: Arguments, in call: ToolCall) async throws(RPC.Failure) -> Output {
    Output(try await call(BatchReport.self, arguments.query), arguments.format)
  }
}
