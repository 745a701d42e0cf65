import GRDB

/// A part of a list, and where the next part begins.
public struct Page<Row: Sendable, Cursor: Sendable>: Sendable {
  /// In the order asked for.
  public var rows: [Row]
  /// What to pass as `after` for the next page; nil when this was the last.
  public var next: Cursor?

  /// The most rows that one page holds, whatever is asked for.
  public static var maximum: Int { 10_000 }

  /// Wraps rows that were read with one more than `limit`, if there was one.
  init(_ rows: [Row], limit: Int, cursor: (Row) -> Cursor) {
    self.rows = Array(rows.prefix(limit))
    next = rows.count > limit ? self.rows.last.map(cursor) : nil
  }

  /// A limit that is at least 1 and at most `maximum`.
  static func clamp(_ limit: Int) -> Int { min(max(limit, 1), maximum) }
}

/// The WHERE of a list, put together from what the caller gave.
struct Conditions {
  private var terms: [String] = []
  private(set) var values: [DatabaseValue] = []

  /// Adds a term that names no value.
  mutating func add(_ term: String) { terms.append(term) }

  /// Adds a term with one `?`, unless there is no value for it.
  mutating func add(_ term: String, _ value: (some DatabaseValueConvertible)?) {
    guard let value else { return }
    terms.append(term)
    values.append(value.databaseValue)
  }

  /// Adds `column IN (…)`, unless there is no list; an empty list lets nothing through.
  mutating func add(_ column: String, in list: [String]?) {
    guard let list else { return }
    terms.append("\(column) IN (\(list.map { _ in "?" }.joined(separator: ",")))")
    values += list.map(\.databaseValue)
  }

  /// Adds where a page begins.
  mutating func add(after id: DatabaseValue?, newestFirst: Bool) {
    add(newestFirst ? "id < ?" : "id > ?", id)
  }

  /// ` WHERE …`, or nothing.
  var sql: String { terms.isEmpty ? "" : " WHERE " + terms.joined(separator: " AND ") }

  var arguments: StatementArguments { StatementArguments(values) }
}
