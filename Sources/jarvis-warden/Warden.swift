import CLinux
import Glibc
import WardenProtocol

/// The warden's life: what it does on each message, signal and turn of the loop, and when it leaves.
final class Warden {
  private enum Life {
    case serving
    /// Leaves when the last agent has ended.
    case draining
    /// Agents were asked to end; `killAt` is when they are killed, or nil when they have been.
    case stopping(killAt: UInt64?, giveUpAt: UInt64)
  }

  private static let grace = UInt64.seconds(5)

  private let options: Options
  private let placement: Placement
  private let loop: EventLoop
  private let server: Server
  private let spool: Spool
  private let host: any Host
  private let agents: Agents
  private let notify: Notify
  private let bootID: String
  private var life = Life.serving
  private var idleSince: UInt64?
  private var status = ""
  private var nextStatus: UInt64 = 0

  init(
    options: Options, placement: Placement, loop: EventLoop, server: Server, spool: Spool, host: any Host,
    notify: Notify
  ) {
    self.options = options
    self.placement = placement
    self.loop = loop
    self.server = server
    self.spool = spool
    self.host = host
    self.notify = notify
    agents = Agents(host: host, spool: spool) { [unowned server] in server.daemon?.send($0) }
    bootID = SmallFile.text("/proc/sys/kernel/random/boot_id").map { String($0.prefix { $0 != "\n" }) } ?? ""
    server.onMessage = { [unowned self] in handle($0) }
    server.onHello = { [unowned self] in greet() }
    server.onGone = { spool.flush(durably: true) }
  }

  /// Serves until it is time to leave; then nothing of it is left but held exits on disk.
  func run() throws(SystemError) {
    try watchSignals()
    try server.open()
    notify.send("READY=1\n")
    log("ready on \(options.socket), tier \(placement.tier.rawValue)")
    loop.run(deadline: { self.deadline }, turn: { self.turn() })
    spool.flush(durably: true)
    server.shut()
    for folder in placement.ownFolders { rmdir(folder) }
  }

  // MARK: Messages

  private func greet() {
    if case .draining = life {
      life = .serving
      agents.refusal = nil
    }
    server.daemon?.send(
      .welcome(
        Welcome(
          version: Frame.version, wardenPID: getpid(), bootID: bootID, tier: placement.tier,
          cgroupRoot: placement.groups?.path ?? "", cgroupName: placement.cgroupName,
          controllers: placement.controllers, reasons: placement.reasons, leftovers: placement.leftovers)))
  }

  private func handle(_ message: DaemonMessage) {
    switch message {
    case .hello: break  // the server's business
    case .start(let spec): agents.start(spec)
    case .signal(let key, let signal, let scope): agents.signal(key, signal, scope)
    case .kill(let key): agents.kill(key)
    case .freeze(let key): agents.setFrozen(key, true)
    case .thaw(let key): agents.setFrozen(key, false)
    case .setLimits(let key, let limits): agents.setLimits(key, limits)
    case .setTotals(let limits): agents.setTotals(limits)
    case .ack(let key): agents.acknowledge(key)
    case .list: agents.list()
    case .shutdown(killAgents: true): stop()
    case .shutdown(killAgents: false): drain()
    }
  }

  // MARK: Leaving

  private func drain() {
    guard case .serving = life else { return }
    life = .draining
    agents.refusal = "The warden starts nothing more: it leaves when its agents have ended."
  }

  /// Asks the agents to end; the second time, kills them.
  private func stop() {
    let now = Clock.boottimeNs
    if case .stopping = life {
      life = .stopping(killAt: now, giveUpAt: now + 3 * Self.grace)
      return
    }
    notify.send("STOPPING=1\n")
    agents.refusal = "The warden is stopping."
    life = .stopping(killAt: now + Self.grace, giveUpAt: now + 4 * Self.grace)
    agents.terminateAll()
  }

  private func advanceLife(_ now: UInt64) {
    switch life {
    case .serving:
      let isIdle = server.daemon == nil && agents.count == 0 && spool.held.isEmpty
      idleSince = isIdle ? idleSince ?? now : nil
      if let idleSince, let linger = options.linger, now - idleSince >= .seconds(linger) {
        log("nobody needs the warden; it leaves")
        loop.stop()
      }
    case .draining:
      if agents.count == 0 { loop.stop() }
    case .stopping(let killAt, let giveUpAt):
      if agents.count == 0 {
        loop.stop()
      } else if giveUpAt <= now {
        log("\(agents.count) agents don't die; the warden leaves without them")
        loop.stop()
      } else if let killAt, killAt <= now {
        agents.killAll()
        life = .stopping(killAt: nil, giveUpAt: giveUpAt)
      }
    }
  }

  // MARK: The loop

  private var deadline: UInt64? {
    if server.hasWork { return 0 }
    var times: [UInt64] = []
    if let time = host.deadline { times.append(max(time, 1)) }
    if let idleSince, let linger = options.linger { times.append(idleSince + .seconds(linger)) }
    if case .stopping(let killAt, let giveUpAt) = life { times.append(killAt ?? giveUpAt) }
    if nextStatus > 0, currentStatus != status { times.append(nextStatus) }
    return times.min()
  }

  private func turn() {
    let now = Clock.boottimeNs
    server.process()
    host.tick(now)
    advanceLife(now)
    // On disk before it is sent; without a daemon to send it to, on the disk itself.
    spool.flush(durably: server.daemon == nil)
    server.flush()
    // The last connection may just have gone: the time to linger begins now and not at the next event.
    if case .serving = life, idleSince == nil { advanceLife(now) }
    tellStatus(now)
  }

  private var currentStatus: String {
    "\(agents.count) agents, \(spool.held.count) exits held, tier \(placement.tier.rawValue), "
      + (server.daemon == nil ? "no daemon" : "serving jarvisd")
  }

  /// At most once a second: systemd writes each status to its own state.
  private func tellStatus(_ now: UInt64) {
    guard notify.isActive, now >= nextStatus, currentStatus != status else { return }
    status = currentStatus
    nextStatus = now + .seconds(1)
    notify.send("STATUS=\(status)\n")
  }

  // MARK: Signals

  private func watchSignals() throws(SystemError) {
    var set = sigset_t()
    sigemptyset(&set)
    // SIGHUP and SIGPIPE are read and mean nothing; ignored ones would be inherited by agents.
    for signal in [SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGPIPE] { sigaddset(&set, signal) }
    guard sigprocmask(SIG_BLOCK, &set, nil) == 0 else { throw SystemError("Signals can't be blocked") }
    let fd = signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
    guard fd >= 0 else { throw SystemError("Signals can't be read") }
    try loop.add(fd, .readable) { [unowned self] _ in
      var info = signalfd_siginfo()
      while read(fd, &info, MemoryLayout<signalfd_siginfo>.size) > 0 {
        if info.ssi_signo == UInt32(SIGTERM) || info.ssi_signo == UInt32(SIGINT) { stop() }
      }
      reap()
    }
    // Children that ended before the mask was set have left no signal.
    reap()
  }

  private func reap() {
    var child = jarvis_exit()
    while jarvis_reap_any(&child) > 0 { host.reaped(child) }
  }
}
