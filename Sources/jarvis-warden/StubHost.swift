import CLinux
import Glibc
import WardenProtocol

/// The tier `tree`: each agent has a stub for a parent, a fork of the warden that none of the agent's descendants can
/// leave (see `jarvis_stub_start`). Limits are the overseer's business alone.
///
/// When somebody kills a stub, the agent's main process dies with it (PR_SET_PDEATHSIG) and the rest become the
/// warden's children, who are killed as they have no place here.
final class StubHost: Host {
  private struct Stub {
    let agent: Agent
    let pipe: Int32
    var isReported = false
  }

  var onEnd: ((Agent, Ending) -> Void)?

  private let loop: EventLoop
  private let launcher: Launcher
  private var stubs: [pid_t: Stub] = [:]
  private var stubOf: [RunKey: pid_t] = [:]
  /// Agents whose stub was killed, by their main process, with the time until which that is waited for.
  private var bereft: [pid_t: (agent: Agent, until: UInt64)] = [:]
  private var nextSweep: UInt64?

  init(loop: EventLoop, launcher: Launcher) {
    self.loop = loop
    self.launcher = launcher
  }

  func start(_ spec: RunSpec) throws(StartFailure) -> Agent {
    var child = jarvis_spawned()
    var pipe: Int32 = -1
    let realtime = Clock.realtimeMs, boottime = Clock.boottimeNs
    let stub = try launcher.withSpawn(spec) { (spawn) throws(StartFailure) in
      jarvis_stub_start(&spawn, &child, &pipe)
    }
    guard stub > 0 else { throw Launcher.failure(child, of: spec) }
    let agent = Agent(
      key: spec.key, pid: child.pid, cgroup: "", startedRealtimeMs: realtime, startedBoottimeNs: boottime)
    stubs[stub] = Stub(agent: agent, pipe: pipe)
    stubOf[spec.key] = stub
    do {
      try loop.add(pipe, .readable) { [unowned self] _ in readReport(of: stub) }
    } catch {
      log("\(error): the end of \(spec.key) is known when its stub is gone")
    }
    return agent
  }

  // MARK: Commands

  func signal(_ agent: Agent, _ signal: Int32, _ scope: SignalScope) throws(CommandFailure) {
    try tell(agent, scope == .main ? JARVIS_STUB_SIGNAL_MAIN : JARVIS_STUB_SIGNAL_ALL, signal)
  }

  func kill(_ agent: Agent) throws(CommandFailure) {
    agent.isKilled = true
    try tell(agent, JARVIS_STUB_KILL)
  }

  func setFrozen(_ agent: Agent, _ frozen: Bool) throws(CommandFailure) {
    try tell(agent, frozen ? JARVIS_STUB_FREEZE : JARVIS_STUB_THAW)
  }

  func setLimits(_ agent: Agent, _ limits: RunLimits) {}

  func setTotals(_ limits: RunLimits) {}

  private func tell(_ agent: Agent, _ command: jarvis_stub_command, _ signal: Int32 = 0) throws(CommandFailure) {
    let code = stubOf[agent.key].map { jarvis_stub_command($0, command, signal) } ?? -ESRCH
    guard code < 0 else { return }
    throw CommandFailure(message: "The stub of \(agent.key) can't be told: \(errorText(-code)).")
  }

  // MARK: Ending

  /// Reads a stub's last word, if it has come.
  private func readReport(of pid: pid_t) {
    guard let stub = stubs[pid], !stub.isReported else { return }
    var report = jarvis_stub_report()
    let size = MemoryLayout<jarvis_stub_report>.size
    let count = read(stub.pipe, &report, size)
    if count < 0, errno == EAGAIN || errno == EINTR { return }
    loop.remove(stub.pipe)
    close(stub.pipe)
    stubs[pid]?.isReported = true
    guard count == size else { return abandon(stub.agent) }
    stubOf[stub.agent.key] = nil
    var ending = Ending(report.exit)
    ending.endedRealtimeMs = report.ended_realtime_ms
    ending.endedBoottimeNs = report.ended_boottime_ns
    ending.leftover = report.leftover
    onEnd?(stub.agent, ending)
  }

  /// The stub died without a word: its agent dies too, and whoever it leaves is the warden's child now.
  private func abandon(_ agent: Agent) {
    log("the stub of \(agent.key) was killed; its processes are killed too")
    stubOf[agent.key] = nil
    bereft[agent.pid] = (agent, Clock.boottimeNs + .seconds(2))
    nextSweep = 0
  }

  func reaped(_ child: jarvis_exit) {
    if stubs[child.pid] != nil {
      readReport(of: child.pid)
      stubs[child.pid] = nil
    } else if let (agent, _) = bereft.removeValue(forKey: child.pid) {
      killStrays()
      onEnd?(agent, Ending(child))
    }
  }

  private func killStrays() {
    let spared = Array(stubs.keys)
    // A pass that finds nobody is the end; a fork bomb gets the next sweep.
    for _ in 0..<64 where jarvis_kill_descendants(getpid(), spared, spared.count) <= 0 { return }
  }

  // MARK: Time

  var deadline: UInt64? { nextSweep }

  func tick(_ now: UInt64) {
    guard let due = nextSweep, due <= now else { return }
    killStrays()
    for (pid, item) in bereft where item.until <= now {
      // The stub had reaped the main process already: its status died with the stub.
      bereft[pid] = nil
      onEnd?(
        item.agent,
        Ending(
          jarvis_exit(
            pid: pid, code: SIGKILL, signalled: true, core_dumped: false, user_us: 0, system_us: 0, maxrss: 0)))
    }
    nextSweep = bereft.isEmpty ? nil : now + 50_000_000
  }
}
