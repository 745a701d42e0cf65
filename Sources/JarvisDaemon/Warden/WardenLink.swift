import JarvisProtocol
import Logging
import NIOCore
import NIOPosix
import Synchronization
import WardenProtocol

/// The connection to the warden: connects, says hello, asks for all runs, then carries messages both ways; connects
/// again when it is lost. In a standalone daemon it also starts the warden where none answers.
final class WardenLink: WardenPort {
  private let path: String
  private let group: any EventLoopGroup
  private let launcher: WardenLauncher?
  private let log: Logger
  private let state = Mutex(State())
  /// The warden was told to leave: its going is no loss, and no other is started.
  private let isDismissed = Atomic(false)
  private let milestone = Mutex(Milestone())

  private struct State {
    var channel: (any Channel)?
    /// Frames that the event loop has not taken yet.
    var frames: [UInt8] = []
  }

  init(path: String, group: any EventLoopGroup, launcher: WardenLauncher?, log: Logger) {
    self.path = path
    self.group = group
    self.launcher = launcher
    self.log = log
  }

  /// What one turn of the coordinator sends goes out together at its end.
  func send(_ message: DaemonMessage) {
    let frame: [UInt8]
    do throws(WardenProtocol.WireError) { frame = try Frame.wrap(message.encode()) } catch {
      return log.error("a message for the warden could not be made: \(error)")
    }
    // The first frame sets the write, which takes all that have come until it runs.
    let channel = state.withLock { state -> (any Channel)? in
      guard let channel = state.channel else { return nil }
      let isFirst = state.frames.isEmpty
      state.frames += frame
      return isFirst ? channel : nil
    }
    guard let channel else { return }
    channel.eventLoop.execute { [self] in
      let frames = state.withLock { state -> [UInt8] in
        guard state.channel === channel else { return [] }
        defer { state.frames = [] }
        return state.frames
      }
      if !frames.isEmpty { channel.writeAndFlush(channel.allocator.buffer(bytes: frames), promise: nil) }
    }
  }

  /// Tells the warden to end all agents and to leave.
  func dismiss() {
    isDismissed.store(true, ordering: .relaxed)
    send(.shutdown(killAgents: true))
  }

  /// Reached while a connection stands and the coordinator knows what the warden has.
  var connected: Milestone { milestone.withLock { $0 } }

  /// Whether a connection stands.
  var isConnected: Bool { state.withLock { $0.channel != nil } }

  /// Returns true when no connection stands (any more), false when the time was up before.
  func closed(within seconds: Double) async -> Bool {
    guard let channel = state.withLock({ $0.channel }) else { return true }
    return await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        try? await channel.closeFuture.get()
        return true
      }
      group.addTask {
        try? await Task.sleep(for: .seconds(seconds), clock: .continuous)
        // Lets the other one end too.
        channel.close(promise: nil)
        return false
      }
      let first = await group.next() ?? false
      group.cancelAll()
      return first
    }
  }

  /// Keeps the connection until cancelled; tells `coordinator` everything in order.
  func run(_ coordinator: Coordinator) async {
    var wait = 0.01
    var attempts = 0
    var saidSo = false
    while !Task.isCancelled {
      do {
        let why = try await serve(coordinator)
        wait = 0.01
        attempts = 0
        saidSo = false
        guard !Task.isCancelled else { return }
        if isDismissed.load(ordering: .relaxed) { continue }
        await coordinator.receive(.disconnected(why))
      } catch {
        if !saidSo { log.debug("the warden does not answer at \(path): \(error)") }
        if let launcher, !Task.isCancelled, !isDismissed.load(ordering: .relaxed) {
          do throws(WardenLauncher.LaunchError) { try launcher.launch() } catch { log.critical("\(error.message)") }
        }
        if wait > 1, !saidSo {
          saidSo = true
          log.warning("the warden does not answer at \(path); trying on")
        }
      }
      // Nothing tells when a socket appears; the wait grows to 2 s and only passes while the warden is away. One that
      // was just started is about to listen.
      try? await Task.sleep(for: .seconds(wait), clock: .continuous)
      attempts += 1
      wait = min(launcher != nil && attempts < 30 ? 0.1 : 2, wait * 2)
    }
  }

  /// One connection, from hello to its end; returns why it ended.
  private func serve(_ coordinator: Coordinator) async throws -> String {
    let (news, sink) = AsyncStream.makeStream(of: [WardenMessage].self)
    let channel = try await ClientBootstrap(group: group)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(WardenHandler(sink: sink))
        }
      }
      .connect(unixDomainSocketPath: path).get()
    state.withLock { $0 = State(channel: channel) }
    var isReady = false
    defer {
      if isReady { milestone.withLock { $0 = Milestone() } }
      state.withLock { $0 = State() }
      channel.close(promise: nil)
    }
    send(.hello(version: Frame.version))
    send(.list)
    var welcome: Welcome?
    var runs: [RunInfo] = []
    // Cancelling ends the loop below: the stream ends with the task.
    for await messages in news {
      if isReady {
        await coordinator.receive(.messages(messages))
        continue
      }
      // What comes between the list's parts belongs behind it.
      var later: [WardenMessage] = []
      for message in messages {
        switch message {
        case .welcome(let who) where !isReady:
          guard who.version == Frame.version else {
            return
              "it speaks version \(who.version) of the protocol, and this daemon version \(Frame.version); restart both"
          }
          welcome = who
        case .runs(let part, let isLast) where !isReady:
          runs += part
          if isLast, let welcome {
            isReady = true
            await coordinator.receive(.connected(welcome, runs))
            connected.reach()
          }
        default: later.append(message)
        }
      }
      if !later.isEmpty { await coordinator.receive(.messages(later)) }
    }
    return "the connection was closed"
  }
}

/// Turns bytes into messages, all of one read together.
private final class WardenHandler: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer

  private let sink: AsyncStream<[WardenMessage]>.Continuation
  private let decoder = Mutex(FrameDecoder())

  init(sink: AsyncStream<[WardenMessage]>.Continuation) { self.sink = sink }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    do throws(WardenProtocol.WireError) {
      let messages = try decoder.withLock { (decoder) throws(WardenProtocol.WireError) -> [WardenMessage] in
        decoder.feed(bytes.readableBytesView)
        var messages: [WardenMessage] = []
        while let frame = try decoder.next() { messages.append(try WardenMessage(decoding: frame)) }
        return messages
      }
      if !messages.isEmpty { sink.yield(messages) }
    } catch {
      context.close(promise: nil)
    }
  }

  func channelInactive(context: ChannelHandlerContext) { sink.finish() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
