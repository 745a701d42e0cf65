import JarvisProtocol

/// A JSON Schema that a task's result was asked to fit, as far as a small lenient check goes.
///
/// Understood: `type`, `enum`, `const`, `properties`, `required`, `items`, `minItems`, `minimum`, `maximum`. Other words
/// are passed over, so what fits here may still not fit the schema; what does not fit here does not.
public struct ResultSchema: Sendable {
  private let schema: JSON

  /// Wraps a schema.
  public init(_ schema: JSON) { self.schema = schema }

  /// What is wrong with the schema itself; nil: nothing.
  public static func problem(_ schema: JSON) -> String? {
    guard case .object = schema else { return "must be a JSON Schema (an object), found \(schema.kind)" }
    if let type = schema["type"], type.stringValue == nil, type.arrayValue == nil {
      return "has a `type` that is neither a word nor a list of words"
    }
    return schema.text.utf8.count > 65_536 ? "must be at most 64 KiB" : nil
  }

  /// The JSON in an answer: all of it, the block between the last fences, or from the first brace to the last.
  public static func json(in answer: String) -> JSON? {
    if let whole = try? JSON(parsing: answer) { return whole }
    let lines = answer.split(separator: "\n", omittingEmptySubsequences: false)
    let fences = lines.indices.filter { lines[$0].hasPrefix("```") }
    if fences.count >= 2 {
      let (open, close) = (fences[fences.count - 2], fences[fences.count - 1])
      if let json = try? JSON(parsing: lines[(open + 1)..<close].joined(separator: "\n")) { return json }
    }
    for (open, close) in [("{", "}"), ("[", "]")] as [(Character, Character)] {
      guard let first = answer.firstIndex(of: open), let last = answer.lastIndex(of: close), first < last else {
        continue
      }
      if let json = try? JSON(parsing: String(answer[first...last])) { return json }
    }
    return nil
  }

  /// Why a value does not fit, with its place; nil: it fits, as far as is understood.
  public func problem(with value: JSON) -> String? { Self.problem(value, schema, "$", depth: 0) }

  private static func problem(_ value: JSON, _ schema: JSON, _ path: String, depth: Int) -> String? {
    guard depth < JSON.maximumDepth, case .object = schema else { return nil }
    let types = schema["type"]?.stringValue.map { [$0] } ?? schema["type"]?.arrayValue?.compactMap(\.stringValue) ?? []
    if !types.isEmpty, !types.contains(where: { fits(value, $0) }) {
      return "\(path) must be \(types.joined(separator: " or ")), found \(value.kind)"
    }
    if let allowed = schema["enum"]?.arrayValue, !allowed.contains(value) {
      return "\(path) must be one of \(JSON.array(allowed).text)"
    }
    if let constant = schema["const"], constant != value { return "\(path) must be \(constant.text)" }
    if let number = value.doubleValue {
      if let minimum = schema["minimum"]?.doubleValue, number < minimum { return "\(path) must be at least \(minimum)" }
      if let maximum = schema["maximum"]?.doubleValue, number > maximum { return "\(path) must be at most \(maximum)" }
    }
    if let object = value.objectValue {
      for name in schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? [] where object[name] == nil {
        return "\(path).\(name) is missing"
      }
      for (name, inner) in schema["properties"]?.objectValue?.members ?? [] {
        guard let member = object[name] else { continue }
        if let problem = problem(member, inner, "\(path).\(name)", depth: depth + 1) { return problem }
      }
    }
    if let list = value.arrayValue {
      if let least = schema["minItems"]?.intValue, list.count < least {
        return "\(path) must have at least \(least) items"
      }
      if let inner = schema["items"] {
        for (i, element) in list.enumerated() {
          if let problem = problem(element, inner, "\(path)[\(i)]", depth: depth + 1) { return problem }
        }
      }
    }
    return nil
  }

  private static func fits(_ value: JSON, _ type: String) -> Bool {
    switch (type, value) {
    case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool), ("null", .null),
      ("number", .int), ("number", .double), ("integer", .int):
      true
    case ("integer", .double(let d)): d == d.rounded()
    // A word that is not known refuses nothing.
    default: !["object", "array", "string", "boolean", "null", "number", "integer"].contains(type)
    }
  }
}
