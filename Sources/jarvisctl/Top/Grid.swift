/// How a character is drawn.
struct Look: Equatable {
  var style: Style?
  var isReversed = false

  static let plain = Look()

  init(_ style: Style? = nil, isReversed: Bool = false) {
    self.style = style
    self.isReversed = isReversed
  }

  /// The SGR sequence that sets exactly this look. Bold, dim and reverse are no colours: they stay without.
  func sequence(hasColor: Bool) -> String {
    var numbers = "0"
    if let style, hasColor || style == .bold || style == .dim { numbers += ";\(style.rawValue)" }
    if isReversed { numbers += ";7" }
    return "\u{1b}[\(numbers)m"
  }
}

/// One cell of the screen.
struct Glyph: Equatable {
  var character: Character
  var look: Look

  static let blank = Glyph(character: " ", look: .plain)
  /// What stands in the second cell of a wide character; no text that is put can contain it.
  static let tail: Character = "\0"

  var isTail: Bool { character == Self.tail }
}

/// A screenful of cells. Text is made safe and cut here, in one place: nothing else reaches the terminal.
struct Grid: Equatable {
  let columns: Int
  let rows: Int
  private(set) var glyphs: [Glyph]

  init(columns: Int, rows: Int) {
    self.columns = max(1, columns)
    self.rows = max(1, rows)
    glyphs = Array(repeating: .blank, count: self.columns * self.rows)
  }

  subscript(row: Int, column: Int) -> Glyph { glyphs[row * columns + column] }

  /// Puts a text into at most `width` cells of a row, with an ellipsis where something is cut. What lies outside the
  /// screen is left out.
  /// - Returns: the column after it.
  @discardableResult
  mutating func put(
    _ text: String, row: Int, column: Int, width: Int = .max, look: Look = .plain, onTheRight: Bool = false
  ) -> Int {
    let width = min(width, columns - column)
    guard row >= 0, row < rows, column >= 0, width > 0 else { return column }
    let shown = clipped(escaped(Self.front(of: text, columns: width)), to: width)
    var at = column + (onTheRight ? width - displayWidth(shown) : 0)
    for character in shown {
      let cells = displayWidth(character)
      guard cells > 0, at + cells <= columns else { continue }
      glyphs[row * columns + at] = Glyph(character: Self.tamed(character), look: look)
      if cells == 2 { glyphs[row * columns + at + 1] = Glyph(character: Glyph.tail, look: look) }
      at += cells
    }
    return at
  }

  /// Draws a whole row in reverse.
  mutating func reverse(row: Int) {
    guard row >= 0, row < rows else { return }
    for index in row * columns..<(row + 1) * columns { glyphs[index].look.isReversed = true }
  }

  /// A row as text, without the spaces at its end.
  func text(row: Int) -> String {
    var line = ""
    for column in 0..<columns where !self[row, column].isTail { line.append(self[row, column].character) }
    while line.hasSuffix(" ") { line.removeLast() }
    return line
  }

  /// As much of a text as can matter for so many columns: descriptions may be 256 KiB long.
  private static func front(of text: String, columns: Int) -> String {
    let bound = columns * 8 + 16
    guard text.utf8.count > bound else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.prefix(bound)))
  }

  /// A character with a heap of marks would be drawn over its neighbours.
  private static func tamed(_ character: Character) -> Character {
    guard character.unicodeScalars.count > 8 else { return character }
    return character.unicodeScalars.first.map(Character.init) ?? " "
  }
}
