import JarvisProtocol
import Testing

@testable import JarvisStore

@Suite struct SkillRunTests {
  private func row(_ batch: UInt64, _ skill: String) -> SkillRunRow {
    SkillRunRow(
      batch: BatchID(batch), skill: skill, parametersJSON: "{}", sourcesJSON: "{\"a\":\"b\"}",
      startedAt: Timestamp(milliseconds: 1_795_000_000_000))
  }

  private let outcome = SkillOutcomeRow(
    endedAt: Timestamp(milliseconds: 1_795_000_009_000), succeeded: true, tasks: 3, failed: 0, wall: 9, work: 20,
    bottleneck: "map", bottleneckSeconds: 7)

  @Test func aRunIsOpenUntilItsEndIsRecorded() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([.skillRun(row(7, "x")), .skillRun(row(8, "y"))])
    #expect(try await store.openSkillRuns() == [BatchID(7), BatchID(8)])
    try await store.commit([.skillRunEnded(batch: BatchID(7), outcome)])
    #expect(try await store.openSkillRuns() == [BatchID(8)])
    var ended = row(7, "x")
    ended.outcome = outcome
    #expect(try await store.skillRun(BatchID(7)) == ended)
    #expect(try await store.skillRuns() == [ended])
    #expect(try await store.skillRuns(of: "y").isEmpty)
    #expect(try await store.skillRun(BatchID(9)) == nil)
  }

  @Test func ofEachSkillTheLastFiveHundredRunsAreKept() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([.skillRun(row(1, "other")), .skillRunEnded(batch: BatchID(1), outcome)])
    for batch in UInt64(2)...506 {
      try await store.commit([.skillRun(row(batch, "x")), .skillRunEnded(batch: BatchID(batch), outcome)])
    }
    let runs = try await store.skillRuns(of: "x", limit: 1000)
    #expect(runs.count == 500 && runs.first?.batch == BatchID(506) && runs.last?.batch == BatchID(7))
    #expect(try await store.skillRuns(of: "other").count == 1)
  }
}
