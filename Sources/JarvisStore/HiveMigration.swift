extension Migrations {
  /// The hive-mind's second form: branches with parents, revisions of keys, provenance, and an index that knows where
  /// a finding belongs.
  ///
  /// - `branch`: the branches of each scope, with the number of their findings (kept by triggers, so that the bound of
  ///   a branch costs no count).
  /// - `finding.marks`: words for the index alone, the branch (`b17`), the kind (`kwarning`) and the tags (`t…`, hashed).
  ///   A search says them in its MATCH, so that FTS5 skips what other branches hold instead of reading it.
  /// - `finding.content`: a hash of kind, title, text and tags, which finds exact duplicates (`oldFindings` fills it in
  ///   for rows that were stored before).
  static let hive = """
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
