import Glibc

/// Cuts a stream of bytes into lines, with a bound on the length of one.
public struct LineBuffer {
  /// One line.
  public enum Line: Sendable, Hashable {
    /// The bytes without the newline (and without a carriage return before it).
    case whole([UInt8])
    /// A line beyond the bound; its bytes are dropped.
    case tooLong
  }

  private let limit: Int
  private var bytes: [UInt8] = []
  /// Where the first line that was not taken yet begins.
  private var start = 0
  /// Bytes before this hold no newline.
  private var searched = 0
  private var isDropping = false
  /// How much is read at once: little as long as little comes, since a hundred bridges each hold this twice.
  private var room = 4096

  /// - Parameter limit: bytes in a line at most.
  public init(limit: Int) { self.limit = limit }

  /// Whether bytes are waiting that are no whole line yet.
  public var isEmpty: Bool { start == bytes.count && !isDropping }

  /// Appends what `fill` puts into a buffer of `count` bytes; `fill` answers as read(2) does, and so does this.
  public mutating func append(atMost count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
    compact()
    let count = min(count, room)
    let filled = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: count))
    let got = bytes.withUnsafeMutableBytes { fill(UnsafeMutableRawBufferPointer(rebasing: $0[filled...])) }
    bytes.removeLast(count - max(0, got))
    if got == room {
      room = min(room * 4, 65_536)
    } else if got >= 0, got < room / 8 {
      room = max(room / 4, 4096)
    }
    return got
  }

  /// The next line, or nil until more bytes come.
  public mutating func next() -> Line? {
    guard let newline = indexOfNewline() else {
      searched = bytes.count
      if bytes.count - start > limit {
        isDropping = true
        bytes.removeAll()
        start = 0
        searched = 0
      }
      return nil
    }
    defer {
      start = newline + 1
      searched = start
    }
    if isDropping || newline - start > limit {
      isDropping = false
      return .tooLong
    }
    let end = newline > start && bytes[newline - 1] == 0x0D ? newline - 1 : newline
    return .whole(Array(bytes[start..<end]))
  }

  private func indexOfNewline() -> Int? {
    bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress, searched < buffer.count,
        let found = memchr(base + searched, 0x0A, buffer.count - searched)
      else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }

  /// Drops the lines that were taken, and gives memory back after a large one.
  private mutating func compact() {
    guard start > 0 else { return }
    bytes.removeFirst(start)
    searched -= start
    start = 0
    if bytes.isEmpty, bytes.capacity > 262_144 { bytes = [] }
  }
}
