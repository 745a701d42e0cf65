import Logging

/// What both log handlers do with messages and metadata.
enum LogText {
  /// The metadata of a message: the handler's, over it the provider's, over that the message's own; by name.
  static func merged(_ base: Logger.Metadata, _ provider: Logger.MetadataProvider?, _ own: Logger.Metadata?)
    -> [(key: String, value: String)]
  {
    var all = base
    if let provided = provider?.get() { all.merge(provided) { $1 } }
    if let own { all.merge(own) { $1 } }
    return all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
  }

  /// The text with control characters made visible, so that what an agent printed cannot move a terminal's cursor, or
  /// pretend to be another line of the log.
  static func visible(_ text: String, keepingNewlines: Bool) -> String {
    func isPlain(_ c: Unicode.Scalar) -> Bool {
      (c.value >= 0x20 && c.value != 0x7F && !(0x80...0x9F).contains(c.value)) || (keepingNewlines && c == "\n")
    }
    if text.unicodeScalars.allSatisfy(isPlain) { return text }
    var result = ""
    for c in text.unicodeScalars {
      switch c {
      case _ where isPlain(c): result.unicodeScalars.append(c)
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += keepingNewlines ? "\t" : "\\t"
      default: result += "\\u{\(String(c.value, radix: 16))}"
      }
    }
    return result
  }
}
