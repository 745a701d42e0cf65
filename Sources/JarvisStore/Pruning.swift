import GRDB
import JarvisProtocol

/// History's retention, in steps that hold the writer for a moment only.
enum Pruning {
  /// About how many tasks one step takes away; a batch is never split.
  static let step = 2000

  /// Takes away the oldest batches all of whose tasks ended before `finishedBefore`, up to `step` tasks of them.
  /// - Returns: The number of tasks taken away.
  static func step(finishedBefore: Timestamp, _ db: Database) throws -> Int {
    // A batch of which any task is live, or ended later, has more tasks than those counted here.
    let candidates = try Row.fetchCursor(
      db.cachedStatement(
        sql: """
          SELECT ended.batch, ended.n FROM (
            SELECT batch, count(*) AS n FROM task INDEXED BY task_over
            WHERE \(Migrations.over) AND ended_at < ? GROUP BY batch) AS ended
          WHERE ended.n = (SELECT count(*) FROM task INDEXED BY task_batch WHERE task.batch = ended.batch)
          ORDER BY ended.batch
          """), arguments: [finishedBefore.milliseconds])
    var batches: [Int64] = []
    var tasks = 0
    while tasks < step, let row = try candidates.next() {
      batches.append(row[0])
      tasks += row[1] as Int
    }
    guard tasks > 0 else { return 0 }
    try remember("task", db)
    try remember("batch", db)
    for batch in batches {
      try Writing.run(db, "DELETE FROM task WHERE batch = ?", [batch.databaseValue])
      try Writing.run(db, "DELETE FROM batch WHERE id = ?", [batch.databaseValue])
    }
    if tasks < step {
      try Writing.run(
        db,
        """
        DELETE FROM environment WHERE id NOT IN (SELECT environment FROM task WHERE environment IS NOT NULL)
        """, [])
    }
    return tasks
  }

  /// Keeps the table's highest id from being given again once its row is gone.
  private static func remember(_ table: String, _ db: Database) throws {
    try Writing.run(
      db,
      """
      INSERT INTO sequence (name, last) SELECT '\(table)', coalesce(max(id), 0) FROM \(table) WHERE true
      ON CONFLICT (name) DO UPDATE SET last = max(last, excluded.last)
      """, [])
  }
}
