import JarvisProtocol

/// Watches one agent: takes samples, and says what must be done to keep it within its limits.
///
/// A value without clock or I/O; the same calls give the same actions. The ladder is alert → throttle → freeze →
/// terminate → kill, and which limit takes which of its steps is data (`OverseerPolicy`). `docs/overseer.md` says it
/// for people.
public struct AgentOverseer: Sendable, Equatable {
  /// Where on the ladder the agent is.
  public enum Phase: Sendable, Equatable {
    /// It runs; it may be throttled.
    case watching
    /// Its growth is frozen until then.
    case frozen(until: Timestamp, LimitKind)
    /// It was told to end because of a limit that is broken `since` then, and is killed at `killAt`.
    case terminating(LimitKind, since: Timestamp, killAt: Timestamp)
    /// It was killed; if it is still there at `againAt`, it is killed again.
    case killing(LimitKind, Evidence.Cause, since: Timestamp, againAt: Timestamp)
  }

  /// Everything that one judgement is made on.
  struct Scene {
    var limits: AgentLimits
    var tier: Tier
    var policy: OverseerPolicy
    var isMachineInDanger: Bool
    /// Whether a sample was taken, and not only time has passed.
    var isSample: Bool
    var now: Timestamp
  }

  /// The order in which limits are judged: what hurts others most comes first.
  static let judged: [LimitKind] = [.pids, .memory, .output, .time, .silence, .cpu]

  /// Where on the ladder it is.
  public internal(set) var phase = Phase.watching
  /// What is lowered for it now.
  public internal(set) var throttle = Throttle()

  var gauges: [LimitKind: Gauge] = [:]
  private let startedAt: Timestamp
  private var pausedAt: Timestamp?
  private var pausedSeconds = 0.0
  /// Silence counts from here at the earliest: a paused agent can't speak.
  private var listeningSince: Timestamp
  private var lastOutputAt: Timestamp?
  private var oomKills: UInt64 = 0
  private var highEvents: UInt64?
  private var highEventsGrewAt: Timestamp?
  var stallShare: Double?
  var stalling = Since()
  var pace = Pace()

  /// An agent that was started at `startedAt` and was paused for `pausedSeconds` of the time since.
  public init(startedAt: Timestamp, pausedSeconds: Double = 0) {
    self.startedAt = startedAt
    self.pausedSeconds = pausedSeconds
    listeningSince = startedAt
  }

  /// Whether it has been told to end or was killed.
  public var isCondemned: Bool {
    switch phase {
    case .watching, .frozen: false
    case .terminating, .killing: true
    }
  }

  /// Growth of its memory in bytes a second, from the last two samples; negative when it shrinks.
  public var memoryGrowth: Double { gauges[.memory]?.growth ?? 0 }

  /// The most memory that was seen, in bytes.
  public var peakMemory: UInt64 { UInt64(max(0, gauges[.memory]?.peak ?? 0)) }

  /// Somebody froze it: its time and its silence stand still.
  public mutating func paused(at now: Timestamp) {
    if pausedAt == nil { pausedAt = now }
  }

  /// It goes on.
  public mutating func resumed(at now: Timestamp) {
    guard let since = pausedAt else { return }
    pausedSeconds += max(0, now - since)
    pausedAt = nil
    listeningSince = now
  }

  // MARK: Judging

  /// Takes a sample.
  ///
  /// - Parameters:
  ///   - reading: what the agent uses.
  ///   - limits: what is in force for it; may change from sample to sample.
  ///   - tier: what the kernel holds by itself.
  ///   - policy: the numbers.
  ///   - isMachineInDanger: whether the machine is about to run out of memory: no grace is given then.
  ///   - now: when the sample was taken.
  /// - Returns: what must be done, in this order. Nothing more than a repeated kill after the agent's end was decided.
  public mutating func observe(
    _ reading: AgentReading, limits: AgentLimits, tier: Tier, policy: OverseerPolicy, isMachineInDanger: Bool = false,
    now: Timestamp
  ) -> [OverseerAction] {
    gauges[.memory, default: Gauge()].read(
      Double(reading.memoryBytes), peak: Double(reading.peakBytes), at: now)
    gauges[.pids, default: Gauge()].read(Double(reading.processes), at: now)
    gauges[.cpu, default: Gauge()].read(reading.cpuCores, at: now)
    gauges[.output, default: Gauge()].read(Double(reading.outputBytes), at: now)
    lastOutputAt = [lastOutputAt, reading.lastOutputAt].compactMap { $0 }.max()
    stallShare = reading.memoryStallShare
    if let events = reading.memoryHighEvents {
      if let highEvents, events > highEvents { highEventsGrewAt = now }
      highEvents = events
    }
    let scene = Scene(
      limits: limits, tier: tier, policy: policy, isMachineInDanger: isMachineInDanger, isSample: true, now: now)
    var actions: [OverseerAction] = []
    if let kills = reading.oomKills, kills > oomKills {
      oomKills = kills
      actions.append(.kernelKilled(evidence(.memory, .kernel, since: now, scene)))
    }
    return actions + judge(scene)
  }

  /// Takes how many bytes it has written, learned between two samples.
  public mutating func observeOutput(
    _ bytes: UInt64, limits: AgentLimits, tier: Tier, policy: OverseerPolicy, isMachineInDanger: Bool = false,
    now: Timestamp
  ) -> [OverseerAction] {
    gauges[.output, default: Gauge()].read(Double(bytes), at: now)
    lastOutputAt = now
    let scene = Scene(
      limits: limits, tier: tier, policy: policy, isMachineInDanger: isMachineInDanger, isSample: false, now: now)
    if let share = share(.output, scene) {
      gauges[.output]?.count(isOver: share > 1, isFar: share > policy.output.killAt ?? .infinity)
    }
    return judge(scene)
  }

  /// Judges anew because time has passed (`deadline`), without a sample.
  public mutating func wake(
    limits: AgentLimits, tier: Tier, policy: OverseerPolicy, isMachineInDanger: Bool = false, now: Timestamp
  ) -> [OverseerAction] {
    judge(
      Scene(limits: limits, tier: tier, policy: policy, isMachineInDanger: isMachineInDanger, isSample: false, now: now)
    )
  }

  /// When time alone will lead to an action; nil if only samples can. A time that has passed means now.
  public func deadline(limits: AgentLimits) -> Timestamp? {
    switch phase {
    case .frozen(let until, _): return until
    case .terminating(_, _, let killAt): return killAt
    case .killing(_, _, _, let againAt): return againAt
    case .watching:
      guard pausedAt == nil else { return nil }
      let time = limits.time.map { startedAt + pausedSeconds + $0 }
      let silence = limits.silence.map { max(lastOutputAt ?? startedAt, listeningSince) + $0 }
      return [time, silence].compactMap { $0 }.min()
    }
  }

  private mutating func judge(_ scene: Scene) -> [OverseerAction] {
    let now = scene.now
    let pause = pausedAt.map { max(0, now - $0) } ?? 0
    gauges[.time, default: Gauge()].pass(max(0, now - startedAt - pausedSeconds - pause))
    let heard = max(lastOutputAt ?? startedAt, listeningSince)
    gauges[.silence, default: Gauge()].pass(pausedAt == nil ? max(0, now - heard) : 0)
    if scene.isSample { count(scene) }
    pace = Pace(self, scene)

    switch phase {
    case .killing(let kind, let cause, let since, let againAt):
      guard now >= againAt else { return [] }
      phase = .killing(kind, cause, since: since, againAt: now + scene.policy.killAgain)
      return [.kill(evidence(kind, cause, since: since, scene))]
    case .terminating(let kind, let since, let killAt):
      if let far = farBreach(scene) { return kill(far.kind, far.cause, far.since, scene) }
      return now >= killAt ? kill(kind, .graceOver, since, scene) : []
    case .frozen(let until, let kind):
      if let end = breach(scene) { return end }
      guard now >= until else { return [] }
      phase = .watching
      resumed(at: now)
      pace.isClose = true
      return [.thaw(evidence(kind, .growth, since: until, scene))]
    case .watching:
      return breach(scene) ?? growthFreeze(scene) ?? steps(scene)
    }
  }

  /// Counts the samples in a row that saw a limit broken.
  private mutating func count(_ scene: Scene) {
    for kind in Self.judged {
      guard let rule = scene.policy[kind], let share = share(kind, scene) else { continue }
      gauges[kind]?.count(isOver: share > 1, isFar: share > rule.killAt ?? .infinity)
    }
    let grewLately = highEventsGrewAt.map { scene.now - $0 <= 2 * scene.policy.interval } ?? false
    let isThrottled =
      scene.tier == .kernel && grewLately && (stallShare ?? 0) >= scene.policy.throttledStall
      && (share(.memory, scene) ?? 0) >= scene.policy.throttledFrom
    _ = stalling.update(isThrottled, at: scene.now)
  }

  /// The use as a share of the limit; nil without a limit.
  func share(_ kind: LimitKind, _ scene: Scene) -> Double? {
    guard let limit = scene.limits[kind], limit > 0, let gauge = gauges[kind] else { return nil }
    return gauge.value / limit
  }

  func evidence(_ kind: LimitKind, _ cause: Evidence.Cause, since: Timestamp, _ scene: Scene) -> Evidence {
    let gauge = gauges[kind] ?? Gauge()
    var evidence = Evidence(
      limit: kind, cause: cause, value: gauge.value, bound: scene.limits[kind] ?? 0, peak: gauge.peak,
      growthPerSecond: kind == .time || kind == .silence ? 1 : gauge.growth, since: min(since, scene.now),
      at: scene.now, sufficient: nil)
    switch cause {
    case .near, .receded, .growth: break
    case .over, .farOver, .overInDanger, .sustainedThrottling, .graceOver, .kernel:
      evidence.sufficient = Figures.sensible(max(gauge.peak, evidence.bound) * scene.policy.headroom, kind)
    }
    return evidence
  }
}
