import JarvisProtocol

/// How a runner's API is treated.
public struct APIGatePolicy: Sendable, Equatable {
  /// The most agents of the runner at once, and the width that is begun with.
  public var maxWidth = 16
  /// Least seconds between two starts of the runner.
  public var gap = 0.25
  /// Seconds in which retries count as one sign of congestion: they answer to the same moment.
  public var coolDown = 5.0
  /// Seconds without starts after a retry that tells no delay.
  public var pause = 2.0
  /// The longest pause after a retry, whatever it tells.
  public var longestPause = 120.0
  /// Seconds that a usage limit is waited for that doesn't tell its end.
  public var unknownReset = 900.0

  /// The defaults.
  public init() {}
}

/// Why a runner's gate lets nobody through.
public enum APIRefusal: Sendable, Equatable {
  /// As many agents as its API bears now.
  case width(active: Int, limit: Int)
  /// Its API refused calls a moment ago.
  case pause(seconds: Double)
  /// The account's usage limit is reached.
  case usageLimit(until: Timestamp, seconds: Double)
  /// Starts are staggered.
  case gap(seconds: Double)
}

/// The back-pressure of one runner's API: how many of its agents may work at once, and when the next may start.
///
/// The width goes as in congestion control of TCP (V. Jacobson, 1988; D.-M. Chiu and R. Jain, 1989): after each refusal
/// by the API (429, 529) it is halved, at most once in `coolDown`, and each turn of an agent that went well adds 1/width
/// to it, so that a whole round of the agents adds one. Additive increase and multiplicative decrease is what converges
/// to a fair share where nobody tells how much there is. It never falls below one, so that work goes on.
public struct APIGate: Sendable, Equatable {
  /// How it is treated.
  public var policy: APIGatePolicy
  /// How many may work, with fractions.
  public private(set) var width: Double
  /// No starts before.
  public private(set) var pausedUntil: Timestamp?
  /// The usage limit holds until then.
  public private(set) var limitedUntil: Timestamp?
  /// Refusals by the API so far.
  public private(set) var refusals = 0
  private var lastDecrease: Timestamp?
  private var lastStart: Timestamp?

  /// Open.
  public init(_ policy: APIGatePolicy = APIGatePolicy()) {
    self.policy = policy
    width = Double(max(1, policy.maxWidth))
  }

  /// How many may work now, 1 or more.
  public var limit: Int { max(1, min(policy.maxWidth, Int(width.rounded(.down)))) }

  /// Puts another policy in force.
  public mutating func update(_ new: APIGatePolicy) {
    let wasOpen = width >= Double(policy.maxWidth)
    policy = new
    width = wasOpen ? Double(max(1, new.maxWidth)) : min(width, Double(max(1, new.maxWidth)))
  }

  /// A call was refused and is tried again. Takes the width to half of what worked.
  public mutating func refused(delay: Double?, active: Int, now: Timestamp) {
    refusals += 1
    let wait = min(policy.longestPause, max(0, delay ?? policy.pause))
    if wait.isFinite { pausedUntil = max(pausedUntil ?? now, now + wait) }
    if let lastDecrease, now >= lastDecrease, now - lastDecrease < policy.coolDown { return }
    lastDecrease = now
    width = max(1, min(width, Double(max(1, active))) / 2)
  }

  /// An agent had a turn, or an end, without a refusal. What the width does not hold back says nothing of more.
  public mutating func wentWell(active: Int) {
    guard Double(active) >= width - 1 else { return }
    width = min(Double(max(1, policy.maxWidth)), width + 1 / max(1, width))
  }

  /// The account's usage limit is reached.
  public mutating func limited(until reset: Timestamp?, now: Timestamp) {
    let until = reset ?? now + policy.unknownReset
    limitedUntil = max(limitedUntil ?? until, until)
  }

  /// An agent was started.
  public mutating func started(at now: Timestamp) { lastStart = now }

  /// Why no agent may start; nil: one may.
  public func refusal(active: Int, now: Timestamp) -> APIRefusal? {
    if let limitedUntil, now < limitedUntil { return .usageLimit(until: limitedUntil, seconds: limitedUntil - now) }
    if active >= limit { return .width(active: active, limit: limit) }
    if let pausedUntil, now < pausedUntil { return .pause(seconds: pausedUntil - now) }
    if let lastStart, lastStart <= now, now < lastStart + policy.gap {
      return .gap(seconds: lastStart + policy.gap - now)
    }
    return nil
  }

  /// When time alone opens it; nil: it is open, or only an agent's end can.
  public func opens(active: Int, now: Timestamp) -> Timestamp? {
    switch refusal(active: active, now: now) {
    case .pause(let seconds)?, .gap(let seconds)?, .usageLimit(_, let seconds)?: now + seconds
    case .width?, nil: nil
    }
  }
}
