/// One field of a row; its text is escaped when the table is drawn.
struct Cell: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  let text: String
  let style: Style?

  init(_ text: String?, _ style: Style? = nil) {
    self.text = escaped(text ?? "")
    self.style = style
  }

  init(stringLiteral value: String) { self.init(value) }
}

/// A column's title and how it gives way on a narrow terminal.
struct Column {
  let title: String
  /// May be cut down to this many columns; nil: never cut.
  let minimum: Int?
  /// Left out (the highest first) when cutting is not enough; 0: never.
  let dispensable: Int
  let isNumber: Bool

  init(_ title: String, minimum: Int? = nil, dispensable: Int = 0, isNumber: Bool = false) {
    self.title = title
    self.minimum = minimum
    self.dispensable = dispensable
    self.isNumber = isNumber
  }
}

/// Rows under titles. On a terminal they are aligned and fit its width; elsewhere fields are whole and separated by
/// tabs, for `cut` and `awk`.
struct Table {
  let columns: [Column]
  var rows: [[Cell]] = []

  init(_ columns: [Column]) { self.columns = columns }

  /// The table as text, with a newline at the end of each line.
  /// - Parameter none: what a terminal shows in place of a table without rows.
  func text(on screen: Screen, none: String? = nil) -> String {
    guard let width = screen.width else { return plainText(screen) }
    if rows.isEmpty, let none { return paragraph(none, on: screen) }
    let layout = layOut(width: width)
    var out = ""
    for (number, row) in ([columns.map { Cell($0.title, .bold) }] + rows).enumerated() {
      var line = ""
      for (place, index) in layout.shown.enumerated() {
        let isLast = place == layout.shown.count - 1
        let columns = layout.widths[index]
        var field = clipped(row[index].text, to: columns)
        if !isLast || self.columns[index].isNumber {
          field = padded(field, to: columns, onTheLeft: self.columns[index].isNumber)
        }
        line += screen.paint(field, number > 0 && field.allSatisfy { $0 == " " } ? nil : row[index].style)
        if !isLast { line += "  " }
      }
      out += line + "\n"
    }
    return out
  }

  private func plainText(_ screen: Screen) -> String {
    var out = columns.map { $0.title.lowercased() }.joined(separator: "\t") + "\n"
    for row in rows {
      out += row.map { screen.paint($0.text.isEmpty ? "-" : $0.text, $0.style) }.joined(separator: "\t") + "\n"
    }
    return out
  }

  private func layOut(width: Int) -> (shown: [Int], widths: [Int]) {
    let natural = columns.indices.map { index in
      rows.reduce(displayWidth(columns[index].title)) { max($0, displayWidth($1[index].text)) }
    }
    // A column in which no row has anything is noise.
    var shown = columns.indices.filter { index in
      columns[index].dispensable == 0 || rows.contains { !$0[index].text.isEmpty }
    }
    while true {
      var widths = natural
      var excess = shown.reduce(0) { $0 + widths[$1] } + 2 * (shown.count - 1) - width
      while excess > 0 {
        let widest = shown.filter { (columns[$0].minimum ?? .max) < widths[$0] }.max { widths[$0] < widths[$1] }
        guard let widest else { break }
        widths[widest] -= 1
        excess -= 1
      }
      let droppable = shown.filter { columns[$0].dispensable > 0 }
      guard excess > 0, let drop = droppable.max(by: { columns[$0].dispensable < columns[$1].dispensable }) else {
        // Nothing gives way any more: the last column is cut hard.
        if excess > 0, let last = shown.last { widths[last] = max(1, widths[last] - excess) }
        return (shown, widths)
      }
      shown.removeAll { $0 == drop }
    }
  }
}

/// Labels and values, one a line.
func fieldList(_ fields: [(String, String?)], on screen: Screen) -> String {
  let present = fields.compactMap { field in field.1.map { (escaped(field.0), $0) } }
  let width = present.map { displayWidth($0.0) }.max() ?? 0
  return present.map { label, value in
    // Further lines of a value stand under its first.
    let lines = escaped(value, keepingNewlines: true).split(separator: "\n", omittingEmptySubsequences: false)
    let indent = "\n" + String(repeating: " ", count: width + 2)
    return screen.paint(padded(label, to: width), .dim) + "  " + lines.joined(separator: indent) + "\n"
  }.joined()
}
