import JarvisProtocol

/// Tokens that an agent's model took and gave.
public struct TokenCount: WireObject, Hashable {
  /// Read by the model, without what came from its cache.
  public var input = 0
  /// Written by the model.
  public var output = 0
  /// Read from the cache.
  public var cached = 0

  /// None.
  public init() {}

  /// So many.
  public init(input: Int, output: Int, cached: Int = 0) {
    self.input = input
    self.output = output
    self.cached = cached
  }

  /// What budgets count: read and written, the cache left out.
  public var total: Int { input + output }

  /// Reads the fields.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    input = try fields.defaulted("input", "read by the model", 0)
    output = try fields.defaulted("output", "written by the model", 0)
    cached = try fields.defaulted("cached", "read from the cache", 0)
  }

  /// Writes the fields.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("input", input)
    fields.set("output", output)
    fields.set("cached", cached)
  }

  /// The sum, which never overflows.
  public static func + (a: TokenCount, b: TokenCount) -> TokenCount {
    TokenCount(
      input: sum(a.input, b.input), output: sum(a.output, b.output), cached: sum(a.cached, b.cached))
  }

  private static func sum(_ a: Int, _ b: Int) -> Int {
    let (value, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : value
  }
}

/// All that an agent's stream has said so far; small, and savable.
public struct AgentReport: WireObject, Hashable {
  /// Longest answer that is kept, in bytes.
  public static let longestAnswer = 256 << 10

  /// Its program's own name for the conversation.
  public var sessionID: String?
  /// The model that it says it uses.
  public var model: String?
  /// How many turns the model took.
  public var turn = 0
  /// What it did last, in one line.
  public var action: String?
  /// Tokens of this run.
  public var tokens = TokenCount()
  /// Tokens of the conversation before this run, where its program tells those of all.
  public var tokensBefore = TokenCount()
  /// US dollars of this conversation, where the program says so.
  public var cost: Double?
  /// How often a call of the API was tried again.
  public var retries = 0
  /// The final answer, or what may become it.
  public var answer = ""
  /// The structured result, where the program gives one of its own.
  public var structured: JSON?
  /// Whether the terminal event came.
  public var isOver = false
  /// Whether it says that it failed.
  public var isError = false
  /// What it says of the failure.
  public var error: String?
  /// HTTP status of the call of the API that it failed by, where it is told.
  public var apiStatus: Int?
  /// A usage limit that stands in its way.
  public var limit: UsageLimit?
  /// Lines that could not be read.
  public var damaged = 0
  /// Parts of the answer are joined until the next turn.
  var isAnswerOpen = false
  /// The message whose tokens were counted last, and those.
  var messageID: String?
  var messageTokens = TokenCount()

  /// Nothing was said yet.
  public init() {}

  /// Reads the fields.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    sessionID = try fields.optional("session", "the conversation")
    model = try fields.optional("model", "the model")
    turn = try fields.defaulted("turn", "turns", 0)
    action = try fields.optional("action", "the last action")
    tokens = try fields.defaulted("tokens", "tokens", TokenCount())
    tokensBefore = try fields.defaulted("tokens_before", "tokens of the conversation before", TokenCount())
    cost = try fields.optional("cost", "US dollars")
    retries = try fields.defaulted("retries", "retries", 0)
    answer = try fields.defaulted("answer", "the answer", "")
    structured = try fields.optional("structured", "the structured result")
    isOver = try fields.defaulted("over", "whether the terminal event came", false)
    isError = try fields.defaulted("is_error", "whether it failed", false)
    error = try fields.optional("error", "why")
    apiStatus = try fields.optional("api_status", "HTTP status of the call that failed")
    limit = try fields.optional("limit", "the usage limit")
    damaged = try fields.defaulted("damaged", "unreadable lines", 0)
    isAnswerOpen = try fields.defaulted("open", "whether the answer goes on", false)
    messageID = try fields.optional("message", "the last message")
    messageTokens = try fields.defaulted("message_tokens", "its tokens", TokenCount())
  }

  /// Writes the fields.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("session", sessionID)
    fields.set("model", model)
    fields.set("turn", turn)
    fields.set("action", action)
    fields.set("tokens", tokens)
    if tokensBefore != TokenCount() { fields.set("tokens_before", tokensBefore) }
    fields.set("cost", cost)
    fields.set("retries", retries)
    fields.set("answer", answer)
    fields.set("structured", structured)
    fields.set("over", isOver)
    fields.set("is_error", isError)
    fields.set("error", error)
    fields.set("api_status", apiStatus)
    fields.set("limit", limit)
    fields.set("damaged", damaged)
    fields.set("open", isAnswerOpen)
    fields.set("message", messageID)
    fields.set("message_tokens", messageTokens)
  }

  // MARK: What formats say

  mutating func act(_ text: String, _ events: inout [AgentEvent]) {
    let line = OneLine.of(text)
    guard !line.isEmpty, line != action else { return }
    action = line
    events.append(.action(line))
  }

  mutating func begin(session id: String?, model: String? = nil, _ events: inout [AgentEvent]) {
    if let model, !model.isEmpty { self.model = OneLine.of(model) }
    // It goes onto a command line when the session is taken up again.
    guard let id, sessionID != id, !id.isEmpty, id.utf8.count <= 200, !id.hasPrefix("-"),
      id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { return }
    sessionID = id
    events.append(.session(id))
  }

  mutating func nextTurn(_ events: inout [AgentEvent]) {
    turn += 1
    isOver = false
    events.append(.turn(turn))
  }

  /// Takes one message's tokens in; a message that comes again replaces what it said before.
  mutating func count(_ new: TokenCount, message: String?, _ events: inout [AgentEvent]) {
    if let message, message == messageID {
      tokens =
        tokens
        + TokenCount(
          input: new.input - messageTokens.input, output: new.output - messageTokens.output,
          cached: new.cached - messageTokens.cached)
    } else {
      tokens = tokens + new
    }
    messageID = message
    messageTokens = new
    events.append(.usage)
  }

  /// Joins a part of the answer to what came before it in the same turn.
  mutating func say(_ text: String) {
    if !isAnswerOpen { answer = "" }
    isAnswerOpen = true
    answer = OneLine.cut(answer + text, to: Self.longestAnswer)
  }

  mutating func retry(_ retry: APIRetry, _ events: inout [AgentEvent]) {
    retries += 1
    events.append(.retry(retry))
    act(retry.sentence, &events)
  }

  /// A usage limit; one that tells no end takes nothing from one that does.
  mutating func limited(by new: UsageLimit, _ events: inout [AgentEvent]) {
    guard new != limit, limit == nil || new != UsageLimit() else { return }
    limit = new
    events.append(.usageLimit(new))
  }

  mutating func end(isError: Bool, error text: String?, _ events: inout [AgentEvent]) {
    isOver = true
    self.isError = isError
    error = isError ? OneLine.cut(text ?? "it gave no reason", to: 2000) : nil
    if isError, let text, case .usageLimit(let found)? = APITrouble(text) { limit = limit ?? found }
    isAnswerOpen = false
    events.append(.terminal(isError: isError))
  }
}

/// Text for one line of a screen.
enum OneLine {
  /// The first line that says something, without control characters, 160 characters at most.
  static func of(_ text: String) -> String {
    var line = String.UnicodeScalarView()
    var count = 0
    for scalar in text.unicodeScalars.prefix(4000) {
      if scalar == "\n" || scalar == "\r" { if line.isEmpty { continue } else { break } }
      // C0, DEL and C1 would reach a terminal; bidirectional marks would reorder it.
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      let isMark = (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
      if isControl || isMark { continue }
      if line.isEmpty, scalar == " " { continue }
      line.append(scalar)
      count += 1
      if count == 159 {
        line.append("…")
        break
      }
    }
    return String(line)
  }

  /// At most so many bytes, whole characters.
  static func cut(_ text: String, to bytes: Int) -> String {
    guard text.utf8.count > bytes else { return text }
    var end = text.utf8.index(text.startIndex, offsetBy: bytes)
    while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
    return String(text[..<end])
  }
}
