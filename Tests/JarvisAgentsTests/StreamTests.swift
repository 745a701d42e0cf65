import JarvisProtocol
import Testing

@testable import JarvisAgents

@Suite struct StreamTests {
  static let all: [(StreamFormat, String)] = [
    (.claude, Samples.claude), (.codex, Samples.codex), (.gemini, Samples.gemini), (.opencode, Samples.opencode),
    (.text, Samples.text),
  ]

  private func read(_ format: StreamFormat, _ text: String) -> (report: AgentReport, events: [AgentEvent]) {
    var stream = AgentStream(format)
    let events = stream.feed(Array(text.utf8)) + stream.finish()
    return (stream.report, events)
  }

  @Test func claudeIsUnderstood() {
    let (report, events) = read(.claude, Samples.claude)
    #expect(report.sessionID == "cf78d2a0-0000-4000-8000-000000000001" && report.model == "claude-opus-5-5")
    #expect(report.answer == "FOUND: auth.swift handles the login" && report.turn == 3)
    #expect(report.tokens == TokenCount(input: 400, output: 40, cached: 50) && report.cost == 0.0024100000000000002)
    #expect(report.isOver && !report.isError && report.retries == 1 && report.damaged == 0)
    #expect(events.contains(.action("Bash: echo hello")) && events.contains(.action("mcp__jarvis__store_finding")))
    #expect(events.contains(.retry(APIRetry(status: 429, delay: 1.001))))
    #expect(events.last == .terminal(isError: false))
  }

  @Test func codexIsUnderstood() {
    let (report, events) = read(.codex, Samples.codex)
    #expect(report.sessionID == "01a20e11-0000-7000-8000-000000000001" && report.turn == 1)
    #expect(report.answer == "FOUND: auth.swift handles the login")
    #expect(report.tokens == TokenCount(input: 400, output: 40, cached: 50) && report.cost == nil)
    #expect(report.isOver && !report.isError && report.error == nil)
    #expect(events.contains(.retry(APIRetry(status: 429))))
    #expect(events.contains(.action("runs: /bin/bash -lc 'echo hello'")))
    #expect(events.contains(.action("calls jarvis/store_finding")))
  }

  @Test func geminiIsUnderstood() {
    let (report, _) = read(.gemini, Samples.gemini)
    #expect(report.sessionID == "g-1" && report.answer == "There is one file." && report.isOver && !report.isError)
    #expect(report.tokens == TokenCount(input: 150, output: 50, cached: 100))
  }

  @Test func opencodeIsUnderstood() {
    let (report, events) = read(.opencode, Samples.opencode)
    #expect(report.sessionID == "ses_1" && report.answer == "There is one file." && report.turn == 2)
    #expect(report.tokens == TokenCount(input: 250, output: 15, cached: 10))
    #expect(abs((report.cost ?? 0) - 0.003) < 1e-12)
    #expect(events.count { if case .terminal = $0 { true } else { false } } == 1)
  }

  @Test(arguments: all.indices) func piecesOfAnySizeGiveTheSame(index: Int) {
    let (format, text) = Self.all[index]
    let whole = read(format, text)
    let bytes = Array(text.utf8)
    for size in [1, 2, 3, 7, 64, 1000] {
      var stream = AgentStream(format)
      var events: [AgentEvent] = []
      var at = 0
      while at < bytes.count {
        events += stream.feed(Array(bytes[at..<min(bytes.count, at + size)]))
        at += size
      }
      events += stream.finish()
      #expect(stream.report == whole.report && events == whole.events, "pieces of \(size)")
      #expect(stream.offset == bytes.count)
    }
  }

  @Test(arguments: all.indices) func takenUpAnywhereItGivesTheSame(index: Int) throws {
    let (format, text) = Self.all[index]
    let whole = read(format, text)
    let bytes = Array(text.utf8)
    for cut in stride(from: 0, through: bytes.count, by: 5) {
      var first = AgentStream(format)
      _ = first.feed(Array(bytes[..<cut]))
      #expect(first.position == cut)
      let saved = try JSON(parsing: first.saved.text)
      var second = try #require(AgentStream(format, saved: saved))
      _ = second.feed(Array(bytes[second.offset...]))
      _ = second.finish()
      #expect(second.report == whole.report, "cut at \(cut)")
    }
  }

  @Test(arguments: all.indices.dropLast()) func aStreamThatIsCutIsNotOver(index: Int) {
    let (format, text) = Self.all[index]
    let lines = text.split(separator: "\n")
    for keep in 0..<lines.count {
      let (report, _) = read(format, lines[..<keep].joined(separator: "\n") + "\n" + lines[keep].dropLast(9))
      #expect(!report.isOver, "\(keep) lines of \(format)")
    }
  }

  @Test func damagedAndUnknownLinesArePassedOver() {
    let text = "not json\n\u{7}{\n[1]\n{\"type\":\"new_thing\",\"x\":[{}]}\n\n" + Samples.claude
    let (report, _) = read(.claude, text)
    #expect(report.isOver && report.damaged == 3 && report.answer.hasPrefix("FOUND"))
  }

  @Test func anEventInTheMiddleOfAnotherLineIsFound() {
    let text = #"""
      {"type":"assistant","message":{"id":"m","content":[{"type":"text","text":"part{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":1800000000}}
      ial"}]}}

      """#
    let (report, events) = read(.claude, text)
    #expect(report.limit == UsageLimit(resetsAt: 1_800_000_000) && report.damaged == 1)
    #expect(events.contains(.usageLimit(UsageLimit(resetsAt: 1_800_000_000))))
  }

  @Test func aLineThatIsTooLongCostsNoMemoryAndOnlyItself() {
    var cutter = LineCutter(longest: 10)
    var lines: [String] = []
    for piece in ["0123456789", "x", String(repeating: "y", count: 1000), "\nshort\n"] {
      cutter.feed(Array(piece.utf8)) { lines.append(String(decoding: $0, as: UTF8.self)) }
      #expect(cutter.unfinished <= 1011)
    }
    #expect(lines == ["short"] && cutter.skipped == 1 && cutter.offset == 1018)
  }

  @Test func failuresAreFailures() {
    let claude = read(
      .claude, #"{"type":"result","subtype":"success","is_error":true,"result":"API Error: 529 overloaded"}"#)
    #expect(claude.report.isError && claude.report.error == "API Error: 529 overloaded")
    let turns = read(.claude, #"{"type":"result","subtype":"error_max_turns","is_error":false,"session_id":"a"}"#)
    #expect(turns.report.isError && turns.report.error == "it reached its bound on turns")
    let codex = read(.codex, #"{"type":"turn.failed","error":{"message":"no such model"}}"#)
    #expect(codex.report.isError && codex.report.error == "no such model")
    let gemini = read(.gemini, #"{"type":"result","status":"error","error":{"type":"X","message":"bad"},"stats":{}}"#)
    #expect(gemini.report.isError && gemini.report.error == "bad")
    let open = read(
      .opencode, #"{"type":"error","sessionID":"s","error":{"name":"APIError","data":{"message":"no key"}}}"#)
    #expect(open.report.isError && open.report.error == "no key")
  }

  @Test func aSessionThatWouldBeAnOptionIsNotTaken() {
    for id in ["--resume", "a b", "a\\u0000", ""] {
      let (report, _) = read(.codex, #"{"type":"thread.started","thread_id":"\#(id)"}"#)
      #expect(report.sessionID == nil)
    }
  }

  @Test func actionsAreOneHarmlessLine() {
    let (report, _) = read(
      .codex, #"{"type":"item.started","item":{"type":"command_execution","command":"a\u001b[2Jb\ncd\u202e"}}"#)
    #expect(report.action == "runs: a[2Jb")
    #expect(OneLine.of(String(repeating: "x", count: 500)).count == 160)
  }

  @Test func limitsTellWhenTheyEnd() {
    func reset(_ text: String) -> UsageLimit? {
      if case .usageLimit(let limit)? = APITrouble(text) { return limit }
      return nil
    }
    #expect(reset("Claude AI usage limit reached|1800000000") == UsageLimit(resetsAt: 1_800_000_000))
    let codex = "You've hit your usage limit. Try again in 2 days 3 hours 5 minutes."
    #expect(reset(codex) == UsageLimit(resetsIn: 2 * 86_400 + 3 * 3600 + 300))
    #expect(reset("You've hit your limit · resets 3pm") == UsageLimit())
    #expect(APITrouble("HTTP 429: retry in 35s") == .overloaded(APIRetry(status: 429, delay: 35)))
    #expect(APITrouble("file 14290 is missing") == nil)
    let now = Timestamp(milliseconds: 1_700_000_000_000)
    #expect(UsageLimit(resetsAt: 1_600_000_000).reset(now: now) == nil)
    #expect(UsageLimit(resetsAt: 9e15).reset(now: now) == nil)
    #expect(UsageLimit(resetsIn: 60).reset(now: now) == now + 60)
  }

  @Test func structuredResultsAreFoundAndChecked() throws {
    #expect(ResultSchema.json(in: #"{"a":1}"#) == ["a": 1])
    #expect(ResultSchema.json(in: "Here:\n```json\n[1,2]\n```\nDone.") == [1, 2])
    #expect(ResultSchema.json(in: #"It is {"a":[1]} as asked."#) == ["a": [1]])
    #expect(ResultSchema.json(in: "no") == nil)
    let schema = ResultSchema([
      "type": "object", "required": ["files"],
      "properties": [
        "files": ["type": "array", "items": ["type": "string"]], "n": ["type": "integer", "minimum": 1],
      ],
    ])
    #expect(schema.problem(with: ["files": ["a"], "n": 2, "more": true]) == nil)
    #expect(schema.problem(with: ["n": 1]) == "$.files is missing")
    #expect(schema.problem(with: ["files": ["a", 1]]) == "$.files[1] must be string, found a number")
    #expect(schema.problem(with: ["files": [], "n": 0]) == "$.n must be at least 1.0")
    #expect(ResultSchema.problem("x") != nil && ResultSchema.problem(["type": 3]) != nil)
  }

  /// Random edits of real streams and plain noise: no crash, bounded memory, the same in every cut.
  @Test(arguments: 0..<40) func fuzz(seed: Int) {
    var random = SplitMix(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1)
    let (format, text) = Self.all[seed % Self.all.count]
    var bytes = Array((text + text).utf8)
    for _ in 0..<Int.random(in: 0...60, using: &random) {
      let at = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes.remove(at: at)
      case 2: bytes.insert(UInt8(ascii: "\n"), at: at)
      case 3: bytes.insert(contentsOf: Array("99999999999999999999".utf8), at: at)
      default:
        let end = min(bytes.count, at + 40)
        bytes.insert(contentsOf: bytes[at..<end], at: Int.random(in: 0...bytes.count, using: &random))
      }
    }
    var whole = AgentStream(format)
    let events = whole.feed(bytes) + whole.finish()
    var pieces = AgentStream(format)
    var other: [AgentEvent] = []
    var at = 0
    while at < bytes.count {
      let end = min(bytes.count, at + Int.random(in: 1...99, using: &random))
      other += pieces.feed(Array(bytes[at..<end]))
      if Bool.random(using: &random), let resumed = AgentStream(format, saved: pieces.saved) {
        at = resumed.offset
        // What was fed of the unfinished line is fed again.
        pieces = resumed
        other += pieces.feed(Array(bytes[at..<end]))
      }
      at = end
    }
    other += pieces.finish()
    #expect(pieces.report == whole.report && other == events)
  }
}

struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
