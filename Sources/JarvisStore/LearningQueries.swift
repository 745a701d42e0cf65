import GRDB
import JarvisProtocol

extension Store {
  /// Hands out all profiles, the least recently used first, while the caller waits: meant for start-up.
  public func loadProfiles(_ each: (ProfileRow) -> Void) throws(StoreError) {
    try readNow { db in
      // Sorting whole rows would hold all of them in memory at once, some 30 MB; their names are a fiftieth of that.
      let types = try String.fetchAll(db, sql: "SELECT type FROM profile ORDER BY at, type")
      let statement = try db.makeStatement(sql: "SELECT type, at, json FROM profile WHERE type = ?")
      for type in types {
        guard let row = try Row.fetchOne(statement, arguments: [type]) else { continue }
        each(ProfileRow(type: row[0], at: Timestamp(milliseconds: row[1]), json: row[2]))
      }
    }
  }

  /// Hands out the observations with numbers above `id`, in order, while the caller waits: meant for start-up.
  /// - Returns: the highest number that is stored, 0 if none is.
  @discardableResult
  public func loadObservations(after id: Int64, _ each: (ObservationRow) -> Void) throws(StoreError) -> Int64 {
    try readNow { db in
      let rows = try Row.fetchCursor(
        db, sql: "SELECT id, type, at, json FROM observation WHERE id > ? ORDER BY id", arguments: [id])
      try rows.forEach { each(ObservationRow(row: $0)) }
      return try Int64.fetchOne(db, sql: "SELECT max(id) FROM observation") ?? 0
    }
  }

  /// The newest observations of a type, newest first, at most 1,000.
  public func observations(of type: String, limit: Int) async throws(StoreError) -> [ObservationRow] {
    let limit = max(0, min(limit, 1000))
    return try await read { db in
      let rows = try Row.fetchCursor(
        db, sql: "SELECT id, type, at, json FROM observation WHERE type = ? ORDER BY id DESC LIMIT \(limit)",
        arguments: [type])
      return try Array(rows.map(ObservationRow.init(row:)))
    }
  }

  /// Takes away observations that ended before `before`, all but the newest `keep`, and all but the `profiles` most
  /// recently used profiles, in steps that nobody waits for long.
  /// - Returns: how many rows went.
  @discardableResult
  public func pruneLearning(before: Timestamp, keep: Int, profiles: Int) async throws(StoreError) -> Int {
    var total = 0
    while true {
      let change = Change.pruneObservations(before: before, keep: keep, profiles: profiles)
      let pruned = try await submit([change]).get()
      if pruned == 0 { return total }
      total += pruned
    }
  }
}

extension ObservationRow {
  init(row: Row) {
    self.init(id: row[0], type: row[1], at: Timestamp(milliseconds: row[2]), json: row[3])
  }
}

/// How the learner's changes become SQL.
enum LearningWriting {
  /// About how many rows one step of pruning takes away.
  static let step = 5000

  /// - Returns: how many rows were pruned.
  static func write(_ change: Change, _ db: Database) throws -> Int {
    switch change {
    case .observation(let row):
      try Writing.run(
        db, "INSERT INTO observation (id, type, at, json) VALUES (?,?,?,?)",
        [row.id, Writing.storable(row.type), row.at.milliseconds, Writing.storable(row.json)])
    case .profile(let row):
      try Writing.run(
        db, "INSERT OR REPLACE INTO profile (type, at, json) VALUES (?,?,?)",
        [Writing.storable(row.type), row.at.milliseconds, Writing.storable(row.json)])
    case .forgetType(let type):
      for sql in [
        "DELETE FROM observation WHERE type = ?", "DELETE FROM profile WHERE type = ?",
        "DELETE FROM learned WHERE task_type = ?",
      ] {
        try Writing.run(db, sql, [Writing.storable(type)])
      }
    case .pruneObservations(let before, let keep, let profiles):
      try Writing.run(
        db,
        """
        DELETE FROM observation WHERE id IN (
          SELECT id FROM observation WHERE at < ? OR id <= (SELECT max(id) FROM observation) - ?
          ORDER BY id LIMIT \(step))
        """, [before.milliseconds, Int64(keep)])
      let count = db.changesCount
      try Writing.run(
        db,
        "DELETE FROM profile WHERE type IN (SELECT type FROM profile ORDER BY at DESC, type LIMIT \(step) OFFSET ?)",
        [Int64(profiles)])
      return count + db.changesCount
    default: break
    }
    return 0
  }
}
