import JarvisProtocol

/// `codex exec --json`. It tells no cost, and its exit status says little: `turn.completed` is the end. Tokens are those
/// of the whole conversation, and told at the end only.
enum CodexFormat {
  static func read(_ line: JSON, _ report: inout AgentReport, _ events: inout [AgentEvent]) {
    switch line["type"]?.stringValue {
    case "thread.started": report.begin(session: line["thread_id"]?.stringValue, &events)
    case "turn.started": report.nextTurn(&events)
    case "item.started", "item.updated": item(line["item"], isDone: false, &report, &events)
    case "item.completed": item(line["item"], isDone: true, &report, &events)
    case "turn.completed":
      if let usage = line["usage"] {
        func n(_ key: String) -> Int { usage[key].flatMap(Fields.count) ?? 0 }
        let (cached, before) = (n("cached_input_tokens"), report.tokensBefore)
        report.tokens = TokenCount(
          input: max(0, n("input_tokens") - cached - before.input), output: max(0, n("output_tokens") - before.output),
          cached: max(0, cached - before.cached))
        events.append(.usage)
      }
      report.end(isError: false, error: nil, &events)
    case "turn.failed":
      let text = line["error"]?["message"]?.stringValue.map(words)
      note(limitIn: text, &report, &events)
      report.end(isError: true, error: text, &events)
    case "error":
      // Those that are tried again come as errors too; what ends the turn says so itself.
      let text = words(line["message"]?.stringValue ?? "")
      trouble(text, &report, &events)
      report.error = OneLine.cut(text, to: 2000)
    default: break
    }
  }

  private static func item(
    _ item: JSON?, isDone: Bool, _ report: inout AgentReport, _ events: inout [AgentEvent]
  ) {
    guard let item else { return }
    switch item["type"]?.stringValue ?? item["item_type"]?.stringValue {
    case "agent_message", "assistant_message":
      guard let text = item["text"]?.stringValue else { break }
      if isDone {
        report.isAnswerOpen = false
        report.say(text)
        report.isAnswerOpen = false
      }
      report.act(text, &events)
    case "reasoning": report.act(item["text"]?.stringValue ?? "thinks", &events)
    case "command_execution": report.act("runs: \(item["command"]?.stringValue ?? "a command")", &events)
    case "file_change":
      let paths = item["changes"]?.arrayValue?.compactMap { $0["path"]?.stringValue } ?? []
      report.act("changes \(paths.isEmpty ? "files" : paths.joined(separator: ", "))", &events)
    case "mcp_tool_call":
      report.act("calls \(item["server"]?.stringValue ?? "")/\(item["tool"]?.stringValue ?? "")", &events)
    case "web_search": report.act("searches: \(item["query"]?.stringValue ?? "the web")", &events)
    case "error": trouble(item["message"]?.stringValue ?? "", &report, &events)
    default: break
    }
  }

  private static func trouble(_ text: String, _ report: inout AgentReport, _ events: inout [AgentEvent]) {
    switch APITrouble(text) {
    case .overloaded(let retry)?: report.retry(retry, &events)
    case .usageLimit?: note(limitIn: text, &report, &events)
    case nil where text.hasPrefix("Reconnecting"): report.retry(APIRetry(), &events)
    case nil: report.act(text, &events)
    }
  }

  /// What the API said may come as the body of its answer.
  private static func words(_ text: String) -> String {
    guard text.hasPrefix("{"), let body = try? JSON(parsing: text) else { return text }
    return body["error"]?["message"]?.stringValue ?? body["message"]?.stringValue ?? text
  }

  private static func note(limitIn text: String?, _ report: inout AgentReport, _ events: inout [AgentEvent]) {
    if let text, case .usageLimit(let limit)? = APITrouble(text) { report.limited(by: limit, &events) }
  }
}
