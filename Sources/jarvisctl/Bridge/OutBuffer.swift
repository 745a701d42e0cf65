/// Bytes on their way out, in order.
struct OutBuffer {
  private var bytes: [UInt8] = []
  private var start = 0

  /// How many bytes wait.
  var count: Int { bytes.count - start }
  var isEmpty: Bool { count == 0 }

  /// What waits, at most `limit` bytes.
  func front(_ limit: Int) -> ArraySlice<UInt8> { bytes[start..<min(bytes.count, start + limit)] }

  /// Adds a line and its newline.
  mutating func append(line: [UInt8]) {
    bytes.append(contentsOf: line)
    bytes.append(0x0A)
  }

  /// Drops bytes that were written; gives the memory of a large message back.
  mutating func drop(_ count: Int) {
    start += count
    if start == bytes.count {
      bytes.removeAll(keepingCapacity: bytes.capacity <= 65_536)
      start = 0
    } else if start > 1 << 20 {
      bytes.removeFirst(start)
      start = 0
    }
  }

  /// Drops everything.
  mutating func clear() { self = OutBuffer() }
}
