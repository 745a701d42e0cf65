/// What git writes, as text.
enum GitText {
  /// A file's name. UTF-8 stays as it is; in any other name the bytes above 127 are written as git quotes them: `\351`.
  static func name(_ bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var text = ""
    for byte in bytes {
      if byte < 0x80 {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        text += "\\" + String(byte, radix: 8)
      }
    }
    return text
  }

  /// A name within a sentence: control characters, a newline say, become `?`, and it ends somewhere.
  static func shown(_ name: String) -> String {
    var text = ""
    for scalar in name.unicodeScalars.prefix(200) {
      if scalar.value < 0x20 || scalar.value == 0x7F { text += "?" } else { text.unicodeScalars.append(scalar) }
    }
    return text
  }

  /// One line of output without its newline; nil when it is not UTF-8.
  static func line(_ bytes: [UInt8]) -> String? {
    String(validating: bytes.last == 0x0A ? bytes.dropLast() : bytes[...], as: UTF8.self)
  }

  /// The fields of output that a zero byte ends (`-z`).
  static func fields(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast(bytes.last == 0 ? 1 : 0)
  }

  /// What git said on stderr, for a sentence: its first lines without `fatal:` and the like, at most 400 bytes.
  static func complaint(_ bytes: [UInt8]) -> String {
    let text = String(decoding: bytes.prefix(4096), as: UTF8.self)
    var lines: [Substring] = []
    for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("hint:") && !line.hasPrefix("warning:") {
      var rest = line
      for word in ["fatal: ", "error: "] where rest.hasPrefix(word) { rest = rest.dropFirst(word.count) }
      lines.append(rest)
      if lines.count == 4 { break }
    }
    return shown(String(lines.joined(separator: "; ").prefix(400)))
  }
}
