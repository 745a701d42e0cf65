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

/// A finding that a search found.
public struct FindingHit: Sendable, Hashable {
  /// The finding.
  public var finding: FindingRow
  /// The passage that matched best, with the matching words in square brackets.
  public var snippet: String
  /// How well it matches (BM25; the title counts most): greater is better, comparable within one search only.
  public var score: Double
}

extension Store {
  /// Searches the hive-mind, best first.
  ///
  /// All words of the query must occur, in any of their English forms; if no finding holds all of them, any of them
  /// will do, also as the beginning of a word. Text in double quotes is a phrase. No query is an error; one without a
  /// letter or digit finds nothing.
  /// - Parameters:
  ///   - scope: The repository.
  ///   - branches: Only findings of these branches.
  ///   - query: As a person types it.
  ///   - now: What expired at or before this is left out.
  ///   - limit: 1 to 10,000; others are brought into that range.
  ///   - offset: How many of the best to skip.
  public func searchFindings(
    scope: String, branches: [String], query: String, now: Timestamp, limit: Int = 20, offset: Int = 0
  ) async throws(StoreError) -> [FindingHit] {
    let limit = Page<FindingRow, Int64>.clamp(limit)
    let query = SearchQuery(query)
    guard let all = query.all, let any = query.any else { return [] }
    let filter = FindingFilter(scope: scope, branches: branches, now: now).conditions
    return try await read { db in
      func find(_ expression: String, limit: Int, offset: Int) throws -> [FindingHit] {
        let rows = try Row.fetchCursor(
          db,
          sql: """
            SELECT \(FindingRow.columns), snippet(finding_fts, -1, '[', ']', '…', 24),
              bm25(finding_fts, 4.0, 1.0, 2.0) AS rank
            FROM finding_fts JOIN finding ON finding.id = finding_fts.rowid\(filter.sql) AND finding_fts MATCH ?
            ORDER BY rank, finding.id DESC LIMIT \(limit) OFFSET \(offset)
            """, arguments: StatementArguments(filter.values + [expression.databaseValue]))
        return try Array(
          rows.map { FindingHit(finding: FindingRow(row: $0), snippet: $0[12] ?? "", score: -($0[13] as Double)) })
      }
      let hits = try find(all, limit: limit, offset: max(0, offset))
      if !hits.isEmpty { return hits }
      // A page behind the last must not turn into the first page of a wider search.
      if offset > 0, try !find(all, limit: 1, offset: 0).isEmpty { return [] }
      return try find(any, limit: limit, offset: max(0, offset))
    }
  }

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
}
