import JarvisProtocol

/// The streams that are understood.
public enum StreamFormat: String, Sendable, CaseIterable {
  /// Anything; the answer is its end, and there is no terminal event.
  case text
  /// `claude -p --output-format stream-json --verbose`
  case claude = "claude-stream-json"
  /// `codex exec --json`
  case codex = "codex-jsonl"
  /// `gemini -o stream-json`
  case gemini
  /// `opencode run --format json`
  case opencode

  /// Whether a run without its terminal event has not succeeded.
  public var hasTerminalEvent: Bool { self != .text }

  /// Whether the cost is that of the whole conversation, and not of one run in it.
  public var tellsCostOfConversation: Bool { self == .claude }

  /// Whether the tokens are those of the whole conversation.
  public var tellsTokensOfConversation: Bool { self == .codex }
}

/// Reads an agent's output as it comes, in pieces of any size: bytes in, events out, and a report that is always whole.
///
/// Tolerant: lines that are damaged, unknown or too long are counted and passed over. Bounded: it holds one line of at
/// most 4 MiB and one answer of at most 256 KiB. Restartable: `saved` with the bytes from `offset` on gives the same
/// as never having stopped.
public struct AgentStream: Sendable {
  /// What is read.
  public let format: StreamFormat
  /// All that was said so far.
  public private(set) var report: AgentReport
  private var cutter: LineCutter

  /// At the beginning of a run; `before` are the tokens that its conversation took before.
  public init(_ format: StreamFormat, before: TokenCount = TokenCount()) {
    self.format = format
    report = AgentReport()
    report.tokensBefore = before
    cutter = LineCutter()
  }

  /// Where it was when `saved` was taken; nil where that can't be read or is of another format.
  public init?(_ format: StreamFormat, saved: JSON) {
    guard saved["format"]?.stringValue == format.rawValue, let offset = saved["offset"]?.intValue, offset >= 0,
      let json = saved["report"], let report = try? AgentReport.read(json, at: .root("report"))
    else { return nil }
    self.format = format
    self.report = report
    cutter = LineCutter(offset: Int(offset))
  }

  /// Reading can go on from here.
  public var offset: Int { cutter.offset }
  /// The first byte that has not been fed.
  public var position: Int { cutter.offset + cutter.unfinished }

  /// What `init(_:saved:)` needs.
  public var saved: JSON {
    ["format": .string(format.rawValue), "offset": .int(Int64(offset)), "report": report.json]
  }

  /// Takes more bytes, in order.
  public mutating func feed(_ bytes: [UInt8]) -> [AgentEvent] {
    var events: [AgentEvent] = []
    var report = report
    cutter.feed(bytes) { [format] in Self.read($0, format, &report, &events) }
    self.report = report
    return events
  }

  /// The stream is over: a last line without its newline counts, if it is whole.
  public mutating func finish() -> [AgentEvent] {
    var events: [AgentEvent] = []
    var report = report
    cutter.finish { [format] in Self.read($0, format, &report, &events) }
    report.damaged += cutter.skipped
    self.report = report
    return events
  }

  private static func read(
    _ line: ArraySlice<UInt8>, _ format: StreamFormat, _ report: inout AgentReport, _ events: inout [AgentEvent]
  ) {
    if format == .text { return TextFormat.read(line, &report, &events) }
    guard line.contains(where: { $0 > 0x20 }) else { return }
    guard let json = parsed(line), case .object = json else {
      report.damaged += 1
      return
    }
    switch format {
    case .text: break
    case .claude: ClaudeFormat.read(json, &report, &events)
    case .codex: CodexFormat.read(json, &report, &events)
    case .gemini: GeminiFormat.read(json, &report, &events)
    case .opencode: OpencodeFormat.read(json, &report, &events)
    }
  }

  /// The line, or the object that another one was interrupted by: programs that write from several places sometimes put
  /// a whole line into the middle of another.
  private static func parsed(_ line: ArraySlice<UInt8>) -> JSON? {
    if let json = try? JSON(parsing: line) { return json }
    let mark = Array(#"{"type":""#.utf8)
    var at = line.endIndex - mark.count
    // Far enough for any event of a few fields; a longer search would cost on damaged lines.
    let first = max(line.startIndex + 1, line.endIndex - 4096)
    while at >= first {
      if line[at..<at + mark.count].elementsEqual(mark), let json = try? JSON(parsing: line[at...]) { return json }
      at -= 1
    }
    return nil
  }
}
