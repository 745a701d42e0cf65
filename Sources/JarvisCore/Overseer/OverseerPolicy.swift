/// What is done to an agent on its way to a limit, and when it breaks it. All of the ladder is in these numbers.
public struct LimitRule: Sendable, Hashable {
  /// What breaking the limit leads to.
  public enum Response: String, Sendable, Hashable {
    /// Nothing more than throttling.
    case throttle
    /// The runner's polite signal; SIGKILL to all after `grace`.
    case terminate
    /// Frozen, so that nothing can race the kill, and killed in the same moment.
    case freezeAndKill = "freeze_and_kill"
  }

  /// Share of the limit from which people are alerted; nil for never.
  public var alertAt: Double?
  /// Seconds for which the use must be above that.
  public var alertFor: Double
  /// Share of the limit from which it is throttled; nil for never.
  public var throttleAt: Double?
  /// Seconds for which the use must be above that, and as long below it until the throttle is lifted.
  public var throttleFor: Double
  /// Whether growth that would pass the limit before the next possible sample freezes the agent for a moment.
  public var freezesFastGrowth: Bool
  /// Seconds for which the limit must be broken; 0 for none.
  public var breachFor: Double
  /// How many samples in a row must see it broken, 1 or more.
  public var confirmations: Int
  /// What breaking it leads to.
  public var response: Response
  /// Share of the limit (above 1) from which it is killed without further grace; nil for never.
  public var killAt: Double?
  /// Seconds between the polite signal and the kill.
  public var grace: Double

  /// Takes a ladder.
  public init(
    alertAt: Double? = 0.8, alertFor: Double = 0, throttleAt: Double? = nil, throttleFor: Double = 0,
    freezesFastGrowth: Bool = false, breachFor: Double = 0, confirmations: Int = 1, response: Response,
    killAt: Double? = nil, grace: Double = 5
  ) {
    self.alertAt = alertAt
    self.alertFor = alertFor
    self.throttleAt = throttleAt
    self.throttleFor = throttleFor
    self.freezesFastGrowth = freezesFastGrowth
    self.breachFor = breachFor
    self.confirmations = confirmations
    self.response = response
    self.killAt = killAt
    self.grace = grace
  }
}

/// All numbers of the overseer that concern a single agent.
public struct OverseerPolicy: Sendable, Hashable {
  /// Memory. Two samples in a row must see the breach: memory is summed over processes in the sampled and tree tiers,
  /// and a big process that forks counts twice until its child calls exec.
  public var memory = LimitRule(
    alertFor: 2, throttleAt: 0.9, throttleFor: 5, freezesFastGrowth: true, confirmations: 2, response: .terminate,
    killAt: 1.25, grace: 2)
  /// Processes and threads.
  public var pids = LimitRule(alertFor: 2, freezesFastGrowth: true, response: .freezeAndKill, grace: 0)
  /// Cores. Too much of it only makes others slow, so it costs nobody's life.
  public var cpu = LimitRule(alertAt: 1, alertFor: 30, throttleAt: 1, throttleFor: 30, response: .throttle)
  /// Bytes of output.
  public var output = LimitRule(response: .terminate, killAt: 1.25)
  /// Seconds since the start.
  public var time = LimitRule(response: .terminate)
  /// Seconds without output.
  public var silence = LimitRule(response: .terminate)

  /// How far below its line, as a share of the limit, the use must fall before an alert or a throttle is taken back.
  public var hysteresis = 0.1
  /// Seconds between two samples while nothing is near a limit. The fastest rate is `fastestShare` of it.
  public var interval = 1.0
  /// The shortest interval as a share of the configured one.
  public var fastestShare = 0.05
  /// `memory.high` as a share of the memory limit: the kernel slows a task down before it kills it.
  public var memoryHighShare = 0.95
  /// A throttled agent's `cpu.weight` as a share of what its priority gives it.
  public var throttledWeight = 0.25
  /// In the kernel tier, memory counts as pressed, and not only full of cache, from this share of time in which the
  /// whole agent stood still for memory (its own `memory.pressure`, full avg10 / 100).
  public var pressingStall = 0.05
  /// Sustained throttling: the agent stands still for memory for at least this share of time ...
  public var throttledStall = 0.3
  /// ... while it is above this share of its memory limit and the kernel goes on throttling it ...
  public var throttledFrom = 0.9
  /// ... for this many seconds. That breaks the memory limit, though the kernel never lets it be passed.
  public var throttledFor = 30.0
  /// Seconds for which an agent must sit at `pids.max` in the kernel tier until that breaks the limit.
  public var pidsHeldFor = 5.0
  /// Growth is fast if it comes to this share of the limit within one `interval`.
  public var fastGrowth = 0.5
  /// Seconds for which fast growth is frozen.
  public var growthFreeze = 1.0
  /// How often at most, until the use has fallen again.
  public var growthFreezes = 2
  /// Seconds of use above the cores' limit after which the agent is terminated; nil for never.
  public var cpuKillAfter: Double?
  /// What would have sufficed is the peak times this.
  public var headroom = 1.25
  /// Whether a retry after a kill gets a raised limit, once.
  public var raisesLimit = true
  /// Seconds after which a kill that has not ended the agent is repeated.
  public var killAgain = 1.0

  /// The defaults; set what should differ.
  public init() {}

  /// The rule of a kind of limit; nil for those that only the kernel holds.
  public subscript(kind: LimitKind) -> LimitRule? {
    switch kind {
    case .memory: memory
    case .pids: pids
    case .cpu: cpu
    case .output: output
    case .time: time
    case .silence: silence
    case .swap, .ioWeight: nil
    }
  }

  /// Sets the seconds between a polite signal and the kill for what doesn't hurt others by the moment: output, time
  /// and silence (`[limits] grace`).
  public mutating func setGrace(_ seconds: Double) {
    output.grace = seconds
    time.grace = seconds
    silence.grace = seconds
  }

  /// Seconds between two samples at the fastest.
  public var fastest: Double { interval * fastestShare }

  /// `memory.high` for a memory limit.
  public func memoryHigh(for limit: UInt64) -> UInt64 { UInt64(Double(limit) * memoryHighShare) }
}
