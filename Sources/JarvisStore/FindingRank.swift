import GRDB
import GRDBSQLite
import Glibc

/// `finding_rank(finding_fts, idf…)`: BM25 (S. Robertson, K. Spärck Jones) with the weights of the words given.
///
/// FTS5's own `bm25()` counts, at the first row of each query, every row that holds each of the words: 100 ms and more
/// for a frequent word among a million findings. What each word is worth is estimated before, from a sample, so here
/// only the rows are looked at that are ranked. A phrase beyond the weights given (the marks) counts nothing.
enum FindingRank {
  /// How much more a word in the title, the text, the tags counts.
  private static let columnWeights: [Double] = [4, 1, 2, 0]
  /// The usual constants: how soon repetitions stop to count, and how much the length does.
  private static let k1 = 1.2
  private static let b = 0.75

  static func register(_ db: Database) {
    let api = UnsafeMutablePointer(mutating: FTS5.api(db))
    _ = api.pointee.xCreateFunction(
      api, "finding_rank", nil,
      { api, context, result, count, values in
        guard let api, let context, let values else { return }
        sqlite3_result_double(result, FindingRank.score(api, context, Int(count), values))
      }, nil)
  }

  private static func score(
    _ api: UnsafePointer<Fts5ExtensionApi>, _ context: OpaquePointer, _ count: Int,
    _ weights: UnsafeMutablePointer<OpaquePointer?>
  ) -> Double {
    guard let average = averageLength(api, context) else { return 0 }
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, count)) { frequencies in
      frequencies.initialize(repeating: 0)
      // FTS5 doesn't look whether there is such a phrase.
      for phrase in 0..<min(count, Int(api.pointee.xPhraseCount(context))) {
        var places = Fts5PhraseIter()
        var column: Int32 = 0
        var offset: Int32 = 0
        guard api.pointee.xPhraseFirst(context, Int32(phrase), &places, &column, &offset) == SQLITE_OK else { return 0 }
        while column >= 0 {
          if columnWeights.indices.contains(Int(column)) { frequencies[phrase] += columnWeights[Int(column)] }
          api.pointee.xPhraseNext(context, &places, &column, &offset)
        }
      }
      var length: Int32 = 0
      _ = api.pointee.xColumnSize(context, -1, &length)
      let norm = k1 * (1 - b + b * Double(length) / average)
      var score = 0.0
      for phrase in 0..<count {
        let f = frequencies[phrase]
        score += sqlite3_value_double(weights[phrase]) * f * (k1 + 1) / (f + norm)
      }
      return score
    }
  }

  /// How many words a finding has on average; nil if memory is out. FTS5 reads its record of it from the file each time
  /// it is asked, so it is kept with the query after the first row.
  private static func averageLength(_ api: UnsafePointer<Fts5ExtensionApi>, _ context: OpaquePointer) -> Double? {
    if let kept = api.pointee.xGetAuxdata(context, 0) { return kept.load(as: Double.self) }
    var total: Int64 = 0
    var rows: Int64 = 0
    _ = api.pointee.xColumnTotalSize(context, -1, &total)
    _ = api.pointee.xRowCount(context, &rows)
    let average = Double(max(1, total)) / Double(max(1, rows))
    guard let kept = malloc(MemoryLayout<Double>.size) else { return nil }
    kept.storeBytes(of: average, as: Double.self)
    guard api.pointee.xSetAuxdata(context, kept, { free($0) }) == SQLITE_OK else { return nil }
    return average
  }
}
