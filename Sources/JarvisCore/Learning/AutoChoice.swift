import JarvisProtocol

/// What `auto` makes of the learned benefit.
public enum AutoChoice: Sendable, Equatable {
  /// The type surely gains: as many at once as resources allow.
  case parallel(reason: String)
  /// The type surely doesn't gain enough: one by one.
  case sequential(reason: String)
  /// Not sure: the zones decide. While `beginAlone`, the batch's first task should run by itself, because a task alone
  /// is what all others are measured against and too few were ever seen.
  case zones(beginAlone: Bool, reason: String)

  /// The width limit that this asks for now: nil for none.
  /// - Parameter finished: how many of the batch's tasks are over.
  public func widthLimit(finished: Int) -> Int? {
    switch self {
    case .parallel: nil
    case .sequential: 1
    case .zones(let beginAlone, _): beginAlone && finished == 0 ? 1 : nil
    }
  }

  /// Why, in words and numbers.
  public var reason: String {
    switch self {
    case .parallel(let reason), .sequential(let reason), .zones(_, let reason): reason
    }
  }
}

extension WidthChooser {
  /// What `auto` does with tasks of a type.
  ///
  /// - Parameters:
  ///   - profile: what is known of the type.
  ///   - now: for how long ago that was.
  public func auto(_ profile: TypeProfile, now: Timestamp) -> AutoChoice {
    if let typical = profile.duration?.p50, typical < policy.shortestSeconds {
      return .zones(
        beginAlone: false,
        reason: "tasks of \(Words.seconds(typical)) are over before another is started, so the zones decide")
    }
    let law = profile.law(now: now)
    let width = Double(policy.referenceWidth)
    let benefit = law.benefit(width)
    let chance = law.probability(benefitOf: width, atLeast: policy.worthwhileBenefit)
    let gain =
      "\(policy.referenceWidth) at once \(Words.saving(benefit.value)) ± \(Words.percent(benefit.margin))"
    let saving = "\(profile.type): \(gain)"
    let bound = "\(Words.percent(policy.worthwhileBenefit)) make it worthwhile"
    if let trial = trial(of: profile, chance, saving) { return trial }
    if chance >= policy.confidence {
      return .parallel(reason: "runs in parallel: \(saving)")
    }
    if 1 - chance >= policy.confidence {
      if let again = secondLook(at: profile, saving, now) { return again }
      let little =
        benefit.value < 0
        ? "\(saving)"
        : "\(profile.type): \(policy.referenceWidth) at once save only "
          + "\(Words.percent(benefit.value)) ± \(Words.percent(benefit.margin))"
      return .sequential(reason: "runs one by one: \(little); \(bound)")
    }
    let sure = Words.percent(max(chance, 1 - chance))
    return .zones(
      beginAlone: profile.mayBeginAlone(policy),
      reason: "\(saving), \(bound); only \(sure) sure of it, so the zones decide")
  }

  /// One by one nothing is learned of running at once: from time to time it is tried, and longer if that surprises.
  private func secondLook(at profile: TypeProfile, _ saving: String, _ now: Timestamp) -> AutoChoice? {
    if profile.isInDoubt {
      return .zones(
        beginAlone: false, reason: "\(saving), but the last were quite different: tried in parallel to see more")
    }
    guard profile.isTrialDue(policy, now) else { return nil }
    let ago = profile.lastBeside ?? profile.firstSeen ?? now
    let days = Int(((now - ago) / 86_400).rounded())
    let since = now - ago > policy.recheckSeconds ? "\(days) days" : "\(profile.sinceBeside) tasks"
    return .zones(beginAlone: false, reason: "\(saving), but that was seen \(since) ago: tried in parallel again")
  }

  /// A lesson counts at once, but what it is believed for must be seen: until it was, the first of a batch runs by
  /// itself where it says parallel, and from time to time a batch runs in parallel where it says one by one.
  private func trial(of profile: TypeProfile, _ chance: Double, _ saving: String) -> AutoChoice? {
    guard profile.taught?.benefit != nil else { return nil }
    if chance >= policy.confidence, profile.mayBeginAlone(policy) {
      return .zones(
        beginAlone: true, reason: "\(saving), but that is hardly more than what was taught: the first runs by itself")
    }
    if 1 - chance >= policy.confidence, profile.seenBeside < 4, profile.total >= policy.taughtTrialAfter {
      return .zones(
        beginAlone: false, reason: "\(saving), but that is hardly more than what was taught: tried in parallel")
    }
    return nil
  }
}

extension TypeProfile {
  /// Whether a task of this type should run by itself, so that there is something to measure the others against: too
  /// few did so far, and it costs little. Nothing is made to wait on account of a type that was hardly ever seen.
  /// - Parameter enough: as many alone are enough to compare with.
  public func mayBeginAlone(_ policy: WidthPolicy, enough: Double = 4) -> Bool {
    guard seenAlone < enough, total >= policy.aloneAfter, let duration else { return false }
    return duration.p95 <= policy.aloneSeconds
  }
}
