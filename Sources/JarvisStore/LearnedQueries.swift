import GRDB
import JarvisProtocol

extension Store {
  /// What was taught, newest first.
  /// - Parameter type: Only about this task type; nil for all.
  public func learned(type: String? = nil, limit: Int = 1000) async throws(StoreError) -> [LearnedRow] {
    let limit = Page<LearnedRow, Int64>.clamp(limit)
    return try await read { db in
      var conditions = Conditions()
      conditions.add("task_type = ?", type)
      let rows = try Row.fetchCursor(
        db, sql: "SELECT \(LearnedRow.columns) FROM learned\(conditions.sql) ORDER BY id DESC LIMIT \(limit)",
        arguments: conditions.arguments)
      return try Array(rows.map(LearnedRow.init(row:)))
    }
  }

  /// What was taught last about a task type, or nil.
  public func latestLearned(type: String) async throws(StoreError) -> LearnedRow? {
    try await learned(type: type, limit: 1).first
  }

  /// What was taught last about each task type, by type.
  public func latestLearned() async throws(StoreError) -> [LearnedRow] {
    try await read { db in
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT \(LearnedRow.columns) FROM learned WHERE id IN (SELECT max(id) FROM learned GROUP BY task_type)
          ORDER BY task_type
          """)
      return try Array(rows.map(LearnedRow.init(row:)))
    }
  }

  /// One of the daemon's own values (`Change.meta`), or nil.
  public func meta(_ key: String) async throws(StoreError) -> String? {
    try await read { db in
      try String.fetchOne(db.cachedStatement(sql: "SELECT value FROM meta WHERE key = ?"), arguments: [key])
    }
  }

  /// The daemon's own values whose keys begin with `prefix`; all of them for an empty one.
  public func metas(prefix: String) async throws(StoreError) -> [String: String] {
    try await read { db in
      let rows = try Row.fetchCursor(
        db, sql: "SELECT key, value FROM meta WHERE substr(key, 1, length(?1)) = ?1", arguments: [prefix])
      var values: [String: String] = [:]
      try rows.forEach { values[$0[0]] = $0[1] }
      return values
    }
  }
}
