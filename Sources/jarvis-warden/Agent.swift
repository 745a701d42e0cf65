import CLinux
import Glibc
import WardenProtocol

/// One agent that runs, or whose group is just being emptied.
final class Agent {
  let key: RunKey
  /// The main process. Its pid can't be reused before it has been reaped, which its host alone does.
  let pid: pid_t
  let startTicks: UInt64
  /// The absolute path of its cgroup, or empty.
  let cgroup: String
  let startedRealtimeMs: Int64
  let startedBoottimeNs: UInt64
  var isFrozen = false
  /// Its death is the daemon's wish, so what dies with it was not left over.
  var isKilled = false
  /// The warden asked it to end, because it leaves itself.
  var isInterrupted = false

  init(key: RunKey, pid: pid_t, cgroup: String, startedRealtimeMs: Int64, startedBoottimeNs: UInt64) {
    self.key = key
    self.pid = pid
    self.cgroup = cgroup
    self.startedRealtimeMs = startedRealtimeMs
    self.startedBoottimeNs = startedBoottimeNs
    startTicks = jarvis_warden.startTicks(of: pid)
  }
}

/// How a main process ended, and what its whole tree used as far as is known.
struct Ending {
  var exit: jarvis_exit
  var endedRealtimeMs = Clock.realtimeMs
  var endedBoottimeNs = Clock.boottimeNs
  var oomKills: UInt64 = 0
  var leftover: UInt32 = 0
  var account: GroupAccount?

  init(_ exit: jarvis_exit) {
    self.exit = exit
  }

  func report(on agent: Agent) -> ExitReport {
    let status: ExitStatus =
      exit.signalled ? .signalled(signal: exit.code, coreDumped: exit.core_dumped) : .exited(code: exit.code)
    return ExitReport(
      key: agent.key, pid: agent.pid, status: status, endedRealtimeMs: endedRealtimeMs,
      durationNs: endedBoottimeNs &- agent.startedBoottimeNs, cpuUserUs: exit.user_us, cpuSystemUs: exit.system_us,
      peakMemoryBytes: exit.maxrss, oomKills: oomKills, leftoverKilled: leftover,
      isInterrupted: agent.isInterrupted, account: account)
  }
}

/// A command that could not be carried out, as a sentence.
struct CommandFailure: Error {
  let message: String
}

/// The way in which agents are held together: a cgroup each, or a stub each.
protocol Host: AnyObject {
  /// Called once for each agent, when its main process has ended and its tree is gone (or does not go away).
  var onEnd: ((Agent, Ending) -> Void)? { get set }
  /// When `tick` must be called, if at all.
  var deadline: UInt64? { get }

  func start(_ spec: RunSpec) throws(StartFailure) -> Agent
  func signal(_ agent: Agent, _ signal: Int32, _ scope: SignalScope) throws(CommandFailure)
  func kill(_ agent: Agent) throws(CommandFailure)
  func setFrozen(_ agent: Agent, _ frozen: Bool) throws(CommandFailure)
  func setLimits(_ agent: Agent, _ limits: RunLimits) throws(CommandFailure)
  /// What all agents may use together.
  func setTotals(_ limits: RunLimits) throws(CommandFailure)
  /// A child of the warden was reaped, an agent's or a stranger's that was orphaned.
  func reaped(_ child: jarvis_exit)
  func tick(_ now: UInt64)
}
