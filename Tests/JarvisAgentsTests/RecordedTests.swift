import JarvisProtocol
import Testing

@testable import JarvisAgents

/// What real runs that went wrong are taken for.
@Suite struct RecordedTests {
  private func read(
    _ format: StreamFormat, _ text: String, before: TokenCount = TokenCount()
  ) -> (report: AgentReport, events: [AgentEvent]) {
    var stream = AgentStream(format, before: before)
    let events = stream.feed(Array(text.utf8)) + stream.finish()
    return (stream.report, events)
  }

  private func turns(_ events: [AgentEvent]) -> Int { events.count { if case .turn = $0 { true } else { false } } }

  @Test func aLimitOfClaudeIsALimitAndNoTurnOfItsModel() {
    let (report, events) = read(.claude, Recorded.claudeLimit)
    #expect(report.limit == UsageLimit(resetsAt: 1_900_000_000) && report.isError && report.answer.isEmpty)
    #expect(turns(events) == 1, "what went wrong is no turn that went well")
    let reason = "its agent failed: You've hit your 5-hour limit · resets 3:27pm (UTC)"
    #expect(AgentOutcome(report, .status(1)) == .limited(UsageLimit(resetsAt: 1_900_000_000), reason))
  }

  @Test func theStatusCountsAndNotWhatNumbersTheWordsHave() {
    let (report, _) = read(.claude, Recorded.claudeRefused)
    #expect(report.apiStatus == 400 && report.answer.isEmpty)
    #expect(AgentOutcome(report, .status(1)) == .failed("its agent failed: API Error: 400 max_tokens: 429 is too many"))
    var busy = report
    busy.apiStatus = 529
    busy.error = "API Error"
    #expect(AgentOutcome(busy, .status(1)) == .overloaded(APIRetry(status: 529), "its agent failed: API Error"))
  }

  @Test func whatWasSpentIsToldWhereUsageTellsNothing() {
    let (report, _) = read(.claude, Recorded.claudeBudget)
    #expect(report.tokens == TokenCount(input: 100_000, output: 500) && report.cost == 0.41000000000000003)
    #expect(report.error == "it reached its bound on cost")
  }

  @Test func anInterruptedRunIsAFailureWhateverItsStatus() {
    let (report, _) = read(.claude, Recorded.claudeInterrupted)
    #expect(AgentOutcome(report, .status(0)) == .failed("its agent failed: it was interrupted"))
    #expect(report.tokens == TokenCount(input: 100, output: 10))
  }

  @Test(arguments: [(StreamFormat.claude, Recorded.claudeCut), (.codex, Recorded.codexCut)])
  func aBrokenConnectionIsTriedAgainAndNoBackPressure(format: StreamFormat, text: String) {
    let (report, events) = read(format, text)
    #expect(report.retries == 1 && report.answer == "whole" && report.isOver && !report.isError)
    for case .retry(let retry) in events { #expect(!retry.isBackPressure) }
    #expect(APIRetry(status: 429).isBackPressure && APIRetry(status: 529).isBackPressure)
  }

  @Test func tokensOfCodexAreThoseOfTheRunAndNotOfTheConversation() throws {
    let first = read(.codex, Recorded.codex).report
    let (second, _) = read(.codex, Recorded.codexResumed, before: first.tokensBefore + first.tokens)
    #expect(second.tokens == TokenCount(input: 300, output: 30, cached: 60))
    #expect(second.tokensBefore + second.tokens == TokenCount(input: 700, output: 70, cached: 110))
    let saved = try AgentReport.read(second.json, at: .root("report"))
    #expect(saved == second)
  }

  @Test func aLimitOfCodexIsOverWhenItsMinuteIs() {
    // 24 November 2026, 15:30 UTC, told where the clock is an hour ahead.
    let now = Timestamp(milliseconds: 1_795_534_200_000)
    func reset(_ text: String) -> Timestamp? { read(.codex, text).report.limit?.reset(now: now) { _ in 3600 } }
    #expect(reset(Recorded.codexLimit) == now + Double(3600 - 120), "5:27 PM there is 4:27 PM, and 60 s")
    #expect(reset(Recorded.codexLimitLater) == now + Double(3 * 86_400 - 3720))
    #expect(WallClock(minute: 0).end(now: now, utcOffset: 0) < now)
    #expect(UsageLimit(clock: WallClock(minute: 0)).reset(now: now) == now + 1, "it is over")
    #expect(UsageLimit(clock: WallClock(minute: 0, day: 100_000)).reset(now: now) == nil)
    #expect(WallClock(["feb", "29th", "2028", "12", "5", "am"])?.minute == 5)
    #expect(WallClock(["feb", "29th", "2028", "12", "5", "am"])?.day == 21_243)
    for words: ArraySlice<Substring> in [
      ["13", "5", "am"], ["2", "60", "pm"], ["2", "5"], ["nov", "x", "2", "5", "pm"], [],
    ] {
      #expect(WallClock(words) == nil)
    }
  }

  @Test func whatTheAPISaidIsTakenOutOfItsBody() {
    let refused = read(.codex, Recorded.codexRefused).report
    #expect(AgentOutcome(refused, .status(1)) == .failed("its agent failed: no such thing"))
  }

  @Test func a429ThatCodexGivesUpAtIsTheAPIsAndNotTheAgents() {
    let (report, events) = read(.codex, Recorded.codexBusy)
    let why = "its agent failed: exceeded retry limit, last status: 429 Too Many Requests"
    #expect(AgentOutcome(report, .status(1)) == .overloaded(APIRetry(status: 429), why))
    #expect(events.contains(.retry(APIRetry(status: 429))))
  }

  @Test func aWarningIsNoReasonForAFailure() {
    let warned = Recorded.codex.split(separator: "\n").prefix(3).joined(separator: "\n")
    let (report, _) = read(.codex, warned)
    #expect(AgentOutcome(report, .status(1)) == .failed("it exited with status 1 without its terminal event"))
  }
}
