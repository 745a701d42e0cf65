import CLinux
import Glibc
import WardenProtocol

/// The listening socket and its connections. At most one of them is the daemon's.
final class Server {
  /// Peers that have not said hello; more are not needed, so the oldest makes room.
  private static let maximumPeers = 16
  /// Messages taken from one connection in a turn, so that a burst of starts does not delay reaping.
  private static let messagesPerTurn = 16

  /// The connection that said hello last.
  private(set) var daemon: Connection?
  /// Called for each message of the daemon's connection.
  var onMessage: ((DaemonMessage) -> Void)?
  /// Called when a connection has become the daemon's.
  var onHello: (() -> Void)?
  /// Called when the daemon is gone and no other has taken its place.
  var onGone: (() -> Void)?

  private let path: String
  private let loop: EventLoop
  private let listener: Int32
  private var connections: [Connection] = []

  /// Binds the socket with mode 0600. A socket that nobody serves is replaced.
  init(path: String, loop: EventLoop) throws(SystemError) {
    self.path = path
    self.loop = loop
    try Self.removeStale(path)
    listener = socket(AF_UNIX, Self.streamType, 0)
    guard listener >= 0 else { throw SystemError("No socket can be made") }
    let mask = umask(0o177)
    let result = withUnixAddress(path) { bind(listener, $0, $1) }
    let code = errno
    umask(mask)
    guard result == 0 else {
      throw SystemError("The socket \(path) can't be bound (does its folder exist?)", code: code)
    }
    guard listen(listener, 64) == 0 else { throw SystemError("The socket \(path) can't listen") }
  }

  private static var streamType: Int32 {
    Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
  }

  private static func removeStale(_ path: String) throws(SystemError) {
    var info = stat()
    guard lstat(path, &info) == 0 else { return }
    guard info.st_mode & S_IFMT == S_IFSOCK else {
      throw SystemError("\(path) is not a socket; remove it, or choose another path with --socket", code: EEXIST)
    }
    let probe = socket(AF_UNIX, streamType, 0)
    guard probe >= 0 else { throw SystemError("No socket can be made") }
    defer { close(probe) }
    // A full backlog answers EAGAIN: somebody serves there, however slowly.
    if withUnixAddress(path, { connect(probe, $0, $1) }) == 0 || errno == EAGAIN {
      throw SystemError("Another warden serves \(path)", code: EADDRINUSE)
    }
    unlink(path)
  }

  /// Begins to accept.
  func open() throws(SystemError) {
    try loop.add(listener, .readable) { [unowned self] _ in accept() }
  }

  /// Removes the socket, so that nobody waits for an answer that never comes.
  func shut() {
    unlink(path)
    for connection in connections { connection.close() }
    close(listener)
  }

  private func accept() {
    while true {
      let fd = jarvis_accept(listener)
      guard fd >= 0 else { return }
      var pid: pid_t = 0
      var uid: uid_t = 0
      var gid: gid_t = 0
      guard jarvis_peer_credentials(fd, &pid, &uid, &gid) == 0, uid == getuid() else {
        log("a process of uid \(uid) was turned away")
        close(fd)
        continue
      }
      do {
        connections.append(try Connection(fd: fd, loop: loop))
      } catch {
        log("a connection was turned away: \(error)")
        close(fd)
      }
      let strangers = connections.filter { !$0.isGreeted }
      if strangers.count > Self.maximumPeers { strangers.first?.refuse("Too many connections that say nothing.") }
    }
  }

  /// Whether messages wait that this turn had no time for.
  var hasWork: Bool { connections.contains { $0.hasMessage } }

  /// Hands over the messages that have come.
  func process() {
    for connection in connections {
      for _ in 0..<Self.messagesPerTurn {
        guard let result = connection.next() else { break }
        take(result, from: connection)
      }
    }
  }

  private func take(_ result: Result<DaemonMessage, WireError>, from connection: Connection) {
    switch result {
    case .success(.hello(let version)):
      guard version == Frame.version else {
        connection.refuse("This warden speaks version \(Frame.version) of the protocol, not \(version).")
        return
      }
      connection.isGreeted = true
      if daemon !== connection { daemon?.refuse("Another jarvisd has taken over.") }
      daemon = connection
      onHello?()
    case .success(let message):
      guard connection === daemon else { return connection.refuse("The first message must be hello.") }
      onMessage?(message)
    case .failure(let error):
      guard connection === daemon else { return connection.refuse(error.description) }
      // The frame was whole, so the next one can still be read.
      connection.send(.failed(key: nil, message: error.description))
    }
  }

  /// Writes what is queued and lets go of connections that ended.
  func flush() {
    for connection in connections { connection.flush() }
    guard connections.contains(where: { $0.isBroken }) else { return }
    for connection in connections where connection.isBroken { connection.close() }
    connections.removeAll { $0.isBroken }
    if daemon?.isBroken == true {
      daemon = nil
      onGone?()
    }
  }
}
