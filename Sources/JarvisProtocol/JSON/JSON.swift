/// A JSON value (RFC 8259). Objects keep the order of their members.
///
/// Jarvis reads JSON in one strict pass (duplicate keys, depth and UTF-8 are checked, errors carry line and column)
/// into this tree, and then the typed parameters out of the tree (`ObjectReader`), so that every error names its field.
public enum JSON: Sendable, Hashable {
  case null
  case bool(Bool)
  /// A number without fraction or exponent that fits 64 bits.
  case int(Int64)
  case double(Double)
  case string(String)
  case array([JSON])
  case object(JSONObject)

  /// What it is, as a person says it: `a string`, `a list`, …
  public var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .int, .double: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }

  /// The member of an object; nil where there is none, or where this is no object.
  public subscript(_ key: String) -> JSON? {
    if case .object(let object) = self { object[key] } else { nil }
  }

  /// The text of a string; nil for anything else.
  public var stringValue: String? { if case .string(let s) = self { s } else { nil } }

  /// The value of a boolean; nil for anything else.
  public var boolValue: Bool? { if case .bool(let b) = self { b } else { nil } }

  /// The value of a whole number; nil for anything else.
  public var intValue: Int64? { if case .int(let i) = self { i } else { nil } }

  /// The value of any number; nil for anything else.
  public var doubleValue: Double? {
    switch self {
    case .int(let i): Double(i)
    case .double(let d): d
    default: nil
    }
  }

  /// The elements of a list; nil for anything else.
  public var arrayValue: [JSON]? { if case .array(let a) = self { a } else { nil } }

  /// The members of an object; nil for anything else.
  public var objectValue: JSONObject? { if case .object(let o) = self { o } else { nil } }
}

/// The members of a JSON object, in order, each key once.
public struct JSONObject: Sendable, Hashable, ExpressibleByDictionaryLiteral {
  /// Keys and values in the order in which they were written.
  public private(set) var members: [(key: String, value: JSON)]

  /// An object without members.
  public init() { members = [] }

  /// Members in the order given; the keys must differ.
  public init(dictionaryLiteral elements: (String, JSON)...) { members = elements.map { (key: $0.0, value: $0.1) } }

  /// Members in the order given; the caller vouches that the keys differ.
  public init(uniqueMembers: [(key: String, value: JSON)]) { members = uniqueMembers }

  /// The value of a key. Setting nil removes it; setting an unknown key appends it.
  public subscript(_ key: String) -> JSON? {
    get {
      for index in members.indices where members[index].key == key { return members[index].value }
      return nil
    }
    set {
      let index = members.firstIndex { $0.key == key }
      switch (index, newValue) {
      case (let i?, let value?): members[i].value = value
      case (let i?, nil): members.remove(at: i)
      case (nil, let value?): members.append((key: key, value: value))
      case (nil, nil): break
      }
    }
  }

  /// Adds a member that is known to be new, without looking for its key.
  public mutating func append(_ key: String, _ value: JSON) { members.append((key: key, value: value)) }

  /// How many members there are.
  public var count: Int { members.count }

  /// Same members in the same order.
  public static func == (a: JSONObject, b: JSONObject) -> Bool {
    a.members.count == b.members.count
      && zip(a.members, b.members).allSatisfy { $0.key == $1.key && $0.value == $1.value }
  }

  /// Hashes the members in order.
  public func hash(into hasher: inout Hasher) {
    for member in members {
      hasher.combine(member.key)
      hasher.combine(member.value)
    }
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A whole number.
  public init(integerLiteral value: Int64) { self = .int(value) }
  /// A number.
  public init(floatLiteral value: Double) { self = .double(value) }
  /// A boolean.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// A list.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// An object; the keys must differ.
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(JSONObject(uniqueMembers: elements.map { (key: $0.0, value: $0.1) }))
  }
}
