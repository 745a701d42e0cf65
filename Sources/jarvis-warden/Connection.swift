import CLinux
import Glibc
import WardenProtocol

/// One peer on the socket. Reads and writes never block; what can't be written yet waits here, up to a bound.
final class Connection {
  /// Bytes that a daemon may leave unread before the connection is given up. Exits stay held.
  private static let outboundLimit = 8 << 20
  /// Bytes that may wait to be decoded before reading pauses.
  private static let inboundPause = 256 << 10

  let fd: Int32
  /// It has said hello.
  var isGreeted = false
  /// Nothing more is read; it is closed at the end of the turn, with what is queued written if that is possible.
  private(set) var isLeaving = false
  /// The peer is gone, or has given cause to close at once.
  private(set) var isBroken = false

  private let loop: EventLoop
  private var decoder = FrameDecoder()
  private var outbound: [UInt8] = []
  private var written = 0
  private var interest: EventLoop.Interest = .readable

  init(fd: Int32, loop: EventLoop) throws(SystemError) {
    self.fd = fd
    self.loop = loop
    try loop.add(fd, .readable) { [unowned self] events in
      if events.contains(.readable) || events.subtracting([.writable]) != [] { read() }
    }
  }

  /// Whether `next()` has something to give without waiting.
  var hasMessage: Bool { !isLeaving && !isBroken && decoder.isReady }

  /// The next message that came whole; an error for one that is not understood.
  func next() -> Result<DaemonMessage, WireError>? {
    guard !isLeaving, !isBroken else { return nil }
    do throws(WireError) {
      guard let body = try decoder.next() else { return nil }
      do throws(WireError) { return .success(try DaemonMessage(decoding: body)) } catch { return .failure(error) }
    } catch {
      // The stream has lost its rhythm: what follows can't be trusted to be a length.
      refuse(error.description)
      return nil
    }
  }

  /// Queues a message; `flush` sends it.
  func send(_ message: WardenMessage) {
    guard !isBroken else { return }
    do {
      outbound += try Frame.wrap(message.encode())
    } catch {
      log("a message to jarvisd was dropped: \(error)")
    }
    if outbound.count - written > Self.outboundLimit {
      flush()
      guard outbound.count - written > Self.outboundLimit else { return }
      log("jarvisd does not read what it is sent; its connection is closed")
      isBroken = true
    }
  }

  /// Says why and closes after that.
  func refuse(_ message: String) {
    send(.failed(key: nil, message: message))
    leave()
  }

  /// Closes at the end of the turn.
  func leave() { isLeaving = true }

  /// Writes what the socket takes now, and watches for the rest.
  func flush() {
    while written < outbound.count, !isBroken {
      let count = outbound.withUnsafeBytes {
        Glibc.send(fd, $0.baseAddress.map { $0 + written }, $0.count - written, Int32(MSG_NOSIGNAL))
      }
      if count > 0 {
        written += count
      } else if errno == EAGAIN {
        break
      } else if errno != EINTR {
        isBroken = true
      }
    }
    if written == outbound.count {
      outbound.removeAll(keepingCapacity: outbound.capacity < 65_536)
      written = 0
    } else if written > 1 << 20 {
      outbound.removeFirst(written)
      written = 0
    }
    // One attempt to say goodbye: whoever does not read does not keep the connection.
    if isLeaving { isBroken = true }
    let isPaused = decoder.isReady && decoder.bufferedBytes > Self.inboundPause
    var wanted: EventLoop.Interest = isPaused ? [] : .readable
    if written < outbound.count { wanted.insert(.writable) }
    if wanted != interest, !isBroken {
      interest = wanted
      loop.modify(fd, wanted)
    }
  }

  /// Stops watching and closes the descriptor.
  func close() {
    isBroken = true
    loop.remove(fd)
    Glibc.close(fd)
  }

  private func read() {
    guard !isLeaving, !isBroken else {
      // Only errors and hang-ups come through while reading is paused.
      isBroken = true
      return
    }
    withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 16) { buffer in
      let count = recv(fd, buffer.baseAddress, buffer.count, 0)
      if count > 0 {
        decoder.feed(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
        isBroken = true
      }
    }
  }
}
