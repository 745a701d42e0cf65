import GRDB
import JarvisProtocol

/// One run of a skill.
public struct SkillRunRow: Sendable, Hashable {
  /// The batch of its tasks.
  public var batch: BatchID
  /// The skill's name.
  public var skill: String
  /// The parameters' values; JSON that only the daemon reads.
  public var parametersJSON: String
  /// The texts of the skill's file and of those that it requires, by name; JSON that only the daemon reads.
  public var sourcesJSON: String
  /// When it was submitted.
  public var startedAt: Timestamp
  /// What it came to; nil while it runs.
  public var outcome: SkillOutcomeRow?

  /// Every column.
  public init(
    batch: BatchID, skill: String, parametersJSON: String, sourcesJSON: String, startedAt: Timestamp,
    outcome: SkillOutcomeRow? = nil
  ) {
    self.batch = batch
    self.skill = skill
    self.parametersJSON = parametersJSON
    self.sourcesJSON = sourcesJSON
    self.startedAt = startedAt
    self.outcome = outcome
  }
}

/// What a run of a skill came to.
public struct SkillOutcomeRow: Sendable, Hashable {
  /// When its last task ended.
  public var endedAt: Timestamp
  /// Whether all of its tasks succeeded.
  public var succeeded: Bool
  /// How many tasks ran, or were to run.
  public var tasks: Int
  /// How many of them did not succeed.
  public var failed: Int
  /// Seconds from the first start to the last end.
  public var wall: Double
  /// Seconds that its tasks took together.
  public var work: Double
  /// The step that took longest on the critical path.
  public var bottleneck: String?
  /// How long it took there.
  public var bottleneckSeconds: Double?

  /// Every column.
  public init(
    endedAt: Timestamp, succeeded: Bool, tasks: Int, failed: Int, wall: Double, work: Double, bottleneck: String?,
    bottleneckSeconds: Double?
  ) {
    self.endedAt = endedAt
    self.succeeded = succeeded
    self.tasks = tasks
    self.failed = failed
    self.wall = wall
    self.work = work
    self.bottleneck = bottleneck
    self.bottleneckSeconds = bottleneckSeconds
  }
}

extension SkillRunRow {
  static let columns = """
    batch, skill, parameters, sources, started_at, ended_at, succeeded, tasks, failed, wall, work, bottleneck, \
    bottleneck_seconds
    """

  init(row: Row) {
    self.init(
      batch: BatchID(stored: row[0]), skill: row[1], parametersJSON: row[2], sourcesJSON: row[3],
      startedAt: Timestamp(milliseconds: row[4]))
    guard let ended = row[5] as Int64? else { return }
    outcome = SkillOutcomeRow(
      endedAt: Timestamp(milliseconds: ended), succeeded: (row[6] as Int64? ?? 0) != 0, tasks: row[7] ?? 0,
      failed: row[8] ?? 0, wall: row[9] ?? 0, work: row[10] ?? 0, bottleneck: row[11], bottleneckSeconds: row[12])
  }
}

extension Store {
  /// The run of a batch; nil for one that no skill made.
  public func skillRun(_ batch: BatchID) async throws(StoreError) -> SkillRunRow? {
    try await read { db in
      try Row.fetchOne(
        db, sql: "SELECT \(SkillRunRow.columns) FROM skill_run WHERE batch = ?", arguments: [batch.stored]
      ).map(SkillRunRow.init(row:))
    }
  }

  /// The batches of runs whose end is not recorded.
  public func openSkillRuns() async throws(StoreError) -> [BatchID] {
    try await read { db in
      try Int64.fetchAll(db, sql: "SELECT batch FROM skill_run INDEXED BY skill_run_open WHERE ended_at IS NULL")
        .map(BatchID.init(stored:))
    }
  }

  /// Runs that are over, newest first.
  /// - Parameter skill: only of this one; nil for all.
  public func skillRuns(of skill: String? = nil, limit: Int = 10_000) async throws(StoreError) -> [SkillRunRow] {
    let limit = Page<SkillRunRow, BatchID>.clamp(limit)
    return try await read { db in
      var conditions = Conditions()
      conditions.add("skill = ?", skill)
      conditions.add("ended_at IS NOT NULL")
      let rows = try Row.fetchCursor(
        db, sql: "SELECT \(SkillRunRow.columns) FROM skill_run\(conditions.sql) ORDER BY batch DESC LIMIT \(limit)",
        arguments: conditions.arguments)
      return try Array(rows.map(SkillRunRow.init(row:)))
    }
  }
}

extension Writing {
  static func insert(_ row: SkillRunRow, _ db: Database) throws {
    try run(
      db, "INSERT INTO skill_run (batch, skill, parameters, sources, started_at) VALUES (?,?,?,?,?)",
      [
        row.batch.stored, storable(row.skill).databaseValue, storable(row.parametersJSON).databaseValue,
        storable(row.sourcesJSON).databaseValue, row.startedAt.milliseconds.databaseValue,
      ])
  }

  static func end(_ batch: BatchID, _ row: SkillOutcomeRow, _ db: Database) throws {
    try run(
      db,
      """
      UPDATE skill_run SET ended_at = ?, succeeded = ?, tasks = ?, failed = ?, wall = ?, work = ?, bottleneck = ?,
      bottleneck_seconds = ? WHERE batch = ?
      """,
      [
        row.endedAt.milliseconds.databaseValue, row.succeeded.databaseValue, row.tasks.databaseValue,
        row.failed.databaseValue, row.wall.databaseValue, row.work.databaseValue,
        row.bottleneck?.databaseValue ?? .null, row.bottleneckSeconds?.databaseValue ?? .null, batch.stored,
      ])
    try run(
      db,
      """
      DELETE FROM skill_run WHERE ended_at IS NOT NULL AND skill = (SELECT skill FROM skill_run WHERE batch = ?1)
      AND batch < (SELECT min(batch) FROM (SELECT batch FROM skill_run
        WHERE skill = (SELECT skill FROM skill_run WHERE batch = ?1) ORDER BY batch DESC LIMIT 500))
      """, [batch.stored])
  }
}
