import JarvisProtocol

/// Claude Code's `stream-json`.
enum ClaudeFormat {
  static func read(_ line: JSON, _ report: inout AgentReport, _ events: inout [AgentEvent]) {
    switch line["type"]?.stringValue {
    case "system": system(line, &report, &events)
    case "assistant": assistant(line, &report, &events)
    case "rate_limit_event": limit(line["rate_limit_info"], &report, &events)
    case "result": result(line, &report, &events)
    default: break
    }
  }

  private static func system(_ line: JSON, _ report: inout AgentReport, _ events: inout [AgentEvent]) {
    switch line["subtype"]?.stringValue {
    case "init": report.begin(session: line["session_id"]?.stringValue, model: line["model"]?.stringValue, &events)
    case "api_retry":
      let named = ["rate_limit": 429, "overloaded": 529][line["error"]?.stringValue ?? ""]
      report.retry(
        APIRetry(
          status: line["error_status"].flatMap(Fields.count) ?? named,
          delay: line["retry_delay_ms"]?.doubleValue.map { $0 / 1000 }), &events)
    default: break
    }
  }

  private static func assistant(_ line: JSON, _ report: inout AgentReport, _ events: inout [AgentEvent]) {
    report.begin(session: line["session_id"]?.stringValue, &events)
    guard let message = line["message"] else { return }
    // The program's own words about a call of the API that failed: no turn, and no answer.
    if line["is_api_error_message"]?.boolValue == true {
      report.act(message["content"]?.arrayValue?.first?["text"]?.stringValue ?? "a call of the API failed", &events)
      return
    }
    let id = message["id"]?.stringValue ?? line["uuid"]?.stringValue
    // An agent within the agent works for it: its tokens count, its turns and its words are not the answer.
    let isInner = line["parent_tool_use_id"]?.stringValue != nil
    let isNew = id == nil || id != report.messageID
    if isNew, !isInner {
      report.nextTurn(&events)
      report.isAnswerOpen = false
    }
    if let usage = message["usage"] { report.count(tokens(usage), message: id, &events) }
    for part in message["content"]?.arrayValue ?? [] {
      switch part["type"]?.stringValue {
      case "text":
        guard let text = part["text"]?.stringValue else { break }
        if !isInner { report.say(text) }
        report.act(text, &events)
      case "tool_use":
        report.act(Fields.call(part["name"]?.stringValue ?? "a tool", part["input"]), &events)
      case "thinking": report.act("thinks", &events)
      default: break
      }
    }
  }

  /// `status` is allowed, allowed_warning or rejected.
  private static func limit(_ info: JSON?, _ report: inout AgentReport, _ events: inout [AgentEvent]) {
    guard let info, let status = info["status"]?.stringValue else { return }
    guard status == "rejected" || status == "denied", info["isUsingOverage"]?.boolValue != true else {
      report.limit = nil
      return
    }
    report.limited(by: UsageLimit(resetsAt: info["resetsAt"]?.doubleValue), &events)
    report.act("waits for the end of a usage limit", &events)
  }

  private static func result(_ line: JSON, _ report: inout AgentReport, _ events: inout [AgentEvent]) {
    report.begin(session: line["session_id"]?.stringValue, &events)
    if let turns = line["num_turns"].flatMap(Fields.count) { report.turn = max(report.turn, turns) }
    // What messages tell of their own output is what it was when they began. Some versions give the last turn's only,
    // and none gives all when the bound on cost ended it.
    let told = [line["usage"].map(tokens), line["model_usage_since_last_result"].map(tokensOfModels)]
    for all in told.compactMap({ $0 }) where all.total >= report.tokens.total { report.tokens = all }
    if let cost = line["total_cost_usd"].flatMap(Fields.money) { report.cost = cost }
    events.append(.usage)
    let text = line["result"]?.stringValue
    let subtype = line["subtype"]?.stringValue ?? ""
    let isError = line["is_error"]?.boolValue == true || subtype.hasPrefix("error")
    if !isError, let text, !text.isEmpty { report.answer = OneLine.cut(text, to: AgentReport.longestAnswer) }
    report.structured = line["structured_output"].flatMap { $0 == .null ? nil : $0 }
    let listed = line["errors"]?.arrayValue?.compactMap { $0.stringValue ?? $0["message"]?.stringValue }
    // What it lists then is for its makers.
    let isInterrupted = line["terminal_reason"]?.stringValue?.hasPrefix("aborted") == true
    let reasons = [text, words[subtype], listed?.joined(separator: "; "), subtype]
    let why = isInterrupted ? "it was interrupted" : reasons.compactMap { $0 }.first { !$0.isEmpty }
    if !isError { report.limit = nil }
    report.apiStatus = isError ? line["api_error_status"].flatMap(Fields.count) : nil
    if isError, line["api_error"]?.stringValue == "usage_limit_reached" { report.limited(by: UsageLimit(), &events) }
    report.end(isError: isError, error: why, &events)
  }

  private static let words = [
    "error_max_turns": "it reached its bound on turns", "error_max_budget_usd": "it reached its bound on cost",
    "error_during_execution": "an error during execution",
    "error_max_structured_output_retries": "it could not give a result that fits the schema",
  ]

  /// `{"MODEL": {"inputTokens": …}}`: agents within the agent are in it.
  private static func tokensOfModels(_ usage: JSON) -> TokenCount {
    guard case .object(let models) = usage else { return TokenCount() }
    return models.members.reduce(TokenCount()) { sum, model in
      func n(_ key: String) -> Int { model.value[key].flatMap(Fields.count) ?? 0 }
      return sum
        + TokenCount(
          input: n("inputTokens") + n("cacheCreationInputTokens"), output: n("outputTokens"),
          cached: n("cacheReadInputTokens"))
    }
  }

  private static func tokens(_ usage: JSON) -> TokenCount {
    func n(_ key: String) -> Int { usage[key].flatMap(Fields.count) ?? 0 }
    return TokenCount(
      input: n("input_tokens") + n("cache_creation_input_tokens"), output: n("output_tokens"),
      cached: n("cache_read_input_tokens"))
  }
}
