import Foundation
import GRDB
import JarvisProtocol
import Testing

@testable import JarvisStore

@Suite struct OpeningTests {
  @Test func everyStoredSchemaBecomesTheCurrentOneAndKeepsItsRows() async throws {
    #expect(StoredSchemas.all.count == Migrations.current, "a new migration needs the old schema as a fixture")
    for (index, sql) in StoredSchemas.all.enumerated() {
      let folder = try TemporaryFolder()
      try StoredSchemas.make(folder.database, sql: sql, version: index + 1)
      let store = try folder.open()
      #expect(try await store.info().schemaVersion == Migrations.current)
      let live = try store.loadLive()
      #expect(live.tasks.map(\.id) == [TaskID(2)])
      #expect(live.batches.keys.map(\.raw) == [1])
      #expect(live.environments == [77: "{}"])
      #expect(live.nextTaskID == TaskID(10), "ids that were pruned are not given again")
      #expect(try await store.terminalStates([TaskID(1), TaskID(2)]) == [TaskID(1): .succeeded])
      let hits = try await store.searchFindings(
        FindingSearch(scope: "repo", branch: "main", query: "injections", now: noon)
      ).rows
      #expect(hits.map(\.finding.id) == [1])
      var byTag = FindingSearch(scope: "repo", branch: "main", query: nil, now: noon)
      byTag.tags = ["sql"]
      #expect(try await store.searchFindings(byTag).rows.map(\.finding.id) == [1], "old findings have their tags")
      #expect(try await store.latestLearned(type: "explore")?.parallelBenefit == 0.85)
      #expect(try await store.check() == [])
    }
  }

  @Test func aReleasedMigrationIsNeverEdited() async throws {
    // Compares what the first migration makes today with the schema that is kept of it.
    let folder = try TemporaryFolder()
    let old = try DatabaseQueue(path: folder.path + "/old.db")
    try await old.write { try $0.execute(sql: StoredSchemas.v1Tables) }
    let new = try DatabaseQueue(path: folder.path + "/new.db")
    try Migrations.migrator.migrate(new, upTo: "v1")
    let query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'grdb%' ORDER BY name"
    func schema(_ queue: DatabaseQueue) async throws -> [String] {
      try await queue.read { try String.fetchAll($0, sql: query) }.map {
        $0.filter { !$0.isWhitespace }
      }
    }
    #expect(try await schema(old) == schema(new))
  }

  @Test func aNewerSchemaIsRefusedAndLeftAsItIs() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([.meta(key: "a", value: "b")])
    try store.close()
    let queue = try DatabaseQueue(path: folder.database)
    try await queue.write { try $0.execute(sql: "PRAGMA user_version = 99") }
    try queue.close()
    let before = FileManager.default.contents(atPath: folder.database)
    #expect(throws: StoreError.newerSchema(path: folder.database, found: 99, known: Migrations.current)) {
      try folder.open()
    }
    #expect(FileManager.default.contents(atPath: folder.database) == before)
  }

  @Test func anotherProgramsDatabaseIsRefusedAndLeftAsItIs() async throws {
    let folder = try TemporaryFolder()
    let queue = try DatabaseQueue(path: folder.database)
    try await queue.write { try $0.execute(sql: "CREATE TABLE songs (name TEXT)") }
    try queue.close()
    let before = FileManager.default.contents(atPath: folder.database)
    #expect(throws: StoreError.foreignFile(path: folder.database)) { try folder.open() }
    #expect(FileManager.default.contents(atPath: folder.database) == before)
  }

  @Test func aDamagedFileIsNamedWithWhatToDoAndKept() throws {
    let folder = try TemporaryFolder()
    let garbage = Data((0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    try garbage.write(to: URL(fileURLWithPath: folder.database))
    let error = #expect(throws: StoreError.self) { try folder.open() }
    guard case .corrupt = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    let message = error.map { "\($0)" } ?? ""
    #expect(message.contains(folder.database) && message.contains("did not delete") && message.contains("move"))
    #expect(FileManager.default.contents(atPath: folder.database) == garbage)
  }

  @Test func damageInTheMiddleIsReportedByReadsAndByTheCheck() async throws {
    let folder = try TemporaryFolder()
    var store = try folder.open()
    try store.close()
    // The roots of all tables, which opening it needs.
    let empty = try #require(FileManager.default.contents(atPath: folder.database)).count
    store = try folder.open()
    try await store.commit([.batch(someBatch(1))] + (1...2000).map { .task(someTask($0, batch: 1)) })
    try store.close()
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: folder.database))
    let end = try file.seekToEnd()
    for page in stride(from: UInt64(empty), to: end, by: 4096) {
      try file.seek(toOffset: page)
      try file.write(contentsOf: Data(repeating: 0x5A, count: 2048))
    }
    try file.close()
    store = try folder.open()
    let found = await Result { try await store.check() }
    if case .success(let problems) = found { #expect(!problems.isEmpty) }
    let error = #expect(throws: StoreError.self) { try store.loadLive() }
    guard case .corrupt(folder.database, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func aFolderThatIsMissingIsSaid() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/none/jarvis.db"
    let error = #expect(throws: StoreError.self) { try Store(path: path) }
    #expect(error.map { "\($0)".contains(path) && "\($0)".contains("No such file") } == true)
  }

  @Test func aNewFileIsReadableByItsOwnerAlone() throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    for suffix in ["", "-wal"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: folder.database + suffix)
      #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(suffix)")
    }
    _ = store
  }
}

extension Result where Failure == any Error {
  init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
