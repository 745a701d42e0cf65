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
final class AgentSampler: Sendable {
  private struct Entry {
    let agent: SampledAgent
    let reader: CgroupReader?
    /// The stub that all of the agent's processes stay below (tree tier).
    let stub: Int32?
    var last: (cpu: UInt64, at: UInt64)?
  }

  private let agents = Mutex<[RunKey: Entry]>([:])
  private let table = ProcessTable()

  /// Whether there is nothing to sample.
  var isEmpty: Bool { agents.withLock { $0.isEmpty } }

  func add(_ key: RunKey, _ agent: SampledAgent) {
    var reader: CgroupReader?
    if let cgroup = agent.cgroup { reader = try? CgroupReader(folder: cgroup) }
    let stub = reader == nil ? table.stat(of: agent.pid)?.parent : nil
    agents.withLock { $0[key] = Entry(agent: agent, reader: reader, stub: stub, last: nil) }
  }

  func remove(_ key: RunKey) {
    _ = agents.withLock { $0.removeValue(forKey: key) }
  }

  /// One sample of all agents.
  func sample() -> [RunKey: AgentUsage] {
    agents.withLock { agents in
      var result: [RunKey: AgentUsage] = [:]
      let time = SystemClock.monotonicNanoseconds()
      for (key, entry) in agents {
        var usage = AgentUsage()
        if let reader = entry.reader {
          guard let now = try? reader.usage() else { continue }
          usage.cpuMicroseconds = now.cpuMicroseconds
          usage.memoryBytes = now.memoryBytes ?? 0
          usage.processes = now.pids ?? now.members.count
        } else {
          guard let stub = entry.stub else { continue }
          let now = table.sumUsage(pids: table.descendants(of: stub).map(\.pid))
          usage.cpuMicroseconds = now.cpuMicroseconds
          usage.memoryBytes = now.residentBytes
          usage.processes = now.threads
        }
        usage.outputBytes = Output.size(entry.agent.outputs)
        if let last = entry.last, time > last.at, usage.cpuMicroseconds >= last.cpu {
          usage.cores = Double(usage.cpuMicroseconds - last.cpu) * 1000 / Double(time - last.at)
        }
        agents[key]?.last = (usage.cpuMicroseconds, time)
        result[key] = usage
      }
      return result
    }
  }
}
