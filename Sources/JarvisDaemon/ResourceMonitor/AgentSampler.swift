import JarvisLinux
import JarvisProtocol
import Synchronization
import WardenProtocol

/// An agent that is to be sampled.
struct SampledAgent: Sendable {
  var pid: Int32
  var startTicks: UInt64
  /// nil in the tree tier.
  var cgroup: String?
  var outputs: [String]
}

/// Measures what each running agent uses. In the kernel and sampled tiers from its cgroup, whose files stay open; in
/// the tree tier from the processes below the warden's stub for it.
///
/// An agent is looked at for the first time with the first sample in its life: most short ones end before, and cost
/// nothing here. `add` and `remove` never wait for a sample that is being taken.
final class AgentSampler: Sendable {
  private struct Entry {
    let agent: SampledAgent
    var source: Source?
    var last: (cpu: UInt64, at: UInt64)?
  }

  private enum Source {
    case group(CgroupReader)
    /// The stub that all of the agent's processes stay below.
    case stub(Int32)
  }

  private let agents = Mutex<[RunKey: Entry]>([:])
  private let table = ProcessTable()

  /// Whether there is nothing to sample.
  var isEmpty: Bool { agents.withLock { $0.isEmpty } }

  func add(_ key: RunKey, _ agent: SampledAgent) {
    agents.withLock { $0[key] = Entry(agent: agent) }
  }

  func remove(_ key: RunKey) {
    _ = agents.withLock { $0.removeValue(forKey: key) }
  }

  /// One sample of all agents. Not to be called twice at once.
  func sample() -> [RunKey: AgentUsage] {
    var result: [RunKey: AgentUsage] = [:]
    for (key, entry) in agents.withLock({ $0 }) {
      var entry = entry
      guard let usage = sample(&entry) else { continue }
      result[key] = usage
      agents.withLock { agents in
        if agents[key] != nil { agents[key] = entry }
      }
    }
    return result
  }

  private func sample(_ entry: inout Entry) -> AgentUsage? {
    if entry.source == nil { entry.source = source(of: entry.agent) }
    var usage = AgentUsage()
    switch entry.source {
    case nil: return nil
    case .group(let reader)?:
      guard let now = try? reader.usage() else { return nil }
      usage.cpuMicroseconds = now.cpuMicroseconds
      usage.memoryBytes = now.memoryBytes ?? 0
      usage.processes = now.pids ?? now.members.count
      usage.peakBytes = now.peakMemoryBytes ?? 0
      usage.memoryHighEvents = now.memoryHighEvents
      usage.oomKills = now.oomKills
      let pressure = reader.pressure()
      if now.memoryHighEvents != nil { usage.memoryStallShare = pressure?.memory?.full.map { $0.avg10 / 100 } }
      usage.stalls = stalls(pressure)
      usage.ioBytes =
        now.ioReadBytes.map { $0 &+ (now.ioWrittenBytes ?? 0) } ?? table.diskBytes(pids: now.members)
    case .stub(let stub)?:
      let pids = table.descendants(of: stub).map(\.pid)
      let now = table.sumUsage(pids: pids)
      usage.ioBytes = table.diskBytes(pids: pids)
      usage.cpuMicroseconds = now.cpuMicroseconds
      usage.memoryBytes = now.residentBytes
      usage.processes = now.threads
    }
    (usage.outputBytes, usage.lastOutputAt) = Output.measure(entry.agent.outputs)
    let time = SystemClock.monotonicNanoseconds()
    if let last = entry.last, time > last.at, usage.cpuMicroseconds >= last.cpu {
      usage.cores = Double(usage.cpuMicroseconds - last.cpu) * 1000 / Double(time - last.at)
    }
    entry.last = (usage.cpuMicroseconds, time)
    return usage
  }

  private func stalls(_ pressure: PressureReading?) -> StallTotals? {
    guard let cpu = pressure?.cpu?.some, let memory = pressure?.memory?.some else { return nil }
    return StallTotals(
      cpuMicroseconds: cpu.totalMicroseconds, memoryMicroseconds: memory.totalMicroseconds,
      ioMicroseconds: pressure?.io?.some?.totalMicroseconds, at: SystemClock.now())
  }

  private func source(of agent: SampledAgent) -> Source? {
    if let cgroup = agent.cgroup { return (try? CgroupReader(folder: cgroup)).map(Source.group) }
    // Another process may have got the number meanwhile.
    guard let process = table.stat(of: agent.pid), process.startTicks == agent.startTicks else { return nil }
    return .stub(process.parent)
  }
}
