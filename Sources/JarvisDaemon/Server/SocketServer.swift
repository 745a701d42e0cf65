import Glibc
import JarvisConfig
import JarvisLinux
import JarvisProtocol
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Accepts clients on the Unix socket. Who they are is asked from the kernel before a byte of theirs is read.
final class SocketServer: Sendable {
  private struct State {
    var next = 0
    var total = 0
    var byProcess: [Int32: Int] = [:]
    var open: [Int: any Channel] = [:]
    var listener: (any Channel)?
  }

  private let loop: any EventLoop
  private let dispatcher: Dispatcher
  private let coordinator: Coordinator
  private let inspector: PeerInspector
  private let log: Logger
  private let onLoop: EventLoopExecutor
  private let state = Mutex(State())

  init(
    loop: any EventLoop, dispatcher: Dispatcher, coordinator: Coordinator, inspector: PeerInspector, log: Logger
  ) {
    self.loop = loop
    onLoop = EventLoopExecutor(loop)
    self.dispatcher = dispatcher
    self.coordinator = coordinator
    self.inspector = inspector
    self.log = log
  }

  /// Listens on a path, or on a socket that systemd has opened.
  func start(path: String, activated: Int32?) async throws {
    let bootstrap = ServerBootstrap(group: loop)
      .serverChannelOption(.backlog, value: 1024)
      .childChannelOption(.autoRead, value: false)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      // A client that does not read is not written for beyond this; requests wait for it.
      .childChannelOption(.writeBufferWaterMark, value: .init(low: 256 << 10, high: 1 << 20))
      .childChannelInitializer { [self] channel in accept(channel) }
    let listener: any Channel
    if let activated {
      listener = try await bootstrap.withBoundSocket(activated).get()
    } else {
      // The folder is private (0700); the socket is made so that nobody else could use it even for a moment.
      let mask = umask(0o177)
      defer { umask(mask) }
      listener = try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: false).get()
    }
    state.withLock { $0.listener = listener }
  }

  /// Accepts nobody any more.
  func stopAccepting() async {
    try? await state.withLock { $0.listener }?.close().get()
  }

  /// Closes all connections; answers that are on their way are written first.
  func closeAll() async {
    let open = state.withLock { Array($0.open.values) }
    for channel in open {
      channel.flush()
      try? await channel.close().get()
    }
  }

  private func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
    guard let options = channel as? any SocketOptionProvider else {
      return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
    }
    let credentials: EventLoopFuture<PeerIdentity> = options.unsafeGetSocketOption(
      level: SocketOptionLevel(SOL_SOCKET), name: SocketOptionName(SO_PEERCRED))
    return credentials.flatMap { [self] peer in
      channel.eventLoop.makeFutureWithTask { [self] in
        var caller = inspector.caller(of: peer.pid, uid: peer.uid)
        switch await inspector.peer(of: caller, coordinator) {
        case .person: return (caller, true)
        case .agent(let agent):
          caller.agent = agent
          caller.session = agent.session
          return (caller, true)
        case .undecided: return (caller, false)
        }
      }
    }.flatMapThrowing { [self] (caller, isKnown) in try admit(caller, isKnown: isKnown, channel) }
  }

  private func admit(_ caller: Caller, isKnown: Bool, _ channel: any Channel) throws {
    let config = coordinator.published.withLock { $0.config }
    let refusal: RPC.Failure? = state.withLock { state in
      guard caller.uid == geteuid() || config.daemon.allowedUIDs.contains(caller.uid) else {
        return RPC.Failure(.forbidden, "this Jarvis belongs to user \(geteuid()) and does not serve user \(caller.uid)")
      }
      guard isKnown else {
        return RPC.Failure(
          .forbidden, "process \(caller.pid) has ended, or belongs to an agent whose task is over, and is not served")
      }
      let mine = state.byProcess[caller.pid] ?? 0
      guard mine < config.server.maxConnectionsPerProcess else {
        return RPC.Failure(
          .tooMany, "process \(caller.pid) has \(mine) connections (`[server] max_connections_per_process`)",
          data: ["bound": "max_connections_per_process", "limit": .int(Int64(config.server.maxConnectionsPerProcess))])
      }
      guard state.total < config.server.maxConnections else {
        return RPC.Failure(
          .tooMany, "there are \(state.total) connections (`[server] max_connections`)",
          data: ["bound": "max_connections", "limit": .int(Int64(config.server.maxConnections))])
      }
      return nil
    }
    let number = state.withLock { state -> Int in
      state.next += 1
      return state.next
    }
    let connection = Connection(
      number: number, channel: channel, caller: caller, dispatcher: dispatcher, onLoop: onLoop,
      maximumInFlight: config.server.maxRequestsInFlight)
    if let refusal {
      log.warning("a connection was refused: \(refusal.message)")
      return connection.refuse(refusal)
    }
    state.withLock { state in
      state.total += 1
      state.byProcess[caller.pid, default: 0] += 1
      state.open[number] = channel
    }
    channel.closeFuture.whenComplete { [self] _ in
      state.withLock { state in
        state.total -= 1
        state.open.removeValue(forKey: number)
        state.byProcess[caller.pid, default: 1] -= 1
        if state.byProcess[caller.pid] == 0 { state.byProcess.removeValue(forKey: caller.pid) }
      }
    }
    try channel.pipeline.syncOperations.addHandler(
      LineHandler(maximumLine: config.server.maxLine, connection: connection))
  }
}

/// `struct ucred` of unix(7).
private struct PeerIdentity: Sendable {
  var pid: Int32
  var uid: UInt32
  var gid: UInt32
}
