import Foundation
import GRDB
import JarvisProtocol
import Testing

@testable import JarvisStore

@Suite struct CommitTests {
  @Test func concurrentCommitsShareOneTransaction() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([.batch(someBatch(1))])
    let before = store.metrics
    let gate = WriterGate(store)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for id in 1...100 as ClosedRange<UInt64> {
        group.addTask { try await store.commit([.task(someTask(id, batch: 1))]) }
      }
      let deadline = ContinuousClock.now + .seconds(20)
      while store.writer.withLock({ $0.pending.count }) < 100, ContinuousClock.now < deadline { await Task.yield() }
      gate.open()
      try await group.waitForAll()
    }
    #expect(store.metrics.commits - before.commits == 100)
    #expect(store.metrics.transactions - before.transactions == 1)
    #expect(try await store.batchCounts(BatchID(1)) == [.queued: 100])
  }

  @Test func aFailingCallerDoesNotFailItsNeighbours() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([.batch(someBatch(1, key: "first")), .task(someTask(1, batch: 1))])
    let gate = WriterGate(store)
    let outcomes = Outcomes()
    store.enqueue([.batch(someBatch(2)), .task(someTask(2, batch: 2))], then: outcomes.note("good"))
    // Its batch is new and its first task too: both must be undone with the task whose id is taken.
    store.enqueue(
      [.batch(someBatch(3)), .task(someTask(3, batch: 3)), .task(someTask(1, batch: 3))], then: outcomes.note("taken"))
    store.enqueue([.batch(someBatch(4, key: "first"))], then: outcomes.note("duplicate"))
    store.enqueue([.batch(someBatch(5, key: "new"))], then: outcomes.note("new"))
    store.enqueue([.batch(someBatch(6, key: "new"))], then: outcomes.note("new again"))
    store.enqueue(
      [.state(StateRow(id: TaskID(99), state: .running, reason: "", attempt: 1))], then: outcomes.note("missing"))
    store.enqueue([.task(someTask(7, batch: 77))], then: outcomes.note("no batch"))
    store.enqueue([.task(someTask(8, batch: 2, environment: 5))], then: outcomes.note("no environment"))
    gate.open()
    try await store.commit([.task(someTask(9, batch: 2))])

    #expect(outcomes.count == 8)
    #expect(outcomes.succeeded("good") && outcomes.succeeded("new"))
    #expect(outcomes.error("duplicate") == .duplicateRequest(existing: BatchID(1)))
    #expect(outcomes.error("new again") == .duplicateRequest(existing: BatchID(5)))
    #expect(outcomes.error("missing") == .missingTask(TaskID(99)))
    #expect(outcomes.error("no environment") == .missingEnvironment(5, task: TaskID(8)))
    #expect(outcomes.error("taken") == .refused(change: "task t1", rule: "UNIQUE constraint failed: task.id"))
    #expect(outcomes.error("no batch") == .refused(change: "task t7", rule: "FOREIGN KEY constraint failed"))
    #expect(try await store.batch(BatchID(3)) == nil)
    #expect(try await store.task(TaskID(3)) == nil)
    #expect(try await store.tasks([TaskID(2), TaskID(9)]).map(\.id) == [TaskID(2), TaskID(9)])
    #expect(store.metrics.isolatedGroups == 1)
  }

  @Test func aLoneFailingCommitLeavesNothingBehind() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    await #expect(throws: StoreError.missingTask(TaskID(5))) {
      try await store.commit([.batch(someBatch(1)), .spec(id: TaskID(5), specJSON: "{}", priority: .low)])
    }
    #expect(try await store.batch(BatchID(1)) == nil)
    try await store.commit([.batch(someBatch(1))])
    try await store.commit([])
  }

  @Test func aTaskHasAnEndExactlyIfItsStateIsTerminal() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([.batch(someBatch(1)), .task(someTask(1, batch: 1))])
    for state in TaskState.allCases {
      let row = StateRow(
        id: TaskID(1), state: state, reason: "", attempt: 1, endedAt: state.isTerminal ? nil : noon)
      let error = await #expect(throws: StoreError.self) { try await store.commit([.state(row)]) }
      #expect(error?.description.contains("state \(state.rawValue) of task t1") == true)
    }
    #expect(try await store.task(TaskID(1)) == someTask(1, batch: 1))
  }

  @Test func aFullDiskFailsTheGroupAndTheStoreRemainsUsable() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([.batch(someBatch(1))])
    try await store.pool.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA max_page_count = \(Int.fetchOne(db, sql: "PRAGMA page_count")! + 4)")
    }
    let gate = WriterGate(store)
    let outcomes = Outcomes()
    store.enqueue([.task(someTask(1, batch: 1))], then: outcomes.note("small"))
    var big = someTask(2, batch: 1)
    big.specJSON = String(repeating: "x", count: 1_000_000)
    store.enqueue([.task(big)], then: outcomes.note("big"))
    gate.open()
    await #expect(throws: StoreError.full(path: folder.database)) { try await store.commit([.task(big)]) }
    #expect(outcomes.error("small") == .full(path: folder.database))
    #expect(outcomes.error("big")?.description.contains("disk is full") == true)
    #expect(try await store.tasks([TaskID(1), TaskID(2)]).isEmpty)

    try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
    try await store.commit([.task(someTask(1, batch: 1)), .task(big)])
    #expect(try await store.task(TaskID(2)) == big)
  }

  @Test func aCommitThatReturnedIsInTheFilesOnDisk() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    for id in 1...20 as ClosedRange<UInt64> {
      try await store.commit([.batch(someBatch(id)), .task(someTask(id, batch: id))])
      // What a crash would leave: the file and its log as they are now, without shared memory or a clean close.
      let copy = folder.path + "/copy-\(id).db"
      try FileManager.default.copyItem(atPath: folder.database, toPath: copy)
      try FileManager.default.copyItem(atPath: folder.database + "-wal", toPath: copy + "-wal")
      let live = try Store(path: copy).loadLive()
      #expect(live.tasks.map(\.id.raw) == Array(1...id))
    }
    let synchronous = try await store.pool.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
    #expect(synchronous == 2, "FULL; with less a power cut loses what was acknowledged")
  }

  @Test func commitsOfOneCallerAreAppliedInOrder() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let outcomes = Outcomes()
    for number in 1...500 {
      store.enqueue([.meta(key: "last", value: "\(number)")], then: outcomes.note("\(number)"))
    }
    try await store.commit([.meta(key: "end", value: "")])
    #expect(outcomes.count == 500)
    #expect(try await store.meta("last") == "500")
  }

  @Test func aClosedStoreStoresWhatWasPendingAndRefusesTheRest() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let outcomes = Outcomes()
    for number in 1...50 { store.enqueue([.meta(key: "\(number)", value: "x")], then: outcomes.note("\(number)")) }
    try store.close()
    try store.close()
    #expect((1...50).allSatisfy { outcomes.succeeded("\($0)") })
    await #expect(throws: StoreError.closed(path: folder.database)) {
      try await store.commit([.meta(key: "late", value: "")])
    }
    await #expect(throws: StoreError.closed(path: folder.database)) { try await store.meta("1") }
    #expect(try await folder.open().metas(prefix: "").count == 50)
  }
}
