/// The envelope on the stream between `jarvisd` and `jarvis-warden`: a UInt32 (little-endian) with the length of
/// the body, then the body.
public enum Frame {
  /// The version of the protocol. Both sides say theirs first; a different one is refused.
  public static let version: UInt32 = 3

  /// The longest body that is accepted, in bytes (4 MiB).
  public static let maximumLength = 4 << 20

  /// The body with its length before it, ready to be written to the socket.
  ///
  /// - Throws: `WireError` when the body is longer than `maximumLength`.
  public static func wrap(_ body: [UInt8]) throws(WireError) -> [UInt8] {
    guard body.count <= maximumLength else {
      throw WireError("The message is \(body.count) bytes long; at most \(maximumLength) fit a frame.")
    }
    var frame: [UInt8] = []
    frame.reserveCapacity(body.count + 4)
    withUnsafeBytes(of: UInt32(body.count).littleEndian) { frame.append(contentsOf: $0) }
    frame.append(contentsOf: body)
    return frame
  }
}

/// Cuts a stream of bytes into frames. Feed it what was read; take frames out until there is none.
///
/// A length over the limit makes `next()` throw: the stream has lost its rhythm and must be closed.
public struct FrameDecoder: Sendable {
  private var buffer: [UInt8] = []
  private var start = 0

  /// An empty decoder.
  public init() {}

  /// How many bytes wait, complete frames included.
  public var bufferedBytes: Int { buffer.count - start }

  /// Appends bytes that were read from the stream.
  public mutating func feed(_ bytes: some Sequence<UInt8>) {
    if start > 65_536 || start == buffer.count {
      buffer.removeFirst(start)
      start = 0
    }
    buffer.append(contentsOf: bytes)
  }

  /// The body of the next whole frame, or nil when more bytes are needed.
  ///
  /// - Throws: `WireError` when the announced length is over `Frame.maximumLength`.
  public mutating func next() throws(WireError) -> [UInt8]? {
    guard let length = try announcedLength(), bufferedBytes - 4 >= length else { return nil }
    let body = Array(buffer[start + 4..<start + 4 + length])
    start += 4 + length
    return body
  }

  /// Whether `next()` would give a frame or an error now, without more bytes.
  public var isReady: Bool {
    guard let length = try? announcedLength() else { return bufferedBytes >= 4 }
    return bufferedBytes - 4 >= length
  }

  private func announcedLength() throws(WireError) -> Int? {
    guard bufferedBytes >= 4 else { return nil }
    var length: UInt32 = 0
    for offset in 0..<4 { length |= UInt32(buffer[start + offset]) << UInt32(8 * offset) }
    guard length <= UInt32(Frame.maximumLength) else {
      throw WireError("A frame of \(length) bytes was announced; at most \(Frame.maximumLength) are accepted.")
    }
    return Int(length)
  }
}
