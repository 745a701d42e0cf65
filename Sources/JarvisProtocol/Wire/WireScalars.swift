extension String: WireValue {
  /// Any string.
  public static var schema: Schema { .string(format: nil, maxLength: nil) }
  /// Empty.
  public static var placeholder: String { "" }
  /// Reads a string without NUL characters: they can't stand in arguments, environments or paths (execve(2)).
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> String {
    guard case .string(let s) = json else { throw WireError(path, "must be a string, found \(json.kind)") }
    if s.utf8.contains(0) { throw WireError(path, "must not contain a NUL character") }
    return s
  }
  /// A JSON string.
  public var json: JSON { .string(self) }
}

extension Bool: WireValue {
  /// A boolean.
  public static var schema: Schema { .boolean }
  /// False.
  public static var placeholder: Bool { false }
  /// Reads a boolean.
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> Bool {
    guard case .bool(let b) = json else { throw WireError(path, "must be true or false, found \(json.kind)") }
    return b
  }
  /// A JSON boolean.
  public var json: JSON { .bool(self) }
}

extension Int: WireValue {
  /// A whole number.
  public static var schema: Schema { .integer(minimum: nil, maximum: nil) }
  /// Zero.
  public static var placeholder: Int { 0 }
  /// Reads a whole number (`3` or `3.0`).
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> Int {
    switch json {
    case .int(let i): return Int(i)
    case .double(let d) where d.rounded() == d && abs(d) < 9e15: return Int(d)
    case .double(let d): throw WireError(path, "must be a whole number, found \(d)")
    default: throw WireError(path, "must be a whole number, found \(json.kind)")
    }
  }
  /// A JSON number.
  public var json: JSON { .int(Int64(self)) }
}

extension Double: WireValue {
  /// A number.
  public static var schema: Schema { .number(minimum: nil, maximum: nil) }
  /// Zero.
  public static var placeholder: Double { 0 }
  /// Reads a number.
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> Double {
    guard let d = json.doubleValue else { throw WireError(path, "must be a number, found \(json.kind)") }
    return d
  }
  /// A JSON number.
  public var json: JSON { .double(self) }
}

extension JSON: WireValue {
  /// Anything.
  public static var schema: Schema { .any }
  /// Null.
  public static var placeholder: JSON { .null }
  /// Takes anything.
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> JSON { json }
  /// Itself.
  public var json: JSON { self }
}

extension Array: WireValue where Element: WireValue {
  /// A list.
  public static var schema: Schema { .list(of: Element.schema, minItems: nil, maxItems: nil) }
  /// Empty.
  public static var placeholder: [Element] { [] }
  /// Reads a list.
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> [Element] {
    guard case .array(let elements) = json else { throw WireError(path, "must be a list, found \(json.kind)") }
    var result: [Element] = []
    result.reserveCapacity(elements.count)
    for (i, element) in elements.enumerated() { result.append(try Element.read(element, at: .index(path, i))) }
    return result
  }
  /// A JSON list.
  public var json: JSON { .array(map(\.json)) }
}

extension Dictionary: WireValue where Key == String, Value: WireValue {
  /// A map.
  public static var schema: Schema { .map(of: Value.schema) }
  /// Empty.
  public static var placeholder: [String: Value] { [:] }
  /// Reads a map.
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> [String: Value] {
    guard case .object(let object) = json else { throw WireError(path, "must be an object, found \(json.kind)") }
    var result: [String: Value] = [:]
    for member in object.members {
      if member.key.utf8.contains(0) { throw WireError(path, "has a key with a NUL character") }
      result[member.key] = try Value.read(member.value, at: .field(path, member.key))
    }
    return result
  }
  /// A JSON object, sorted by key so that equal maps are equal texts.
  public var json: JSON {
    .object(JSONObject(uniqueMembers: sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value.json) }))
  }
}

/// A closed set of words.
public protocol WireEnum: WireValue, RawRepresentable, CaseIterable where RawValue == String {}

extension WireEnum {
  /// The words.
  public static var schema: Schema { .enumeration(allCases.map(\.rawValue)) }
  /// The first word.
  public static var placeholder: Self {
    guard let first = allCases.first else { fatalError("\(Self.self) has no cases") }
    return first
  }
  /// Reads one of the words.
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> Self {
    let allowed = allCases.map(\.rawValue).joined(separator: ", ")
    guard case .string(let s) = json else { throw WireError(path, "must be one of \(allowed), found \(json.kind)") }
    guard let value = Self(rawValue: s) else {
      throw WireError(path, "must be one of \(allowed), found \"\(s.prefix(80))\"")
    }
    return value
  }
  /// The word.
  public var json: JSON { .string(rawValue) }
}

extension Priority: WireEnum {}
extension TaskState: WireEnum {}
extension Strategy: WireEnum {}
extension Zone: WireEnum {}
extension Level: WireEnum {}
extension Tier: WireEnum {}
extension AfterCondition: WireEnum {}

extension TaskID: WireValue {
  /// `t42`.
  public static var schema: Schema { .string(format: nil, maxLength: 21) }
  /// t1.
  public static var placeholder: TaskID { TaskID(1) }
  /// Reads `"t42"`, `"42"` or 42.
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> TaskID {
    if case .string(let s) = json, let id = TaskID(s) { return id }
    if case .int(let i) = json, i > 0 { return TaskID(UInt64(i)) }
    throw WireError(path, "must be a task's id such as \"t42\", found \(json.text.prefix(60))")
  }
  /// The id as a string.
  public var json: JSON { .string(description) }
}

extension BatchID: WireValue {
  /// `b7`.
  public static var schema: Schema { .string(format: nil, maxLength: 21) }
  /// b1.
  public static var placeholder: BatchID { BatchID(1) }
  /// Reads `"b7"`, `"7"` or 7.
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> BatchID {
    if case .string(let s) = json, let id = BatchID(s) { return id }
    if case .int(let i) = json, i > 0 { return BatchID(UInt64(i)) }
    throw WireError(path, "must be a batch's id such as \"b7\", found \(json.text.prefix(60))")
  }
  /// The id as a string.
  public var json: JSON { .string(description) }
}

extension Timestamp: WireValue {
  /// RFC 3339.
  public static var schema: Schema { .string(format: "date-time", maxLength: nil) }
  /// The epoch.
  public static var placeholder: Timestamp { Timestamp(milliseconds: 0) }
  /// Reads RFC 3339.
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> Timestamp {
    guard case .string(let s) = json, let t = Timestamp(rfc3339: s) else {
      throw WireError(path, "must be a time such as \"2026-11-24T07:00:00Z\", found \(json.text.prefix(60))")
    }
    return t
  }
  /// RFC 3339 with milliseconds.
  public var json: JSON { .string(description) }
}

/// A number of bytes; on the wire a number, or a string with K, M, G or T (powers of 1024).
public struct ByteSize: WireValue, Hashable {
  /// Bytes, 0 or more.
  public let bytes: UInt64

  /// Wraps a number of bytes.
  public init(_ bytes: UInt64) { self.bytes = bytes }

  /// Reads `512M`, `1.5GiB`, `1048576`; nil for anything else.
  public init?(_ text: String) {
    var s = text[...]
    while s.last == " " { s.removeLast() }
    if s.last == "B" || s.last == "b" { s.removeLast() }
    if s.last == "i" { s.removeLast() }
    var factor: Double = 1
    if let last = s.last, let power = "KMGT".firstIndex(of: Character(last.uppercased())) {
      factor =
        [1024, 1_048_576, 1_073_741_824, 1_099_511_627_776][
          "KMGT".distance(from: "KMGT".startIndex, to: power)]
      s.removeLast()
    }
    while s.last == " " { s.removeLast() }
    guard !s.isEmpty, s.utf8.allSatisfy({ ($0 >= 48 && $0 <= 57) || $0 == 46 }), let n = Double(s), n * factor < 9e18
    else { return nil }
    bytes = UInt64(n * factor)
  }

  /// A number or a string.
  public static var schema: Schema {
    .oneOf([.integer(minimum: 0, maximum: nil), .string(format: nil, maxLength: 32)])
  }
  /// Zero bytes.
  public static var placeholder: ByteSize { ByteSize(0) }
  /// Reads a number of bytes.
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> ByteSize {
    switch json {
    case .int(let i) where i >= 0: return ByteSize(UInt64(i))
    case .double(let d) where d >= 0 && d < 9e18: return ByteSize(UInt64(d))
    case .string(let s): if let size = ByteSize(s) { return size }
    case .int, .double: throw WireError(path, "must not be negative, found \(json.text)")
    default: break
    }
    throw WireError(path, "must be a size in bytes or such as \"512M\" or \"2G\", found \(json.text.prefix(60))")
  }
  /// Bytes as a number.
  public var json: JSON { .int(Int64(clamping: bytes)) }
}

/// A length of time; on the wire a number of seconds, or a string with s, m, h or d.
public struct TimeSpan: WireValue, Hashable {
  /// Seconds, 0 or more.
  public let seconds: Double

  /// Wraps seconds.
  public init(_ seconds: Double) { self.seconds = seconds }

  /// Reads `90`, `90s`, `5m`, `1h30m`, `2d`, `250ms`; nil for anything else.
  public init?(_ text: String) {
    var total = 0.0
    var number = ""
    var units = 0
    var rest = text.utf8.map { $0 }[...]
    while let c = rest.popFirst() {
      if (c >= 48 && c <= 57) || c == 46 {
        number.append(Character(UnicodeScalar(c)))
        continue
      }
      guard let n = Double(number) else { return nil }
      number = ""
      units += 1
      switch c {
      case UInt8(ascii: "m") where rest.first == UInt8(ascii: "s"):
        rest.removeFirst()
        total += n / 1000
      case UInt8(ascii: "s"): total += n
      case UInt8(ascii: "m"): total += n * 60
      case UInt8(ascii: "h"): total += n * 3600
      case UInt8(ascii: "d"): total += n * 86_400
      default: return nil
      }
    }
    if !number.isEmpty {
      guard units == 0, let n = Double(number) else { return nil }
      total = n
    } else if units == 0 {
      return nil
    }
    guard total.isFinite, total < 1e10 else { return nil }
    seconds = total
  }

  /// A number or a string.
  public static var schema: Schema { .oneOf([.number(minimum: 0, maximum: nil), .string(format: nil, maxLength: 32)]) }
  /// Zero seconds.
  public static var placeholder: TimeSpan { TimeSpan(0) }
  /// Reads a length of time.
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> TimeSpan {
    if let d = json.doubleValue {
      guard d >= 0, d < 1e10 else {
        throw WireError(path, "must not be negative or beyond 300 years, found \(json.text)")
      }
      return TimeSpan(d)
    }
    if case .string(let s) = json, let duration = TimeSpan(s) { return duration }
    throw WireError(path, "must be seconds or such as \"90s\", \"5m\" or \"2h\", found \(json.text.prefix(60))")
  }
  /// Seconds as a number.
  public var json: JSON { .double(seconds) }
}
