/// A command line or other text with secrets masked, for logs and messages.
///
/// Masked are: the values of `NAME=value`, `--name=value`, `--name value`, `Name: value` and `"name": "value"` where the
/// name holds KEY, TOKEN, SECRET, PASSWORD, PASSWD or CREDENTIAL; what follows `Authorization:`; passwords in URLs; words
/// with a well-known token's prefix (`sk-`, `ghp_`, …). It works by names and shapes: a secret without either gets
/// through, and what merely looks like one is masked too.
public func redacted(_ text: String) -> String {
  var redactor = Redactor(text)
  return redactor.run()
}

/// A command's arguments with secrets masked, each argument as in `redacted(_:)`; the argument after a flag with a
/// secret's name, and the whole of an argument that starts with `SECRET_NAME=`, are masked.
public func redacted(_ arguments: [String]) -> [String] {
  var result: [String] = []
  var previous = ""
  for argument in arguments {
    let name = argument.prefix { $0 != "=" }
    if previous.hasPrefix("-"), !argument.hasPrefix("-"), Redactor.isSecret(previous) {
      result.append(Redactor.mask)
    } else if name.endIndex < argument.endIndex, name.utf8.allSatisfy(Redactor.isNamePart), Redactor.isSecret(name),
      !previous.hasPrefix("-") || !previous.hasSuffix("c")
    {
      result.append(name + "=" + Redactor.mask)
    } else {
      // After `sh -c` an argument is a command line, of which only the values are masked.
      result.append(redacted(argument))
    }
    previous = argument
  }
  return result
}

/// An environment with the values of variables that have a secret's name masked, and the other values as in
/// `redacted(_:)`.
public func redacted(environment: [String: String]) -> [String: String] {
  Dictionary(
    uniqueKeysWithValues: environment.map { name, value in
      (name, Redactor.isSecret(name) ? Redactor.mask : redacted(value))
    })
}

/// One pass over a text.
struct Redactor {
  static let mask = "***"
  private static let prefixes = [
    "sk-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "AKIA",
  ]
  private static let marks = ["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL"]

  private let text: [UInt8]
  private var at = 0
  private var result: [UInt8] = []

  init(_ text: String) { self.text = Array(text.utf8) }

  /// Whether a variable or flag of this name holds a secret. `--max-tokens` is a number, and no secret.
  static func isSecret(_ name: some StringProtocol) -> Bool {
    var name = name.uppercased()
    if name.hasSuffix("TOKENS") { name.removeLast(6) }
    return marks.contains { name.contains($0) }
  }

  static func isNamePart(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D, 0x2E: true
    default: false
    }
  }

  mutating func run() -> String {
    while at < text.count {
      if Self.isNamePart(text[at]) {
        word()
      } else if text[at...].starts(with: "://".utf8) {
        userInfo()
      } else {
        take()
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private var current: UInt8? { at < text.count ? text[at] : nil }

  private mutating func take() {
    result.append(text[at])
    at += 1
  }

  private mutating func takeBlanks() {
    while let byte = current, byte == 0x20 || byte == 0x09 { take() }
  }

  /// A run of name characters, and its value when it is a secret's name.
  private mutating func word() {
    let start = at
    while let byte = current, Self.isNamePart(byte) { take() }
    let name = String(decoding: text[start..<at], as: UTF8.self)
    if let prefix = Self.prefixes.first(where: { name.hasPrefix($0) }), name.utf8.count >= prefix.utf8.count + 8 {
      result.removeLast(at - start)
      result += Array((prefix + Self.mask).utf8)
      return
    }
    let isHeader = name.lowercased().hasSuffix("authorization")
    guard isHeader || Self.isSecret(name) else { return }
    // The closing quote of a JSON key.
    if let quote = current, quote == 0x22 || quote == 0x27, at + 1 < text.count, text[at + 1] == 0x3A { take() }
    switch current {
    case UInt8(ascii: "="):
      take()
      value(toEndOfLine: false)
    case UInt8(ascii: ":"):
      take()
      takeBlanks()
      value(toEndOfLine: isHeader)
    case UInt8(ascii: " ") where name.hasPrefix("-"):
      takeBlanks()
      if current != UInt8(ascii: "-") { value(toEndOfLine: false) }
    default: break
    }
  }

  /// Masks a value: what is in quotes, or up to the next blank or delimiter.
  private mutating func value(toEndOfLine: Bool) {
    if let quote = current, quote == 0x22 || quote == 0x27 {
      take()
      skip { $0 == quote }
      return
    }
    skip { byte in
      switch byte {
      case 0x0A, 0x22, 0x27: true
      case 0x20, 0x09, UInt8(ascii: "&"), UInt8(ascii: ";"), UInt8(ascii: "|"), UInt8(ascii: ","), UInt8(ascii: "}"),
        UInt8(ascii: ")"):
        !toEndOfLine
      default: false
      }
    }
  }

  private mutating func skip(until isEnd: (UInt8) -> Bool) {
    let start = at
    while let byte = current, !isEnd(byte) { at += 1 }
    if at > start { result += Array(Self.mask.utf8) }
  }

  /// `://user:password@host`.
  private mutating func userInfo() {
    for _ in 0..<3 { take() }
    let rest = text[at...].prefix { $0 > 0x20 && $0 != 0x2F && $0 != 0x22 && $0 != 0x27 }
    guard let sign = rest.lastIndex(of: 0x40), let colon = rest[..<sign].firstIndex(of: 0x3A) else { return }
    result += text[at...colon] + Array(Self.mask.utf8)
    at = sign
  }
}
