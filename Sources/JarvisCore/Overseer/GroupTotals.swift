/// Whose agents are counted together.
public enum GroupScope: String, Sendable, Hashable {
  /// Those of one session.
  case session
  /// All of them.
  case jarvis
}

/// A count that is given, or suits the machine.
public enum CountDefault: Sendable, Hashable {
  /// No limit.
  case none
  /// Eight times what one agent gets by default: 8,192 a core, and 16,384 at least.
  case automatic
  /// This many.
  case amount(Int)

  /// The count on a machine with so many cores; nil for no limit.
  public func resolved(cores: Double) -> Int? {
    switch self {
    case .none: nil
    case .automatic: max(16_384, Int((8192 * cores).rounded()))
    case .amount(let count): count
    }
  }
}

/// What agents may use together: those of one session, or all of them.
public struct GroupTotals: Sendable, Hashable {
  /// Of the machine's memory: more ends one of them, and nothing is started that would pass it.
  public var memory: LimitDefault
  /// Cores; nil for no limit. Nothing is started that would pass it; nobody is ended for it.
  public var cpu: Double?
  /// Processes and threads: more ends the agent that has most.
  public var pids: CountDefault

  /// No limits, unless told otherwise.
  public init(memory: LimitDefault = .none, cpu: Double? = nil, pids: CountDefault = .none) {
    self.memory = memory
    self.cpu = cpu
    self.pids = pids
  }

  /// The memory as a share of a machine's; nil where it bounds nothing.
  public func memoryShare(of total: UInt64) -> Double? {
    let share: Double? =
      switch memory {
      case .none: nil
      case .share(let share): share
      case .amount(let bytes): total > 0 ? bytes / Double(total) : nil
      }
    return share.flatMap { $0 < 1 ? $0 : nil }
  }

  /// What this leaves a single agent at most.
  public func limits(on machine: MachineSize) -> AgentLimits {
    AgentLimits(
      memory: memory.resolved(of: machine.memory > 0 ? Double(machine.memory) : nil).map { UInt64(max(0, $0)) },
      cpu: cpu, pids: machine.cores > 0 ? pids.resolved(cores: machine.cores) : nil)
  }
}
