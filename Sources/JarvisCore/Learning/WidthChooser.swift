/// How the learner turns what it believes into a width.
public struct WidthPolicy: Sendable, Equatable {
  /// Types of which running `referenceWidth` at once saves at least this share of the time are worth running in
  /// parallel (85 % is, 10 % is not worth the overhead).
  public var worthwhileBenefit = 0.25
  /// The width whose benefit is compared: the specification's agents of a session.
  public var referenceWidth = 5
  /// How sure `auto` must be before it acts on the benefit.
  public var confidence = 0.9
  /// Of a type that `auto` runs one by one nothing new is learned: after so many seconds without a task beside another
  /// it is tried in parallel again. 0 for never.
  public var recheckSeconds = 14 * 86_400.0
  /// Or after so many tasks without one beside another; 0 for never. The same holds for `adaptive`, and there for the
  /// widths beside the best, too.
  public var recheckTasks = Int(WidthStatistics.staleAfter)
  /// The share of the limit with which a type begins of which no two widths are known.
  public var openingShare = 0.67
  /// It begins so until this share of as many tasks have ended.
  public var openingTasks = 0.34
  /// A width is only tried out if it is expected to take at most this much longer than the best.
  public var explorationLoss = 0.1
  /// Nothing is tried out any more once some width is expected to take at most this much longer than the best.
  public var settledLoss = 0.02
  /// One by one is what is done unless some width is expected to take less by more than this share: what gains nothing
  /// needs no more than one place.
  public var indifference = 0.03
  /// Of several at once, widths whose makespans differ by less than this share are equals, of which the smallest is
  /// taken: it needs less of the machine.
  public var tie = 0.01
  /// A batch keeps its width until another is expected to take less by more than this share: each change of width
  /// disturbs what is measured, and the tasks that go on from before it.
  public var inertia = 0.01

  /// Once nothing is tried out any more, the widths beside the best are looked at until so many tasks were seen there,
  /// for the law knows no dips,
  public var lookTasks = 32.0
  /// in so many measurements.
  public var lookMeasurements = 3.0
  /// After `recheckTasks` they are looked at again, if the law alone, whatever was measured there, expects them to take at
  /// most this much longer than the best.
  public var recheckLoss = 0.5

  /// Types whose tasks typically take less than this gain nothing that could be measured: what starting them takes
  /// isn't in their durations. They run as if nothing were known of them. Seconds.
  public var shortestSeconds = 0.03
  /// What was only taught to gain nothing is tried in parallel after so many tasks.
  public var taughtTrialAfter = 10
  /// `auto` lets a task run by itself, to have something to compare with, of types of which this many were seen,
  public var aloneAfter = 5
  /// and 95 of 100 of which take no longer than this, seconds.
  public var aloneSeconds = 60.0

  /// The defaults.
  public init() {}

  /// The index of the width to take, of which each loses so much against the best: the one that is kept, if it loses
  /// next to nothing; else the smallest that does.
  func cheapest(_ widths: [Int], _ losses: [Double], _ kept: Int? = nil) -> Int {
    let least = losses.min() ?? 0
    if let kept, losses[kept] <= least + (widths[kept] == 1 ? indifference : inertia) { return kept }
    if widths.first == 1, losses[0] <= least + indifference { return 0 }
    return losses.firstIndex { $0 <= least + tie } ?? 0
  }
}

/// A width and why.
public struct WidthChoice: Sendable, Equatable {
  /// How many of the batch's tasks may run at once.
  public var width: Int
  /// By which share its makespan is expected to exceed that of the best width, whatever that is.
  public var expectedLoss: Double
  /// Whether it is chosen to learn, and not because it is expected to be best.
  public var isExploring: Bool
  /// Whether it is a width beside the best that is looked at: nothing is seen of it before some waves are over.
  public var isLook = false
  /// Why, in words and numbers.
  public var reason: String
}

/// Picks the width of an `adaptive` batch: Thompson sampling over the law's posterior, fenced in by the expected loss.
///
/// The batch draws its `luck` once. Each time a task ends and the posterior moves, `choose` is asked again with the
/// same luck: the answer moves with what is known and not with the dice, and the caller sets it as the batch's width.
public struct WidthChooser: Sendable {
  /// What it goes by.
  public var policy: WidthPolicy

  /// With the defaults, unless told otherwise.
  public init(policy: WidthPolicy = WidthPolicy()) { self.policy = policy }

  /// A batch's luck, to be kept as long as the batch.
  public static func luck(using generator: inout some RandomNumberGenerator) -> Double {
    Double.random(in: 0..<1, using: &generator)
  }

  /// The luck of a batch of which only its number and the installation's seed are known: always the same for the same.
  /// The finishing steps of SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, "Fast Splittable Pseudorandom Number
  /// Generators", OOPSLA 2014).
  public static func luck(seed: UInt64, batch: UInt64) -> Double {
    var z = seed &+ (batch &+ 1) &* 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    z ^= z >> 31
    return Double(z >> 11) / 9_007_199_254_740_992
  }

  /// Picks a width.
  ///
  /// - Parameters:
  ///   - law: what is believed of the type; `TypeProfile.law(now:)`.
  ///   - remaining: how many tasks of the batch aren't over, those that run included.
  ///   - total: how many it had when it came; `remaining` unless told otherwise. Makespans are compared for all of them:
  ///     those that are left make a last wave of another size after each end, and the width would change with it.
  ///   - limit: what resources and caps allow at most, 1 or more.
  ///   - luck: the batch's.
  ///   - current: the width that was chosen for it last; nil if none was.
  public func choose(
    _ law: LawPosterior, remaining: Int, total: Int? = nil, limit: Int, luck: Double, current: Int? = nil
  ) -> WidthChoice {
    let limit = max(1, min(limit, remaining))
    guard limit > 1 else {
      return WidthChoice(
        width: 1, expectedLoss: 0, isExploring: false,
        reason: remaining > 1 ? "resources and caps allow one at a time" : "one task is left")
    }
    let widths = Self.candidates(upTo: limit)
    let factors = (1...limit).map { Numeric.power(law.correction(at: Double($0))) }
    let tasks = max(remaining, total ?? remaining)
    let losses = Self.losses(law, tasks: tasks, widths: widths, factors: factors)
    let kept = current.flatMap { now in widths.lastIndex { $0 <= now } }
    let best = policy.cheapest(widths, losses, kept)
    var drawn = Self.spans(law.draw(luck), tasks: tasks, widths: widths, factors: factors)
    let shortest = drawn.min() ?? 1
    for i in drawn.indices { drawn[i] = drawn[i] / shortest - 1 }
    let tried = policy.cheapest(widths, drawn, kept)
    let isFenced = losses[tried] > policy.explorationLoss && losses[tried] > losses[best] * 1.0001
    let isSettled = law.widths >= 2 && (losses.min() ?? 0) <= policy.settledLoss
    var picked = isFenced || isSettled ? best : tried
    let looked = isSettled ? look(round: best, kept, law, widths, losses, remaining) : nil
    if let looked { picked = looked }

    // Nothing but the prior is known: begin in the middle, and let the first tasks say more. A second width is what
    // the law shows itself in.
    let opening = max(2, Int((Double(limit) * policy.openingShare).rounded(.up)))
    let isOpening = law.widths < 2 && law.observations < Double(opening) * policy.openingTasks
    if isOpening {
      picked = widths.lastIndex { $0 <= opening } ?? picked
    }
    let width = widths[picked]
    let isExploring = isOpening || picked != best
    return WidthChoice(
      width: width, expectedLoss: losses[picked], isExploring: isExploring, isLook: looked != nil && !isOpening,
      reason: reason(width, law, limit: limit, best: widths[best], loss: losses[picked], isOpening: isOpening))
  }

  /// A width that is to be looked at, though the law doesn't expect it to be the best: the one that is kept, until enough
  /// was seen, or one beside the best. As far as the law goes it costs little, and hardly any task ran with so many at
  /// once, or none for long. So what bends away from the law for a width or two is found; at most two are looked at for
  /// each that turns out to be best.
  private func look(
    round best: Int, _ kept: Int?, _ law: LawPosterior, _ widths: [Int], _ losses: [Double], _ remaining: Int
  ) -> Int? {
    guard widths[best] > 1 else { return nil }
    func isWorthALook(_ place: Int, waves: Int) -> Bool {
      guard remaining >= waves * widths[place] else { return false }
      let seen = law.seen(at: Double(widths[place]))
      if let seen, policy.recheckTasks > 0, seen.idle >= policy.recheckTasks {
        let expected = law.law
        func time(_ width: Int) -> Double { expected.slowdown(Double(width)) / Double(width) }
        return time(widths[place]) <= time(widths[best]) * (1 + policy.recheckLoss)
      }
      guard losses[place] <= policy.explorationLoss else { return false }
      guard let seen else { return true }
      return seen.observations < policy.lookTasks || seen.measurements < policy.lookMeasurements
    }
    if let kept, isWorthALook(kept, waves: 1) { return kept }
    let own = WidthStatistics.index(of: Float(widths[best]))
    func isOther(_ place: Int) -> Bool { WidthStatistics.index(of: Float(widths[place])) != own }
    let beside = [widths[..<best].indices.last(where: isOther), widths[best...].indices.first(where: isOther)]
    // Two waves have to come, or nothing would be seen.
    return beside.compactMap(\.self).filter { isWorthALook($0, waves: 2) }.min { losses[$0] < losses[$1] }
  }

  /// All widths up to 16, then in steps of an eighth: their makespans hardly differ.
  static func candidates(upTo limit: Int) -> [Int] {
    var widths: [Int] = []
    var width = 1
    while width < limit {
      widths.append(width)
      width += max(1, width / 8)
    }
    widths.append(limit)
    return widths
  }

  /// The expected share by which each width's makespan exceeds the best one's.
  static func losses(_ law: LawPosterior, tasks: Int, widths: [Int], factors: [Double]) -> [Double] {
    var losses = [Double](repeating: 0, count: widths.count)
    for cell in law.cells where cell.mass > 1e-6 {
      let spans = spans(cell.law, tasks: tasks, widths: widths, factors: factors)
      let best = spans.min() ?? 1
      for i in losses.indices { losses[i] += cell.mass * (spans[i] / best - 1) }
    }
    return losses
  }

  private static func spans(_ law: ScalabilityLaw, tasks: Int, widths: [Int], factors: [Double]) -> [Double] {
    widths.map { width in
      let left = tasks % width
      let wave = law.slowdown(Double(width)) * factors[width - 1]
      let rest = left > 0 ? law.slowdown(Double(left)) * factors[left - 1] : 0
      return Double(tasks / width) * wave + rest
    }
  }

  private func reason(
    _ width: Int, _ law: LawPosterior, limit: Int, best: Int, loss: Double, isOpening: Bool
  ) -> String {
    if isOpening { return "little is known of this type: it begins with \(width) of at most \(limit) at once" }
    let benefit = law.benefit(Double(width))
    let saving = "\(width) at once \(Words.saving(benefit.value)) ± \(Words.percent(benefit.margin))"
    if width == 1 {
      let all = law.benefit(Double(limit))
      let others = "\(limit) at once would save \(Words.percent(max(0, all.value))) ± \(Words.percent(all.margin))"
      return best == 1 ? "one by one, the best of 1 to \(limit): \(others)" : "one by one, to learn: \(others)"
    }
    if width == best { return "\(saving), the best of 1 to \(limit)" }
    return "\(saving); tried out to learn, expected to cost at most \(Words.percent(loss)) more than \(best) at once"
  }
}
