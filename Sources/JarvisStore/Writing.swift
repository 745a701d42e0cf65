import GRDB
import JarvisProtocol

/// How each change becomes SQL. Runs on the writer's connection, inside a transaction.
///
/// Cached statements and plain values: no record mapping, since this is the path of every submission.
enum Writing {
  /// `StoreError.duplicateRequest` if a batch among `changes` has a request key that is stored already.
  static func duplicate(among changes: [Change], _ db: Database) throws -> StoreError? {
    for case .batch(let row) in changes {
      guard let key = row.requestKey else { continue }
      let statement = try db.cachedStatement(sql: "SELECT id FROM batch WHERE request_key = ?")
      if let id = try Int64.fetchOne(statement, arguments: [storable(key)]) {
        return .duplicateRequest(existing: BatchID(stored: id))
      }
    }
    return nil
  }

  /// Applies one change; returns the number of rows that it took away or moved, or a finding's revision.
  static func apply(_ change: Change, _ db: Database) throws -> Int {
    do {
      return try write(change, db)
    } catch let error as DatabaseError where StoreError(error, path: "", action: "").concernsOneCaller {
      throw StoreError.refused(change: name(of: change), rule: error.message ?? "\(error.resultCode)")
    }
  }

  private static func write(_ change: Change, _ db: Database) throws -> Int {
    switch change {
    case .batch(let row):
      try run(
        db, "INSERT INTO batch (id, request_key, branch, strategy, session, submitted_at, name) VALUES (?,?,?,?,?,?,?)",
        [
          row.id.stored, v(row.requestKey), v(row.branch), v(row.strategy.rawValue), v(row.session),
          v(row.submittedAt), v(row.name),
        ])
    case .environment(let id, let json):
      try run(db, "INSERT OR IGNORE INTO environment (id, json) VALUES (?,?)", [v(id), v(json)])
    case .task(let row):
      try insert(row, db)
    case .state(let row):
      try checkEnd(row.id, row.state, row.endedAt)
      try run(
        db,
        """
        UPDATE task SET state = ?, reason = ?, attempt = ?, started_at = ?, ended_at = ?, exit_code = ?, signal = ?,
        usage = ?, run_key = ?, not_before = ? WHERE id = ?
        """,
        [
          v(row.state.rawValue), v(row.reason), v(Int64(row.attempt)), v(row.startedAt), v(row.endedAt),
          v(row.exitCode), v(row.signal), v(row.usageJSON), v(row.runKey), v(row.notBefore), row.id.stored,
        ])
      guard db.changesCount == 1 else { throw StoreError.missingTask(row.id) }
    case .spec(let id, let json, let priority):
      try run(
        db, "UPDATE task SET spec = ?, priority = ? WHERE id = ?", [v(json), v(priority.rawValue), id.stored])
      guard db.changesCount == 1 else { throw StoreError.missingTask(id) }
    case .learned(let row):
      try run(
        db,
        """
        INSERT INTO learned (task_type, parallel_benefit, notes, cpu, ram, at, session, branch)
        VALUES (?,?,?,?,?,?,?,?)
        """,
        [
          v(row.taskType), v(row.parallelBenefit), v(row.notes), v(row.cpu), v(row.ram), v(row.at), v(row.session),
          v(row.branch),
        ])
    case .finding(let row, let rules): return try insert(row, rules, db)
    case .removeFinding(let id):
      try run(db, "DELETE FROM finding WHERE id = ?", [v(id)])
    case .expireFindings(let before):
      try run(
        db, "DELETE FROM finding WHERE id IN (SELECT id FROM finding WHERE expires_at <= ? LIMIT 2000)", [v(before)])
      return db.changesCount
    case .branch(let scope, let name, let parent, let at): try Branches.make(scope, name, parent: parent, at: at, db)
    case .archiveBranch(let scope, let name, let at, let merged):
      try Branches.archive(scope, name, at: at, merged: merged, db)
    case .foldFindings(let scope, let from, let into): return try Branches.fold(scope, from, into: into, db)
    case .settleKeys(let scope, let from, let into, let rule):
      try Branches.settle(scope, from, into: into, rule, db)
    case .moveFindings(let scope, let from, let into): return try Branches.move(scope, from, into: into, db)
    case .agent(let id, let json): try AgentTables.write(agent: id, json: storable(json), db)
    case .spend(let row): try AgentTables.write(row, db)
    case .pruneSpending(let day): try run(db, "DELETE FROM spend WHERE day < ?", [v(Int64(day))])
    case .skillRun(let row): try insert(row, db)
    case .skillRunEnded(let batch, let row): try end(batch, row, db)
    case .worktree(let row): try put(row, db)
    case .pruneWorktrees: return try pruneWorktrees(db)
    case .meta(let key, .some(let value)):
      try run(
        db, "INSERT INTO meta (key, value) VALUES (?,?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [v(key), v(value)])
    case .meta(let key, nil):
      try run(db, "DELETE FROM meta WHERE key = ?", [v(key)])
    case .prune(let finishedBefore):
      return try Pruning.step(finishedBefore: finishedBefore, db)
    case .observation, .profile, .forgetType, .pruneObservations:
      return try LearningWriting.write(change, db)
    }
    return 0
  }

  private static func insert(_ row: TaskRow, _ db: Database) throws {
    try checkEnd(row.id, row.state, row.endedAt)
    if let hash = row.environmentHash {
      let statement = try db.cachedStatement(sql: "SELECT 1 FROM environment WHERE id = ?")
      guard try Int64.fetchOne(statement, arguments: [hash]) != nil else {
        throw StoreError.missingEnvironment(hash, task: row.id)
      }
    }
    try run(
      db,
      """
      INSERT INTO task (id, batch, seq, name, type, priority, branch, session, grp, state, reason, environment, attempt,
      exit_code, signal, submitted_at, started_at, ended_at, usage, run_key, not_before, spec)
      VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
      """,
      [
        row.id.stored, row.batch.stored, v(Int64(row.seq)), v(row.name), v(row.type), v(row.priority.rawValue),
        v(row.branch), v(row.session), v(row.group), v(row.state.rawValue), v(row.reason), v(row.environmentHash),
        v(Int64(row.attempt)), v(row.exitCode), v(row.signal), v(row.submittedAt), v(row.startedAt), v(row.endedAt),
        v(row.usageJSON), v(row.runKey), v(row.notBefore), v(row.specJSON),
      ])
  }

  /// What is live and what is over is told apart by the end alone, which is cheap to index.
  private static func checkEnd(_ id: TaskID, _ state: TaskState, _ endedAt: Timestamp?) throws {
    guard state.isTerminal != (endedAt != nil) else { return }
    throw StoreError.refused(
      change: "state \(state.rawValue) of task \(id)",
      rule: state.isTerminal ? "it is terminal and needs the time of its end" : "it is not terminal and can have no end"
    )
  }

  /// What an error calls the change.
  private static func name(of change: Change) -> String {
    switch change {
    case .batch(let row): "batch \(row.id)"
    case .environment(let id, _): "environment \(id)"
    case .task(let row): "task \(row.id)"
    case .state(let row): "state \(row.state.rawValue) of task \(row.id)"
    case .spec(let id, _, _): "the new specification of task \(id)"
    case .learned(let row): "the lesson about \(row.taskType)"
    case .finding(let row, _): "finding \(row.id)"
    case .removeFinding(let id): "the removal of finding \(id)"
    case .expireFindings: "the expiry of findings"
    case .branch(_, let name, _, _), .archiveBranch(_, let name, _, _): "branch \"\(name)\""
    case .foldFindings(_, let from, let into), .settleKeys(_, let from, let into, _),
      .moveFindings(_, let from, let into):
      "the merge of branch \"\(from)\" into \"\(into)\""
    case .agent(let id, _): "what the agent of task \(id) said"
    case .spend(let row): "what task \(row.task) spent"
    case .pruneSpending: "the old spending"
    case .skillRun(let row): "the run of the skill \(row.skill)"
    case .skillRunEnded(let batch, _): "the end of the skill's run \(batch)"
    case .worktree(let row): "the worktree of task \(row.task)"
    case .pruneWorktrees: "pruning worktrees"
    case .meta(let key, _): "the value \(key)"
    case .prune: "pruning"
    case .observation(let row): "observation \(row.id) of \(row.type)"
    case .profile(let row): "the profile of \(row.type)"
    case .forgetType(let type): "forgetting \(type)"
    case .pruneObservations: "pruning observations"
    }
  }

  /// The text with U+FFFD for each NUL, at which SQLite would cut it off.
  static func storable(_ text: String) -> String {
    guard text.utf8.contains(0) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
  }

  // The list's type chooses the initializer: the one for values of one type goes through a key path, several times
  // slower than all else here.
  static func run(_ db: Database, _ sql: String, _ values: [(any DatabaseValueConvertible)?]) throws {
    try db.cachedStatement(sql: sql).execute(arguments: StatementArguments(values))
  }

  static func v(_ text: String) -> DatabaseValue { storable(text).databaseValue }
  static func v(_ text: String?) -> DatabaseValue { text.map(v) ?? .null }
  static func v(_ number: Int64) -> DatabaseValue { number.databaseValue }
  static func v(_ number: Int64?) -> DatabaseValue { number?.databaseValue ?? .null }
  static func v(_ number: Int32?) -> DatabaseValue { number?.databaseValue ?? .null }
  static func v(_ number: Double?) -> DatabaseValue { number?.databaseValue ?? .null }
  static func v(_ time: Timestamp) -> DatabaseValue { time.milliseconds.databaseValue }
  static func v(_ time: Timestamp?) -> DatabaseValue { time?.milliseconds.databaseValue ?? .null }
}

// Ids are counted up from 1, so the sign bit is never reached; the conversion is exact both ways all the same.
extension TaskID {
  init(stored: Int64) { self.init(UInt64(bitPattern: stored)) }
  var stored: DatabaseValue { Int64(bitPattern: raw).databaseValue }
}

extension BatchID {
  init(stored: Int64) { self.init(UInt64(bitPattern: stored)) }
  var stored: DatabaseValue { Int64(bitPattern: raw).databaseValue }
}
