/// A JSON Schema (2020-12), as far as Jarvis uses it: for `docs/protocol.md` and for MCP's input and output schemas.
public indirect enum Schema: Sendable, Hashable {
  /// Anything.
  case any
  case boolean
  case integer(minimum: Int64?, maximum: Int64?)
  case number(minimum: Double?, maximum: Double?)
  /// A string; `format` is JSON Schema's (`date-time`) or nil.
  case string(format: String?, maxLength: Int?)
  case enumeration([String])
  case list(of: Schema, minItems: Int?, maxItems: Int?)
  case map(of: Schema)
  /// One of several forms, with the words for people.
  case oneOf([Schema])
  case object([SchemaField])

  /// The schema as JSON.
  public var json: JSON { .object(jsonObject) }

  private var jsonObject: JSONObject {
    var o = JSONObject()
    switch self {
    case .any: break
    case .boolean: o.append("type", "boolean")
    case .integer(let minimum, let maximum):
      o.append("type", "integer")
      if let minimum { o.append("minimum", .int(minimum)) }
      if let maximum { o.append("maximum", .int(maximum)) }
    case .number(let minimum, let maximum):
      o.append("type", "number")
      if let minimum { o.append("minimum", .double(minimum)) }
      if let maximum { o.append("maximum", .double(maximum)) }
    case .string(let format, let maxLength):
      o.append("type", "string")
      if let format { o.append("format", .string(format)) }
      if let maxLength { o.append("maxLength", .int(Int64(maxLength))) }
    case .enumeration(let values):
      o.append("type", "string")
      o.append("enum", .array(values.map { .string($0) }))
    case .list(let element, let minItems, let maxItems):
      o.append("type", "array")
      o.append("items", element.json)
      if let minItems { o.append("minItems", .int(Int64(minItems))) }
      if let maxItems { o.append("maxItems", .int(Int64(maxItems))) }
    case .map(let value):
      o.append("type", "object")
      o.append("additionalProperties", value.json)
    case .oneOf(let forms): o.append("anyOf", .array(forms.map(\.json)))
    case .object(let fields):
      o.append("type", "object")
      var properties = JSONObject()
      for field in fields {
        var p = field.schema.jsonObject
        p.append("description", .string(field.documentation))
        if let value = field.defaultValue { p.append("default", value) }
        properties.append(field.name, .object(p))
      }
      o.append("properties", .object(properties))
      let required = fields.filter(\.isRequired).map { JSON.string($0.name) }
      if !required.isEmpty { o.append("required", .array(required)) }
      o.append("additionalProperties", false)
    }
    return o
  }

  /// A few words for a table in a document.
  public var words: String {
    switch self {
    case .any: "any JSON"
    case .boolean: "boolean"
    case .integer(let minimum, let maximum): "integer" + Self.range(minimum.map { "\($0)" }, maximum.map { "\($0)" })
    case .number(let minimum, let maximum): "number" + Self.range(minimum.map { "\($0)" }, maximum.map { "\($0)" })
    case .string(let format, _): format == "date-time" ? "time (RFC 3339)" : "string"
    case .enumeration(let values): values.map { "`\($0)`" }.joined(separator: ", ")
    case .list(let element, _, let maxItems): "list of \(element.words)" + (maxItems.map { ", at most \($0)" } ?? "")
    case .map(let value): "map of string to \(value.words)"
    case .oneOf(let forms): forms.map(\.words).joined(separator: " or ")
    case .object: "object"
    }
  }

  private static func range(_ minimum: String?, _ maximum: String?) -> String {
    switch (minimum, maximum) {
    case (let a?, let b?): ", \(a) to \(b)"
    case (let a?, nil): ", \(a) or more"
    case (nil, let b?): ", at most \(b)"
    case (nil, nil): ""
    }
  }
}

/// One field of an object.
public struct SchemaField: Sendable, Hashable {
  /// As on the wire.
  public let name: String
  /// What it means, in a sentence.
  public let documentation: String
  /// What is accepted.
  public let schema: Schema
  /// Whether it must be there.
  public let isRequired: Bool
  /// What an absent field stands for, where that is a value.
  public let defaultValue: JSON?
}
