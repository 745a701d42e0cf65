import GRDB
import JarvisProtocol

/// How findings and branches are written. Runs on the writer's connection, inside a transaction.
enum Branches {
  /// Parents above a branch at most.
  static let maximumDepth = 16

  /// The branch and its parents, nearest first.
  static func lineage(_ scope: String, _ name: String, _ db: Database) throws -> [BranchRow] {
    var found: [BranchRow] = []
    var next: String? = name
    while let name = next, found.count <= maximumDepth {
      let statement = try db.cachedStatement(
        sql: "SELECT \(BranchRow.columns) FROM branch WHERE scope = ? AND name = ?")
      guard let row = try Row.fetchOne(statement, arguments: [scope, name]) else { break }
      let branch = BranchRow(row: row)
      found.append(branch)
      next = branch.parent
    }
    return found
  }

  static func make(_ scope: String, _ name: String, parent: String?, at time: Timestamp, _ db: Database) throws {
    _ = try number(scope, name, at: time, db)
    guard let parent else { return }
    let known = try lineage(scope, name, db).first?.parent
    guard known != parent else { return }
    if let known {
      throw StoreError.refused(
        change: "the parent \"\(parent)\" of branch \"\(name)\"", rule: "its parent is \"\(known)\", which stays")
    }
    _ = try number(scope, parent, at: time, db)
    let above = try lineage(scope, parent, db)
    guard !above.contains(where: { $0.name == name }) else {
      throw StoreError.refused(
        change: "the parent \"\(parent)\" of branch \"\(name)\"", rule: "the branch would be its own ancestor")
    }
    guard above.count < maximumDepth else {
      throw StoreError.refused(
        change: "the parent \"\(parent)\" of branch \"\(name)\"",
        rule: "it would have over \(maximumDepth) branches above")
    }
    try Writing.run(
      db, "UPDATE branch SET parent = ? WHERE scope = ? AND name = ?",
      [Writing.v(parent), Writing.v(scope), Writing.v(name)])
  }

  static func archive(_ scope: String, _ name: String, at time: Timestamp?, merged: Bool, _ db: Database) throws {
    try Writing.run(
      db, "UPDATE branch SET archived_at = ? WHERE scope = ? AND name = ?",
      [Writing.v(time), Writing.v(scope), Writing.v(name)])
    guard merged, let time else { return }
    try Writing.run(
      db, "UPDATE branch SET merged_at = ? WHERE scope = ? AND name = ?",
      [Writing.v(time), Writing.v(scope), Writing.v(name)])
  }

  /// The number of a branch, which is made where it is new.
  static func number(_ scope: String, _ name: String, at time: Timestamp, _ db: Database) throws -> Int64 {
    let find = try db.cachedStatement(sql: "SELECT id FROM branch WHERE scope = ? AND name = ?")
    let (scope, name) = (Writing.storable(scope), Writing.storable(name))
    if let id = try Int64.fetchOne(find, arguments: [scope, name]) { return id }
    try Writing.run(
      db, "INSERT INTO branch (scope, name, created_at) VALUES (?,?,?)",
      [Writing.v(scope), Writing.v(name), Writing.v(time)])
    return db.lastInsertedRowID
  }

  // MARK: Merging

  /// In both, exactly the same is said; ?1 scope, ?2 from, ?3 into.
  private static let same = """
    other.content = mine.content AND other.scope = mine.scope AND other.key IS mine.key AND other.kind = mine.kind
    AND other.text = mine.text AND other.title IS mine.title AND other.tags = mine.tags
    """

  static func fold(_ scope: String, _ from: String, into: String, _ db: Database) throws -> Int {
    let pairs = try Row.fetchAll(
      db,
      sql: """
        SELECT mine.id, (SELECT min(other.id) FROM finding AS other INDEXED BY finding_content WHERE \(same)
          AND (other.branch = ?3 OR (other.branch = ?2 AND other.id < mine.id))) AS kept
        FROM finding AS mine INDEXED BY finding_branch WHERE mine.scope = ?1 AND mine.branch = ?2
        AND mine.content IS NOT NULL AND kept IS NOT NULL LIMIT 500
        """, arguments: [Writing.storable(scope), Writing.storable(from), Writing.storable(into)])
    for pair in pairs {
      let (mine, kept) = (Writing.v(pair[0] as Int64), Writing.v(pair[1] as Int64))
      // Who found it stays known, and who had found what was folded into it before.
      try Writing.run(
        db,
        """
        INSERT INTO folded (finding, task, agent, at, confidence)
        SELECT ?2, task, agent, at, confidence FROM finding WHERE id = ?1 AND task IS NOT NULL
        """, [mine, kept])
      try Writing.run(db, "UPDATE folded SET finding = ?2 WHERE finding = ?1", [mine, kept])
      try Writing.run(db, "DELETE FROM finding WHERE id = ?", [mine])
    }
    return pairs.count
  }

  static func settle(_ scope: String, _ from: String, into: String, _ rule: MergeRule, _ db: Database) throws {
    let values = [Writing.v(scope), Writing.v(from), Writing.v(into)]
    let others = "SELECT key FROM finding WHERE scope = ?1 AND branch = ?3 AND key IS NOT NULL"
    switch rule {
    case .parent:
      try Writing.run(
        db, "DELETE FROM finding WHERE scope = ?1 AND branch = ?2 AND key IN (\(others))", values)
    case .branch:
      try Writing.run(
        db,
        """
        UPDATE finding SET revision = 1 + (SELECT other.revision FROM finding AS other
          WHERE other.scope = ?1 AND other.branch = ?3 AND other.key = finding.key)
        WHERE scope = ?1 AND branch = ?2 AND key IN (\(others))
        """, values)
      try Writing.run(
        db,
        """
        DELETE FROM finding WHERE scope = ?1 AND branch = ?3
        AND key IN (SELECT key FROM finding WHERE scope = ?1 AND branch = ?2 AND key IS NOT NULL)
        """, values)
    case .both:
      let rows = try Row.fetchAll(
        db, sql: "SELECT id, key FROM finding WHERE scope = ?1 AND branch = ?2 AND key IN (\(others))",
        arguments: StatementArguments(values))
      for row in rows {
        let key = try freeKey(row[1], scope, from, into: into, db)
        try Writing.run(db, "UPDATE finding SET key = ? WHERE id = ?", [Writing.v(key), Writing.v(row[0] as Int64)])
      }
    }
  }

  /// `KEY@BRANCH`, or `KEY@BRANCH-2` and so on: the first that neither branch has.
  private static func freeKey(
    _ key: String, _ scope: String, _ from: String, into: String, _ db: Database
  ) throws -> String {
    let statement = try db.cachedStatement(
      sql: "SELECT EXISTS (SELECT 1 FROM finding WHERE scope = ? AND branch IN (?, ?) AND key = ?)")
    var name = "\(key)@\(from)"
    var number = 2
    while try Bool.fetchOne(
      statement, arguments: [Writing.storable(scope), Writing.storable(from), Writing.storable(into), name]) ?? false
    {
      name = "\(key)@\(from)-\(number)"
      number += 1
    }
    return name
  }

  static func move(_ scope: String, _ from: String, into: String, _ db: Database) throws -> Int {
    let find = try db.cachedStatement(sql: "SELECT id FROM branch WHERE scope = ? AND name = ?")
    guard let old = try Int64.fetchOne(find, arguments: [scope, from]),
      let new = try Int64.fetchOne(find, arguments: [scope, into])
    else { return 0 }
    // The branch's mark is the first word.
    try Writing.run(
      db,
      """
      UPDATE finding SET branch = ?3, marks = ?4 || substr(marks, ?5) WHERE id IN (
        SELECT id FROM finding INDEXED BY finding_branch WHERE scope = ?1 AND branch = ?2 LIMIT 500)
      """,
      [
        Writing.v(scope), Writing.v(from), Writing.v(into), Writing.v(FindingMarks.branch(new)),
        Writing.v(Int64(FindingMarks.branch(old).utf8.count + 1)),
      ])
    return db.changesCount
  }
}

extension Writing {
  /// Stores a finding in the place of the one with its key; returns its revision.
  static func insert(_ row: FindingRow, _ rules: FindingRules, _ db: Database) throws -> Int {
    if let request = rules.request {
      let statement = try db.cachedStatement(sql: "SELECT id FROM finding WHERE request = ?")
      if let id = try Int64.fetchOne(statement, arguments: [storable(request)]) {
        throw StoreError.duplicateFinding(existing: id)
      }
    }
    let branch = try Branches.number(row.scope, row.branch, at: row.at, db)
    var revision = row.revision
    var isNew = true
    if let key = row.key {
      let statement = try db.cachedStatement(
        sql: "SELECT revision, expires_at FROM finding WHERE scope = ? AND branch = ? AND key = ?")
      let found = try Row.fetchOne(statement, arguments: [storable(row.scope), storable(row.branch), storable(key)])
      let known: Int64? = found?[0]
      let expiry: Int64? = found?[1]
      // What has expired is not there any more, for whoever expects a revision; its number is not given again.
      let current = expiry.map { $0 <= row.at.milliseconds } ?? false ? 0 : known ?? 0
      if let expected = rules.expectedRevision, expected != current {
        throw StoreError.revision(key: key, expected: expected, found: current)
      }
      if let known {
        isNew = false
        revision = known + 1
        try run(
          db, "DELETE FROM finding WHERE scope = ? AND branch = ? AND key = ?", [v(row.scope), v(row.branch), v(key)])
      }
    }
    if isNew { try checkRoom(row, rules, branch, db) }
    try run(
      db,
      """
      INSERT INTO finding (id, scope, branch, task, kind, title, text, tags, key, confidence, at, expires_at, marks,
      revision, agent, content, request) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
      """,
      [
        v(row.id), v(row.scope), v(row.branch), row.taskID?.stored ?? .null, v(row.kind), v(row.title), v(row.text),
        v(row.tagsJSON), v(row.key), v(row.confidence), v(row.at), v(row.expiresAt),
        v(FindingMarks.all(branch: branch, kind: row.kind, tagsJSON: row.tagsJSON)), v(revision), v(row.agent),
        v(row.contentHash), v(rules.request),
      ])
    try run(db, "UPDATE branch SET archived_at = NULL WHERE id = ? AND archived_at IS NOT NULL", [v(branch)])
    return Int(revision)
  }

  private static func checkRoom(_ row: FindingRow, _ rules: FindingRules, _ branch: Int64, _ db: Database) throws {
    if let task = row.taskID, rules.perTask < .max {
      let statement = try db.cachedStatement(
        sql: "SELECT count(*) FROM (SELECT 1 FROM finding INDEXED BY finding_task WHERE task = ? LIMIT ?)")
      let count = try Int.fetchOne(statement, arguments: [Int64(bitPattern: task.raw), rules.perTask]) ?? 0
      if count >= rules.perTask { throw StoreError.bound("task \(task)", limit: rules.perTask) }
    }
    if rules.perBranch < .max {
      let statement = try db.cachedStatement(sql: "SELECT findings FROM branch WHERE id = ?")
      let count = try Int.fetchOne(statement, arguments: [branch]) ?? 0
      if count >= rules.perBranch { throw StoreError.bound("branch \"\(row.branch)\"", limit: rules.perBranch) }
    }
  }
}
