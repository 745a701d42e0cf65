/// Where a search goes on: opaque to clients, checked when it comes back.
public struct FindingCursor: Sendable, Hashable, LosslessStringConvertible {
  /// Whether all words must occur, or any.
  var isWide: Bool
  /// The branch's place among those that are searched.
  var level: Int
  /// The newest finding of the window.
  var top: Int64
  /// How many of the window have been given out.
  var offset: Int
  /// The newest finding when the search began: later ones don't shift its pages.
  var ceiling: Int64

  init(isWide: Bool = false, level: Int = 0, top: Int64, offset: Int = 0, ceiling: Int64) {
    self.isWide = isWide
    self.level = level
    self.top = top
    self.offset = offset
    self.ceiling = ceiling
  }

  /// Reads what `description` wrote; nil for anything else.
  public init?(_ description: String) {
    let parts = description.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0] == "a" || parts[0] == "w", let level = Int(parts[1]), let top = Int64(parts[2]),
      let offset = Int(parts[3]), let ceiling = Int64(parts[4]), (0...Branches.maximumDepth).contains(level),
      top >= 0, ceiling >= 0, (0...100_000).contains(offset)
    else { return nil }
    self.init(isWide: parts[0] == "w", level: level, top: top, offset: offset, ceiling: ceiling)
  }

  /// One word.
  public var description: String { "\(isWide ? "w" : "a").\(level).\(top).\(offset).\(ceiling)" }
}
