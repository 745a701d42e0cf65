import Glibc

/// A connected, non-blocking Unix socket, closed with its last reference.
public final class UnixStream {
  /// What became of one read or write.
  public enum Transfer: Sendable, Hashable {
    case moved(Int)
    /// Nothing can be moved now: poll(2) first.
    case wouldBlock
    /// The other side has closed.
    case closed
  }

  /// The descriptor, for poll(2).
  public let descriptor: Int32

  /// Connects.
  /// - Parameter patience: seconds to go on trying while the daemon has too many connections waiting.
  /// - Throws: `badSocketPath` for a path that is too long for a socket (107 bytes); `noDaemon` for everything else.
  public init(connectingTo path: String, patience: Double = 0) throws(ClientError) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let capacity = MemoryLayout.size(ofValue: address.sun_path)
    let text = Array(path.utf8)
    guard text.count < capacity else {
      throw ClientError.badSocketPath(
        "the socket's path is too long (\(text.count) bytes, at most \(capacity - 1)): \(path); name a shorter one with "
          + "--socket or JARVIS_SOCKET")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: text) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw ClientError.noDaemon(path: path, cause: systemMessage(errno)) }
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    let deadline = Monotonic.now + patience
    while true {
      let result = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      if result == 0 { break }
      let code = errno
      if code == EINTR { continue }
      // A full backlog says EAGAIN, and gives nothing to poll for (unix(7)).
      if code == EAGAIN, Monotonic.now < deadline {
        usleep(10_000)
        continue
      }
      close(descriptor)
      let cause = code == EAGAIN ? "it has too many connections waiting" : systemMessage(code)
      throw ClientError.noDaemon(path: path, cause: cause)
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Reads what is there, at most 64 KiB, to the end of `lines`.
  public func read(into lines: inout LineBuffer) -> Transfer {
    while true {
      let count = lines.append(atMost: 65_536) { recv(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT)) }
      if count > 0 { return .moved(count) }
      if count == 0 { return .closed }
      if errno == EAGAIN { return .wouldBlock }
      if errno != EINTR { return .closed }
    }
  }

  /// Writes as much as the socket takes; never raises SIGPIPE.
  public func write(_ bytes: ArraySlice<UInt8>) -> Transfer {
    while true {
      let count = bytes.withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
      }
      if count >= 0 { return .moved(count) }
      if errno == EAGAIN { return .wouldBlock }
      if errno != EINTR { return .closed }
    }
  }
}
