import GRDB

/// The passages of findings in which a search's words are.
enum FindingPassages {
  /// Of so many rows that match but aren't wanted the lists are walked at most.
  private static let strangers = FindingFinder.window

  /// The passages of findings that match, by their id.
  ///
  /// To find one row FTS5 walks the list of each word from its beginning, which takes longer than all else. So the lists
  /// are walked once for all, as they were for the ranking; only where much lies between (other branches' findings) is
  /// each of the rest looked for by itself. The marks are no part of the expression, or they would be passages, too.
  static func all(_ ids: [Int64], _ expression: String, _ db: Database) throws -> [Int64: String] {
    guard let oldest = ids.min(), let newest = ids.max() else { return [:] }
    let snippet = "snippet(finding_fts, -1, char(1), char(2), '…', 24)"
    let walk = try db.cachedStatement(
      sql: """
        SELECT rowid, CASE WHEN rowid IN (SELECT value FROM json_each(?)) THEN \(snippet) END FROM finding_fts
        WHERE finding_fts MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC
        """)
    let wanted = "[\(ids.map(String.init).joined(separator: ","))]"
    let rows = try Row.fetchCursor(walk, arguments: [wanted, expression, oldest, newest])
    var found: [Int64: String] = [:]
    var between = 0
    while found.count < ids.count, between <= strangers, let row = try rows.next() {
      if let passage: String = row[1] { found[row[0]] = passage } else { between += 1 }
    }
    let one = try db.cachedStatement(
      sql: "SELECT \(snippet) FROM finding_fts WHERE finding_fts MATCH ? AND rowid = ?")
    for id in ids where found[id] == nil { found[id] = try String.fetchOne(one, arguments: [expression, id]) }
    return found
  }

  /// A passage with the words that match in brackets; tags, which are stored as JSON, as people write them.
  static func worded(_ marked: String, of row: FindingRow) -> String {
    var text = marked
    let bare = marked.filter { $0 != "\u{1}" && $0 != "\u{2}" && $0 != "…" }
    if !bare.isEmpty, row.tagsJSON.contains(bare), bare.contains("\"") {
      for json in ["[\"", "\"]"] { text = text.replacing(json, with: "") }
      for (mark, place) in [("\u{2}\",\"", "\u{2}, "), ("\",\"", ", ")] { text = text.replacing(mark, with: place) }
      text = "tags: \(text.filter { $0 != "\"" })"
    }
    return text.replacing("\u{1}", with: "[").replacing("\u{2}", with: "]")
  }
}
