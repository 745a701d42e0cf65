import GRDB
import JarvisProtocol

/// What the daemon continues with when it starts.
public struct LiveState: Sendable {
  /// Every task that is not over, by id.
  public var tasks: [TaskRow] = []
  /// Their batches.
  public var batches: [BatchID: BatchRow] = [:]
  /// Their environments, by hash.
  public var environments: [Int64: String] = [:]
  /// The first id that no task ever had.
  public var nextTaskID = TaskID(1)
  /// The first id that no batch ever had.
  public var nextBatchID = BatchID(1)
  /// The first id that no finding ever had.
  public var nextFindingID: Int64 = 1
}

extension Store {
  /// Reads all that lives, while the caller waits: meant for start-up.
  public func loadLive() throws(StoreError) -> LiveState {
    var tasks: [TaskRow] = []
    var live = try loadLive { tasks.append($0) }
    tasks.sort { $0.id < $1.id }
    live.tasks = tasks
    return live
  }

  /// The same with each live task handed to `each` as it is read, by state and then by id; `tasks` stays empty.
  /// Spares the memory of holding every row at once.
  public func loadLive(_ each: (TaskRow) -> Void) throws(StoreError) -> LiveState {
    try readNow { db in
      var live = LiveState()
      let tasks = try Row.fetchCursor(
        db, sql: "SELECT \(TaskRow.columns) FROM task INDEXED BY task_live WHERE \(Migrations.live) ORDER BY state, id")
      try tasks.forEach { each(try TaskRow(row: $0)) }
      let batches = try Row.fetchCursor(
        db,
        sql: """
          SELECT \(BatchRow.columns) FROM batch
          WHERE id IN (SELECT batch FROM task INDEXED BY task_live WHERE \(Migrations.live))
          """)
      try batches.forEach {
        let batch = try BatchRow(row: $0)
        live.batches[batch.id] = batch
      }
      let environments = try Row.fetchCursor(
        db,
        sql: """
          SELECT id, json FROM environment
          WHERE id IN (SELECT environment FROM task INDEXED BY task_live WHERE \(Migrations.live))
          """)
      try environments.forEach { live.environments[$0[0]] = $0[1] }
      live.nextTaskID = TaskID(stored: try Self.lastID("task", db) + 1)
      live.nextBatchID = BatchID(stored: try Self.lastID("batch", db) + 1)
      live.nextFindingID =
        1 + (try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'finding'") ?? 0)
      return live
    }
  }

  /// The highest id that the table holds or held.
  private static func lastID(_ table: String, _ db: Database) throws -> Int64 {
    let sql = """
      SELECT max(coalesce((SELECT max(id) FROM \(table)), 0),
        coalesce((SELECT last FROM sequence WHERE name = '\(table)'), 0))
      """
    return try Int64.fetchOne(db, sql: sql) ?? 0
  }
}
