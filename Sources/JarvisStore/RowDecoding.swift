import GRDB
import JarvisProtocol

// Columns are read by place: names would be looked up for each of the 100,000 rows of a start-up. The tables are
// STRICT, so a column's type is known; what a word means is not, and is checked.

/// A stored word as the case that it names.
func word<T: RawRepresentable<String>>(_ text: String, _ what: String) throws -> T {
  guard let value = T(rawValue: text) else {
    throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "'\(text)' is not a \(what)")
  }
  return value
}

private func time(_ milliseconds: Int64?) -> Timestamp? { milliseconds.map(Timestamp.init(milliseconds:)) }

extension BatchRow {
  static let columns = "id, request_key, branch, strategy, session, submitted_at, name"

  init(row: Row) throws {
    self.init(
      id: BatchID(stored: row[0]), requestKey: row[1], branch: row[2], strategy: try word(row[3], "strategy"),
      session: row[4], submittedAt: Timestamp(milliseconds: row[5]), name: row[6])
  }
}

extension TaskRow {
  static let columns = """
    id, batch, seq, name, type, priority, branch, session, grp, state, reason, spec, environment, attempt, exit_code, \
    signal, submitted_at, started_at, ended_at, usage, run_key, not_before
    """

  init(row: Row) throws {
    self.init(
      id: TaskID(stored: row[0]), batch: BatchID(stored: row[1]), seq: row[2], name: row[3], type: row[4],
      priority: try word(row[5], "priority"), branch: row[6], session: row[7], group: row[8],
      state: try word(row[9], "task state"), reason: row[10], specJSON: row[11], environmentHash: row[12],
      attempt: row[13], exitCode: row[14], signal: row[15], submittedAt: Timestamp(milliseconds: row[16]),
      startedAt: time(row[17]), endedAt: time(row[18]), usageJSON: row[19], runKey: row[20], notBefore: time(row[21]))
  }
}

extension LearnedRow {
  static let columns = "task_type, parallel_benefit, notes, cpu, ram, at, session, branch"

  init(row: Row) {
    self.init(
      taskType: row[0], parallelBenefit: row[1], notes: row[2], cpu: row[3], ram: row[4],
      at: Timestamp(milliseconds: row[5]), session: row[6], branch: row[7])
  }
}

extension FindingRow {
  static let columns = """
    finding.id, scope, branch, finding.task, kind, finding.title, finding.text, finding.tags, key, finding.confidence, \
    finding.at, expires_at, finding.agent, revision
    """

  init(row: Row) {
    self.init(
      id: row[0], scope: row[1], branch: row[2], taskID: (row[3] as Int64?).map(TaskID.init(stored:)), kind: row[4],
      title: row[5], text: row[6], tagsJSON: row[7], key: row[8], confidence: row[9],
      at: Timestamp(milliseconds: row[10]), expiresAt: time(row[11]), agent: row[12], revision: row[13])
  }
}

extension BranchRow {
  static let columns = "id, scope, name, parent, created_at, archived_at, merged_at, findings"

  init(row: Row) {
    self.init(
      id: row[0], scope: row[1], name: row[2], parent: row[3], createdAt: Timestamp(milliseconds: row[4]),
      archivedAt: time(row[5]), mergedAt: time(row[6]), findings: row[7])
  }
}
