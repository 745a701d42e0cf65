/// Cuts a stream of bytes into lines, in pieces of any size, with bounded memory.
///
/// A line longer than `longest` is passed over up to its end; it is counted, and nothing of it is kept.
public struct LineCutter: Sendable {
  /// The longest line that is kept, in bytes.
  public let longest: Int
  /// Where the line that has not ended yet begins, in bytes from the start of the stream. Reading can go on from here.
  public private(set) var offset: Int
  /// Lines that were too long.
  public private(set) var skipped = 0
  private var pending: [UInt8] = []
  private var isSkipping = false
  private var length = 0

  /// Begins at a byte that starts a line.
  public init(offset: Int = 0, longest: Int = 4 << 20) {
    self.offset = offset
    self.longest = longest
  }

  /// Bytes of the line that has not ended.
  public var unfinished: Int { length }

  /// Takes more bytes; calls `line` with each line that they end, without its newline.
  public mutating func feed(_ bytes: [UInt8], _ line: (ArraySlice<UInt8>) -> Void) {
    var start = 0
    while start < bytes.count {
      guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) else { return keep(bytes[start...]) }
      if isSkipping || length + (end - start) > longest {
        skipped += 1
      } else if length == 0 {
        line(bytes[start..<end])
      } else {
        pending += bytes[start..<end]
        line(pending[...])
      }
      offset += length + (end - start) + 1
      clear()
      start = end + 1
    }
  }

  /// The last line, which nothing ends: the stream is over.
  public mutating func finish(_ line: (ArraySlice<UInt8>) -> Void) {
    if isSkipping { skipped += 1 } else if !pending.isEmpty { line(pending[...]) }
    offset += length
    clear()
  }

  private mutating func keep(_ rest: ArraySlice<UInt8>) {
    length += rest.count
    if length > longest {
      isSkipping = true
      pending = []
    } else {
      pending += rest
    }
  }

  private mutating func clear() {
    length = 0
    isSkipping = false
    pending.removeAll(keepingCapacity: pending.capacity <= 1 << 16)
  }
}
