import GRDB

/// Every schema that a release has written, as text, with a few rows. Never edited; one is added with each migration.
enum StoredSchemas {
  static let all = [
    v1Tables + v1Rows, v1Tables + v2Tables + v1Rows + v2Rows,
    v1Tables + v2Tables + v3Tables + v1Rows + v2Rows + v3Rows,
    v1Tables + v2Tables + v3Tables + v1Rows + v2Rows + v3Rows + skillRuns,
    v1Tables + v2Tables + v3Tables + v1Rows + v2Rows + v3Rows + skillRuns + v5Changes,
    v1Tables + v2Tables + v3Tables + v1Rows + v2Rows + v3Rows + skillRuns + v5Changes + v6Changes,
    v1Tables + v2Tables + v3Tables + v1Rows + v2Rows + v3Rows + skillRuns + v5Changes + v6Changes
      + worktrees,
  ]

  /// Makes the file as the release of that schema left it.
  static func make(_ path: String, sql: String, version: Int) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.write { db in
      try db.execute(sql: sql)
      try db.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
      for number in 1...version {
        try db.execute(sql: "INSERT INTO grdb_migrations VALUES (?)", arguments: ["v\(number)"])
      }
      try db.execute(sql: "PRAGMA user_version = \(version); PRAGMA application_id = 1246910035")
    }
    try queue.close()
  }

  static let v2Tables = """

    CREATE TABLE observation (
      id INTEGER PRIMARY KEY NOT NULL,
      type TEXT NOT NULL,
      at INTEGER NOT NULL,
      json TEXT NOT NULL
    ) STRICT;
    CREATE TABLE profile (type TEXT PRIMARY KEY NOT NULL, at INTEGER NOT NULL, json TEXT NOT NULL) STRICT, WITHOUT ROWID;

    """

  static let v2Rows = """

    INSERT INTO observation VALUES (1, 'explore', 1795000000200, '{}');
    INSERT INTO profile VALUES ('explore', 1795000000200, '{}');
    """

  static let v1Rows = """
    INSERT INTO sequence VALUES ('task', 9);
    INSERT INTO batch VALUES (1, 'key', 'main', 'auto', 's1', 1795000000000, NULL);
    INSERT INTO environment VALUES (77, '{}');
    INSERT INTO task VALUES (1, 1, 0, 'a', 'explore', 'high', 'main', 's1', NULL, 'succeeded', 'Done.', 77, 1, 0, NULL,
      1795000000000, 1795000000100, 1795000000200, '{}', 't1.1', NULL, '{"command":"true"}');
    INSERT INTO task VALUES (2, 1, 1, 'b', 'explore', 'low', 'main', 's1', 'g', 'queued', 'Waits.', 77, 0, NULL, NULL,
      1795000000000, NULL, NULL, NULL, NULL, NULL, '{"command":"true"}');
    INSERT INTO learned VALUES (1, 'explore', 0.85, 'Saves time', 0.4, 0.2, 1795000000000, 's1', 'main');
    INSERT INTO finding VALUES (1, 'repo', 'main', 1, 'note', 'SQL injection', 'In login.php', '["sql"]', NULL, 0.9,
      1795000000000, NULL);
    INSERT INTO meta VALUES ('a', 'b');
    """

  static let v3Rows = """
    INSERT INTO agent VALUES (1, '{}');
    INSERT INTO spend VALUES (1, 20000, 1, 's1', 'main', 0.5, 100);
    """

  static let v3Tables = """
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

  static let v1Tables = """
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
    CREATE INDEX task_live ON task(state) WHERE ended_at IS NULL;
    CREATE INDEX task_over ON task(ended_at, state, batch) WHERE ended_at IS NOT NULL;
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

  /// What findings from before the fifth schema got then, and the keys of requests.
  static let v6Changes = """

    ALTER TABLE finding ADD COLUMN request TEXT;
    CREATE UNIQUE INDEX finding_request ON finding(request) WHERE request IS NOT NULL;
    CREATE TABLE folded (
      finding INTEGER NOT NULL,
      task INTEGER NOT NULL,
      agent TEXT,
      at INTEGER NOT NULL,
      confidence REAL
    ) STRICT;
    CREATE INDEX folded_finding ON folded(finding);
    CREATE INDEX folded_task ON folded(task);
    CREATE TRIGGER finding_deleted_folded AFTER DELETE ON finding BEGIN
      DELETE FROM folded WHERE finding = old.id;
    END;
    UPDATE finding SET marks = marks || ' t10792973371651288864', content = -3772425275448117334 WHERE id = 1;
    """

  /// What the fourth schema made of it: the hive-mind with branches and revisions.
  static let v5Changes = """
    CREATE TABLE branch (
      id INTEGER PRIMARY KEY NOT NULL,
      scope TEXT NOT NULL,
      name TEXT NOT NULL,
      parent TEXT,
      created_at INTEGER NOT NULL,
      archived_at INTEGER,
      merged_at INTEGER,
      findings INTEGER NOT NULL DEFAULT 0,
      UNIQUE (scope, name)
    ) STRICT;
    INSERT INTO branch (scope, name, created_at, findings)
      SELECT scope, branch, min(at), count(*) FROM finding GROUP BY scope, branch;

    DROP TRIGGER finding_inserted;
    DROP TRIGGER finding_deleted;
    DROP TRIGGER finding_updated;
    DROP TABLE finding_fts;

    ALTER TABLE finding ADD COLUMN marks TEXT NOT NULL DEFAULT '';
    ALTER TABLE finding ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE finding ADD COLUMN agent TEXT;
    ALTER TABLE finding ADD COLUMN content INTEGER;
    UPDATE finding SET marks = 'b' || (SELECT branch.id FROM branch WHERE branch.scope = finding.scope
      AND branch.name = finding.branch) || ' k' || kind;
    CREATE INDEX finding_task ON finding(task) WHERE task IS NOT NULL;
    CREATE INDEX finding_content ON finding(content) WHERE content IS NOT NULL;

    CREATE VIRTUAL TABLE finding_fts USING fts5(
      title, text, tags, marks, content = 'finding', content_rowid = 'id',
      tokenize = 'porter unicode61 remove_diacritics 2');
    INSERT INTO finding_fts(finding_fts) VALUES ('rebuild');
    CREATE TRIGGER finding_inserted AFTER INSERT ON finding BEGIN
      INSERT INTO finding_fts(rowid, title, text, tags, marks)
        VALUES (new.id, new.title, new.text, new.tags, new.marks);
      UPDATE branch SET findings = findings + 1 WHERE scope = new.scope AND name = new.branch;
    END;
    CREATE TRIGGER finding_deleted AFTER DELETE ON finding BEGIN
      INSERT INTO finding_fts(finding_fts, rowid, title, text, tags, marks)
        VALUES ('delete', old.id, old.title, old.text, old.tags, old.marks);
      UPDATE branch SET findings = findings - 1 WHERE scope = old.scope AND name = old.branch;
    END;
    CREATE TRIGGER finding_updated AFTER UPDATE OF title, text, tags, marks, branch ON finding BEGIN
      INSERT INTO finding_fts(finding_fts, rowid, title, text, tags, marks)
        VALUES ('delete', old.id, old.title, old.text, old.tags, old.marks);
      INSERT INTO finding_fts(rowid, title, text, tags, marks)
        VALUES (new.id, new.title, new.text, new.tags, new.marks);
      UPDATE branch SET findings = findings - 1 WHERE scope = old.scope AND name = old.branch;
      UPDATE branch SET findings = findings + 1 WHERE scope = new.scope AND name = new.branch;
    END;
    """
}
