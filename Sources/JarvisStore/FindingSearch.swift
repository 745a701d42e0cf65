import GRDB
import Glibc
import JarvisProtocol

/// What to look for in the hive-mind.
public struct FindingSearch: Sendable, Hashable {
  /// The repository.
  public var scope: String
  /// The branch; its parents are searched after it.
  public var branch: String
  /// As a person types it; nil lists the newest.
  public var query: String?
  /// Only of this kind.
  public var kind: String?
  /// Only with all of these tags.
  public var tags: [String] = []
  /// Whether any of the words will do from the start.
  public var isWide = false
  /// Whether the parents are searched too.
  public var withParents = true
  /// Whether archived branches are.
  public var withArchived = false
  /// What expired at or before this is left out.
  public var now: Timestamp
  /// 1 to 10,000; others are brought into that range.
  public var limit = 20
  /// Where the page before ended.
  public var cursor: FindingCursor?

  /// A search of a branch and its parents.
  public init(scope: String, branch: String, query: String?, now: Timestamp) {
    self.scope = scope
    self.branch = branch
    self.query = query
    self.now = now
  }
}

/// A finding that a search found.
public struct FindingHit: Sendable, Hashable {
  /// The finding.
  public var finding: FindingRow
  /// The passage that matched best, with the matching words in square brackets; empty where no words were given.
  public var snippet: String
  /// How well it matches (BM25; the title counts most): greater is better, comparable within one search only.
  public var score: Double
}

extension Store {
  /// Searches a branch, then its parents, nearest first; within a branch the best come first.
  ///
  /// All words of the query must occur, in any of their English forms; if no finding of these branches holds all of
  /// them, any of the rarer ones will do (a word that occurs nowhere also as the beginning of one), or of the frequent
  /// ones where there are no others. Text in double
  /// quotes is a phrase. No query is an error; one without a letter or digit finds nothing.
  ///
  /// Of a branch's matches the newest 1,000 (250 of a search for many words) are ranked against each other, then the next: so a word that is in half
  /// of a million findings costs no more than a rare one, and every match is reached by paging.
  public func searchFindings(_ search: FindingSearch) async throws(StoreError) -> Page<FindingHit, FindingCursor> {
    try await read { db in try FindingFinder(search, db).page() }
  }
}

/// One search on its connection.
struct FindingFinder {
  /// Matches that are ranked against each other, for one word; with more words it is fewer, since a match costs
  /// as much as it has words: a search costs about the same whatever is asked for.
  static let window = 1000
  /// Not fewer than this many, however many words.
  private static let leastWindow = 250
  /// Matches that are looked at to estimate how frequent a word is.
  private static let sample = 256
  /// The same of a text, whose many words are only sorted by it.
  private static let smallSample = 64
  /// Words that a wide search uses at most, the rarest.
  private static let wideTerms = 8
  /// Words that are looked for all together at most: of more, a whole text say, no finding has all.
  private static let narrowTerms = 8

  private let search: FindingSearch
  private let db: Database
  private let levels: [BranchRow]
  private let limit: Int

  init(_ search: FindingSearch, _ db: Database) throws {
    self.search = search
    self.db = db
    limit = Page<FindingHit, FindingCursor>.clamp(search.limit)
    let lineage = try Branches.lineage(search.scope, search.branch, db)
    levels = (search.withParents ? lineage[...] : lineage.prefix(1)).filter {
      search.withArchived || $0.archivedAt == nil
    }
  }

  func page() throws -> Page<FindingHit, FindingCursor> {
    let empty = Page<FindingHit, FindingCursor>([], limit: limit) { _ in FindingCursor(top: 0, ceiling: 0) }
    guard !levels.isEmpty else { return empty }
    let newest = try Int64.fetchOne(db, sql: "SELECT max(id) FROM finding") ?? 0
    let start = search.cursor ?? FindingCursor(top: newest, ceiling: newest)
    guard let text = search.query else { return try collect(from: start, terms: [], total: newest) }
    let words = SearchQuery(text).terms
    let sample = words.count > Self.narrowTerms ? Self.smallSample : Self.sample
    let terms = try words.map { try Term($0, sample: sample, total: newest, db) }
    guard !terms.isEmpty else { return empty }
    if !start.isWide, !search.isWide, terms.count <= Self.narrowTerms, terms.allSatisfy({ $0.count > 0 }) {
      let found = try collect(from: start, terms: terms, total: newest)
      if !found.rows.isEmpty || search.cursor != nil { return found }
    }
    var wide = start
    wide.isWide = true
    return try collect(from: wide, terms: try rarest(terms, ceiling: start.ceiling, total: newest), total: newest)
  }

  /// Those that tell findings apart: no word that is in more than a twentieth of them, unless the others are nowhere, not
  /// even as beginnings: beside a slip of the pen the rest was meant. All pages of a search have the same ceiling, and so
  /// the same words.
  private func rarest(_ terms: [Term], ceiling: Int64, total: Int64) throws -> [Term] {
    let sorted = terms.sorted { $0.count < $1.count }
    let telling = Array(sorted.prefix { $0.count <= max(1000, Double(total) / 20) }.prefix(Self.wideTerms))
    let known = sorted.drop { $0.count == 0 }
    if known.isEmpty || telling.contains(where: { $0.count > 0 }) { return telling }
    var start = FindingCursor(top: ceiling, ceiling: ceiling)
    start.isWide = true
    if !telling.isEmpty, try !collect(from: start, terms: telling, total: total).rows.isEmpty { return telling }
    return Array(known.prefix(Self.wideTerms))
  }

  private static func window(of terms: [Term]) -> Int {
    max(leastWindow, min(window, 1200 / max(1, terms.count)))
  }

  private struct Match {
    let id: Int64
    let score: Double
  }

  /// Windows, from the cursor on, until the page is full.
  private func collect(
    from start: FindingCursor, terms: [Term], total: Int64
  ) throws -> Page<FindingHit, FindingCursor> {
    var cursor = start
    var ids: [Match] = []
    var next: FindingCursor?
    while cursor.level < levels.count {
      let found = try matches(terms, cursor, total: total)
      let isWhole = found.count < Self.window(of: terms)
      let rest = found.sorted { ($0.score, $0.id) > ($1.score, $1.id) }.dropFirst(cursor.offset)
      let taken = rest.prefix(limit - ids.count)
      ids += taken
      if taken.count < rest.count {
        cursor.offset += taken.count
        next = cursor
        break
      }
      if isWhole {
        cursor.level += 1
        cursor.top = cursor.ceiling
      } else {
        cursor.top = (found.map(\.id).min() ?? 1) - 1
      }
      cursor.offset = 0
      if ids.count == limit {
        // Whether anything follows is not known yet; an empty last page is no harm.
        if cursor.level < levels.count { next = cursor }
        break
      }
    }
    var page = Page<FindingHit, FindingCursor>(try hits(ids, terms, cursor), limit: limit) { _ in cursor }
    page.next = next
    return page
  }

  private func expression(_ terms: [Term], isWide: Bool) -> String {
    let phrases = terms.map { isWide && $0.count == 0 && $0.isLong ? "\($0.phrase)*" : $0.phrase }
    return "{title text tags} : (\(phrases.joined(separator: isWide ? " OR " : " AND ")))"
  }

  /// The newest matches of a branch from the cursor's top on, at most a window.
  private func matches(_ terms: [Term], _ cursor: FindingCursor, total: Int64) throws -> [Match] {
    let branch = levels[cursor.level]
    // The mark of a branch that holds most findings is in most rows: where matches are far apart, walking all of them in
    // between costs more than looking each match up.
    if !terms.isEmpty, 2 * Int64(branch.findings) >= total,
      Self.share(of: terms, isWide: cursor.isWide, total: total) < Self.sparse,
      let found = try matchesLookedUp(terms, cursor, in: branch)
    {
      return found
    }
    let rank = terms.isEmpty ? "0.0" : Self.rank(terms)
    let statement = try db.cachedStatement(
      sql: """
        SELECT rowid, \(rank) FROM finding_fts WHERE finding_fts MATCH ? AND rowid <= ?
        AND rowid NOT IN (SELECT id FROM finding WHERE expires_at <= ?) ORDER BY rowid DESC LIMIT \(Self.window(of: terms))
        """)
    let match = expression(terms, marks: [FindingMarks.branch(branch.id)] + marks, isWide: cursor.isWide)
    let rows = try Row.fetchCursor(
      statement,
      arguments: StatementArguments(
        terms.map(\.weight.databaseValue)
          + [match.databaseValue, cursor.top.databaseValue, search.now.milliseconds.databaseValue]))
    return try Array(rows.map { Match(id: $0[0], score: $0[1]) })
  }

  /// The same for a branch to which most findings belong: the words alone are matched, and each row is looked up in the
  /// index of branches. Nil where too many turn out to be of other branches.
  private func matchesLookedUp(
    _ terms: [Term], _ cursor: FindingCursor, in branch: BranchRow
  ) throws -> [Match]? {
    let statement = try db.cachedStatement(
      sql: """
        SELECT rowid, CASE WHEN EXISTS (SELECT 1 FROM finding INDEXED BY finding_branch
          WHERE scope = ? AND branch = ? AND id = finding_fts.rowid) THEN \(Self.rank(terms)) END
        FROM finding_fts WHERE finding_fts MATCH ? AND rowid <= ?
        AND rowid NOT IN (SELECT id FROM finding WHERE expires_at <= ?) ORDER BY rowid DESC
        """)
    let match = expression(terms, marks: marks, isWide: cursor.isWide)
    let rows = try Row.fetchCursor(
      statement,
      arguments: StatementArguments(
        [branch.scope.databaseValue, branch.name.databaseValue] + terms.map(\.weight.databaseValue)
          + [match.databaseValue, cursor.top.databaseValue, search.now.milliseconds.databaseValue]))
    let window = Self.window(of: terms)
    var found: [Match] = []
    var strangers = 0
    while found.count < window, let row = try rows.next() {
      if let score: Double = row[1] {
        found.append(Match(id: row[0], score: score))
      } else {
        strangers += 1
        if strangers > window { return nil }
      }
    }
    return found
  }

  /// One match in so many rows; about 200 entries of a list cost what one look into the index of branches does.
  private static let sparse = 1.0 / 200

  /// About which share of all findings matches, if the words have nothing to do with each other.
  private static func share(of terms: [Term], isWide: Bool, total: Int64) -> Double {
    let shares = terms.map { $0.count / Double(max(1, total)) }
    return isWide ? shares.reduce(0, +) : shares.reduce(1, *)
  }

  private static func rank(_ terms: [Term]) -> String {
    "finding_rank(finding_fts, \(terms.map { _ in "?" }.joined(separator: ",")))"
  }

  /// The words of the index for what narrows the search, beside the branch.
  private var marks: [String] {
    (search.kind.map { [FindingMarks.kind($0)] } ?? []) + search.tags.map(FindingMarks.tag)
  }

  private func expression(_ terms: [Term], marks: [String], isWide: Bool) -> String {
    // The words first: the ranking counts phrases in the order written.
    var parts = terms.isEmpty ? [] : ["(\(expression(terms, isWide: isWide)))"]
    if !marks.isEmpty { parts.append("(marks : (\(marks.map { "\"\($0)\"" }.joined(separator: " AND "))))") }
    return parts.joined(separator: " AND ")
  }

  /// The findings themselves, with the passages that matched.
  private func hits(_ matches: [Match], _ terms: [Term], _ cursor: FindingCursor) throws -> [FindingHit] {
    let find = try db.cachedStatement(sql: "SELECT \(FindingRow.columns) FROM finding WHERE id = ?")
    let passages =
      terms.isEmpty ? [:] : try FindingPassages.all(matches.map(\.id), expression(terms, isWide: cursor.isWide), db)
    return try matches.compactMap { match in
      guard let row = try Row.fetchOne(find, arguments: [match.id]).map(FindingRow.init(row:)) else { return nil }
      return FindingHit(
        finding: row, snippet: FindingPassages.worded(passages[match.id] ?? "", of: row), score: match.score)
    }
  }
}

/// A word or phrase, and what finding it is worth.
private struct Term {
  let phrase: String
  /// In how many findings, about: estimated from how near to each other the newest of them are.
  let count: Double
  /// Its inverse document frequency.
  let weight: Double
  /// Whether it is long enough to be looked for as the beginning of words.
  let isLong: Bool

  init(_ phrase: String, sample: Int, total: Int64, _ db: Database) throws {
    self.phrase = phrase
    isLong = phrase.unicodeScalars.count >= 5
    let statement = try db.cachedStatement(
      sql: """
        SELECT count(*), min(rowid) FROM (SELECT rowid FROM finding_fts WHERE finding_fts MATCH ?
        ORDER BY rowid DESC LIMIT \(sample))
        """)
    let row = try Row.fetchOne(statement, arguments: [phrase])
    let found: Int = row?[0] ?? 0
    let oldest: Int64 = row?[1] ?? 0
    let share = Double(max(1, total - oldest + 1)) / Double(max(1, total))
    count = found < sample ? Double(found) : min(Double(total), Double(found) / share)
    weight = log(1 + (Double(total) - count + 0.5) / (count + 0.5))
  }
}
