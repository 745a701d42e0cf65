import JarvisProtocol

/// What showed that a type no longer behaves as it did.
public struct BehaviourChange: Sendable, Equatable {
  /// In which way.
  public enum Sign: String, Sendable, CaseIterable {
    /// Its tasks take longer, as many as run at once.
    case slower
    /// They take less time.
    case faster
    /// They compute more.
    case computesMore = "computes_more"
    /// They compute less: its bottleneck is another.
    case computesLess = "computes_less"
  }

  /// In which way.
  public var sign: Sign
  /// At which width the last sign of it was seen.
  public var width: Float
  /// What was expected there: seconds that a task takes, or processor seconds.
  public var expected: Float
  /// What was measured instead, by the last of several measurements that all told so.
  public var measured: Float

  /// "takes 310 ms at 4.6 at once, where 68 ms were expected"
  public var words: String {
    let (expected, measured) = (Words.seconds(Double(expected)), Words.seconds(Double(measured)))
    switch sign {
    case .slower, .faster:
      let width = Words.number((Double(width) * 10).rounded() / 10)
      let at = width == "1" ? "alone" : "with \(width) at once"
      return "a task takes \(measured) \(at), where \(expected) were expected"
    case .computesMore, .computesLess: return "a task computes \(measured), where \(expected) were expected"
    }
  }
}

extension TypeProfile {
  /// For so long a choice names that the type was learned anew, seconds.
  static let changeIsNews = 7 * 86_400.0

  /// When and why the type was learned anew, if it was: "learned anew since 2026-11-24 14:03 UTC: a task takes …".
  public var relearned: String? {
    guard let changedAt else { return nil }
    let time = changedAt.description
    let minute = "\(time.prefix(10)) \(time.dropFirst(11).prefix(5)) UTC"
    return "learned anew since \(minute)" + (change.map { ": \($0.words)" } ?? "")
  }

  /// The same, while it is news.
  func freshChange(_ now: Timestamp) -> String? {
    guard let changedAt, now - changedAt <= Self.changeIsNews else { return nil }
    return relearned
  }

  /// Of a type that runs one by one only T(1) is seen. Whether it is time to run some beside each other, to see whether
  /// that still gains nothing: after so many tasks, or after so long.
  func isTrialDue(_ policy: WidthPolicy, _ now: Timestamp) -> Bool {
    if policy.recheckTasks > 0, sinceBeside >= policy.recheckTasks { return true }
    guard policy.recheckSeconds > 0, let last = lastBeside ?? firstSeen else { return false }
    return now - last > policy.recheckSeconds
  }

  /// How many at once show best whether it does, up to `limit`: the widest of which it is known what they took, else as
  /// many as a type begins with of which nothing is known.
  func trialWidth(_ policy: WidthPolicy, upTo limit: Int) -> Int {
    let known = durations.records.last { $0.width >= 1.5 && $0.width < Float(limit) + 0.5 && $0.isKnown }
    let width = known.map { Double($0.width) } ?? (Double(limit) * policy.openingShare).rounded(.up)
    return max(2, min(limit, Int(width.rounded())))
  }

  /// Whether what was just seen beside others is so far off that it has to be looked at more.
  var isInDoubt: Bool { sinceBeside < 10 && detector.isRaised }
}
