import GRDB

/// The layout of the database file and how older files become it.
///
/// The list only grows: a migration that a release has carried is never edited, since files exist that ran it.
/// `user_version` is the number of the last migration, `application_id` marks the file as Jarvis's.
///
/// Tables (times are milliseconds since 1970; states, priorities and strategies are the protocol's words):
/// - `batch`, `task`: the journal and the history. A task's `spec` and `usage` are JSON of the daemon's own.
///   Few indexes, since each one is another page to sync in every commit: `task_live` finds what start-up loads,
///   `task_over` covers statistics and pruning and is written only when a task ends.
/// - `environment`: submitters' environments, once for each content.
/// - `sequence`: the highest ids that pruning took away, so that no id is ever given twice.
/// - `learned`: what was taught about task types, never overwritten.
/// - `observation`, `profile`: what finished tasks showed; see `learning`.
/// - `agent`, `spend`: see `AgentTables`.
/// - `skill_run`: what each run of a skill was asked, and what it came to.
/// - `finding` with `finding_fts`: the hive-mind and its full-text index (external content, kept by triggers), and
///   `branch`; see `hive`.
/// - `worktree`: the git worktrees of tasks; see `worktrees`.
/// - `meta`: the daemon's own values.
enum Migrations {
  /// "JRVS".
  static let applicationID = 0x4A52_5653

  /// The schema that this code reads and writes.
  static let current = all.count

  /// In SQL, what only tasks that are not over fulfil; partial indexes and the queries that use them must say it in
  /// the same words. That a task has an end exactly if its state is terminal is seen to by `Writing`.
  static let live = "ended_at IS NULL"
  /// The rest.
  static let over = "ended_at IS NOT NULL"

  /// Oldest first; number n makes schema n out of schema n − 1.
  private static let all: [String] = [v1, learning, AgentTables.migration, skillRuns, hive, oldFindings, worktrees]

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    for (index, sql) in all.enumerated() {
      migrator.registerMigration("v\(index + 1)") { db in
        try db.execute(sql: sql)
        try db.execute(sql: "PRAGMA user_version = \(index + 1); PRAGMA application_id = \(applicationID)")
      }
    }
    return migrator
  }

  /// Throws unless the file is new, or Jarvis's own and of a schema that this code knows. Changes nothing.
  static func inspect(_ db: Database, path: String) throws {
    let id = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    if id != applicationID {
      // A file of ours that was killed at its creation has no id yet, and at most the migrator's own table.
      let names = try String.fetchSet(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
      guard id == 0, names.isSubset(of: ["grdb_migrations"]) else { throw StoreError.foreignFile(path: path) }
    }
    let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    guard found <= current else { throw StoreError.newerSchema(path: path, found: found, known: current) }
  }

  private static let v1 = """
    CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE sequence (name TEXT PRIMARY KEY NOT NULL, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;

    CREATE TABLE batch (
      id INTEGER PRIMARY KEY NOT NULL,
      request_key TEXT,
      branch TEXT NOT NULL,
      strategy TEXT NOT NULL,
      session TEXT NOT NULL,
      submitted_at INTEGER NOT NULL,
      name TEXT
    ) STRICT;
    CREATE UNIQUE INDEX batch_request_key ON batch(request_key) WHERE request_key IS NOT NULL;

    CREATE TABLE environment (id INTEGER PRIMARY KEY NOT NULL, json TEXT NOT NULL) STRICT;

    CREATE TABLE task (
      id INTEGER PRIMARY KEY NOT NULL,
      batch INTEGER NOT NULL REFERENCES batch(id),
      seq INTEGER NOT NULL,
      name TEXT,
      type TEXT NOT NULL,
      priority TEXT NOT NULL,
      branch TEXT NOT NULL,
      session TEXT NOT NULL,
      grp TEXT,
      state TEXT NOT NULL,
      reason TEXT NOT NULL,
      environment INTEGER,
      attempt INTEGER NOT NULL,
      exit_code INTEGER,
      signal INTEGER,
      submitted_at INTEGER NOT NULL,
      started_at INTEGER,
      ended_at INTEGER,
      usage TEXT,
      run_key TEXT,
      not_before INTEGER,
      spec TEXT NOT NULL
    ) STRICT;
    CREATE INDEX task_live ON task(state) WHERE \(live);
    CREATE INDEX task_over ON task(ended_at, state, batch) WHERE \(over);
    CREATE INDEX task_batch ON task(batch);
    CREATE INDEX task_branch ON task(branch);

    CREATE TABLE learned (
      id INTEGER PRIMARY KEY NOT NULL,
      task_type TEXT NOT NULL,
      parallel_benefit REAL,
      notes TEXT NOT NULL,
      cpu REAL,
      ram REAL,
      at INTEGER NOT NULL,
      session TEXT NOT NULL,
      branch TEXT NOT NULL
    ) STRICT;
    CREATE INDEX learned_type ON learned(task_type);

    CREATE TABLE finding (
      id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
      scope TEXT NOT NULL,
      branch TEXT NOT NULL,
      task INTEGER,
      kind TEXT NOT NULL,
      title TEXT,
      text TEXT NOT NULL,
      tags TEXT NOT NULL,
      key TEXT,
      confidence REAL,
      at INTEGER NOT NULL,
      expires_at INTEGER
    ) STRICT;
    CREATE INDEX finding_branch ON finding(scope, branch);
    CREATE UNIQUE INDEX finding_key ON finding(scope, branch, key) WHERE key IS NOT NULL;
    CREATE INDEX finding_expiry ON finding(expires_at) WHERE expires_at IS NOT NULL;

    CREATE VIRTUAL TABLE finding_fts USING fts5(
      title, text, tags, content = 'finding', content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 2');
    CREATE TRIGGER finding_inserted AFTER INSERT ON finding BEGIN
      INSERT INTO finding_fts(rowid, title, text, tags) VALUES (new.id, new.title, new.text, new.tags);
    END;
    CREATE TRIGGER finding_deleted AFTER DELETE ON finding BEGIN
      INSERT INTO finding_fts(finding_fts, rowid, title, text, tags)
      VALUES ('delete', old.id, old.title, old.text, old.tags);
    END;
    CREATE TRIGGER finding_updated AFTER UPDATE ON finding BEGIN
      INSERT INTO finding_fts(finding_fts, rowid, title, text, tags)
      VALUES ('delete', old.id, old.title, old.text, old.tags);
      INSERT INTO finding_fts(rowid, title, text, tags) VALUES (new.id, new.title, new.text, new.tags);
    END;
    """
}
