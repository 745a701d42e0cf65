/// Why a text is not JSON, and where.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong and what was expected.
  public let message: String
  /// Bytes before the fault.
  public let offset: Int
  /// 1 and up.
  public let line: Int
  /// Bytes into the line, 1 and up.
  public let column: Int

  /// The words for people.
  public var description: String { "line \(line), column \(column): \(message)" }
}

extension JSON {
  /// Lists and objects may nest this deep; deeper is refused, since a reader of one's own stack is not to be attacked.
  public static let maximumDepth = 96

  /// Reads one JSON text with nothing but white space around it.
  /// - Throws: `JSONError` for bad syntax, bad UTF-8, a key written twice, or nesting beyond `maximumDepth`.
  public init(parsing bytes: some Collection<UInt8>) throws(JSONError) {
    let result: Result<JSON, JSONError>? = bytes.withContiguousStorageIfAvailable { buffer in
      var parser = JSONParser(bytes: buffer)
      return parser.parseDocument()
    }
    if let result {
      self = try result.get()
    } else {
      let copy = Array(bytes)
      self = try copy.withUnsafeBufferPointer { buffer in
        var parser = JSONParser(bytes: buffer)
        return parser.parseDocument()
      }.get()
    }
  }

  /// Reads one JSON text.
  /// - Throws: `JSONError`, as above.
  public init(parsing text: String) throws(JSONError) { try self.init(parsing: Array(text.utf8)) }
}

/// A recursive-descent reader over bytes that outlive it.
private struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  var at = 0

  init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  mutating func parseDocument() -> Result<JSON, JSONError> {
    do throws(JSONError) {
      let value = try parseValue(depth: 0)
      skipSpace()
      if at < bytes.count { throw error("there is more text after the JSON value") }
      return .success(value)
    } catch {
      return .failure(error)
    }
  }

  func error(_ message: String, at offset: Int? = nil) -> JSONError {
    let offset = min(offset ?? at, bytes.count)
    var line = 1
    var lineStart = 0
    for i in 0..<offset where bytes[i] == 0x0A {
      line += 1
      lineStart = i + 1
    }
    return JSONError(message: message, offset: offset, line: line, column: offset - lineStart + 1)
  }

  mutating func skipSpace() {
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 0x09 { at += 1 }
  }

  mutating func parseValue(depth: Int) throws(JSONError) -> JSON {
    skipSpace()
    guard at < bytes.count else { throw error("the text ends where a value was expected") }
    guard depth <= JSON.maximumDepth else { throw error("nested deeper than \(JSON.maximumDepth) levels") }
    switch bytes[at] {
    case UInt8(ascii: "{"): return try parseObject(depth: depth)
    case UInt8(ascii: "["): return try parseArray(depth: depth)
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
    case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
    case UInt8(ascii: "n"): return try parseWord("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
    default: throw error("expected a value, found \(describe(bytes[at]))")
    }
  }

  func describe(_ byte: UInt8) -> String {
    byte >= 0x21 && byte < 0x7F ? "`\(Character(UnicodeScalar(byte)))`" : "byte 0x\(String(byte, radix: 16))"
  }

  mutating func parseWord(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    let count = word.utf8CodeUnitCount
    guard at + count <= bytes.count, (0..<count).allSatisfy({ bytes[at + $0] == word.utf8Start[$0] })
    else { throw error("expected \(word)") }
    at += count
    return value
  }

  mutating func parseObject(depth: Int) throws(JSONError) -> JSON {
    at += 1
    var members: [(key: String, value: JSON)] = []
    var seen: Set<String> = []
    skipSpace()
    if at < bytes.count, bytes[at] == UInt8(ascii: "}") {
      at += 1
      return .object(JSONObject())
    }
    while true {
      skipSpace()
      let keyAt = at
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw error("expected a key in double quotes") }
      let key = try parseString()
      // A set only once there are many: most objects have few members, and a hash each would cost more.
      let isDuplicate: Bool
      if members.count < 12 {
        isDuplicate = members.contains { $0.key == key }
      } else {
        if seen.isEmpty { seen = Set(members.map(\.key)) }
        isDuplicate = !seen.insert(key).inserted
      }
      if isDuplicate { throw error("the key \"\(key)\" is written twice", at: keyAt) }
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else { throw error("expected `:` after the key") }
      at += 1
      members.append((key: key, value: try parseValue(depth: depth + 1)))
      skipSpace()
      guard at < bytes.count else { throw error("the text ends inside an object") }
      if bytes[at] == UInt8(ascii: ",") {
        at += 1
      } else if bytes[at] == UInt8(ascii: "}") {
        at += 1
        return .object(JSONObject(uniqueMembers: members))
      } else {
        throw error("expected `,` or `}` in an object, found \(describe(bytes[at]))")
      }
    }
  }

  mutating func parseArray(depth: Int) throws(JSONError) -> JSON {
    at += 1
    var elements: [JSON] = []
    skipSpace()
    if at < bytes.count, bytes[at] == UInt8(ascii: "]") {
      at += 1
      return .array([])
    }
    while true {
      elements.append(try parseValue(depth: depth + 1))
      skipSpace()
      guard at < bytes.count else { throw error("the text ends inside a list") }
      if bytes[at] == UInt8(ascii: ",") {
        at += 1
      } else if bytes[at] == UInt8(ascii: "]") {
        at += 1
        return .array(elements)
      } else {
        throw error("expected `,` or `]` in a list, found \(describe(bytes[at]))")
      }
    }
  }

  mutating func parseString() throws(JSONError) -> String {
    let opening = at
    at += 1
    let start = at
    while at < bytes.count, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\\"), bytes[at] >= 0x20 {
      at += 1
    }
    if at < bytes.count, bytes[at] == UInt8(ascii: "\"") {
      let text = try utf8(UnsafeBufferPointer(rebasing: bytes[start..<at]), at: start)
      at += 1
      return text
    }
    var out = Array(bytes[start..<at])
    while true {
      guard at < bytes.count else { throw error("this string is not closed", at: opening) }
      let byte = bytes[at]
      if byte == UInt8(ascii: "\"") {
        at += 1
        let text: Result<String, JSONError> = out.withUnsafeBufferPointer { buffer in
          do throws(JSONError) { return .success(try utf8(buffer, at: opening)) } catch { return .failure(error) }
        }
        return try text.get()
      }
      if byte == UInt8(ascii: "\\") {
        try parseEscape(into: &out)
      } else if byte < 0x20 {
        throw error("a control character must be escaped in a string (\\u\(hex4(UInt32(byte))))")
      } else {
        out.append(byte)
        at += 1
      }
    }
  }

  func hex4(_ n: UInt32) -> String {
    let s = String(n, radix: 16)
    return String(repeating: "0", count: max(0, 4 - s.utf8.count)) + s
  }

  func utf8(_ buffer: UnsafeBufferPointer<UInt8>, at offset: Int) throws(JSONError) -> String {
    guard let text = String(validating: buffer, as: UTF8.self) else {
      throw error("this string is not UTF-8", at: offset)
    }
    return text
  }

  mutating func parseEscape(into out: inout [UInt8]) throws(JSONError) {
    let start = at
    at += 1
    guard at < bytes.count else { throw error("the text ends inside an escape") }
    let code = bytes[at]
    at += 1
    switch code {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(code)
    case UInt8(ascii: "b"): out.append(0x08)
    case UInt8(ascii: "f"): out.append(0x0C)
    case UInt8(ascii: "n"): out.append(0x0A)
    case UInt8(ascii: "r"): out.append(0x0D)
    case UInt8(ascii: "t"): out.append(0x09)
    case UInt8(ascii: "u"):
      var unit = try parseHex4()
      if (0xD800..<0xDC00).contains(unit) {
        guard at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u")
        else { throw error("half of a surrogate pair", at: start) }
        at += 2
        let low = try parseHex4()
        guard (0xDC00..<0xE000).contains(low) else { throw error("half of a surrogate pair", at: start) }
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
      }
      guard let scalar = UnicodeScalar(unit) else { throw error("half of a surrogate pair", at: start) }
      out.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
    default: throw error("\\\(Character(UnicodeScalar(code))) is no escape of JSON", at: start)
    }
  }

  mutating func parseHex4() throws(JSONError) -> UInt32 {
    guard at + 4 <= bytes.count else { throw error("expected four hexadecimal digits") }
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(UnicodeScalar(bytes[at])).hexDigitValue else {
        throw error("expected four hexadecimal digits")
      }
      unit = unit << 4 | UInt32(digit)
      at += 1
    }
    return unit
  }

  mutating func parseNumber() throws(JSONError) -> JSON {
    let start = at
    func isDigit(_ i: Int) -> Bool { i < bytes.count && bytes[i] >= 48 && bytes[i] <= 57 }
    if bytes[at] == UInt8(ascii: "-") { at += 1 }
    guard isDigit(at) else { throw error("expected a digit") }
    if bytes[at] == 48, isDigit(at + 1) { throw error("a number does not begin with 0", at: start) }
    while isDigit(at) { at += 1 }
    var isWhole = true
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      isWhole = false
      at += 1
      guard isDigit(at) else { throw error("expected a digit after the point") }
      while isDigit(at) { at += 1 }
    }
    if at < bytes.count, bytes[at] == UInt8(ascii: "e") || bytes[at] == UInt8(ascii: "E") {
      isWhole = false
      at += 1
      if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
      guard isDigit(at) else { throw error("expected a digit in the exponent") }
      while isDigit(at) { at += 1 }
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if isWhole, let i = Int64(text) { return .int(i) }
    guard let d = Double(text), d.isFinite else { throw error("this number is too large", at: start) }
    return .double(d)
  }
}
