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
  /// Bytes of output that it may write; nil for no limit.
  var outputBound: UInt64?
}

/// What one sample of all agents says.
struct AgentSamples: Sendable {
  var usage: [RunKey: AgentUsage] = [:]
  /// Bytes that the agents' own cgroup holds, file cache left out; nil where the kernel does not count them.
  var memoryOfAll: UInt64?
}

/// Measures what each running agent uses. In the kernel and sampled tiers from its cgroup, in the tree tier from the
/// processes below the warden's stub for it; through files that stay open. What an agent writes is watched between the
/// samples as well.
///
/// An agent is looked at for the first time with the first sample in its life: most short ones end before, and cost
/// nothing here. `add` and `remove` never wait for a sample that is being taken.
final class AgentSampler: Sendable {
  private struct Entry {
    let agent: SampledAgent
    var source: Source?
    var last: (cpu: UInt64, at: UInt64)?
    /// What only the learner asks for is read with each fourth sample, the first included; else it is as it was.
    var looks = 0
    var stalls: StallTotals?
    var ioBytes: UInt64?
  }

  private static let looksPerTotals = 4

  private enum Source {
    case group(CgroupReader)
    /// The stub that all of the agent's processes stay below.
    case stub(Int32)
  }

  private let agents = Mutex<[RunKey: Entry]>([:])
  private let table = ProcessTable()
  private let trees = Mutex(ProcessTrees())
  private let groupOfAll = Mutex<GroupMemoryReader?>(nil)
  private let growth: GrowthWatcher?
  private let listener = Listener()

  private final class Listener: Sendable {
    let handler = Mutex<(@Sendable (RunKey, UInt64) -> Void)?>(nil)
  }

  init() {
    // Without it, outputs are looked at with each sample.
    growth = try? GrowthWatcher { [listener] name, bytes in
      if let key = RunKey(name), let handler = listener.handler.withLock({ $0 }) { handler(key, bytes) }
    }
  }

  /// `handler` learns of an agent that has written more than its bound, with the bytes.
  func onOutput(_ handler: @escaping @Sendable (RunKey, UInt64) -> Void) { listener.handler.withLock { $0 = handler } }

  /// Whether there is nothing to sample.
  var isEmpty: Bool { agents.withLock { $0.isEmpty } }

  func add(_ key: RunKey, _ agent: SampledAgent) {
    agents.withLock { $0[key] = Entry(agent: agent) }
    bindOutput(key, agent.outputs, agent.outputBound)
  }

  /// Watches what an agent writes with another bound.
  func bindOutput(_ key: RunKey, _ files: [String], _ bound: UInt64?) {
    if let bound { growth?.add(key.name, files: files, bound: bound) } else { growth?.remove(key.name) }
  }

  func remove(_ key: RunKey) {
    _ = agents.withLock { $0.removeValue(forKey: key) }
    growth?.remove(key.name)
  }

  /// One sample of all agents. Not to be called twice at once.
  func sample() -> AgentSamples {
    var samples = AgentSamples()
    var entries = agents.withLock { $0 }
    var stubs: Set<Int32> = []
    var disks = false
    for key in entries.keys {
      guard var entry = entries[key] else { continue }
      if entry.source == nil { entry.source = source(of: entry.agent) }
      if case .stub(let stub)? = entry.source { stubs.insert(stub) }
      disks = disks || entry.looks % Self.looksPerTotals == 0
      entries[key] = entry
    }
    let usageBelow = trees.withLock { $0.usage(below: stubs, disks: disks) }
    for (key, entry) in entries {
      var entry = entry
      guard let usage = sample(&entry, usageBelow) else { continue }
      samples.usage[key] = usage
      agents.withLock { agents in
        if agents[key] != nil { agents[key] = entry }
      }
    }
    samples.memoryOfAll = memoryOfAll(entries.values.lazy.compactMap(\.agent.cgroup).first)
    return samples
  }

  private func sample(_ entry: inout Entry, _ usageBelow: [Int32: ProcessUsage]) -> AgentUsage? {
    var usage = AgentUsage()
    let isDue = entry.looks % Self.looksPerTotals == 0
    entry.looks += 1
    switch entry.source {
    case nil: return nil
    case .group(let reader)?:
      guard let now = try? reader.usage(population: false) else { return nil }
      usage.cpuMicroseconds = now.cpuMicroseconds
      usage.memoryBytes = now.memoryBytes ?? 0
      usage.processes = now.pids ?? now.members.count
      usage.peakBytes = now.peakMemoryBytes ?? 0
      usage.memoryHighEvents = now.memoryHighEvents
      usage.oomKills = now.oomKills
      if now.memoryHighEvents != nil { usage.memoryStallShare = reader.memoryStall() }
      if isDue {
        entry.stalls = stalls(reader.pressure())
        entry.ioBytes =
          now.ioReadBytes.map { $0 &+ (now.ioWrittenBytes ?? 0) }
          ?? (now.isSampled ? reader.memberDiskBytes() : table.diskBytes(pids: now.members))
      }
    case .stub(let stub)?:
      let now = usageBelow[stub] ?? ProcessUsage()
      entry.ioBytes = now.diskBytes ?? entry.ioBytes
      usage.cpuMicroseconds = now.cpuMicroseconds
      usage.memoryBytes = now.residentBytes
      usage.processes = now.threads
    }
    usage.stalls = entry.stalls
    usage.ioBytes = entry.ioBytes
    (usage.outputBytes, usage.lastOutputAt) = Output.measure(entry.agent.outputs)
    usage.sampledAt = SystemClock.now()
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

  /// The group of all is the one above any agent's.
  private func memoryOfAll(_ group: String?) -> UInt64? {
    guard let group, let cut = group.lastIndex(of: "/") else { return nil }
    let folder = String(group[..<cut])
    return groupOfAll.withLock { reader in
      if reader?.folder != folder { reader = GroupMemoryReader(folder: folder) }
      return reader?.bytes()
    }
  }

  private func source(of agent: SampledAgent) -> Source? {
    if let cgroup = agent.cgroup { return (try? CgroupReader(folder: cgroup)).map(Source.group) }
    // Another process may have got the number meanwhile.
    guard let process = table.stat(of: agent.pid), process.startTicks == agent.startTicks else { return nil }
    return .stub(process.parent)
  }
}
