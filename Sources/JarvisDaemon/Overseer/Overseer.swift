/// Judges what an agent uses against its limits. Pure: the coordinator acts on the answer.
enum Overseer {
  /// Why the agent must be killed; nil while it keeps its limits.
  ///
  /// Memory and processes are held by the kernel in its tier; elsewhere this is what holds them. The time limit is not
  /// here: it has a timer of its own.
  static func breach(_ usage: AgentUsage, _ limits: AgentLimits, isKernelTier: Bool) -> String? {
    if let output = limits.output, usage.outputBytes > output {
      return "it wrote \(Text.bytes(usage.outputBytes)), over its output limit of \(Text.bytes(output))"
    }
    guard !isKernelTier else { return nil }
    if let memory = limits.memory, usage.memoryBytes > memory {
      return "it used \(Text.bytes(usage.memoryBytes)) of memory, over its limit of \(Text.bytes(memory))"
    }
    if let pids = limits.pids, usage.processes > pids {
      return "it had \(usage.processes) processes and threads, over its limit of \(pids)"
    }
    return nil
  }

  /// How near an agent is to the limit that it is nearest to, 0 to 1 and above; what the sampling rate follows.
  static func nearness(_ usage: AgentUsage, _ limits: AgentLimits, isKernelTier: Bool) -> Double {
    var shares = [0.0]
    if let output = limits.output, output > 0 { shares.append(Double(usage.outputBytes) / Double(output)) }
    if !isKernelTier {
      if let memory = limits.memory, memory > 0 { shares.append(Double(usage.memoryBytes) / Double(memory)) }
      if let pids = limits.pids, pids > 0 { shares.append(Double(usage.processes) / Double(pids)) }
    }
    return shares.max() ?? 0
  }
}
