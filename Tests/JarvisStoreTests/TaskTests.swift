import JarvisProtocol
import Testing

@testable import JarvisStore

@Suite struct TaskTests {
  @Test func everyColumnComesBackAsItWasStored() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let batch = BatchRow(
      id: BatchID(7), requestKey: "key 🔑", branch: "security-audit", strategy: .adaptive, session: "s'1",
      submittedAt: noon, name: nil)
    let full = TaskRow(
      id: TaskID(3), batch: BatchID(7), seq: 2, name: "näme", type: "analyze", priority: .critical, branch: "b",
      session: "s", group: "g", state: .killed, reason: "It used 2.1 GiB; its limit is 2 GiB.", specJSON: #"{"a":"ü"}"#,
      environmentHash: -5, attempt: 3, exitCode: 255, signal: 9, submittedAt: noon, startedAt: noon + 1,
      endedAt: noon + 2, usageJSON: "{}", runKey: "t3.3", notBefore: noon + 0.5)
    let bare = TaskRow(
      id: TaskID(4), batch: BatchID(7), seq: 0, type: "", priority: .low, branch: "", session: "", state: .blocked,
      reason: "", specJSON: "", submittedAt: Timestamp(milliseconds: -1))
    try await store.commit([.environment(id: -5, json: "{\"PATH\":\"/bin\"}"), .batch(batch), .task(full), .task(bare)])
    // The same content again changes nothing.
    try await store.commit([.environment(id: -5, json: "other")])
    #expect(try await store.batch(BatchID(7)) == batch)
    #expect(try await store.batch(requestKey: "key 🔑") == batch)
    #expect(try await store.batch(requestKey: "k") == nil)
    #expect(try await store.tasks([TaskID(4), TaskID(99), TaskID(3)]) == [bare, full])
    #expect(try await store.environment(-5) == "{\"PATH\":\"/bin\"}")
    #expect(try await store.environment(6) == nil)
    #expect(try await store.task(TaskID(5)) == nil)
  }

  @Test func textIsNotCutAtANUL() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([.batch(someBatch(1, key: "k\u{0}1")), .batch(someBatch(2, key: "k\u{0}2"))])
    #expect(try await store.batch(requestKey: "k\u{0}2")?.id == BatchID(2))
    #expect(try await store.batch(requestKey: "k") == nil)
    try await store.commit([.finding(someFinding(1, "before\u{0}after"))])
    #expect(try await store.finding(1)?.text == "before\u{FFFD}after")
  }

  @Test func aStateWritesAllChangingColumnsAndNoOther() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    var task = someTask(1, batch: 1)
    try await store.commit([.batch(someBatch(1)), .task(task)])
    try await store.commit([
      .state(
        StateRow(
          id: TaskID(1), state: .timedOut, reason: "After 60 s.", attempt: 2, startedAt: noon + 1, endedAt: noon + 61,
          exitCode: 1, signal: 15, usageJSON: "{\"cpu_seconds\":1}", runKey: "r", notBefore: noon))
    ])
    task.state = .timedOut
    task.reason = "After 60 s."
    task.attempt = 2
    task.startedAt = noon + 1
    task.endedAt = noon + 61
    task.exitCode = 1
    task.signal = 15
    task.usageJSON = "{\"cpu_seconds\":1}"
    task.runKey = "r"
    task.notBefore = noon
    #expect(try await store.task(TaskID(1)) == task)
    #expect(try await store.terminalStates([TaskID(1), TaskID(2)]) == [TaskID(1): .timedOut])

    try await store.commit([
      .state(StateRow(id: TaskID(1), state: .queued, reason: "Again.", attempt: 2)),
      .spec(id: TaskID(1), specJSON: "{}", priority: .critical),
    ])
    var again = someTask(1, batch: 1)
    again.reason = "Again."
    again.attempt = 2
    again.specJSON = "{}"
    again.priority = .critical
    #expect(try await store.task(TaskID(1)) == again)
    #expect(try await store.terminalStates([TaskID(1)]).isEmpty)
  }

  @Test func everyStateCanBeStoredAndIsCountedOnce() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    var changes: [Change] = [.batch(someBatch(1))]
    for (index, state) in TaskState.allCases.enumerated() {
      changes.append(.task(someTask(UInt64(index) + 1, batch: 1, state: state)))
    }
    try await store.commit(changes)
    let one = Dictionary(uniqueKeysWithValues: TaskState.allCases.map { ($0, 1) })
    #expect(try await store.batchCounts(BatchID(1)) == one)
    let counts = try await store.counts()
    #expect(counts.byState == one)
    #expect(counts.byDay.count == 1)
    #expect(counts.byDay.first?.counts == one.filter { $0.key.isTerminal })
    #expect(counts.byDay.first.map { "\($0.day)".hasSuffix("T00:00:00.000Z") } == true)
    #expect(try store.loadLive().tasks.map(\.state) == TaskState.allCases.filter { !$0.isTerminal })
  }

  @Test func daysAreListedNewestFirstUpToTheNumberAskedFor() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    var changes: [Change] = [.batch(someBatch(1))]
    for day in 1...5 as ClosedRange<UInt64> {
      changes.append(.task(someTask(day, batch: 1, state: .failed, endedAt: noon + Double(day) * 86_400)))
    }
    try await store.commit(changes)
    let counts = try await store.counts(days: 3)
    #expect(counts.byState == [.failed: 5])
    #expect(counts.byDay.count == 3)
    #expect(counts.byDay.map(\.day) == counts.byDay.map(\.day).sorted(by: >))
  }

  @Test func pagesHoldEveryMatchingTaskOnceInBothOrders() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    var changes: [Change] = [.batch(someBatch(1)), .batch(someBatch(2, branch: "other"))]
    for id in 1...50 as ClosedRange<UInt64> {
      let batch: UInt64 = id.isMultiple(of: 2) ? 2 : 1
      var task = someTask(
        id, batch: batch, state: id % 5 == 0 ? .succeeded : .queued, branch: batch == 2 ? "other" : "main")
      if id % 7 == 0 { task.group = "sevens" }
      changes.append(.task(task))
    }
    try await store.commit(changes)

    func ids(_ filter: TaskFilter, newestFirst: Bool, limit: Int) async throws -> [UInt64] {
      var ids: [UInt64] = []
      var after: TaskID?
      repeat {
        let page = try await store.tasksPage(filter, after: after, limit: limit, newestFirst: newestFirst)
        #expect(page.rows.count <= limit)
        ids += page.rows.map(\.id.raw)
        after = page.next
      } while after != nil
      return ids
    }
    let all: [UInt64] = Array(1...50)
    for newestFirst in [true, false] {
      for limit in [1, 7, 25, 50, 51] {
        func expected(_ matches: (UInt64) -> Bool) -> [UInt64] {
          let matching = all.filter(matches)
          return newestFirst ? matching.reversed() : matching
        }
        func list(_ filter: TaskFilter) async throws -> [UInt64] {
          try await ids(filter, newestFirst: newestFirst, limit: limit)
        }
        #expect(try await list(TaskFilter()) == expected { _ in true })
        #expect(try await list(TaskFilter(batch: BatchID(2))) == expected { $0 % 2 == 0 })
        #expect(try await list(TaskFilter(branch: "main")) == expected { $0 % 2 == 1 })
        #expect(try await list(TaskFilter(states: [.queued, .running])) == expected { $0 % 5 != 0 })
        #expect(try await list(TaskFilter(states: [.succeeded])) == expected { $0 % 5 == 0 })
        #expect(try await list(TaskFilter(states: [.succeeded, .queued])) == expected { _ in true })
        #expect(try await list(TaskFilter(states: [])) == [])
        #expect(try await list(TaskFilter(group: "sevens")) == expected { $0 % 7 == 0 })
        #expect(try await list(TaskFilter(session: "s2")) == [])
        #expect(
          try await list(TaskFilter(branch: "other", states: [.queued], type: "explore"))
            == expected { $0 % 2 == 0 && $0 % 5 != 0 })
      }
    }
    let batches = try await store.batchesPage(limit: 1)
    #expect(batches.rows.map(\.id.raw) == [2] && batches.next == BatchID(2))
    #expect(try await store.batchesPage(after: batches.next).rows.map(\.id.raw) == [1])
    #expect(try await store.batchesPage(branch: "other").rows.map(\.id.raw) == [2])
  }

  @Test func pruningTakesOldFinishedBatchesWholeAndNeverGivesTheirIdsAgain() async throws {
    let folder = try TemporaryFolder()
    var store = try folder.open()
    let old = noon
    let recent = noon + 1000
    let cutoff = noon + 500
    var changes: [Change] = [.environment(id: 1, json: "a"), .environment(id: 2, json: "b")]
    changes += (1...5).map { .batch(someBatch($0)) }
    changes += [
      // 1: all old. 2: one still lives. 3: one ended lately. 4: no tasks. 5: old, with the highest ids.
      .task(someTask(1, batch: 1, state: .succeeded, environment: 1, endedAt: old)),
      .task(someTask(2, batch: 1, state: .cancelled, endedAt: old)),
      .task(someTask(3, batch: 2, state: .failed, environment: 2, endedAt: old)),
      .task(someTask(4, batch: 2, state: .paused)),
      .task(someTask(5, batch: 3, state: .lost, endedAt: old)),
      .task(someTask(6, batch: 3, state: .killed, endedAt: recent)),
    ]
    changes += (7...9000).map { .task(someTask($0, batch: 5, state: .succeeded, endedAt: old)) }
    try await store.commit(changes)
    #expect(try await store.prune(finishedBefore: cutoff) == 2 + 8994)
    #expect(try await store.tasksPage(newestFirst: false).rows.map(\.id.raw) == [3, 4, 5, 6])
    #expect(try await store.batchesPage(newestFirst: false).rows.map(\.id.raw) == [2, 3, 4])
    #expect(try await store.environment(2) == "b")
    #expect(try await store.prune(finishedBefore: cutoff) == 0)
    try store.close()
    store = try folder.open()
    let live = try store.loadLive()
    #expect(live.nextTaskID == TaskID(9001))
    #expect(live.nextBatchID == BatchID(6))
    #expect(live.tasks.map(\.id.raw) == [4])
    try await store.commit([.prune(finishedBefore: recent + 1)])
    #expect(try store.loadLive().nextTaskID == TaskID(9001))
    // Batch 3 went, and with it the last user of nothing: environment 1 has none left, 2 has the live batch.
    #expect(try await store.environment(1) == nil)
    #expect(try await store.environment(2) == "b")
    #expect(try await store.check() == [])
  }

  @Test func aHundredThousandLiveTasksAreLoaded() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let clock = ContinuousClock()
    let written = try await clock.measure {
      for batch in 1...10 as ClosedRange<UInt64> {
        let ids = (batch - 1) * 10_000 + 1...batch * 10_000
        try await store.commit(
          [.environment(id: 1, json: "{}"), .batch(someBatch(batch))]
            + ids.map { .task(someTask($0, batch: batch, state: $0 % 2 == 0 ? .queued : .blocked, environment: 1)) })
      }
    }
    var live = LiveState()
    let loaded = try clock.measure { live = try store.loadLive() }
    #expect(live.tasks.map(\.id.raw) == Array(1...100_000))
    #expect(live.batches.count == 10 && live.environments == [1: "{}"])
    #expect(live.nextTaskID == TaskID(100_001) && live.nextBatchID == BatchID(11) && live.nextFindingID == 1)
    var streamed = 0
    let streaming = try clock.measure { _ = try store.loadLive { _ in streamed += 1 } }
    #expect(streamed == 100_000)
    store.releaseMemory()
    print("100,000 live tasks: written in \(written), loaded in \(loaded), streamed in \(streaming)")
  }

  @Test func anEmptyStoreBeginsAtOne() throws {
    let folder = try TemporaryFolder()
    let live = try folder.open().loadLive()
    #expect(live.tasks.isEmpty && live.nextTaskID == TaskID(1) && live.nextBatchID == BatchID(1))
    #expect(live.nextFindingID == 1)
  }
}
