/// Reading of the kernel's ASCII tables without making Strings.
struct ByteText {
  /// Whether a byte separates words on a line: space or tab.
  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  /// The lines, without their newlines; no empty line after a final newline.
  static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] { bytes.split(separator: 0x0A) }

  /// The words of a line.
  static func words(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] { line.split(whereSeparator: isBlank) }

  /// A decimal number that takes up the whole of `bytes`; nil for anything else, overflow included.
  static func number(_ bytes: ArraySlice<UInt8>) -> UInt64? {
    guard !bytes.isEmpty else { return nil }
    var n: UInt64 = 0
    for byte in bytes {
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      let (scaled, overflow) = n.multipliedReportingOverflow(by: 10)
      let (sum, carry) = scaled.addingReportingOverflow(UInt64(byte - 0x30))
      guard !overflow, !carry else { return nil }
      n = sum
    }
    return n
  }

  /// The whole text as one number, a final newline allowed: `memory.current`, `pids.current`.
  static func single(_ bytes: [UInt8]) -> UInt64? { lines(bytes).first.flatMap { number($0) } }

  /// The number after `key` in a flat-keyed file: `usage_usec 12` lines.
  static func value(of key: StaticString, in bytes: [UInt8]) -> UInt64? {
    for line in lines(bytes) where starts(line, with: key) {
      let rest = line.dropFirst(key.utf8CodeUnitCount)
      guard let first = rest.first, isBlank(first) else { continue }
      return number(rest.drop(while: isBlank))
    }
    return nil
  }

  /// Whether `line` begins with an ASCII literal.
  static func starts(_ line: ArraySlice<UInt8>, with prefix: StaticString) -> Bool {
    line.starts(with: UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
  }

  /// The bytes as a String; what is not UTF-8 becomes U+FFFD.
  static func string(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
