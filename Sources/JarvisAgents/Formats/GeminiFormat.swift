import JarvisProtocol

/// `gemini -o stream-json`.
enum GeminiFormat {
  static func read(_ line: JSON, _ report: inout AgentReport, _ events: inout [AgentEvent]) {
    switch line["type"]?.stringValue {
    case "init": report.begin(session: line["session_id"]?.stringValue, model: line["model"]?.stringValue, &events)
    case "message":
      guard line["role"]?.stringValue != "user", let text = line["content"]?.stringValue else { return }
      if !report.isAnswerOpen { report.nextTurn(&events) }
      // Pieces are joined; a message that is whole stands alone.
      if line["delta"]?.boolValue != true { report.isAnswerOpen = false }
      report.say(text)
      report.act(text, &events)
    case "tool_use":
      report.isAnswerOpen = false
      report.act(
        Fields.call(line["tool_name"]?.stringValue ?? "a tool", line["parameters"] ?? line["args"]), &events)
    case "error":
      let text = line["message"]?.stringValue ?? ""
      switch APITrouble(text) {
      case .overloaded(let retry)?: report.retry(retry, &events)
      case .usageLimit(let limit)?: report.limited(by: limit, &events)
      case nil: report.act(text, &events)
      }
      report.error = OneLine.cut(text, to: 2000)
    case "result":
      if let stats = line["stats"] {
        func n(_ key: String) -> Int? { stats[key].flatMap(Fields.count) }
        let cached = n("cached") ?? 0
        let output = n("output_tokens") ?? 0
        let input = n("input_tokens") ?? max(0, (n("total_tokens") ?? 0) - output)
        report.tokens = TokenCount(input: max(0, input - cached), output: output, cached: cached)
        events.append(.usage)
      }
      let isError = line["status"]?.stringValue != "success"
      let why = line["error"]?["message"]?.stringValue ?? line["error"]?.stringValue ?? report.error
      if !isError { report.limit = nil }
      report.end(isError: isError, error: why ?? "status \(line["status"]?.stringValue ?? "unknown")", &events)
    default: break
    }
  }
}
