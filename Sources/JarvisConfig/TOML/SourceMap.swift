/// Where each key of a TOML text stands, for diagnostics about values that are well-formed but wrong: the parser tells
/// places only for syntax errors. Knows the keys at the start of lines; for what is inside an inline table or a list
/// the place is that of the key it belongs to. On text that is not TOML it finds less, never fails.
struct SourceMap {
  /// 1-based; the column counts characters.
  struct Place: Equatable {
    var line: Int
    var column: Int
  }

  private var places: [String: Place] = [:]

  /// The first thing that is no TOML and on which TOMLKit's parser stops the process, an assertion of its own failing,
  /// instead of reporting it: text with one must not reach the parser.
  private(set) var defect: (place: Place, message: String)?

  init(_ text: String) {
    var scanner = Scanner(bytes: Array(text.utf8))
    scanner.run()
    places = scanner.places
    defect = scanner.defect
  }

  /// The place of the key at `path` (`tasks[0].name`), or of the nearest part of it that has one.
  func place(of path: String) -> Place? {
    var path = path[...]
    while true {
      if let place = places[String(path)] { return place }
      guard let cut = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return nil }
      path = path[..<cut]
    }
  }
}

private struct Scanner {
  let bytes: [UInt8]
  var places: [String: SourceMap.Place] = [:]
  var defect: (place: SourceMap.Place, message: String)?
  private var at = 0
  private var line = 1
  private var lineStart = 0
  private var section = ""
  private var counts: [String: Int] = [:]

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func run() {
    while at < bytes.count {
      skipBlanks()
      guard at < bytes.count else { return }
      let place = SourceMap.Place(line: line, column: column)
      switch bytes[at] {
      case UInt8(ascii: "#"), UInt8(ascii: "\n"): break
      case UInt8(ascii: "["): header(at: place)
      default:
        let path = key(in: section)
        if at < bytes.count, bytes[at] == UInt8(ascii: "=") {
          note(path, place)
          at += 1
          skipValue()
        }
      }
      skipLine()
    }
  }

  private var column: Int {
    1 + bytes[lineStart..<at].count { $0 & 0xC0 != 0x80 }
  }

  private mutating func note(_ path: String, _ place: SourceMap.Place) {
    if places[path] == nil { places[path] = place }
  }

  /// `[a.b]` or `[[a.b]]`: an element of a list of tables is `a.b[0]`.
  private mutating func header(at place: SourceMap.Place) {
    at += 1
    let isList = at < bytes.count && bytes[at] == UInt8(ascii: "[")
    if isList { at += 1 }
    skipBlanks()
    if at < bytes.count, !isBare(bytes[at]), bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "'") {
      return fail("a section's name is missing after [; expected [name] or [[name]]")
    }
    let name = key(in: "")
    // The tables of a list that the name passes through are meant in their newest element.
    var path = ""
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      path += (path.isEmpty ? "" : ".") + part
      if index < parts.count - 1, let count = counts[path] { path += "[\(count - 1)]" }
    }
    if isList {
      note(path, place)
      let count = counts[path, default: 0]
      counts[path] = count + 1
      path += "[\(count)]"
    } else if let count = counts[path] {
      path += "[\(count - 1)]"
    }
    note(path, place)
    section = path
  }

  /// A dotted key, bare or quoted, up to what can't belong to one; the path with what it stands in.
  private mutating func key(in section: String) -> String {
    var path = section
    while at < bytes.count {
      skipBlanks()
      guard at < bytes.count else { break }
      var part: [UInt8] = []
      let first = bytes[at]
      if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
        at += 1
        while at < bytes.count, bytes[at] != first, bytes[at] != UInt8(ascii: "\n") {
          part.append(bytes[at])
          at += 1
        }
        if at < bytes.count, bytes[at] == first { at += 1 }
      } else {
        while at < bytes.count, isBare(bytes[at]) {
          part.append(bytes[at])
          at += 1
        }
      }
      path += (path.isEmpty ? "" : ".") + String(decoding: part, as: UTF8.self)
      skipBlanks()
      guard at < bytes.count, bytes[at] == UInt8(ascii: ".") else { break }
      at += 1
    }
    return path
  }

  private func isBare(_ byte: UInt8) -> Bool {
    (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte == 95 || byte == 45
  }

  private mutating func fail(_ message: String) {
    if defect == nil { defect = (SourceMap.Place(line: line, column: column), message) }
  }

  /// Over a value, which may span lines, to its end.
  private mutating func skipValue() {
    var closers: [UInt8] = []
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\n"):
        if closers.isEmpty { return }
        newline()
      case UInt8(ascii: "#"):
        while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { at += 1 }
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        closers.append(bytes[at] == UInt8(ascii: "[") ? UInt8(ascii: "]") : UInt8(ascii: "}"))
        at += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        if closers.popLast() != bytes[at] { fail("this bracket closes none, or one of the other kind") }
        at += 1
      case UInt8(ascii: "\""), UInt8(ascii: "'"): skipString()
      default:
        if bytes[at] >= 0x80 { fail("letters other than a-z and A-Z need quotes around them") }
        at += 1
      }
    }
  }

  private mutating func skipString() {
    let quote = bytes[at]
    let escapes = quote == UInt8(ascii: "\"")
    let isLong = at + 2 < bytes.count && bytes[at + 1] == quote && bytes[at + 2] == quote
    at += isLong ? 3 : 1
    while at < bytes.count {
      let byte = bytes[at]
      if byte == UInt8(ascii: "\n") {
        // A short string can't span lines: the text is broken here, and the parser will say so.
        guard isLong else { return }
        newline()
      } else if escapes, byte == UInt8(ascii: "\\"), at + 1 < bytes.count, bytes[at + 1] != UInt8(ascii: "\n") {
        at += 2
      } else if byte == quote {
        if !isLong {
          at += 1
          return
        }
        var run = 0
        while at + run < bytes.count, bytes[at + run] == quote { run += 1 }
        at += run
        if run >= 3 { return }
      } else {
        at += 1
      }
    }
  }

  private mutating func newline() {
    at += 1
    line += 1
    lineStart = at
  }

  private mutating func skipBlanks() {
    while at < bytes.count, bytes[at] == 32 || bytes[at] == 9 || bytes[at] == 13 { at += 1 }
  }

  /// Over what a value leaves of its line: nothing, or a comment.
  private mutating func skipLine() {
    var isComment = false
    while at < bytes.count, bytes[at] != UInt8(ascii: "\n") {
      if bytes[at] == UInt8(ascii: "#") { isComment = true }
      if !isComment, bytes[at] >= 0x80 { fail("letters other than a-z and A-Z need quotes around them") }
      at += 1
    }
    if at < bytes.count { newline() }
  }
}
