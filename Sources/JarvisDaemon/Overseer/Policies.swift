import JarvisConfig
import JarvisCore
import JarvisPolicy
import JarvisProtocol

// The configuration in the terms of the pure core.

extension OverseerPolicy {
  /// The policy that a configuration asks for.
  init(_ config: Config) {
    self.init()
    let o = config.overseer
    memory.alertAt = o.alertAt
    pids.alertAt = o.alertAt
    output.alertAt = o.alertAt
    memory.throttleAt = o.throttleAt
    memory.killAt = o.killAt
    output.killAt = o.killAt
    memory.grace = o.memoryGrace
    throttledFor = o.throttledFor
    cpuKillAfter = o.cpuKillAfter
    raisesLimit = o.raiseLimit
    interval = config.monitor.interval
    setGrace(config.limits.grace)
  }
}

extension SpawnPolicy {
  init(_ config: Config) {
    self.init()
    maxDepth = config.agents.maxDepth
    maxChildren = config.agents.maxChildren
    maxLivePerSession = config.agents.maxLivePerSession
    maxPerMinute = config.agents.maxPerMinute
    whenOverCap = config.agents.whenOverCap == .freeze ? .freeze : .drain
  }
}

extension DefaultLimits {
  init(_ limits: Config.Limits) {
    self.init()
    memory = LimitDefault(limits.memory)
    output = LimitDefault(limits.output)
    cpu = limits.cpu.map { .amount($0) } ?? .none
    switch limits.pids {
    case .automatic: break
    case .amount(let count): pids = count
    // PID_MAX_LIMIT of include/linux/threads.h: as good as none.
    case .none, .share: pids = 4_194_304
    }
    ioWeight = limits.ioWeight
    time = limits.time
    silence = limits.silence
  }
}

extension TaskLimits {
  /// What is in force, in the protocol's terms.
  init(_ limits: AgentLimits) {
    self.init(
      memory: limits.memory.map { ByteSize($0) }, cpu: limits.cpu, pids: limits.pids,
      time: limits.time.map { TimeSpan($0) },
      output: limits.output.map { ByteSize($0) }, ioWeight: limits.ioWeight,
      silence: limits.silence.map { TimeSpan($0) })
  }
}

extension AgentLimits {
  /// What a task asks for itself.
  init(_ limits: TaskLimits) {
    self.init(
      memory: limits.memory?.bytes, cpu: limits.cpu, pids: limits.pids, ioWeight: limits.ioWeight,
      time: limits.time?.seconds, output: limits.output?.bytes, silence: limits.silence?.seconds)
  }

  /// What is configured for a type.
  init(_ limits: Config.TypeLimits) {
    self.init(
      memory: limits.memory.map(UInt64.init), cpu: limits.cpu, pids: limits.pids, ioWeight: limits.ioWeight,
      time: limits.time, output: limits.output.map(UInt64.init), silence: limits.silence)
  }
}
