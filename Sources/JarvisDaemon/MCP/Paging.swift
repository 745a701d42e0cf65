import JarvisProtocol

/// Cuts a list that is in memory into pages.
enum Paging {
  /// A page of `items` and the cursor of the next one.
  /// - Throws: `invalidParams` for a cursor that was not given out for this list.
  static func page<T>(
    _ items: [T], after cursor: JSON?, size: Int
  ) throws(RPC.Failure) -> (items: ArraySlice<T>, next: String?) {
    var start = 0
    if let cursor, cursor != .null {
      guard let text = cursor.stringValue, text.hasPrefix("n"), let number = Int(text.dropFirst()), number > 0,
        number < items.count, number.isMultiple(of: size)
      else { throw badCursor }
      start = number
    }
    let end = min(items.count, start + size)
    return (items[start..<end], end < items.count ? "n\(end)" : nil)
  }

  static let badCursor = RPC.Failure(
    .invalidParams,
    "`params.cursor` is no cursor of this list: leave it out for the first page, or give the "
      + "`nextCursor` of the page before as it came")
}
