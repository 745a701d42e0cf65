/// A text in lines that are wrapped to a width; it grows at both ends.
struct WrappedText {
  /// A line is broken after so many bytes at the latest, or wrapping a growing one would cost its square.
  private static let longestLine = 4096

  private var lines: [String] = []
  /// Whether the last line goes on with the next piece.
  private var isOpen = false
  private var width: Int
  /// Where the rows of the last line begin.
  private var lastStart = 0
  private(set) var rows: [String] = []
  /// Bytes of all lines.
  private(set) var size = 0

  init(width: Int) { self.width = max(1, width) }

  /// Adds a piece at the end, which may end in the middle of a line.
  mutating func append(_ text: String) {
    guard !text.isEmpty else { return }
    var pieces = Self.split(text)
    if isOpen, let last = lines.popLast() {
      rows.removeLast(rows.count - lastStart)
      pieces[0] = last + pieces[0]
    }
    isOpen = text.utf8.last != 0x0A
    if !isOpen { pieces.removeLast() }
    for line in pieces.flatMap(Self.broken) { add(line) }
    size += text.utf8.count
  }

  /// Adds a piece that stands before everything.
  /// - Returns: how many rows came before those that were there.
  mutating func prepend(_ text: String) -> Int {
    guard !text.isEmpty else { return 0 }
    let before = rows.count
    var pieces = Self.split(text)
    let seam = pieces.removeLast()
    if lines.isEmpty { lines = [seam] } else { lines[0] = seam + lines[0] }
    lines = pieces.flatMap(Self.broken) + lines
    size += text.utf8.count
    rewrap()
    return rows.count - before
  }

  /// Wraps anew.
  mutating func setWidth(_ width: Int) {
    guard max(1, width) != self.width else { return }
    self.width = max(1, width)
    rewrap()
  }

  /// Drops the first half of the lines.
  mutating func halve() {
    lines.removeFirst(lines.count / 2)
    size = lines.reduce(0) { $0 + $1.utf8.count + 1 }
    rewrap()
  }

  private mutating func rewrap() {
    rows = []
    let all = lines
    lines = []
    for line in all { add(line) }
  }

  private mutating func add(_ line: String) {
    lastStart = rows.count
    lines.append(line)
    rows.append(contentsOf: Self.wrapped(Self.clean(line), to: width))
  }

  private static func split(_ text: String) -> [String] {
    text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
  }

  private static func broken(_ line: String) -> [String] {
    guard line.utf8.count > longestLine else { return [line] }
    var rest = line[...]
    var parts: [String] = []
    while !rest.isEmpty {
      parts.append(String(rest.prefix(longestLine / 4)))
      rest = rest.dropFirst(longestLine / 4)
    }
    return parts
  }

  private static func wrapped(_ line: String, to width: Int) -> [String] {
    guard displayWidth(line) > width else { return [line] }
    var rows: [String] = []
    var row = ""
    var used = 0
    for character in line {
      let cells = displayWidth(character)
      if used + cells > width {
        rows.append(row)
        row = ""
        used = 0
      }
      row.append(character)
      used += cells
    }
    return rows + [row]
  }

  /// A line as it can be shown: colours and cursor movements (CSI sequences) are left out, tabs are spaces, and what
  /// else could drive the terminal is written out.
  static func clean(_ line: String) -> String {
    guard line.utf8.contains(where: { $0 < 0x20 || $0 >= 0x7F }) else { return line }
    var out: [UInt8] = []
    var rest = Array(line.utf8)[...]
    if rest.last == 0x0D { rest.removeLast() }
    while let byte = rest.popFirst() {
      if byte == 0x1B, rest.first == UInt8(ascii: "[") {
        rest = rest.dropFirst().drop { $0 >= 0x20 && $0 < 0x40 }.dropFirst()
      } else if byte == 0x09 {
        out.append(contentsOf: repeatElement(0x20, count: 8 - out.count % 8))
      } else {
        out.append(byte)
      }
    }
    return escaped(String(decoding: out, as: UTF8.self))
  }
}
