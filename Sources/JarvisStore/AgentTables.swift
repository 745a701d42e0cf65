import GRDB
import JarvisProtocol

/// What one task's agent spent on one day.
public struct SpendRow: Sendable, Hashable {
  /// The task.
  public var task: TaskID
  /// Days since 1970 (UTC).
  public var day: Int
  /// Its batch.
  public var batch: BatchID
  /// Whose it is.
  public var session: String
  /// Its branch.
  public var branch: String
  /// US dollars.
  public var cost: Double
  /// Tokens.
  public var tokens: Int

  /// Every column.
  public init(
    task: TaskID, day: Int, batch: BatchID, session: String, branch: String, cost: Double, tokens: Int
  ) {
    self.task = task
    self.day = day
    self.batch = batch
    self.session = session
    self.branch = branch
    self.cost = cost
    self.tokens = tokens
  }
}

/// Tables about agents:
/// - `agent`: what a task's agent said, as JSON that only the daemon reads: where parsing of its output goes on after a
///   restart, and in the end its answer. Goes with the task.
/// - `spend`: what agents spent, by task and day; the sums that budgets are held to.
enum AgentTables {
  static let migration = """
    CREATE TABLE agent (task INTEGER PRIMARY KEY NOT NULL, state TEXT NOT NULL) STRICT;
    CREATE TRIGGER task_deleted_agent AFTER DELETE ON task BEGIN DELETE FROM agent WHERE task = old.id; END;
    CREATE TABLE spend (
      task INTEGER NOT NULL,
      day INTEGER NOT NULL,
      batch INTEGER NOT NULL,
      session TEXT NOT NULL,
      branch TEXT NOT NULL,
      cost REAL NOT NULL,
      tokens INTEGER NOT NULL,
      PRIMARY KEY (task, day)
    ) STRICT, WITHOUT ROWID;
    """

  static func write(agent task: TaskID, json: String, _ db: Database) throws {
    let statement = try db.cachedStatement(
      sql: "INSERT INTO agent (task, state) VALUES (?,?) ON CONFLICT (task) DO UPDATE SET state = excluded.state")
    try statement.execute(arguments: [task.stored, json])
  }

  static func write(_ row: SpendRow, _ db: Database) throws {
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO spend (task, day, batch, session, branch, cost, tokens) VALUES (?,?,?,?,?,?,?)
        ON CONFLICT (task, day) DO UPDATE SET cost = excluded.cost, tokens = excluded.tokens
        """)
    try statement.execute(
      arguments: [
        row.task.stored, row.day, row.batch.stored, Writing.storable(row.session), Writing.storable(row.branch),
        row.cost,
        Int64(row.tokens),
      ])
  }
}

extension Store {
  /// What a task's agent said last (`Change.agent`), or nil.
  public func agent(_ task: TaskID) async throws(StoreError) -> String? {
    try await read { db in
      try String.fetchOne(
        db.cachedStatement(sql: "SELECT state FROM agent WHERE task = ?"), arguments: [task.stored])
    }
  }

  /// The same of all tasks that are not over.
  public func liveAgents() async throws(StoreError) -> [TaskID: String] {
    try await read { db in
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT agent.task, agent.state FROM task INDEXED BY task_live JOIN agent ON agent.task = task.id
          WHERE task.\(Migrations.live)
          """)
      var states: [TaskID: String] = [:]
      try rows.forEach { states[TaskID(stored: $0[0])] = $0[1] }
      return states
    }
  }

  /// What agents spent since a day, oldest first: what budgets count from. Older rows are dropped by `pruneSpending`.
  public func spending(since day: Int) async throws(StoreError) -> [SpendRow] {
    try await read { db in
      let rows = try Row.fetchCursor(
        db,
        sql: "SELECT task, day, batch, session, branch, cost, tokens FROM spend WHERE day >= ? ORDER BY day, task",
        arguments: [day])
      return try Array(
        rows.map {
          SpendRow(
            task: TaskID(stored: $0[0]), day: $0[1], batch: BatchID(stored: $0[2]), session: $0[3], branch: $0[4],
            cost: $0[5], tokens: $0[6])
        })
    }
  }
}
