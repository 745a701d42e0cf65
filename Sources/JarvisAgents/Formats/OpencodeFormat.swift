import JarvisProtocol

/// `opencode run --format json`. Cost and tokens come with each step; the last step is the one that ends for another
/// reason than a tool's call.
enum OpencodeFormat {
  static func read(_ line: JSON, _ report: inout AgentReport, _ events: inout [AgentEvent]) {
    report.begin(session: line["sessionID"]?.stringValue, &events)
    let part = line["part"]
    switch line["type"]?.stringValue {
    case "step_start":
      report.nextTurn(&events)
      report.isAnswerOpen = false
    case "text":
      guard let text = part?["text"]?.stringValue else { return }
      report.say(text)
      report.act(text, &events)
    case "tool_use":
      let state = part?["state"]
      let name = part?["tool"]?.stringValue ?? "a tool"
      report.act(Fields.call(name, state?["input"] ?? state), &events)
    case "step_finish":
      if let cost = part?["cost"].flatMap(Fields.money) { report.cost = (report.cost ?? 0) + cost }
      if let tokens = part?["tokens"] {
        func n(_ json: JSON?) -> Int { json.flatMap(Fields.count) ?? 0 }
        report.count(
          TokenCount(
            input: n(tokens["input"]) + n(tokens["cache"]?["write"]),
            output: n(tokens["output"]) + n(tokens["reasoning"]), cached: n(tokens["cache"]?["read"])),
          message: nil, &events)
      } else {
        events.append(.usage)
      }
      let reason = part?["reason"]?.stringValue ?? ""
      if reason != "tool-calls", reason != "tool_calls" { report.end(isError: false, error: nil, &events) }
    case "error":
      let error = line["error"]
      let text =
        error?["data"]?["message"]?.stringValue ?? error?["message"]?.stringValue ?? error?.stringValue
        ?? error?["name"]?.stringValue ?? "an error without words"
      let status = (error?["data"]?["statusCode"]).flatMap(Fields.count)
      if status == 429 || status == 529 {
        report.retry(APIRetry(status: status), &events)
        report.end(isError: true, error: "\(text) (HTTP \(status ?? 0))", &events)
      } else {
        report.end(isError: true, error: text, &events)
      }
    default: break
    }
  }
}
