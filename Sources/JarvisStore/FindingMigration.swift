import GRDB

extension Migrations {
  /// - What findings from before schema 5 lack: the hash of their content, so that duplicates of them are folded, and the
  ///   marks of their tags, so that a search by tag finds them. The branch's mark and the kind's they have.
  /// - `finding.request`: the key of the request that stored it, so that one that comes again stores nothing again.
  static let oldFindings = """
    ALTER TABLE finding ADD COLUMN request TEXT;
    CREATE UNIQUE INDEX finding_request ON finding(request) WHERE request IS NOT NULL;
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
