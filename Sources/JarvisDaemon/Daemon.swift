import Glibc
import JarvisConfig
import JarvisLinux
import JarvisProtocol
import JarvisStore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import UnixSignals

/// Why the daemon can't start: a message for people, without a stack of causes.
public struct StartupError: Error, Sendable, CustomStringConvertible {
  /// What is wrong and what to do.
  public let description: String
  /// The exit status: 78 (EX_CONFIG of sysexits.h) where trying again can't help, else 1.
  public let status: Int32

  init(description: String, status: Int32 = 1) {
    self.description = description
    self.status = status
  }
}

/// jarvisd, wired together.
public struct Daemon: Sendable {
  /// What the command line says.
  public struct Options: Sendable {
    /// `--config`.
    public var configFile: String?
    /// `--socket`.
    public var socket: String?
    /// Starts the warden itself, and stops the agents when it is stopped.
    public var isStandalone = false
    /// Logs everything.
    public var isVerbose = false

    /// The defaults.
    public init() {}
  }

  private let options: Options
  private let loaded: LoadedConfig
  private let paths: Paths
  private let log: Logger
  private let environment: [String: String]

  /// Reads the configuration and finds the folders.
  /// - Throws: `StartupError`.
  public init(_ options: Options) throws(StartupError) {
    self.options = options
    environment = ProcessEnvironment.values
    do throws(ConfigError) {
      loaded = try ConfigLoader.load(explicit: options.configFile, environment: environment)
    } catch {
      throw StartupError(description: "the configuration can't be used:\n\(error)", status: 78)
    }
    paths = try Self.paths(options, loaded.config, environment)
    log = Self.logger(options, loaded.config)
  }

  /// Runs until SIGTERM or SIGINT.
  /// - Throws: `StartupError` when it can't start.
  public func run() async throws {
    for warning in loaded.warnings { log.warning("\(warning)") }
    _ = try? raiseFileLimit()
    signal(SIGPIPE, SIG_IGN)
    try prepareFolders()
    let stateLock = try lock(paths.lock, "state folder \(paths.state)")
    defer { stateLock.release() }
    let activated = SocketActivation.listenFDs()
    let socketLock = try activated.isEmpty ? lock(paths.socket + ".lock", "socket \(paths.socket)") : nil
    defer { socketLock?.release() }
    if activated.isEmpty { try clearStaleSocket() }

    let store: Store
    do throws(StoreError) { store = try Store(path: paths.database) } catch {
      throw StartupError(description: error.description)
    }
    // The shared group is never shut down: tasks that end with the process may still come back to their loop.
    NIOSingletons.groupLoopCountSuggestion = 1
    let group = MultiThreadedEventLoopGroup.singleton
    let loop = group.any()
    let launcher = options.isStandalone ? WardenLauncher(paths: paths, root: loaded.config.warden.cgroupRoot) : nil
    let link = WardenLink(path: paths.wardenSocket, group: loop, launcher: launcher, log: log)
    let coordinator = Coordinator(
      store: store, config: loaded.config, runners: RunnerTable.load(environment: environment), paths: paths,
      warden: link, loop: loop, log: log)
    do throws(RPC.Failure) { try await coordinator.restore() } catch {
      throw StartupError(description: error.message)
    }
    let inspector = PeerInspector()
    let reloader = Reloader(options: options, environment: environment, coordinator: coordinator, source: loaded.source)
    let services = DaemonServices(
      startedAt: SystemClock.now(), isStandalone: options.isStandalone,
      reload: { () throws(RPC.Failure) in try await reloader.reload() }, configFile: { reloader.source })
    let dispatcher = Dispatcher(coordinator: coordinator, inspector: inspector, services: services)
    let server = SocketServer(
      loop: loop, dispatcher: dispatcher, coordinator: coordinator, inspector: inspector, log: log)
    let notifier = SystemdNotifier()
    try await runServices(
      Parts(
        loop: loop, coordinator: coordinator, link: link, server: server, notifier: notifier, reloader: reloader,
        activated: activated.first?.descriptor))
    await server.closeAll()
    do throws(StoreError) { try store.close() } catch { log.error("\(error)") }
    if activated.isEmpty { unlink(paths.socket) }
    log.info("stopped", metadata: [MessageID.metadataKey: MessageID.daemonStopping.metadata])
  }

  private struct Parts: Sendable {
    let loop: any EventLoop
    let coordinator: Coordinator
    let link: WardenLink
    let server: SocketServer
    let notifier: SystemdNotifier
    let reloader: Reloader
    let activated: Int32?
  }

  /// Runs the services; on a signal they are told to end from the last to the first.
  private func runServices(_ parts: Parts) async throws {
    let (paths, log, options) = (paths, log, options)
    let listening = Milestone()
    let onLoop = EventLoopExecutor(parts.loop)
    let monitor = ResourceMonitor(coordinator: parts.coordinator, notifier: parts.notifier, log: log) {
      // Whoever is told "ready" connects at once, and a standalone daemon's tier is known with its warden.
      await listening.reached(within: 10)
      if options.isStandalone { await parts.link.connected.reached(within: 0.8) }
      parts.notifier.ready(status: "listening on \(paths.socket)")
      if options.isStandalone {
        TerminalLine.write("jarvisd: ready, listening on \(paths.socket)")
      }
      log.info("ready", metadata: [MessageID.metadataKey: MessageID.daemonStarted.metadata])
    }
    let services: [any Service] = [
      Running("coordinator", on: onLoop) { await parts.coordinator.run() },
      Running("warden", on: onLoop) { await parts.link.run(parts.coordinator) },
      Running("hangup") {
        for await _ in await UnixSignalsSequence(trapping: .sighup) {
          parts.notifier.reloading()
          do throws(RPC.Failure) { _ = try await parts.reloader.reload() } catch { log.error("\(error.message)") }
          parts.notifier.ready()
        }
      },
      Running("monitor", on: onLoop) { await monitor.run() },
      Front(parts: parts.server, activated: parts.activated, path: paths.socket, listening: listening) {
        await self.windDown(parts)
      },
    ]
    var configuration = ServiceGroupConfiguration(
      services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
      logger: Logger(label: "lifecycle") { _ in SwiftLogNoOpLogHandler() })
    configuration.maximumGracefulShutdownDuration = .seconds(
      loaded.config.daemon.drain + loaded.config.limits.grace + 20)
    try await ServiceGroup(configuration: configuration).run()
  }

  /// The way down, while everything still runs: accept nobody, start nothing; a standalone daemon, whose agents have
  /// nobody else to look after them, lets them finish for a while, then stops them and queues their tasks again.
  private func windDown(_ parts: Parts) async {
    parts.notifier.stopping(status: "stopping")
    await parts.server.stopAccepting()
    await parts.coordinator.beginStopping()
    if options.isStandalone {
      if await !parts.coordinator.idle(within: loaded.config.daemon.drain) {
        await parts.coordinator.interruptAll()
        if await !parts.coordinator.idle(within: loaded.config.limits.grace + 5) {
          log.error("some agents could not be stopped; the next start takes care of them")
        }
      }
      // A warden that was just started hears it only when it is connected, and would stay for a while otherwise.
      await parts.link.connected.reached(within: 5)
      parts.link.dismiss()
      // Nothing answers; the connection's end is the answer.
      if await !parts.link.closed(within: 5) { log.error("the warden did not stop in time") }
    }
  }

  // MARK: Places

  private static func paths(
    _ options: Options, _ config: Config, _ environment: [String: String]
  ) throws(StartupError) -> Paths {
    let runtime: String
    if let named = environment["XDG_RUNTIME_DIR"], named.hasPrefix("/") {
      runtime = named + "/jarvis"
    } else if access("/run/user/\(geteuid())", W_OK) == 0 {
      runtime = "/run/user/\(geteuid())/jarvis"
    } else {
      throw StartupError(
        description: "XDG_RUNTIME_DIR is not set and /run/user/\(geteuid()) can't be written to. Set it to a private "
          + "folder, for example: export XDG_RUNTIME_DIR=$(mktemp -d)")
    }
    let state: String
    if !config.daemon.stateDirectory.isEmpty {
      state = config.daemon.stateDirectory
    } else if let named = environment["XDG_STATE_HOME"], named.hasPrefix("/") {
      state = named + "/jarvis"
    } else if let home = environment["HOME"], home.hasPrefix("/") {
      state = home + "/.local/state/jarvis"
    } else {
      throw StartupError(description: "neither XDG_STATE_HOME nor HOME is set, so there is no place for the store")
    }
    let named = [options.socket, environment["JARVIS_SOCKET"], config.daemon.socket].compactMap { $0 }.first {
      !$0.isEmpty
    }
    let socket = named ?? runtime + "/jarvis.sock"
    for path in [socket, runtime + "/warden.sock"] {
      guard path.hasPrefix("/") else { throw StartupError(description: "the socket's path must be absolute: \(path)") }
      // sun_path of unix(7).
      guard path.utf8.count < 108 else {
        throw StartupError(
          description:
            "the socket's path is longer than the 107 bytes that Linux allows: \(path). Use a shorter XDG_RUNTIME_DIR")
      }
    }
    return Paths(runtime: runtime, state: state, socket: socket)
  }

  private func prepareFolders() throws(StartupError) {
    do throws(PrivateFolderError) {
      for folder in [paths.runtime, paths.state, paths.outputs] { try ensurePrivateDirectory(folder) }
    } catch {
      throw StartupError(description: error.description)
    }
  }

  private func lock(_ path: String, _ what: String) throws(StartupError) -> FileLock {
    do throws(FileLockError) { return try FileLock(path: path) } catch {
      throw StartupError(description: "another jarvisd uses the \(what): \(error)")
    }
  }

  /// Takes the socket of a daemon that died out of the way; refuses where one answers.
  private func clearStaleSocket() throws(StartupError) {
    var status = stat()
    guard lstat(paths.socket, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw StartupError(description: "\(paths.socket) is there and is no socket; move it away")
    }
    guard !UnixSocket.answers(paths.socket) else {
      throw StartupError(description: "another program already listens on \(paths.socket); stop it, or use --socket")
    }
    guard unlink(paths.socket) == 0 || errno == ENOENT else {
      throw StartupError(
        description: "the stale socket \(paths.socket) can't be removed: \(String(cString: strerror(errno)))")
    }
  }

  private static func logger(_ options: Options, _ config: Config) -> Logger {
    var level = Logger.Level(rawValue: config.daemon.logLevel.rawValue) ?? .info
    let isJournal: Bool =
      switch config.daemon.logTarget {
      case .auto: JournalLogHandler.isStderrJournal
      case .journal: true
      case .stderr: false
      }
    // A person at a terminal sees what needs a person; the journal gets everything that was asked for.
    if !isJournal, options.isStandalone, config.daemon.logTarget == .auto { level = max(level, .notice) }
    if options.isVerbose { level = .debug }
    return Logger(label: "jarvisd") { label -> any LogHandler in
      if isJournal { return JournalLogHandler(label: label, identifier: "jarvisd", level: level) }
      return TerminalLogHandler(level: level)
    }
  }
}
