import GRDB
import JarvisProtocol

/// Which tasks a list holds: those that match everything that is not nil.
public struct TaskFilter: Sendable, Hashable {
  /// Of this batch.
  public var batch: BatchID?
  /// Of this branch.
  public var branch: String?
  /// Of this session.
  public var session: String?
  /// In one of these states.
  public var states: Set<TaskState>?
  /// Of this type.
  public var type: String?
  /// With this label.
  public var group: String?

  /// nil: don't care.
  public init(
    batch: BatchID? = nil, branch: String? = nil, session: String? = nil, states: Set<TaskState>? = nil,
    type: String? = nil, group: String? = nil
  ) {
    self.batch = batch
    self.branch = branch
    self.session = session
    self.states = states
    self.type = type
    self.group = group
  }

  var conditions: Conditions {
    var conditions = Conditions()
    conditions.add("batch = ?", batch?.stored)
    conditions.add("branch = ?", branch)
    conditions.add("session = ?", session)
    conditions.add("type = ?", type)
    conditions.add("grp = ?", group)
    if let states {
      conditions.add("state", in: states.map(\.rawValue))
      // SQLite takes the small index of live tasks only when its own condition is there.
      if states.allSatisfy({ !$0.isTerminal }) { conditions.add(Migrations.live) }
    }
    return conditions
  }
}

/// How many tasks there are.
public struct StoreCounts: Sendable, Hashable {
  /// Of all that is stored, by state; states without tasks are left out.
  public var byState: [TaskState: Int] = [:]
  /// Of those that ended lately, newest day first; days without tasks are left out.
  public var byDay: [DayCount] = []
}

/// The tasks that ended on one day.
public struct DayCount: Sendable, Hashable {
  /// The day's beginning, in UTC.
  public var day: Timestamp
  /// How many ended in which state.
  public var counts: [TaskState: Int]
}

extension Store {
  /// One task, or nil.
  public func task(_ id: TaskID) async throws(StoreError) -> TaskRow? {
    try await tasks([id]).first
  }

  /// Tasks in the order of `ids`; those that are not stored are left out.
  public func tasks(_ ids: [TaskID]) async throws(StoreError) -> [TaskRow] {
    try await read { db in
      let statement = try db.cachedStatement(sql: "SELECT \(TaskRow.columns) FROM task WHERE id = ?")
      return try ids.compactMap { id in
        try Row.fetchOne(statement, arguments: [id.stored]).map { try TaskRow(row: $0) }
      }
    }
  }

  /// What those of the tasks came to that are over; live, unknown and pruned ones are left out.
  public func terminalStates(_ ids: [TaskID]) async throws(StoreError) -> [TaskID: TaskState] {
    try await read { db in
      let statement = try db.cachedStatement(sql: "SELECT state FROM task WHERE id = ?")
      var states: [TaskID: TaskState] = [:]
      for id in ids {
        guard let word = try String.fetchOne(statement, arguments: [id.stored]), let state = TaskState(rawValue: word),
          state.isTerminal
        else { continue }
        states[id] = state
      }
      return states
    }
  }

  /// A part of the tasks that match, by id.
  /// - Parameter after: The `next` of the page before; nil for the first.
  /// - Parameter limit: 1 to 10,000; others are brought into that range.
  public func tasksPage(
    _ filter: TaskFilter = TaskFilter(), after: TaskID? = nil, limit: Int = 100, newestFirst: Bool = true
  ) async throws(StoreError) -> Page<TaskRow, TaskID> {
    let limit = Page<TaskRow, TaskID>.clamp(limit)
    return try await read { db in
      var conditions = filter.conditions
      conditions.add(after: after?.stored, newestFirst: newestFirst)
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT \(TaskRow.columns) FROM task\(conditions.sql)
          ORDER BY id \(newestFirst ? "DESC" : "ASC") LIMIT \(limit + 1)
          """, arguments: conditions.arguments)
      return Page(try Array(rows.map { try TaskRow(row: $0) }), limit: limit, cursor: \.id)
    }
  }

  /// An environment by its hash, or nil.
  public func environment(_ id: Int64) async throws(StoreError) -> String? {
    try await read { db in
      try String.fetchOne(db.cachedStatement(sql: "SELECT json FROM environment WHERE id = ?"), arguments: [id])
    }
  }

  /// One batch, or nil.
  public func batch(_ id: BatchID) async throws(StoreError) -> BatchRow? {
    try await read { db in
      try Row.fetchOne(db, sql: "SELECT \(BatchRow.columns) FROM batch WHERE id = ?", arguments: [id.stored])
        .map { try BatchRow(row: $0) }
    }
  }

  /// The batch that was submitted with this key, or nil.
  public func batch(requestKey: String) async throws(StoreError) -> BatchRow? {
    try await read { db in
      try Row.fetchOne(
        db, sql: "SELECT \(BatchRow.columns) FROM batch WHERE request_key = ?",
        arguments: [Writing.storable(requestKey)]
      ).map { try BatchRow(row: $0) }
    }
  }

  /// A part of the batches, by id.
  /// - Parameter after: The `next` of the page before; nil for the first.
  /// - Parameter limit: 1 to 10,000; others are brought into that range.
  public func batchesPage(
    branch: String? = nil, session: String? = nil, after: BatchID? = nil, limit: Int = 100, newestFirst: Bool = true
  ) async throws(StoreError) -> Page<BatchRow, BatchID> {
    let limit = Page<BatchRow, BatchID>.clamp(limit)
    return try await read { db in
      var conditions = Conditions()
      conditions.add("branch = ?", branch)
      conditions.add("session = ?", session)
      conditions.add(after: after?.stored, newestFirst: newestFirst)
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT \(BatchRow.columns) FROM batch\(conditions.sql)
          ORDER BY id \(newestFirst ? "DESC" : "ASC") LIMIT \(limit + 1)
          """, arguments: conditions.arguments)
      return Page(try Array(rows.map { try BatchRow(row: $0) }), limit: limit, cursor: \.id)
    }
  }

  /// How many tasks of a batch are in which state; empty for a batch that is not stored.
  public func batchCounts(_ id: BatchID) async throws(StoreError) -> [TaskState: Int] {
    try await read { db in
      let rows = try Row.fetchCursor(
        db, sql: "SELECT state, count(*) FROM task INDEXED BY task_batch WHERE batch = ? GROUP BY state",
        arguments: [id.stored])
      var counts: [TaskState: Int] = [:]
      try rows.forEach { counts[try word($0[0], "task state")] = $0[1] }
      return counts
    }
  }

  /// How many tasks are stored, by state and, for those that ended, by day.
  /// - Parameter days: How many days to list at most, counted back from the last on which a task ended.
  public func counts(days: Int = 30) async throws(StoreError) -> StoreCounts {
    try await read { db in
      var counts = StoreCounts()
      let live = try Row.fetchCursor(
        db,
        sql: "SELECT state, count(*) FROM task INDEXED BY task_live WHERE \(Migrations.live) GROUP BY state")
      try live.forEach { counts.byState[try word($0[0], "task state")] = $0[1] }
      let over = try Row.fetchCursor(
        db,
        sql: """
          SELECT ended_at / 86400000, state, count(*) FROM task INDEXED BY task_over WHERE \(Migrations.over)
          GROUP BY 1, 2 ORDER BY 1 DESC
          """)
      try over.forEach { row in
        let day = Timestamp(milliseconds: (row[0] as Int64) * 86_400_000)
        let state: TaskState = try word(row[1], "task state")
        let count: Int = row[2]
        counts.byState[state, default: 0] += count
        if counts.byDay.last?.day != day { counts.byDay.append(DayCount(day: day, counts: [:])) }
        counts.byDay[counts.byDay.count - 1].counts[state] = count
      }
      counts.byDay.removeLast(max(0, counts.byDay.count - max(days, 0)))
      return counts
    }
  }
}
