/// Text with `{name}` placeholders. Only a brace around a lower-case name is one, so that `${HOME}`, `{0,80}`, `{ }`
/// and JSON stay as they are; `{{name}}` stands for a literal `{name}`.
struct Template: Sendable, Equatable {
  enum Part: Sendable, Equatable {
    case text(String)
    case placeholder(String)
  }

  let parts: [Part]

  init(_ source: String) {
    let bytes = Array(source.utf8)
    var parts: [Part] = []
    var text: [UInt8] = []
    var at = 0
    while at < bytes.count {
      let isFree = at == 0 || bytes[at - 1] != UInt8(ascii: "$")
      if isFree, let (name, next) = Template.name(bytes, at, doubled: true) {
        text += Array("{\(name)}".utf8)
        at = next
      } else if isFree, let (name, next) = Template.name(bytes, at, doubled: false) {
        if !text.isEmpty { parts.append(.text(String(decoding: text, as: UTF8.self))) }
        parts.append(.placeholder(name))
        text = []
        at = next
      } else {
        text.append(bytes[at])
        at += 1
      }
    }
    if !text.isEmpty { parts.append(.text(String(decoding: text, as: UTF8.self))) }
    self.parts = parts
  }

  /// The names in order of appearance.
  var placeholders: [String] {
    parts.compactMap { if case .placeholder(let name) = $0 { name } else { nil } }
  }

  /// The text with each placeholder's value in its place; values are not looked at for placeholders again.
  func filled<Failure: Error>(_ value: (String) throws(Failure) -> String) throws(Failure) -> String {
    var result = ""
    for part in parts {
      switch part {
      case .text(let text): result += text
      case .placeholder(let name): result += try value(name)
      }
    }
    return result
  }

  /// The name in `{name}` or `{{name}}` at `start`, and the index after it.
  private static func name(_ bytes: [UInt8], _ start: Int, doubled: Bool) -> (name: String, next: Int)? {
    let braces = doubled ? 2 : 1
    let first = start + braces
    guard first < bytes.count, bytes[start..<first].allSatisfy({ $0 == UInt8(ascii: "{") }) else { return nil }
    var end = first
    while end < bytes.count, isLetter(bytes[end]) || (end > first && bytes[end] >= 48 && bytes[end] <= 57) { end += 1 }
    guard end > first, end + braces <= bytes.count,
      bytes[end..<end + braces].allSatisfy({ $0 == UInt8(ascii: "}") })
    else { return nil }
    return (String(decoding: bytes[first..<end], as: UTF8.self), end + braces)
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (byte >= 97 && byte <= 122) || byte == 95 }
}
