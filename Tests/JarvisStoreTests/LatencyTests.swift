import GRDB
import JarvisProtocol
import Testing

@testable import JarvisStore

/// Prints and does not assert: the machine is shared. The gate is in `Benchmarks/`.
@Suite(.serialized) struct LatencyTests {
  @Test func aSingleDurableCommitAgainstABareInsert() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let bare = try DatabaseQueue(path: folder.path + "/bare.db")
    try await bare.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
      try db.execute(sql: "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)")
    }
    let clock = ContinuousClock()
    let spec = someTask(1, batch: 1).specJSON
    var direct: [Duration] = []
    var empty: [Duration] = []
    var grouped: [Duration] = []
    // In turns, so that both see the same disk.
    for id in 1...600 as ClosedRange<UInt64> {
      direct += try await bare.writeWithoutTransaction { db in
        let statement = try db.cachedStatement(sql: "INSERT INTO t (a) VALUES (?)")
        return [try clock.measure { try statement.execute(arguments: [spec]) }]
      }
      empty.append(try await clock.measure { try await store.commit([.meta(key: "k", value: "\(id)")]) })
      grouped.append(
        try await clock.measure { try await store.commit([.batch(someBatch(id)), .task(someTask(id, batch: id))]) })
    }
    func median(_ times: [Duration]) -> Duration { times.sorted()[times.count / 2] }
    let ratio = median(grouped) / median(direct)
    print(
      "durable, p50: bare insert \(median(direct)), commit of one value \(median(empty)), "
        + "commit of a batch and its task \(median(grouped)), ratio \((ratio * 100).rounded() / 100)")
    #expect(grouped.count == 600)
  }
}
