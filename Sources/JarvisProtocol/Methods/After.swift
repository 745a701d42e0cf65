/// One dependency: a task, and what it must have come to.
public struct After: WireValue, Hashable {
  /// A task's name within the batch, or the id of a task submitted before.
  public let task: String
  /// What that task must have come to.
  public let condition: AfterCondition

  /// A dependency.
  public init(task: String, condition: AfterCondition) {
    self.task = task
    self.condition = condition
  }

  /// `{"task": "build", "on": "success"}` or `"build"` or `"build:any"`.
  public static var schema: Schema {
    .oneOf([
      .string(format: nil, maxLength: nil),
      .object([
        SchemaField(
          name: "task", documentation: "a task's name within the batch, or a task's id",
          schema: .string(format: nil, maxLength: nil), isRequired: true, defaultValue: nil),
        SchemaField(
          name: "on", documentation: "what that task must have come to", schema: AfterCondition.schema,
          isRequired: false, defaultValue: "success"),
      ]),
    ])
  }
  /// After t1.
  public static var placeholder: After { After(task: "t1", condition: .success) }

  /// Reads one dependency in any of its forms.
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> After {
    switch json {
    case .string(let s):
      if let colon = s.lastIndex(of: ":") {
        let word = String(s[s.index(after: colon)...])
        return After(task: String(s[..<colon]), condition: try AfterCondition.read(.string(word), at: path))
      }
      return After(task: s, condition: .success)
    case .int(let i): return After(task: String(i), condition: .success)
    case .object(let object):
      var reader = ObjectReader(object, at: path)
      let name: JSON? = try reader.optional("task", "a task's name within the batch, or a task's id")
      let byName: JSON? = try reader.optional("name", "the same")
      let byID: JSON? = try reader.optional("id", "the same")
      let on: AfterCondition? = try reader.optional("on", "success, failure or any")
      let condition: AfterCondition? = try reader.optional("condition", "the same")
      let when: AfterCondition? = try reader.optional("when", "the same")
      try reader.finish { ["task", "name", "id", "on", "condition", "when"] }
      guard let target = name ?? byName ?? byID else {
        throw WireError(.field(path, "task"), "is missing: a task's name or id")
      }
      let text: String =
        if case .int(let i) = target { String(i) } else { try String.read(target, at: .field(path, "task")) }
      return After(task: text, condition: on ?? condition ?? when ?? .success)
    default: throw WireError(path, "must be a task's name or id, or {\"task\": …, \"on\": …}, found \(json.kind)")
    }
  }

  /// The value as JSON.
  public var json: JSON { ["task": .string(task), "on": condition.json] }
}

/// A task's dependencies: a list, one dependency, or a map of names to conditions.
public struct AfterList: WireValue, Hashable {
  /// In the order given.
  public let items: [After]

  /// A list of dependencies.
  public init(_ items: [After]) { self.items = items }

  /// A list of `After`.
  public static var schema: Schema { .list(of: After.schema, minItems: nil, maxItems: 10_000) }
  /// None.
  public static var placeholder: AfterList { AfterList([]) }

  /// Reads a list, a single name, one object, or `{"build": "success", "lint": "any"}`.
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> AfterList {
    switch json {
    case .array: return AfterList(try [After].read(json, at: path))
    case .object(let o) where o["task"] == nil && o["name"] == nil && o["id"] == nil:
      var items: [After] = []
      for member in o.members {
        items.append(
          After(task: member.key, condition: try AfterCondition.read(member.value, at: .field(path, member.key))))
      }
      return AfterList(items)
    default: return AfterList([try After.read(json, at: path)])
    }
  }

  /// The value as JSON.
  public var json: JSON { items.json }
}
