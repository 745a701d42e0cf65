import GRDB
import JarvisProtocol

/// Which findings a list holds: those that match everything that is not nil.
public struct FindingFilter: Sendable, Hashable {
  /// About this repository.
  public var scope: String?
  /// On one of these branches.
  public var branches: [String]?
  /// Of this kind.
  public var kind: String?
  /// With this key.
  public var key: String?
  /// Found by this task.
  public var taskID: TaskID?
  /// Leaves out what expired at or before this.
  public var now: Timestamp?

  /// nil: don't care.
  public init(
    scope: String? = nil, branches: [String]? = nil, kind: String? = nil, key: String? = nil, taskID: TaskID? = nil,
    now: Timestamp? = nil
  ) {
    self.scope = scope
    self.branches = branches
    self.kind = kind
    self.key = key
    self.taskID = taskID
    self.now = now
  }

  var conditions: Conditions {
    var conditions = Conditions()
    conditions.add("scope = ?", scope)
    conditions.add("branch", in: branches)
    conditions.add("kind = ?", kind)
    conditions.add("key = ?", key)
    conditions.add("task = ?", taskID?.stored)
    conditions.add("(expires_at IS NULL OR expires_at > ?)", now?.milliseconds)
    return conditions
  }
}

extension Store {
  /// One finding, or nil.
  public func finding(_ id: Int64) async throws(StoreError) -> FindingRow? {
    try await read { db in
      try Row.fetchOne(db, sql: "SELECT \(FindingRow.columns) FROM finding WHERE id = ?", arguments: [id])
        .map(FindingRow.init(row:))
    }
  }

  /// A part of the findings that match, by id.
  /// - Parameter after: The `next` of the page before; nil for the first.
  /// - Parameter limit: 1 to 10,000; others are brought into that range.
  public func findingsPage(
    _ filter: FindingFilter = FindingFilter(), after: Int64? = nil, limit: Int = 100, newestFirst: Bool = true
  ) async throws(StoreError) -> Page<FindingRow, Int64> {
    let limit = Page<FindingRow, Int64>.clamp(limit)
    return try await read { db in
      var conditions = filter.conditions
      conditions.add(after: after?.databaseValue, newestFirst: newestFirst)
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT \(FindingRow.columns) FROM finding\(conditions.sql)
          ORDER BY id \(newestFirst ? "DESC" : "ASC") LIMIT \(limit + 1)
          """, arguments: conditions.arguments)
      return Page(try Array(rows.map(FindingRow.init(row:))), limit: limit, cursor: \.id)
    }
  }

  /// A branch and its parents, nearest first; empty where nobody has put anything there.
  public func lineage(scope: String, branch: String) async throws(StoreError) -> [BranchRow] {
    try await read { db in try Branches.lineage(scope, branch, db) }
  }

  /// The branches of a scope (of all, with nil) by number, at most 10,000.
  public func branches(scope: String?) async throws(StoreError) -> [BranchRow] {
    try await read { db in
      var conditions = Conditions()
      conditions.add("scope = ?", scope)
      let rows = try Row.fetchCursor(
        db, sql: "SELECT \(BranchRow.columns) FROM branch\(conditions.sql) ORDER BY id LIMIT 10000",
        arguments: conditions.arguments)
      return try Array(rows.map(BranchRow.init(row:)))
    }
  }

  /// Keys that a branch and another one have with different content, at most `limit` of them.
  public func mergeConflicts(
    scope: String, _ from: String, into: String, now: Timestamp, limit: Int
  ) async throws(StoreError) -> [MergeConflict] {
    try await read { db in
      let pairs = try Row.fetchAll(
        db,
        sql: """
          SELECT mine.id, other.id FROM finding AS mine INDEXED BY finding_branch
          JOIN finding AS other INDEXED BY finding_key
            ON other.scope = mine.scope AND other.branch = ? AND other.key = mine.key
          WHERE mine.scope = ? AND mine.branch = ? AND mine.key IS NOT NULL
            AND (mine.expires_at IS NULL OR mine.expires_at > ?) AND (other.expires_at IS NULL OR other.expires_at > ?)
            AND (mine.kind, mine.title, mine.text, mine.tags) IS NOT (other.kind, other.title, other.text, other.tags)
          ORDER BY mine.key LIMIT ?
          """, arguments: [into, scope, from, now.milliseconds, now.milliseconds, limit])
      func row(_ id: Int64) throws -> FindingRow? {
        try Row.fetchOne(db, sql: "SELECT \(FindingRow.columns) FROM finding WHERE id = ?", arguments: [id])
          .map(FindingRow.init(row:))
      }
      return try pairs.compactMap { pair in
        guard let branch = try row(pair[0]), let parent = try row(pair[1]) else { return nil }
        return MergeConflict(branch: branch, parent: parent)
      }
    }
  }

  /// What these tasks found, oldest first, at most `limit`; without what expired. What a merge has folded into the same
  /// of somebody else is that finding, with this task as its finder.
  public func findings(of tasks: [TaskID], now: Timestamp, limit: Int) async throws(StoreError) -> [FindingRow] {
    try await read { db in
      var found: [FindingRow] = []
      let statement = try db.cachedStatement(
        sql: """
          SELECT \(FindingRow.columns) FROM finding INDEXED BY finding_task
          WHERE task = ?1 AND (expires_at IS NULL OR expires_at > ?2) ORDER BY id LIMIT ?3
          """)
      let folded = try db.cachedStatement(
        sql: """
          SELECT \(FindingRow.columns), folded.agent, folded.at, folded.confidence
          FROM folded INDEXED BY folded_task JOIN finding ON finding.id = folded.finding
          WHERE folded.task = ?1 AND (expires_at IS NULL OR expires_at > ?2) ORDER BY finding.id LIMIT ?3
          """)
      for task in tasks where found.count < limit {
        let arguments: StatementArguments = [Int64(bitPattern: task.raw), now.milliseconds, limit - found.count]
        found += try Array(Row.fetchCursor(statement, arguments: arguments).map(FindingRow.init(row:)))
        found += try Array(
          Row.fetchCursor(folded, arguments: arguments).map { row in
            var finding = FindingRow(row: row)
            finding.taskID = task
            (finding.agent, finding.confidence) = (row[14], row[16])
            finding.at = Timestamp(milliseconds: row[15])
            return finding
          })
      }
      return Array(found.prefix(limit))
    }
  }
}
