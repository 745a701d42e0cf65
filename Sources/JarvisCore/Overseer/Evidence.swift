import JarvisProtocol

/// What the overseer knows when it acts on an agent: which limit, and the figures.
public struct Evidence: Sendable, Equatable {
  /// What about the limit led to the action.
  public enum Cause: String, Sendable, Hashable {
    /// The use came near the limit.
    case near
    /// It fell below that again.
    case receded
    /// The limit is broken.
    case over
    /// It is broken by so much that no grace is given.
    case farOver = "far_over"
    /// It is broken while the machine is in danger: no grace is given then.
    case overInDanger = "over_in_danger"
    /// The use grows so fast that it would pass the limit before the next sample.
    case growth
    /// The kernel throttles the agent without end: it needs more memory than its limit.
    case sustainedThrottling = "sustained_throttling"
    /// It did not end within the grace period.
    case graceOver = "grace_over"
    /// The kernel's OOM killer took it.
    case kernel
  }

  /// The limit.
  public var limit: LimitKind
  /// What led to the action.
  public var cause: Cause
  /// The use now, in the limit's unit.
  public var value: Double
  /// The limit, in its unit.
  public var bound: Double
  /// The most that was seen.
  public var peak: Double
  /// How fast the use grows, in the limit's unit for each second; negative when it falls.
  public var growthPerSecond: Double
  /// Since when this has been so.
  public var since: Timestamp
  /// When the action was decided.
  public var at: Timestamp
  /// For the end of an agent: the limit that would have been enough for what was seen. Rounded up.
  public var sufficient: Double?

  /// A sentence for people: "it used 2.3 GiB of memory, over its limit of 2 GiB (peak 2.3 GiB, growing by 210 MiB a
  /// second)".
  public var sentence: String {
    let what = "\(Figures.amount(value, limit)), \(position)"
    guard let sufficient else { return what + details }
    return what + details + "; \(Figures.limit(sufficient, limit)) would have been enough for what it did so far"
  }

  /// The figures by name, in a fixed order, for events and the journal's fields.
  public var numbers: [(String, Double)] {
    let all = [
      ("value", value), ("limit", bound), ("peak", peak), ("growth_per_second", growthPerSecond),
      ("seconds", at - since),
    ]
    return all + (sufficient.map { [("would_have_sufficed", $0)] } ?? [])
  }

  private var position: String {
    let bound = Figures.limit(bound, limit)
    switch cause {
    case .near: return "near its limit of \(bound)"
    case .receded: return "away from its limit of \(bound) again"
    case .over: return "over its limit of \(bound)"
    case .farOver: return "far over its limit of \(bound)"
    case .overInDanger: return "over its limit of \(bound) while the machine is in danger"
    case .growth: return "and would pass its limit of \(bound) before the next sample"
    case .sustainedThrottling:
      return
        "throttled by the kernel for \(Figures.seconds(at - since)) because it needs more than its limit of \(bound)"
    case .graceOver: return "over its limit of \(bound), and did not end when told to"
    case .kernel: return "and the kernel killed it at its limit of \(bound)"
    }
  }

  private var details: String {
    var parts: [String] = []
    if peak > value { parts.append("peak \(Figures.limit(peak, limit))") }
    if growthPerSecond > bound / 1000, limit != .time, limit != .silence, limit != .cpu {
      parts.append("growing by \(Figures.limit(growthPerSecond, limit)) a second")
    }
    if cause != .sustainedThrottling, at - since >= 1 { parts.append("for \(Figures.seconds(at - since))") }
    return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
  }
}

/// What is lowered for a throttled agent. What is nil is as its limits and its priority make it.
public struct Throttle: Sendable, Hashable {
  /// Bytes for `memory.high` (kernel tier only).
  public var memoryHigh: UInt64?
  /// Share (0…1) of the usual `cpu.weight`; without a cpu controller, a reason to renice.
  public var cpuWeight: Double?

  /// Nothing is lowered, unless told otherwise.
  public init(memoryHigh: UInt64? = nil, cpuWeight: Double? = nil) {
    self.memoryHigh = memoryHigh
    self.cpuWeight = cpuWeight
  }

  /// Whether nothing is lowered.
  public var isEmpty: Bool { self == Throttle() }
}

/// What the caller must do to an agent now, in the order given. Each is to be logged with its evidence.
public enum OverseerAction: Sendable, Equatable {
  /// Tell people.
  case alert(Evidence)
  /// Tell people that it is over.
  case allClear(Evidence)
  /// Put this throttle in force in place of the one before.
  case throttle(Throttle, Evidence)
  /// The same; less is throttled than before, nothing if it is empty.
  case relax(Throttle, Evidence)
  /// Stop all of its processes without their knowing.
  case freeze(Evidence)
  /// Let them go on.
  case thaw(Evidence)
  /// Send the runner's polite signal. The kill follows as an action of its own after `grace` seconds.
  case terminate(Evidence, grace: Double)
  /// Kill every process.
  case kill(Evidence)
  /// Nothing to do: the kernel's OOM killer took the agent, or a part of it.
  case kernelKilled(Evidence)

  /// Why, with figures.
  public var evidence: Evidence {
    switch self {
    case .alert(let e), .allClear(let e), .throttle(_, let e), .relax(_, let e), .freeze(let e), .thaw(let e),
      .terminate(let e, _), .kill(let e), .kernelKilled(let e):
      e
    }
  }

  /// Whether it ends the agent.
  public var isEnd: Bool {
    switch self {
    case .terminate, .kill: true
    default: false
    }
  }
}
