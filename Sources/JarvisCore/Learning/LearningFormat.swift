import JarvisProtocol

/// Why a JSON text is no profile, observation or collection of them.
public struct LearningFormatError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Where: `profiles[3].law`.
  public var path: String
  /// What is wrong and what would be right.
  public var message: String

  /// A fault at a place.
  public init(_ path: String, _ message: String) {
    self.path = path
    self.message = message
  }

  /// Both, as a sentence.
  public var description: String { "\(path) \(message)" }
}

/// Reads the fields of an object and says which one is wrong. Fields that it doesn't know are left alone, so that an
/// export of a newer Jarvis can be read.
struct LearningReader {
  private let object: JSONObject
  private let place: String

  init(_ json: JSON, at place: String) throws(LearningFormatError) {
    guard case .object(let object) = json else {
      throw LearningFormatError(place, "must be an object, found \(json.kind)")
    }
    self.object = object
    self.place = place
  }

  func path(_ key: String) -> String { "\(place).\(key)" }

  func value(_ key: String) -> JSON? {
    if let value = object[key], value != .null { value } else { nil }
  }

  func required(_ key: String) throws(LearningFormatError) -> JSON {
    guard let value = value(key) else { throw LearningFormatError(path(key), "is missing") }
    return value
  }

  func optionalText(_ key: String, upTo limit: Int) throws(LearningFormatError) -> String? {
    guard let value = value(key) else { return nil }
    guard let text = value.stringValue, !text.isEmpty, text.utf8.count <= limit else {
      throw LearningFormatError(path(key), "must be a text of 1 to \(limit) bytes")
    }
    return text
  }

  func text(_ key: String, upTo limit: Int) throws(LearningFormatError) -> String {
    guard let text = try optionalText(key, upTo: limit) else { throw LearningFormatError(path(key), "is missing") }
    return text
  }

  func optionalNumber(_ key: String, _ range: ClosedRange<Double>) throws(LearningFormatError) -> Double? {
    guard let value = value(key) else { return nil }
    return try Self.check(value, range, path(key))
  }

  func number(_ key: String, _ range: ClosedRange<Double>) throws(LearningFormatError) -> Double {
    try Self.check(required(key), range, path(key))
  }

  func optionalNumbers(_ key: String, _ range: ClosedRange<Double>) throws(LearningFormatError) -> [Double]? {
    guard let list = try optionalList(key, upTo: 1000) else { return nil }
    var numbers: [Double] = []
    for (i, element) in list.enumerated() { numbers.append(try Self.check(element, range, "\(path(key))[\(i)]")) }
    return numbers
  }

  func optionalList(_ key: String, upTo limit: Int) throws(LearningFormatError) -> [JSON]? {
    guard let value = value(key) else { return nil }
    guard let list = value.arrayValue, list.count <= limit else {
      throw LearningFormatError(path(key), "must be a list of at most \(limit)")
    }
    return list
  }

  func time(_ key: String) throws(LearningFormatError) -> Timestamp {
    guard let time = Timestamp(rfc3339: try text(key, upTo: 64)) else {
      throw LearningFormatError(path(key), "must be a time such as \"2026-11-24T07:00:27.123Z\"")
    }
    return time
  }

  func optionalTime(_ key: String) throws(LearningFormatError) -> Timestamp? {
    value(key) == nil ? nil : try time(key)
  }

  static func check(_ value: JSON, _ range: ClosedRange<Double>, _ path: String) throws(LearningFormatError) -> Double {
    guard let number = value.doubleValue, range.contains(number) else {
      throw LearningFormatError(path, "must be a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}
