import JarvisProtocol

/// Values of foreign streams, believed within reason.
enum Fields {
  /// A number of things: 0 to 10^12.
  static func count(_ json: JSON) -> Int? {
    guard let value = json.doubleValue, value >= 0, value <= 1e12 else { return nil }
    return Int(value)
  }

  /// US dollars: 0 to a million.
  static func money(_ json: JSON) -> Double? {
    guard let value = json.doubleValue, value.isFinite, value >= 0, value <= 1e6 else { return nil }
    return value
  }

  /// A tool's call in one line: `Bash: make test`.
  static func call(_ name: String, _ input: JSON?) -> String {
    let telling = [
      "command", "cmd", "file_path", "filePath", "path", "absolute_path", "pattern", "query", "url", "description",
      "prompt", "title",
    ]
    for key in telling {
      if let text = input?[key]?.stringValue, !text.isEmpty { return "\(name): \(text)" }
      if let words = input?[key]?.arrayValue?.compactMap(\.stringValue), !words.isEmpty {
        return "\(name): \(words.joined(separator: " "))"
      }
    }
    return name
  }
}
