import JarvisProtocol

/// How soon an agent must be sampled again: the sooner, the nearer a limit is, and much sooner when its growth would
/// reach one. Bounded below, so that what sampling costs is bounded too.
struct Pace: Sendable, Equatable {
  /// The use of the nearest limit as a share of it; only of limits that the overseer must hold itself.
  var nearness = 0.0
  /// Seconds until the first limit is reached at the present growth; nil if none will be.
  var timeToLimit: Double?
  /// Whether every sample counts: a breach waits for its confirmation, or an agent was just thawed.
  var isClose = false
  /// The shortest interval, as a share of the base.
  var floor = 0.05

  init() {}

  init(_ overseer: AgentOverseer, _ scene: AgentOverseer.Scene) {
    floor = scene.policy.fastestShare
    for kind in [LimitKind.memory, .pids, .output] {
      if scene.tier == .kernel, kind != .output { continue }
      guard let share = overseer.share(kind, scene), let gauge = overseer.gauges[kind], let limit = scene.limits[kind]
      else { continue }
      nearness = max(nearness, share)
      if share > 1 { isClose = true }
      if gauge.growth > 0, share <= 1 {
        timeToLimit = min(timeToLimit ?? .infinity, (limit - gauge.value) / gauge.growth)
      }
    }
  }

  /// Seconds until the next sample, from `base` down to a twentieth of it.
  func interval(base: Double) -> Double {
    let shortest = base * floor
    if isClose { return shortest }
    var interval = base
    // Being near a limit is no reason for the fastest rate: growing towards it is.
    if nearness > 0.5 { interval = base * max(0.2, 1 - 1.6 * (min(nearness, 1) - 0.5)) }
    // A third of the time that is left: growth may speed up.
    if let timeToLimit { interval = min(interval, timeToLimit / 3) }
    return min(base, max(shortest, interval))
  }
}

extension AgentOverseer {
  /// How many seconds until the agent must be sampled again, from `base` down to `fastestShare` of it; as of the last
  /// `observe`.
  public func nextInterval(base: Double) -> Double {
    // What was killed may hang in the kernel for long; nothing is gained by looking more often.
    if case .killing = phase { return base }
    return pace.interval(base: base)
  }
}
