import GRDB

extension Migrations {
  /// - What findings from before schema 5 lack: the hash of their content, so that duplicates of them are folded, and the
  ///   marks of their tags, so that a search by tag finds them. The branch's mark and the kind's they have.
  /// - `finding.request`: the key of the request that stored it, so that one that comes again stores nothing again.
  /// - `folded`: which tasks found, too, what a merge has folded into a finding.
  static let oldFindings = """
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
    UPDATE finding SET marks = finding_marks(marks, tags) WHERE content IS NULL AND tags <> '[]';
    UPDATE finding SET content = finding_content(kind, title, text, tags) WHERE content IS NULL;
    """

  /// The functions that it calls, on one connection.
  static func registerFindingFunctions(_ db: Database) {
    db.add(
      function: DatabaseFunction("finding_marks", argumentCount: 2, pure: true) { values in
        guard let marks = String.fromDatabaseValue(values[0]), let tags = String.fromDatabaseValue(values[1]) else {
          return values[0]
        }
        return ([marks] + FindingMarks.tags(tags)).joined(separator: " ")
      })
    db.add(
      function: DatabaseFunction("finding_content", argumentCount: 4, pure: true) { values in
        Hash.of(values.map { String.fromDatabaseValue($0) })
      })
  }
}
