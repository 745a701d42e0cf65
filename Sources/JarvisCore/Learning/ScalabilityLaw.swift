/// Gunther's Universal Scalability Law: how much longer a task takes when others of its type run beside it.
public struct ScalabilityLaw: Sendable, Equatable {
  /// σ, contention: the share of the work that queues for something only one can have. 0…1.3; 1 means that running at
  /// once gains nothing.
  public var sigma: Double
  /// κ, crosstalk: what each pair costs each other. 0…1; above 0 there is a width beyond which more is worse.
  public var kappa: Double

  /// Takes both coefficients.
  public init(sigma: Double, kappa: Double) {
    self.sigma = sigma
    self.kappa = kappa
  }

  /// T(k)/T(1), for `width` = k siblings at once, 1 or more (averages needn't be whole).
  public func slowdown(_ width: Double) -> Double { 1 + sigma * (width - 1) + kappa * width * (width - 1) }

  /// 1 − T(k)/(k·T(1)): the share of time that running `width` at once saves over one by one. Below 0 where it costs.
  public func benefit(_ width: Double) -> Double { 1 - slowdown(width) / width }

  /// How long `tasks` take at `width` at once, in units of T(1): whole waves, then those that are left.
  public func makespan(tasks: Int, width: Int) -> Double {
    guard tasks > 0, width > 0 else { return 0 }
    let left = tasks % width
    return Double(tasks / width) * slowdown(Double(width)) + (left > 0 ? slowdown(Double(left)) : 0)
  }

  /// The width from 1 to `limit` with the shortest makespan, the smallest of equals.
  public func bestWidth(tasks: Int, limit: Int) -> Int {
    var best = (width: 1, span: makespan(tasks: tasks, width: 1))
    for width in stride(from: 2, through: max(1, min(limit, tasks)), by: 1) {
      let span = makespan(tasks: tasks, width: width)
      if span < best.span * (1 - 1e-9) { best = (width, span) }
    }
    return best.width
  }
}

/// What is believed of a type's law before it was measured.
public struct LawPrior: Sendable, Equatable {
  /// Where σ is expected.
  public var sigma: Double
  /// How far from there it may well be (standard deviation of a normal distribution, cut off at 0 and 1.3).
  public var sigmaSpread: Double
  /// The mean of κ's exponential distribution: small, seldom large.
  public var kappaScale: Double

  /// Takes the distribution's parameters.
  public init(sigma: Double, sigmaSpread: Double, kappaScale: Double) {
    self.sigma = sigma
    self.sigmaSpread = sigmaSpread
    self.kappaScale = kappaScale
  }

  /// Nearly anything: a few measured tasks outweigh it.
  public static let weak = LawPrior(sigma: 0.35, sigmaSpread: 0.45, kappaScale: 0.03)

  /// Somebody said that running such tasks in parallel saves the share `benefit` of the time (0…1). That benefit is
  /// approached with many at once, and tends to 1 − σ, so σ is expected at 1 − `benefit`. A lesson that is quite wrong
  /// is outweighed after some twenty measured tasks.
  public static func taught(benefit: Double) -> LawPrior {
    LawPrior(sigma: 1 - max(0, min(1, benefit)), sigmaSpread: 0.12, kappaScale: 0.01)
  }

  /// What is left of knowledge that turned out to be outdated: a direction, no more.
  public static func outdated(_ law: ScalabilityLaw) -> LawPrior {
    LawPrior(sigma: law.sigma, sigmaSpread: weak.sigmaSpread, kappaScale: max(weak.kappaScale, law.kappa))
  }

  /// The logarithm of the density at a law, up to a constant.
  func logDensity(_ law: ScalabilityLaw) -> Double {
    let z = (law.sigma - sigma) / sigmaSpread
    return -0.5 * z * z - law.kappa / kappaScale
  }
}
