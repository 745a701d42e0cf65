/// What a person pressed.
enum Key: Equatable {
  case character(Character)
  /// A letter with Ctrl, in lower case.
  case control(Character)
  case up, down, left, right, pageUp, pageDown, home, end
  case enter, escape, backspace, tab
}

/// Reads keys out of the bytes of a terminal in raw mode.
struct KeyReader {
  private var bytes: [UInt8] = []

  /// Whether the beginning of something is there: a lone Escape, or a sequence whose rest is on its way.
  var isWaiting: Bool { !bytes.isEmpty }

  /// Takes bytes and returns the keys that they complete.
  mutating func take(_ new: some Sequence<UInt8>) -> [Key] {
    bytes.append(contentsOf: new)
    var keys: [Key] = []
    while let (key, count) = next() {
      if let key { keys.append(key) }
      bytes.removeFirst(count)
    }
    // No sequence is so long: what is left is no key.
    if bytes.count > 64 { bytes = [] }
    return keys
  }

  /// Nothing more came for a while: an Escape that waits was one.
  mutating func giveUpWaiting() -> [Key] {
    defer { bytes = [] }
    return bytes.first == 0x1B ? [.escape] : []
  }

  /// The first key and how many bytes it takes; a nil key is passed over, a nil result waits for more.
  private func next() -> (key: Key?, count: Int)? {
    guard let first = bytes.first else { return nil }
    switch first {
    case 0x1B: return sequence()
    case 0x0D, 0x0A: return (.enter, 1)
    case 0x09: return (.tab, 1)
    case 0x7F, 0x08: return (.backspace, 1)
    case 0x01...0x1A: return (.control(Character(Unicode.Scalar(first + 0x60))), 1)
    case 0x00...0x1F: return (nil, 1)
    case ..<0x80: return (.character(Character(Unicode.Scalar(first))), 1)
    default: return multibyte(first)
    }
  }

  private func multibyte(_ first: UInt8) -> (key: Key?, count: Int)? {
    let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 1
    guard bytes.count >= length else { return nil }
    let text = String(decoding: bytes[..<length], as: UTF8.self)
    guard let character = text.first, text.count == 1, character != "\u{FFFD}" else { return (nil, 1) }
    return (.character(character), length)
  }

  /// `ESC [ parameters letter` and `ESC O letter` (ECMA-48, xterm).
  private func sequence() -> (key: Key?, count: Int)? {
    guard bytes.count > 1 else { return nil }
    switch bytes[1] {
    case UInt8(ascii: "O"):
      guard bytes.count > 2 else { return nil }
      return (Self.key(final: bytes[2], parameters: []), 3)
    case UInt8(ascii: "["):
      guard let end = bytes[2...].firstIndex(where: { $0 >= 0x40 && $0 <= 0x7E }) else { return nil }
      return (Self.key(final: bytes[end], parameters: bytes[2..<end]), end + 1)
    // Alt with a key means nothing here: these are two keys that came at once.
    default: return (.escape, 1)
    }
  }

  private static func key(final: UInt8, parameters: ArraySlice<UInt8>) -> Key? {
    switch final {
    case UInt8(ascii: "A"): return .up
    case UInt8(ascii: "B"): return .down
    case UInt8(ascii: "C"): return .right
    case UInt8(ascii: "D"): return .left
    case UInt8(ascii: "H"): return .home
    case UInt8(ascii: "F"): return .end
    case UInt8(ascii: "M"): return .enter
    case UInt8(ascii: "~"): break
    default: return nil
    }
    switch String(decoding: parameters.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self) {
    case "1", "7": return .home
    case "4", "8": return .end
    case "5": return .pageUp
    case "6": return .pageDown
    default: return nil
    }
  }
}
