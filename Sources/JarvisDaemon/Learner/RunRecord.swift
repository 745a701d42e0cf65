import JarvisCore
import JarvisProtocol
import WardenProtocol

/// Where an agent stood still since its start (PSI `some` of its cgroup), as of a sample or of its end.
struct StallTotals: Sendable, Hashable {
  var cpuMicroseconds: UInt64
  var memoryMicroseconds: UInt64
  var ioMicroseconds: UInt64?
  var at: Timestamp

  /// As shares of the time since `start`; nil where that is too short to say.
  func shares(since start: Timestamp) -> StallShares? {
    let seconds = at - start
    guard seconds >= 0.05 else { return nil }
    func share(_ microseconds: UInt64) -> Double { min(1, Double(microseconds) / 1e6 / seconds) }
    return StallShares(
      cpu: share(cpuMicroseconds), memory: share(memoryMicroseconds), io: ioMicroseconds.map { share($0) })
  }
}

extension StallTotals {
  /// What the warden read when the last of its processes was gone; nil without PSI.
  init?(_ account: GroupAccount?, at end: Timestamp) {
    guard let cpu = account?.cpuStallUs, let memory = account?.memoryStallUs else { return nil }
    self.init(cpuMicroseconds: cpu, memoryMicroseconds: memory, ioMicroseconds: account?.ioStallUs, at: end)
  }
}

/// Why an attempt came to what it did, in few words without what differs each time.
enum OutcomeCause {
  static func words(_ state: TaskState, _ stop: StopCause?, _ report: ExitReport?) -> String? {
    switch stop {
    case .timeLimit?: return "time limit"
    case .overseer(let stop)?: return stop.evidence.map { "\($0.limit.rawValue) limit" } ?? "the machine needed room"
    case .cancel?, .requeue?: return "cancelled"
    case .lingering?: return "went on after its result"
    case nil: break
    }
    guard let report else { return state == .lost ? "the warden died" : "could not be started" }
    if report.oomKills > 0 { return "memory limit" }
    switch report.status {
    case .exited(0): return nil
    case .exited(let code): return "exit \(code)"
    case .signalled(let signal, _): return "signal \(signal)"
    }
  }
}
