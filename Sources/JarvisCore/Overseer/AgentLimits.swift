/// What an agent can be limited in.
public enum LimitKind: String, Sendable, Hashable, CaseIterable {
  /// Bytes of memory of all its processes together.
  case memory
  /// Bytes of swap. Only the kernel holds it.
  case swap
  /// Cores in use at once.
  case cpu
  /// Processes and threads.
  case pids
  /// Its share of the disks against other agents. Only the kernel holds it; it can't be broken.
  case ioWeight = "io_weight"
  /// Seconds since it was started, pauses left out.
  case time
  /// Bytes of stdout and stderr together.
  case output
  /// Seconds without output. For runners that stream only.
  case silence
}

/// What is in force for one agent. What is nil is not limited.
public struct AgentLimits: Sendable, Hashable {
  /// Bytes of memory.
  public var memory: UInt64?
  /// Bytes of swap; 0 for none.
  public var swap: UInt64?
  /// Cores, above 0; fractions count.
  public var cpu: Double?
  /// Processes and threads.
  public var pids: Int?
  /// 1 to 10000, the kernel's default is 100.
  public var ioWeight: Int?
  /// Seconds from its start, pauses left out.
  public var time: Double?
  /// Bytes of stdout and stderr together.
  public var output: UInt64?
  /// Seconds without output.
  public var silence: Double?

  /// Nothing is limited but what is named.
  public init(
    memory: UInt64? = nil, swap: UInt64? = nil, cpu: Double? = nil, pids: Int? = nil, ioWeight: Int? = nil,
    time: Double? = nil, output: UInt64? = nil, silence: Double? = nil
  ) {
    self.memory = memory
    self.swap = swap
    self.cpu = cpu
    self.pids = pids
    self.ioWeight = ioWeight
    self.time = time
    self.output = output
    self.silence = silence
  }

  /// The limit of one kind, in its unit; nil for none.
  public subscript(kind: LimitKind) -> Double? {
    switch kind {
    case .memory: memory.map { Double($0) }
    case .swap: swap.map { Double($0) }
    case .cpu: cpu
    case .pids: pids.map { Double($0) }
    case .ioWeight: ioWeight.map { Double($0) }
    case .time: time
    case .output: output.map { Double($0) }
    case .silence: silence
    }
  }

  /// The same limits with one of them set to `value`, in its unit; below 0 counts as 0.
  public func setting(_ kind: LimitKind, to value: Double) -> AgentLimits {
    var limits = self
    let whole = value.isFinite ? min(max(0, value), 9e18) : 9e18
    switch kind {
    case .memory: limits.memory = UInt64(whole)
    case .swap: limits.swap = UInt64(whole)
    case .cpu: limits.cpu = value
    case .pids: limits.pids = Int(whole)
    case .ioWeight: limits.ioWeight = Int(whole)
    case .time: limits.time = value
    case .output: limits.output = UInt64(whole)
    case .silence: limits.silence = value
    }
    return limits
  }
}
