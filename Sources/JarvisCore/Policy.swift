import JarvisProtocol

/// Where the zones begin, as shares of the machine (0…1). A threshold of 1.0 or more turns its gate off.
public struct ZoneThresholds: Sendable, Equatable {
  /// `safe` is below this CPU use; at or above it `warning` begins.
  public var cpuSafe: Double
  /// Above this CPU use is `danger`; no start may bring the projected CPU use above it.
  public var cpuDanger: Double
  /// `safe` is below this memory use; at or above it `warning` begins.
  public var ramSafe: Double
  /// Above this memory use is `danger`; no start may bring the projected memory use above it. 1.0 turns everything
  /// that memory causes off, the emergency included.
  public var ramDanger: Double
  /// How far below a zone's threshold the use must fall before the zone is left, so that it doesn't flap.
  public var hysteresis: Double

  /// The specification's thresholds, unless told otherwise.
  public init(
    cpuSafe: Double = 0.6, cpuDanger: Double = 0.8, ramSafe: Double = 0.7, ramDanger: Double = 0.85,
    hysteresis: Double = 0.03
  ) {
    self.cpuSafe = cpuSafe
    self.cpuDanger = cpuDanger
    self.ramSafe = ramSafe
    self.ramDanger = ramDanger
    self.hysteresis = hysteresis
  }
}

/// How many seconds a task of each priority may be made to wait by fresh `critical` ones.
///
/// A waiting task's place is `submitted + patience`, earliest first. That is the ageing: a `low` task that has waited
/// for 45 minutes (2,700 s) ranks with a `critical` one that arrives now, so nothing starves, and no place ever has to
/// be computed anew while time passes.
public struct Patience: Sendable, Equatable {
  /// Seconds, 0 or more, for each priority; they should not fall from `critical` to `low`.
  public var critical: Double, high: Double, medium: Double, low: Double

  /// 0 s, 5 min, 15 min and 45 min, unless told otherwise.
  public init(critical: Double = 0, high: Double = 300, medium: Double = 900, low: Double = 2700) {
    self.critical = critical
    self.high = high
    self.medium = medium
    self.low = low
  }

  /// The seconds of one priority.
  public subscript(priority: Priority) -> Double {
    switch priority {
    case .critical: critical
    case .high: high
    case .medium: medium
    case .low: low
    }
  }
}

/// What is done with a `low` task to relieve the machine in an emergency.
public enum EmergencyAction: String, Sendable, Hashable, CaseIterable {
  /// It is stopped for good.
  case cancel
  /// It is stopped and put back into the queue.
  case requeue
  /// It is frozen, and resumed through the gate when there is room again.
  case freeze
}

/// Everything that can be configured about scheduling. The defaults are the specification's numbers.
public struct SchedulerPolicy: Sendable, Equatable {
  /// Where the zones begin.
  public var zones = ZoneThresholds()
  /// The most agents of one session at once.
  public var maxAgentsPerSession = 5
  /// The most agents of one session at once while the zone is `warning`; never more than `maxAgentsPerSession`.
  public var maxAgentsPerSessionInWarning = 2
  /// The most agents at once, of all sessions together.
  public var maxAgents = 64
  /// What a task of unknown appetite is expected to use.
  public var defaultCost = ResourceCost(cpu: 0.02, ram: 0.02)
  /// Seconds for which the share that a started agent is expected to use, and does not use yet, stays reserved.
  public var warmUpSeconds = 10.0
  /// How priorities and age weigh against each other.
  public var patience = Patience()
  /// Seconds for which memory must be in danger before the level is `emergency`.
  public var emergencyAfterSeconds = 30.0
  /// Share of time (0…1) in which all tasks stood still for memory (PSI `full avg10`) that counts as memory danger.
  public var emergencyMemoryPressure = 0.4
  /// What an emergency does to `low` tasks.
  public var emergencyAction = EmergencyAction.cancel
  /// When the machine needs more than `low` tasks to make room, and when nothing is started though there is memory.
  public var machine = MachineGuardPolicy()
  /// How many tasks that don't fit are looked past in one decision to find a smaller one that does.
  public var backfillLimit = 32
  /// Seconds after which a task that smaller ones overtook is overtaken no more: the line waits until it fits.
  public var backfillPatienceSeconds = 60.0
  /// Seconds between two starts; 0 for none.
  public var startGapSeconds = 0.0

  /// The specification's numbers; set what should differ.
  public init() {}

  /// The most agents that a session may have in `zone`.
  public func sessionCap(in zone: Zone) -> Int {
    zone == .warning ? min(maxAgentsPerSession, maxAgentsPerSessionInWarning) : maxAgentsPerSession
  }
}
