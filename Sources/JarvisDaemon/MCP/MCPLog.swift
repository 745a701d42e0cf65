import JarvisProtocol

/// The severities of MCP's log messages (those of RFC 5424), least first.
enum MCPLogLevel: String, Sendable, CaseIterable, Comparable {
  case debug, info, notice, warning, error, critical, alert, emergency

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  static func < (a: MCPLogLevel, b: MCPLogLevel) -> Bool { a.rank < b.rank }

  /// Reads a level.
  /// - Throws: `invalidParams` that names the levels.
  init(reading json: JSON?, at path: String) throws(RPC.Failure) {
    guard let word = json?.stringValue, let level = MCPLogLevel(rawValue: word) else {
      let words = Self.allCases.map(\.rawValue).joined(separator: ", ")
      throw RPC.Failure(.invalidParams, "`\(path)` must be one of \(words)")
    }
    self = level
  }
}

/// What of the events becomes log messages, for whom, and how many.
struct MCPLog {
  /// More messages in a second are counted and left out: a client shows them to a person.
  static let mostASecond = 50

  private var windowStart = ContinuousClock.now
  private var sent = 0
  private var leftOut = 0

  /// A message for an event, or nil where it is below `level`, not the caller's business, or one too many.
  mutating func message(for event: JSON, level: MCPLogLevel, to caller: Caller) -> JSON? {
    guard let found = Self.read(event, caller), found.level >= level else { return nil }
    let now = ContinuousClock.now
    if now - windowStart >= .seconds(1) {
      windowStart = now
      sent = 0
    }
    guard sent < Self.mostASecond else {
      leftOut += 1
      return nil
    }
    sent += 1
    var data = found.data
    if leftOut > 0 { data["left_out_before"] = leftOut.json }
    leftOut = 0
    return ["level": .string(found.level.rawValue), "logger": "jarvis", "data": .object(data)]
  }

  /// Task events are told to their session (or, for agents, on their branch); the machine and the daemon concern all.
  private static func read(_ event: JSON, _ caller: Caller) -> (level: MCPLogLevel, data: JSONObject)? {
    guard let kind = event["kind"]?.stringValue, let text = event["message"]?.stringValue else { return nil }
    var data: JSONObject = ["message": .string(text)]
    guard let task = event["task"] else {
      if kind == "finding" {
        // Agents search; what is told here could be of a branch with the same name in another repository.
        guard caller.agent == nil else { return nil }
        (data["branch_id"], data["finding_id"]) = (event["branch_id"], event["finding"]?["id"])
        return (.info, data)
      }
      let isEmergency = event["level"] == "emergency"
      let level: MCPLogLevel = isEmergency ? .critical : kind == "overseer" ? .warning : .notice
      return (level, data)
    }
    let isMine =
      caller.agent.map { task["branch_id"]?.stringValue == $0.branch }
      ?? (task["session_id"]?.stringValue == caller.session)
    guard isMine else { return nil }
    for key in ["id", "batch_id", "state"] { data[key == "id" ? "task_id" : key] = task[key] }
    if kind == "overseer" { return (.warning, data) }
    return (level(of: task["state"]?.stringValue), data)
  }

  private static func level(of state: String?) -> MCPLogLevel {
    switch state {
    case "failed", "timed_out", "killed", "lost": .error
    case "cancelled", "paused": .notice
    case "queued", "blocked", "starting": .debug
    default: .info
    }
  }
}
