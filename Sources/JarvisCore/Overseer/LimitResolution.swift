/// How big the machine is; under a cgroup's limit, how big that is.
public struct MachineSize: Sendable, Hashable {
  /// Cores that may be used, above 0.
  public var cores: Double
  /// Bytes of memory.
  public var memory: UInt64
  /// Bytes of swap.
  public var swap: UInt64
  /// Bytes that are free where the agents' output goes; nil when unknown.
  public var disk: UInt64?

  /// Takes the machine's figures.
  public init(cores: Double, memory: UInt64, swap: UInt64 = 0, disk: UInt64? = nil) {
    self.cores = cores
    self.memory = memory
    self.swap = swap
    self.disk = disk
  }
}

/// A limit as configured: nothing, an amount, or a share of what the machine has.
public enum LimitDefault: Sendable, Hashable {
  /// No limit.
  case none
  /// This much, in the limit's unit.
  case amount(Double)
  /// This share (0…1) of the machine's cores, memory, swap or free disk.
  case share(Double)

  func resolved(of whole: Double?) -> Double? {
    switch self {
    case .none: nil
    case .amount(let amount): amount
    case .share(let share): whole.map { $0 * share }
    }
  }
}

/// What agents may use when neither the task nor its type says so. The numbers scale with the machine.
public struct DefaultLimits: Sendable, Hashable {
  /// Of the machine's memory.
  public var memory = LimitDefault.share(0.5)
  /// Of the machine's swap. Swapping agents make everything slow, so none by default.
  public var swap = LimitDefault.amount(0)
  /// Of the machine's cores. None by default: weights share out processor time better than walls.
  public var cpu = LimitDefault.none
  /// Processes and threads for each core, and the least on any machine; a `pids` given as an amount replaces both.
  public var pidsPerCore = 1024.0
  /// The least that `pidsPerCore` comes to on a small machine.
  public var leastPids = 2048
  /// An amount of processes and threads, whatever the machine; nil for `pidsPerCore`.
  public var pids: Int?
  /// Weight for the disks, 1 to 10000; nil for the kernel's own, 100.
  public var ioWeight: Int?
  /// Seconds from the start; nil for no limit.
  public var time: Double?
  /// Of the free disk where output goes.
  public var output = LimitDefault.share(0.05)
  /// Bytes of output when the free disk is unknown.
  public var outputWithoutDisk: UInt64 = 1 << 30
  /// Seconds without output; nil for no limit.
  public var silence: Double?

  /// The defaults; set what should differ.
  public init() {}

  /// What the defaults come to on a machine.
  public func limits(on machine: MachineSize) -> AgentLimits {
    var limits = AgentLimits(ioWeight: ioWeight, time: time, silence: silence)
    limits.memory = memory.resolved(of: Double(machine.memory)).map { UInt64(max(0, $0)) }
    limits.swap = swap.resolved(of: Double(machine.swap)).map { UInt64(max(0, $0)) }
    limits.cpu = cpu.resolved(of: machine.cores)
    limits.pids = pids ?? max(leastPids, Int((pidsPerCore * machine.cores).rounded()))
    switch output {
    case .share where machine.disk == nil: limits.output = outputWithoutDisk
    default: limits.output = output.resolved(of: machine.disk.map { Double($0) }).map { UInt64(max(0, $0)) }
    }
    return limits
  }
}

/// What the learner knows of a type's appetite: the 95th percentile over its runs. Runs that were killed count with
/// what would have sufficed them, or the type could never grow.
public struct LearnedUse: Sendable, Hashable {
  /// How many runs this is made of.
  public var runs: Int
  /// Bytes of memory at the peak.
  public var memory: UInt64?
  /// Processes and threads at the peak.
  public var pids: Int?
  /// Bytes of output.
  public var output: UInt64?
  /// Seconds from start to end.
  public var time: Double?

  /// What is nil is not known.
  public init(runs: Int, memory: UInt64? = nil, pids: Int? = nil, output: UInt64? = nil, time: Double? = nil) {
    self.runs = runs
    self.memory = memory
    self.pids = pids
    self.output = output
    self.time = time
  }
}

/// How learned use becomes a limit.
public struct LearnedLimitPolicy: Sendable, Hashable {
  /// Runs before what was learned counts.
  public var leastRuns = 8
  /// The limit is the 95th percentile times this.
  public var headroom = 2.0
  /// A learned limit is never below this share of the default one, so that a type which was small so far may still
  /// have its first big run.
  public var floor = 0.25
  /// The same for the time limit; 0: time is not learned, because a slow task harms nobody.
  public var timeHeadroom = 0.0

  /// The defaults; set what should differ.
  public init() {}
}

/// Where an agent's limits come from, strongest first.
public struct LimitSources: Sendable, Hashable {
  /// What the task itself asks for.
  public var own: AgentLimits
  /// What is configured for its type (`[limits.types.NAME]`).
  public var type: AgentLimits
  /// What was learned of its type.
  public var learned: LearnedUse?
  /// What applies to everything else.
  public var defaults: DefaultLimits
  /// What one agent may have of its session's share.
  public var session: AgentLimits
  /// What one agent may have of all that Jarvis may use.
  public var jarvis: AgentLimits

  /// Nothing but the defaults, unless told otherwise.
  public init(
    own: AgentLimits = AgentLimits(), type: AgentLimits = AgentLimits(), learned: LearnedUse? = nil,
    defaults: DefaultLimits = DefaultLimits(), session: AgentLimits = AgentLimits(), jarvis: AgentLimits = AgentLimits()
  ) {
    self.own = own
    self.type = type
    self.learned = learned
    self.defaults = defaults
    self.session = session
    self.jarvis = jarvis
  }

  /// The limits in force: the first source that has one decides, and no limit is above the session's, Jarvis's or the
  /// machine's.
  public func limits(on machine: MachineSize, learning: LearnedLimitPolicy = LearnedLimitPolicy()) -> AgentLimits {
    let fallback = defaults.limits(on: machine)
    var limits = AgentLimits()
    for kind in LimitKind.allCases {
      let chosen = own[kind] ?? type[kind] ?? learnedLimit(kind, learning, fallback) ?? fallback[kind]
      let ceilings = [session[kind], jarvis[kind], Self.ceiling(kind, machine)].compactMap { $0 }
      // A cap of the session or of Jarvis limits also what nothing else limits; the machine's size needs no limit.
      let capped = [chosen, session[kind], jarvis[kind]].compactMap { $0 }.min()
      guard let capped else { continue }
      // A weight is a share and not an amount: smaller is not safer, and a cap on it means nothing.
      limits = limits.setting(kind, to: kind == .ioWeight ? chosen ?? capped : min(capped, ceilings.min() ?? capped))
    }
    return limits
  }

  private func learnedLimit(_ kind: LimitKind, _ policy: LearnedLimitPolicy, _ fallback: AgentLimits) -> Double? {
    guard let learned, learned.runs >= policy.leastRuns else { return nil }
    let used: Double? =
      switch kind {
      case .memory: learned.memory.map { Double($0) }
      case .pids: learned.pids.map { Double($0) }
      case .output: learned.output.map { Double($0) }
      case .time: policy.timeHeadroom > 0 ? learned.time : nil
      case .swap, .cpu, .ioWeight, .silence: nil
      }
    guard let used else { return nil }
    let headroom = kind == .time ? policy.timeHeadroom : policy.headroom
    return max(used * headroom, (fallback[kind] ?? 0) * policy.floor)
  }

  /// What the machine has of it; nil where that bounds nothing.
  static func ceiling(_ kind: LimitKind, _ machine: MachineSize) -> Double? {
    switch kind {
    case .memory: machine.memory > 0 ? Double(machine.memory) : nil
    case .swap: Double(machine.swap)
    case .cpu: machine.cores > 0 ? machine.cores : nil
    case .output: machine.disk.map { Double($0) }
    case .pids, .ioWeight, .time, .silence: nil
    }
  }
}
