import JarvisProtocol

/// What a parameter's value may be.
public enum SkillParameterType: String, Sendable, CaseIterable {
  /// Any text without NUL.
  case string
  /// A file or folder. One that begins with - becomes `./-…`, so that no program takes it for an option.
  case path
  /// A whole number.
  case integer
  /// Any finite number.
  case number
  /// true or false.
  case boolean
  /// One of the words of `choices`.
  case choice
  /// Several texts: a JSON list, or one text that is cut at its line ends, else at its commas.
  case list
}

/// A parameter's value, checked.
public enum SkillValue: Sendable, Hashable {
  case text(String)
  case list([String])

  /// The value in a sentence or a prompt.
  public var text: String {
    switch self {
    case .text(let text): text
    case .list(let items): items.joined(separator: ", ")
    }
  }

  /// Its items; a text is one.
  public var items: [String] {
    switch self {
    case .text(let text): [text]
    case .list(let items): items
    }
  }

  /// As JSON, for the store.
  public var json: JSON {
    switch self {
    case .text(let text): .string(text)
    case .list(let items): items.json
    }
  }

  /// Reads what `json` wrote; nil for anything else.
  public init?(json: JSON) {
    switch json {
    case .string(let text): self = .text(text)
    case .array(let items):
      let texts = items.compactMap(\.stringValue)
      guard texts.count == items.count else { return nil }
      self = .list(texts)
    default: return nil
    }
  }
}

/// A skill can't be run like this.
public struct SkillError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The parameter that is wrong or missing; nil where it is about something else.
  public let parameter: String?
  /// A sentence about it.
  public let message: String

  /// An error about a parameter, or about the skill.
  public init(parameter: String? = nil, _ message: String) {
    self.parameter = parameter
    self.message = message
  }

  /// `parameter NAME: MESSAGE`
  public var description: String { parameter.map { "parameter \($0): \(message)" } ?? message }
}

extension SkillFile.Parameter {
  /// Most items of a list.
  static let maxItems = 5000

  /// A given value as this parameter's type has it.
  /// - Throws: what is wrong, as a sentence.
  public func value(_ given: JSON) throws(SkillError) -> SkillValue {
    func wrong(_ expected: String) -> SkillError {
      SkillError(parameter: name, "found \(Self.shown(given)); expected \(expected)")
    }
    if type == .list { return .list(try items(given)) }
    let text: String
    switch given {
    case .string(let given): text = given
    case .int(let number): text = "\(number)"
    case .double(let number): text = "\(number)"
    case .bool(let flag): text = "\(flag)"
    default: throw wrong("one value, no list or object")
    }
    try checkPlain(text)
    switch type {
    case .string, .list: return .text(text)
    case .path:
      if text.isEmpty { throw SkillError(parameter: name, "its value is empty; expected the path of a file or folder") }
      return .text(text.hasPrefix("-") ? "./\(text)" : text)
    case .integer:
      guard let number = Int(text) else { throw wrong("a whole number") }
      return .text("\(number)")
    case .number:
      guard let number = Double(text), number.isFinite else { throw wrong("a number") }
      return .text(text)
    case .boolean:
      guard let flag = ["true": true, "yes": true, "1": true, "false": false, "no": false, "0": false][text] else {
        throw wrong("true or false")
      }
      return .text("\(flag)")
    case .choice:
      guard choices.contains(text) else {
        let near = suggestion(for: text, among: choices).map { "; did you mean \"\($0)\"?" } ?? ""
        throw wrong("one of \(choices.joined(separator: ", "))\(near)")
      }
      return .text(text)
    }
  }

  private func items(_ given: JSON) throws(SkillError) -> [String] {
    var items: [String] = []
    switch given {
    case .array(let elements):
      for element in elements {
        switch element {
        case .string(let text): items.append(text)
        case .int(let number): items.append("\(number)")
        case .double(let number): items.append("\(number)")
        default: throw SkillError(parameter: name, "found \(Self.shown(element)) in the list; expected texts")
        }
      }
    case .string(let text):
      let separator: Character = text.contains(where: \.isNewline) ? "\n" : ","
      items = text.split(separator: separator).map { trimmed($0) }.filter { !$0.isEmpty }
    case .int(let number): items = ["\(number)"]
    case .double(let number): items = ["\(number)"]
    default: throw SkillError(parameter: name, "found \(Self.shown(given)); expected a list of texts")
    }
    for item in items { try checkPlain(item) }
    guard items.count <= Self.maxItems else {
      throw SkillError(parameter: name, "found \(items.count) items; expected at most \(Self.maxItems)")
    }
    return items
  }

  private func checkPlain(_ text: String) throws(SkillError) {
    if text.utf8.contains(0) {
      throw SkillError(parameter: name, "its value has a NUL character, which no command can carry")
    }
    guard text.utf8.count <= 131_072 else {
      throw SkillError(parameter: name, "its value has \(text.utf8.count) bytes; expected at most 128 KiB")
    }
  }

  private static func shown(_ json: JSON) -> String {
    if case .string(let text) = json { return "\"\(text.prefix(60))\"" }
    return "\(json.text.prefix(60))"
  }
}

/// Without white space at both ends.
func trimmed(_ text: some StringProtocol) -> String {
  var rest = text[...]
  while rest.first?.isWhitespace == true { rest.removeFirst() }
  while rest.last?.isWhitespace == true { rest.removeLast() }
  return String(rest)
}

extension SkillFile {
  /// The values of all parameters, given ones checked and the others' defaults.
  /// - Throws: `SkillError` for an unknown or missing parameter, or a value that its type doesn't allow.
  public func values(_ given: [String: JSON]) throws(SkillError) -> [String: SkillValue] {
    let known = parameters.map(\.name)
    for name in given.keys.sorted() where !known.contains(name) {
      let near = suggestion(for: name, among: known).map { "; did you mean \"\($0)\"?" }
      let list = known.isEmpty ? "; it has none" : "; it has: \(known.joined(separator: ", "))"
      throw SkillError(parameter: name, "the skill \"\(self.name)\" has no such parameter\(near ?? list)")
    }
    var values: [String: SkillValue] = [:]
    for parameter in parameters {
      if let value = given[parameter.name] {
        values[parameter.name] = try parameter.value(value)
      } else if let value = parameter.defaultValue {
        values[parameter.name] = value
      } else if parameter.required {
        let what = parameter.description.isEmpty ? "" : ": \(parameter.description)"
        throw SkillError(parameter: parameter.name, "the skill \"\(name)\" needs it\(what)")
      } else {
        values[parameter.name] = parameter.type == .list ? .list([]) : .text("")
      }
    }
    return values
  }
}
