import TOMLKit

/// A value of a TOML file, free of the parser's pointers.
indirect enum TOMLNode: Equatable {
  case string(String)
  case integer(Int)
  case number(Double)
  case boolean(Bool)
  /// Dates and times: no key takes one, the kind is enough to say so.
  case date
  case array([TOMLNode])
  case table([String: TOMLNode])

  /// What a diagnostic calls it: `the text "abc"`, `the number 3`, `a table`.
  var found: String {
    switch self {
    case .string(let text):
      let line = text.prefix { !$0.isNewline }
      return "the text \"\(line.prefix(60))\(line.count > 60 || line.count < text.count ? "…" : "")\""
    case .integer(let value): return "the number \(value)"
    case .number(let value): return "the number \(value)"
    case .boolean(let value): return "\(value)"
    case .date: return "a date or time"
    case .array(let elements): return elements.isEmpty ? "an empty list" : "a list"
    case .table: return "a table"
    }
  }
}

/// A parsed file with the places of its keys. The only code that touches TOMLKit, whose decoder words wrong types as
/// missing keys, whose iterator traps on some keys, and whose strings end at NUL.
struct TOMLDocument {
  /// Nothing that is configured nests deeper; beyond it the parser's own recursion would be at risk.
  private static let maxDepth = 32
  private static let maxDotsPerLine = 1000

  let file: String
  let text: String
  let root: [String: TOMLNode]
  let places: SourceMap

  /// Parses `text`, which was read from `file` (for the diagnostics only).
  init(_ text: String, file: String) throws(ConfigError) {
    self.file = file
    self.text = text
    try TOMLDocument.refuseUnreadable(text, file: file)
    places = SourceMap(text)
    if let defect = places.defect {
      throw ConfigError([
        Diagnostic(
          file: file, line: defect.place.line, column: defect.place.column,
          message: "this is not valid TOML: \(defect.message)")
      ])
    }
    do {
      root = try TOMLDocument.table(try TOMLTable(string: text), depth: 0)
    } catch let error as TOMLParseError {
      let begin = error.source.begin
      throw ConfigError([
        Diagnostic(
          file: file, line: begin.line > 0 ? begin.line : nil, column: begin.column > 0 ? begin.column : nil,
          message: "this is not valid TOML: \(TOMLDocument.plain(error.description))")
      ])
    } catch {
      throw ConfigError([Diagnostic(file: file, message: "the file nests its tables or lists too deeply")])
    }
  }

  /// What the parser would read differently from what is written, or not survive.
  private static func refuseUnreadable(_ text: String, file: String) throws(ConfigError) {
    var line = 1
    var dots = 0
    for byte in text.utf8 {
      switch byte {
      case 0:
        throw ConfigError([
          Diagnostic(file: file, line: line, message: "there is a NUL byte; a configuration file is plain text")
        ])
      case UInt8(ascii: "\n"):
        line += 1
        dots = 0
      case UInt8(ascii: "."):
        dots += 1
        // Each dotted part of a key is one more level of the parser's recursion.
        if dots > maxDotsPerLine {
          throw ConfigError([
            Diagnostic(file: file, line: line, message: "the line has more than \(maxDotsPerLine) dots")
          ])
        }
      default: break
      }
    }
    for escape in ["\\u0000", "\\U00000000"] {
      guard let range = text.firstRange(of: escape) else { continue }
      let line = 1 + text.utf8[..<range.lowerBound].count { $0 == UInt8(ascii: "\n") }
      throw ConfigError([
        Diagnostic(file: file, line: line, message: "\(escape) stands for a NUL character, which no value may have")
      ])
    }
  }

  /// The parser's message as the end of a sentence.
  private static func plain(_ message: String) -> String {
    var text = message.split(whereSeparator: \.isNewline).joined(separator: " ")
    for prefix in ["Error while parsing ", "error while parsing "] where text.hasPrefix(prefix) {
      text.removeFirst(prefix.count)
    }
    let hint =
      text.contains("could not determine") || text.contains("expected value") || text.contains("unknown prefix")
      ? " (text needs quotes: key = \"text\")" : ""
    return text + hint
  }

  private struct TooDeep: Error {}

  private static func table(_ table: TOMLTable, depth: Int) throws -> [String: TOMLNode] {
    guard depth < maxDepth else { throw TooDeep() }
    var result: [String: TOMLNode] = [:]
    for key in table.keys {
      guard let value = table[key] else { continue }
      result[key] = try node(value, depth: depth + 1)
    }
    return result
  }

  private static func node(_ value: any TOMLValueConvertible, depth: Int) throws -> TOMLNode {
    guard depth < maxDepth else { throw TooDeep() }
    if let string = value.string { return .string(string) }
    if let integer = value.int { return .integer(integer) }
    if let number = value.double { return .number(number) }
    if let boolean = value.bool { return .boolean(boolean) }
    if let inner = value.table { return .table(try table(inner, depth: depth)) }
    if let array = value.array { return .array(try array.map { try node($0, depth: depth + 1) }) }
    return .date
  }
}
