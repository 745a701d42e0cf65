import Glibc
import WardenProtocol

/// The agents that run, and the exits that are held: carries the daemon's commands out and answers them.
final class Agents {
  /// However long their paths are, so many fit a frame.
  private static let runsPerMessage = 800

  private let host: any Host
  private let spool: Spool
  private let send: (WardenMessage) -> Void
  private var agents: [RunKey: Agent] = [:]
  /// Why no agent may be started now, as a sentence.
  var refusal: String?

  init(host: any Host, spool: Spool, send: @escaping (WardenMessage) -> Void) {
    self.host = host
    self.spool = spool
    self.send = send
    host.onEnd = { [unowned self] agent, ending in
      agents[agent.key] = nil
      let report = ending.report(on: agent)
      spool.hold(report)
      send(.exited(report))
    }
  }

  /// How many run.
  var count: Int { agents.count }

  func start(_ spec: RunSpec) {
    do throws(StartFailure) {
      try admit(spec)
      let agent = try host.start(spec)
      agents[spec.key] = agent
      send(
        .started(
          StartReport(
            key: agent.key, pid: agent.pid, startTicks: agent.startTicks, cgroup: agent.cgroup,
            realtimeMs: agent.startedRealtimeMs)))
    } catch {
      send(.startFailed(error))
    }
  }

  private func admit(_ spec: RunSpec) throws(StartFailure) {
    func refuse(_ code: Int32, _ message: String) -> StartFailure {
      StartFailure(key: spec.key, stage: .admission, errno: code, message: message)
    }
    if let refusal { throw refuse(ESHUTDOWN, refusal) }
    if agents[spec.key] != nil {
      throw refuse(EEXIST, "\(spec.key) runs already; each attempt needs a key of its own.")
    }
    if spool.held[spec.key] != nil {
      throw refuse(EEXIST, "\(spec.key) has run and its exit is not acknowledged; each attempt needs a key of its own.")
    }
    do throws(WireError) { try spec.validate() } catch { throw refuse(EINVAL, error.description) }
  }

  func signal(_ key: RunKey, _ signal: Int32, _ scope: SignalScope) {
    command(key) { (agent) throws(CommandFailure) in try host.signal(agent, signal, scope) }
  }

  func kill(_ key: RunKey) {
    command(key) { (agent) throws(CommandFailure) in try host.kill(agent) }
  }

  func setFrozen(_ key: RunKey, _ frozen: Bool) {
    command(key) { (agent) throws(CommandFailure) in
      try host.setFrozen(agent, frozen)
      agent.isFrozen = frozen
    }
  }

  func setLimits(_ key: RunKey, _ limits: RunLimits) {
    command(key) { (agent) throws(CommandFailure) in
      do throws(WireError) { try limits.validate() } catch { throw CommandFailure(message: error.description) }
      try host.setLimits(agent, limits)
    }
  }

  func setTotals(_ limits: RunLimits) {
    do throws(CommandFailure) {
      do throws(WireError) { try limits.validate() } catch { throw CommandFailure(message: error.description) }
      try host.setTotals(limits)
    } catch {
      send(.failed(key: nil, message: error.message))
    }
  }

  private func command(_ key: RunKey, _ body: (Agent) throws(CommandFailure) -> Void) {
    do throws(CommandFailure) {
      guard let agent = agents[key] else {
        let why = spool.held[key] == nil ? "is not known here" : "has ended"
        throw CommandFailure(message: "The run \(key) \(why).")
      }
      try body(agent)
    } catch {
      send(.failed(key: key, message: error.message))
    }
  }

  func acknowledge(_ key: RunKey) {
    spool.acknowledge(key)
  }

  /// Sends every run, in as many messages as it takes.
  func list() {
    var runs = agents.values.map { agent in
      RunInfo(
        key: agent.key, state: agent.isFrozen ? .frozen : .running, pid: agent.pid, startTicks: agent.startTicks,
        cgroup: agent.cgroup, startedRealtimeMs: agent.startedRealtimeMs)
    }
    runs += spool.held.values.map { exit in
      RunInfo(
        key: exit.key, state: .exited, pid: exit.pid, startTicks: 0, cgroup: "",
        startedRealtimeMs: exit.endedRealtimeMs - Int64(clamping: exit.durationNs / 1_000_000), exit: exit)
    }
    var rest = runs[...]
    repeat {
      let part = rest.prefix(Self.runsPerMessage)
      rest = rest.dropFirst(part.count)
      send(.runs(Array(part), isLast: rest.isEmpty))
    } while !rest.isEmpty
  }

  /// Asks all to end. Frozen ones are thawed, since they could not hear it.
  func terminateAll() {
    for agent in agents.values {
      agent.isInterrupted = true
      try? host.signal(agent, SIGTERM, .all)
      if agent.isFrozen { try? host.setFrozen(agent, false) }
      agent.isFrozen = false
    }
  }

  /// Kills all.
  func killAll() {
    for agent in agents.values {
      do throws(CommandFailure) { try host.kill(agent) } catch { log(error.message) }
    }
  }
}
