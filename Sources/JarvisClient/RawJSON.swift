/// Finds members of an object in its text, so that they can be handed on as they came.
///
/// It trusts the text to be JSON and only looks for where values end; the strict reader is `JSON(parsing:)`.
public struct RawJSON {
  private let bytes: [UInt8]
  private var at = 0

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The text of a member's value; nil where the text is no object or has no such member.
  public static func member(_ key: String, of line: [UInt8]) -> ArraySlice<UInt8>? {
    var scanner = RawJSON(line)
    return scanner.find(Array(key.utf8))
  }

  private mutating func find(_ key: [UInt8]) -> ArraySlice<UInt8>? {
    skipSpace()
    guard take(UInt8(ascii: "{")) else { return nil }
    while true {
      skipSpace()
      let keyStart = at + 1
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\""), skipString() else { return nil }
      let isWanted = bytes[keyStart..<at - 1].elementsEqual(key)
      skipSpace()
      guard take(UInt8(ascii: ":")) else { return nil }
      skipSpace()
      let start = at
      guard skipValue() else { return nil }
      if isWanted { return bytes[start..<at] }
      skipSpace()
      guard take(UInt8(ascii: ",")) else { return nil }
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }

  private mutating func skipSpace() {
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 || bytes[at] == 0x0A || bytes[at] == 0x0D { at += 1 }
  }

  private mutating func skipString() -> Bool {
    at += 1
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\\"): at += 2
      case UInt8(ascii: "\""):
        at += 1
        return true
      default: at += 1
      }
    }
    return false
  }

  private mutating func skipValue() -> Bool {
    var depth = 0
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        guard skipString() else { return false }
        if depth == 0 { return true }
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        at += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        // The bracket of the object around a bare number ends the number.
        if depth == 0 { return true }
        depth -= 1
        at += 1
        if depth == 0 { return true }
      case UInt8(ascii: ","), 0x20, 0x09, 0x0A, 0x0D:
        if depth == 0 { return true }
        at += 1
      default: at += 1
      }
    }
    return false
  }
}
