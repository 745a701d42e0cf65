import CLinux
import Glibc
import WardenProtocol

/// The tiers `kernel` and `sampled`: each agent is born in a cgroup of its own.
///
/// The usual end costs three system calls: the group is empty when the main process has been reaped, so its usage is
/// read and it is removed. A group that is not empty is killed as a whole, and the kernel tells through
/// `cgroup.events` when the last process is gone. No group is ever used again.
final class GroupHost: Host {
  /// How long a report waits for processes that don't die, such as those in uninterruptible sleep.
  private static let patience = UInt64.seconds(10)

  /// A group that was killed and is not empty yet.
  private struct Emptying {
    let agent: Agent
    var ending: Ending
    let events: Int32
    let deadline: UInt64
  }

  var onEnd: ((Agent, Ending) -> Void)?

  private let loop: EventLoop
  private let launcher: Launcher
  private let groups: CgroupTree
  private let limits: GroupLimits
  private let hasMemory: Bool
  private var agents: [pid_t: Agent] = [:]
  private var emptying: [RunKey: Emptying] = [:]
  /// Reported already, but the kernel does not let the group go yet.
  private var lingering: [String] = []
  private var nextSweep: UInt64?

  init(loop: EventLoop, launcher: Launcher, groups: CgroupTree, controllers: [String]) {
    self.loop = loop
    self.launcher = launcher
    self.groups = groups
    limits = GroupLimits(groups: groups, controllers: controllers)
    hasMemory = controllers.contains("memory")
  }

  // MARK: Starting

  func start(_ spec: RunSpec) throws(StartFailure) -> Agent {
    let name = spec.key.name
    return try launcher.withSpawn(spec) { (spawn) throws(StartFailure) -> Agent in
      let code = groups.make(name)
      guard code == 0 else {
        let why = code == EEXIST ? "it exists already, and no group is used twice" : errorText(code)
        throw StartFailure(
          key: spec.key, stage: .cgroup, errno: code,
          message: "The cgroup \(groups.path)/\(name) can't be made: \(why).")
      }
      var isStarted = false
      defer { if !isStarted { discard(name) } }
      do throws(GroupLimits.Refusal) {
        try limits.apply(spec.limits, to: name, fresh: true)
      } catch {
        throw StartFailure(key: spec.key, stage: .limits, errno: error.code, message: error.message)
      }
      let group = groups.open(name)
      guard group >= 0 else {
        throw StartFailure(
          key: spec.key, stage: .cgroup, errno: -group,
          message: "The cgroup \(groups.path)/\(name) can't be opened: \(errorText(-group)).")
      }
      defer { close(group) }
      spawn.cgroup_fd = group
      var child = jarvis_spawned()
      let realtime = Clock.realtimeMs, boottime = Clock.boottimeNs
      guard jarvis_start(&spawn, &child) == 0 else { throw Launcher.failure(child, of: spec) }
      isStarted = true
      let agent = Agent(
        key: spec.key, pid: child.pid, cgroup: "\(groups.path)/\(name)", startedRealtimeMs: realtime,
        startedBoottimeNs: boottime)
      agents[child.pid] = agent
      return agent
    }
  }

  // MARK: Commands

  func signal(_ agent: Agent, _ signal: Int32, _ scope: SignalScope) throws(CommandFailure) {
    switch scope {
    case .main:
      guard agents[agent.pid] === agent else {
        throw CommandFailure(message: "The main process of \(agent.key) has ended.")
      }
      if Glibc.kill(agent.pid, signal) != 0 {
        throw CommandFailure(message: "Signal \(signal) can't be sent to \(agent.key): \(errorText(errno)).")
      }
    case .all:
      // The pidfds are opened before the group is read again: whoever is in both readings with one pid is meant.
      let opened = groups.members(of: agent.key.name).map { (pid: $0, pidfd: jarvis_pidfd_open($0)) }
      let confirmed = Set(groups.members(of: agent.key.name))
      for process in opened where process.pidfd >= 0 {
        if confirmed.contains(process.pid) { _ = jarvis_pidfd_send_signal(process.pidfd, signal) }
        close(process.pidfd)
      }
    }
  }

  func kill(_ agent: Agent) throws(CommandFailure) {
    agent.isKilled = true
    try write("1", to: "cgroup.kill", of: agent)
  }

  func setFrozen(_ agent: Agent, _ frozen: Bool) throws(CommandFailure) {
    try write(frozen ? "1" : "0", to: "cgroup.freeze", of: agent)
  }

  func setLimits(_ agent: Agent, _ limits: RunLimits) throws(CommandFailure) {
    do throws(GroupLimits.Refusal) {
      try self.limits.apply(limits, to: agent.key.name, fresh: false)
    } catch {
      throw CommandFailure(message: error.message)
    }
  }

  func setTotals(_ limits: RunLimits) throws(CommandFailure) {
    do throws(GroupLimits.Refusal) {
      try self.limits.apply(limits, to: ".", fresh: false)
    } catch {
      throw CommandFailure(message: error.message)
    }
  }

  private func write(_ value: String, to file: StaticString, of agent: Agent) throws(CommandFailure) {
    let code = groups.write(value, to: file, of: agent.key.name)
    guard code != 0 else { return }
    throw CommandFailure(message: "\(file) of \(agent.cgroup) can't be written: \(errorText(code)).")
  }

  // MARK: Ending

  func reaped(_ child: jarvis_exit) {
    guard let agent = agents.removeValue(forKey: child.pid) else { return }
    var ending = Ending(child)
    readUsage(of: agent, into: &ending)
    if groups.remove(agent.key.name) == 0 {
      onEnd?(agent, ending)
      return
    }
    if !agent.isKilled { ending.leftover = UInt32(clamping: groups.members(of: agent.key.name).count) }
    _ = groups.write("1", to: "cgroup.kill", of: agent.key.name)
    awaitEmpty(agent, ending)
  }

  private func awaitEmpty(_ agent: Agent, _ ending: Ending) {
    let events = groups.openEvents(agent.key.name)
    emptying[agent.key] = Emptying(
      agent: agent, ending: ending, events: events, deadline: Clock.boottimeNs + Self.patience)
    if events >= 0 {
      do {
        try loop.add(events, .priority) { [unowned self] _ in look(at: agent.key) }
      } catch {
        log("\(error): the end of \(agent.key) is found by looking")
      }
    }
    nextSweep = nextSweep ?? Clock.boottimeNs + .seconds(1)
    look(at: agent.key)
  }

  /// Finishes an agent whose group is empty. Reading the file arms its next event.
  private func look(at key: RunKey) {
    guard let item = emptying[key], item.events < 0 || !CgroupTree.isPopulated(events: item.events) else { return }
    finish(item)
  }

  private func finish(_ item: Emptying) {
    emptying[item.agent.key] = nil
    if item.events >= 0 {
      loop.remove(item.events)
      close(item.events)
    }
    var ending = item.ending
    readUsage(of: item.agent, into: &ending)
    discard(item.agent.key.name)
    onEnd?(item.agent, ending)
  }

  private func readUsage(of agent: Agent, into ending: inout Ending) {
    let usage = groups.usage(of: agent.key.name, memory: hasMemory)
    ending.exit.user_us = usage.userUs ?? ending.exit.user_us
    ending.exit.system_us = usage.systemUs ?? ending.exit.system_us
    ending.exit.maxrss = usage.peakBytes ?? ending.exit.maxrss
    ending.oomKills = usage.oomKills
    // Of what ends at once nothing could be told, and it is what a start and an end must be cheap for.
    if ending.endedBoottimeNs &- agent.startedBoottimeNs >= .milliseconds(50) {
      ending.account = groups.account(of: agent.key.name)
    }
  }

  /// Removes a group now, or later when the kernel still refuses.
  private func discard(_ name: String) {
    guard groups.remove(name) != 0 else { return }
    lingering.append(name)
    nextSweep = nextSweep ?? Clock.boottimeNs + .seconds(1)
  }

  // MARK: Time

  var deadline: UInt64? { nextSweep }

  func tick(_ now: UInt64) {
    guard let due = nextSweep, due <= now else { return }
    for item in emptying.values {
      if item.deadline <= now {
        log("processes of \(item.agent.key) don't die; its end is reported without them")
        finish(item)
      } else {
        _ = groups.write("1", to: "cgroup.kill", of: item.agent.key.name)
        look(at: item.agent.key)
      }
    }
    lingering.removeAll { groups.remove($0) == 0 }
    nextSweep = emptying.isEmpty && lingering.isEmpty ? nil : now + .seconds(1)
  }
}
