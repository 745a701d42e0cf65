/// Where in a message something stands, `params.tasks[2].priority`.
public indirect enum WirePath: Sendable, Hashable, CustomStringConvertible {
  case root(String)
  case field(WirePath, String)
  case index(WirePath, Int)

  /// The root of what a server answers.
  public static let answer = WirePath.root("result")

  /// Whether this is part of an answer. A newer server may say more than its reader knows, so what is unknown in an
  /// answer is passed over; in a request it is refused.
  var isPartOfAnswer: Bool {
    switch self {
    case .root: self == Self.answer
    case .field(let parent, _), .index(let parent, _): parent.isPartOfAnswer
    }
  }

  /// The words for people.
  public var description: String {
    switch self {
    case .root(let name): name
    case .field(let parent, let name): "\(parent).\(name)"
    case .index(let parent, let i): "\(parent)[\(i)]"
    }
  }
}

/// A field that is missing, unknown, of the wrong type or out of its range. The message says what would be right.
public struct WireError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The field's path.
  public let path: String
  /// A sentence that begins after the path: `must be a string, found a number`.
  public let message: String

  /// An error at a path.
  public init(_ path: WirePath, _ message: String) {
    self.path = path.description
    self.message = message
  }

  /// An error at a path given as text.
  public init(path: String, _ message: String) {
    self.path = path
    self.message = message
  }

  /// The words for people.
  public var description: String { "`\(path)` \(message)" }
}

/// Something that can stand in a message: knows its schema, reads itself from JSON and writes itself.
public protocol WireValue: Sendable {
  /// What is accepted.
  static var schema: Schema { get }
  /// A value that satisfies the schema, used while a schema is being collected.
  static var placeholder: Self { get }
  /// Reads a value.
  /// - Throws: `WireError` that names the path and says what would be right.
  static func read(_ json: JSON, at path: WirePath) throws(WireError) -> Self
  /// The value as JSON.
  var json: JSON { get }
}

/// A JSON object with named fields. `init(reading:)` is the only declaration of its fields: the same calls read a
/// message, refuse what is unknown, and collect the schema (from which documents and MCP schemas are made).
public protocol WireObject: WireValue {
  /// Reads the fields, each once.
  init(reading fields: inout ObjectReader) throws(WireError)
  /// Writes the fields; what is nil is left out.
  func write(_ fields: inout ObjectWriter)
}

extension WireObject {
  /// The fields that `init(reading:)` asks for.
  public static var schema: Schema { .object(fields) }

  /// The fields, in the order in which they are read.
  public static var fields: [SchemaField] {
    var reader = ObjectReader(describing: .root(""))
    _ = try? Self(reading: &reader)
    return reader.collected
  }

  /// A value made of the placeholders of its fields.
  public static var placeholder: Self {
    var reader = ObjectReader(describing: .root(""))
    do { return try Self(reading: &reader) } catch { fatalError("\(Self.self) refuses its own placeholders: \(error)") }
  }

  /// Reads an object; refuses fields that are not known.
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> Self {
    guard case .object(let object) = json else { throw WireError(path, "must be an object, found \(json.kind)") }
    var reader = ObjectReader(object, at: path)
    let value = try Self(reading: &reader)
    try reader.finish { fields.map(\.name) }
    return value
  }

  /// The value as JSON.
  public var json: JSON {
    var writer = ObjectWriter()
    write(&writer)
    return .object(writer.object)
  }
}

/// Reads the fields of one object, or collects their schema.
public struct ObjectReader {
  private enum Mode {
    case reading(JSONObject)
    case describing
  }

  private let mode: Mode
  /// Where the object stands.
  public let path: WirePath
  private var used = 0
  /// The fields asked for so far, when describing.
  public private(set) var collected: [SchemaField] = []

  /// A reader of an object's fields.
  public init(_ object: JSONObject, at path: WirePath) {
    mode = .reading(object)
    self.path = path
  }

  init(describing path: WirePath) {
    mode = .describing
    self.path = path
  }

  /// Whether the values are only placeholders, so that checks of values are pointless.
  public var isDescribing: Bool { if case .describing = mode { true } else { false } }

  private mutating func next(_ name: String) -> JSON? {
    guard case .reading(let object) = mode, let value = object[name] else { return nil }
    used += 1
    // A client that writes null for what it does not know means "absent".
    if case .null = value { return nil }
    return value
  }

  private mutating func collect(
    _ name: String, _ documentation: String, _ schema: Schema, _ required: Bool, _ value: JSON?
  ) {
    collected.append(
      SchemaField(name: name, documentation: documentation, schema: schema, isRequired: required, defaultValue: value))
  }

  /// A field that must be there.
  public mutating func required<T: WireValue>(
    _ name: String, _ documentation: String, as type: T.Type = T.self, schema: @autoclosure () -> Schema? = nil
  ) throws(WireError) -> T {
    let value = next(name)
    if isDescribing {
      collect(name, documentation, schema() ?? T.schema, true, nil)
      return T.placeholder
    }
    guard let value else { throw WireError(.field(path, name), "is missing: \(documentation)") }
    return try T.read(value, at: .field(path, name))
  }

  /// A field that may be absent (or null).
  public mutating func optional<T: WireValue>(
    _ name: String, _ documentation: String, as type: T.Type = T.self, schema: @autoclosure () -> Schema? = nil
  ) throws(WireError) -> T? {
    let value = next(name)
    if isDescribing {
      collect(name, documentation, schema() ?? T.schema, false, nil)
      return nil
    }
    guard let value else { return nil }
    return try T.read(value, at: .field(path, name))
  }

  /// A field with a value for when it is absent.
  public mutating func defaulted<T: WireValue>(
    _ name: String, _ documentation: String, _ defaultValue: T, schema: @autoclosure () -> Schema? = nil
  ) throws(WireError) -> T {
    let value = next(name)
    if isDescribing {
      collect(name, documentation, schema() ?? T.schema, false, defaultValue.json)
      return defaultValue
    }
    guard let value else { return defaultValue }
    return try T.read(value, at: .field(path, name))
  }

  /// Refuses the value of a field that has been read.
  public func check(_ name: String, _ holds: Bool, _ message: @autoclosure () -> String) throws(WireError) {
    if !holds, !isDescribing { throw WireError(.field(path, name), message()) }
  }

  /// Refuses fields that nobody asked for. `names` gives those that may be there, and is called only for the message.
  public func finish(_ names: () -> [String]) throws(WireError) {
    guard case .reading(let object) = mode, used < object.count, !path.isPartOfAnswer else { return }
    let known = names()
    for member in object.members where !known.contains(member.key) {
      let near = known.min { editDistance($0, member.key) < editDistance($1, member.key) }
      let hint = near.flatMap { editDistance($0, member.key) <= 2 ? "; did you mean `\($0)`?" : nil } ?? ""
      let all = known.isEmpty ? "none are" : known.joined(separator: ", ")
      throw WireError(.field(path, member.key), "is not a known field\(hint) (known: \(all))")
    }
  }
}

/// Collects the fields of one object.
public struct ObjectWriter {
  /// What was set so far.
  public private(set) var object = JSONObject()

  /// An empty writer.
  public init() {}

  /// Sets a field.
  public mutating func set(_ name: String, _ value: some WireValue) { object.append(name, value.json) }

  /// Sets a field unless the value is nil.
  public mutating func set(_ name: String, _ value: (some WireValue)?) {
    if let value { object.append(name, value.json) }
  }
}

/// Levenshtein's distance between two short words (V. Levenshtein, 1966); used to guess at typing errors.
public func editDistance(_ a: String, _ b: String) -> Int {
  let a = Array(a.utf8.prefix(64))
  let b = Array(b.utf8.prefix(64))
  var row = Array(0...b.count)
  for i in 0..<a.count {
    var diagonal = row[0]
    row[0] = i + 1
    for j in 0..<b.count {
      let substitution = diagonal + (a[i] == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substitution, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}
