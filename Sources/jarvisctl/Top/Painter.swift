/// Turns frames into what must be written so that the terminal shows them: only cells that changed.
struct Painter {
  private let hasColor: Bool
  private var shown: Grid?

  /// Equal cells between two changes that are written again rather than jumped over: a jump takes about 7 bytes.
  private static let shortGap = 4

  init(hasColor: Bool) { self.hasColor = hasColor }

  /// The next frame is drawn whole: the terminal was cleared, resized or used by another program.
  mutating func forget() { shown = nil }

  /// The bytes that turn what is shown into `grid`; none where they are equal.
  mutating func paint(_ grid: Grid) -> [UInt8] {
    var pen = Pen(hasColor: hasColor)
    let old: Grid
    if let shown, shown.columns == grid.columns, shown.rows == grid.rows {
      old = shown
    } else {
      old = Grid(columns: grid.columns, rows: grid.rows)
      pen.clear()
    }
    shown = grid
    for row in 0..<grid.rows { Self.paint(row, from: old, to: grid, with: &pen) }
    // A terminal that knows mode 2026 shows the frame at once; others pass over it.
    return pen.bytes.isEmpty ? [] : Array("\u{1b}[?2026h".utf8) + pen.bytes + Array("\u{1b}[0m\u{1b}[?2026l".utf8)
  }

  private static func paint(_ row: Int, from old: Grid, to new: Grid, with pen: inout Pen) {
    // From here on the row is blank, and is erased in one go.
    var blankFrom = new.columns
    while blankFrom > 0, new[row, blankFrom - 1] == .blank { blankFrom -= 1 }
    var column = 0
    while column < new.columns {
      guard new[row, column] != old[row, column] else {
        column += 1
        continue
      }
      if column >= blankFrom {
        pen.eraseRest(row, column)
        return
      }
      if new[row, column].isTail { column -= 1 }
      var last = column
      var next = column + 1
      while next < min(blankFrom, last + shortGap + 2) {
        if new[row, next] != old[row, next] || new[row, next].isTail { last = next }
        next += 1
      }
      for at in column...last where !new[row, at].isTail { pen.draw(new[row, at], row, at) }
      column = last + 1
    }
  }
}

/// Writes cells, and keeps in mind where the cursor stands and what look is set.
private struct Pen {
  let hasColor: Bool
  var bytes: [UInt8] = []
  private var at: (row: Int, column: Int)?
  private var look: Look?

  init(hasColor: Bool) { self.hasColor = hasColor }

  mutating func clear() { write("\u{1b}[0m\u{1b}[2J") }

  mutating func draw(_ glyph: Glyph, _ row: Int, _ column: Int) {
    move(row, column)
    set(glyph.look)
    write(String(glyph.character))
    // Terminals disagree about the width of what is not plain: the cursor is placed anew after it.
    let isPlain = glyph.character.unicodeScalars.count == 1 && displayWidth(glyph.character) == 1
    at = isPlain ? (row, column + 1) : nil
  }

  mutating func eraseRest(_ row: Int, _ column: Int) {
    move(row, column)
    set(.plain)
    write("\u{1b}[K")
  }

  private mutating func move(_ row: Int, _ column: Int) {
    if let at, at == (row, column) { return }
    write("\u{1b}[\(row + 1);\(column + 1)H")
    at = (row, column)
  }

  private mutating func set(_ new: Look) {
    guard look != new else { return }
    write(new.sequence(hasColor: hasColor))
    look = new
  }

  private mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }
}
