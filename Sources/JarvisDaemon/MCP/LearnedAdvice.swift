import JarvisProtocol

/// What was learned of one type of task, as a model is told it.
public struct TypeAdvice: Sendable, Hashable {
  /// The task type.
  public var type: String
  /// Share of the time saved by running it in parallel, 0 to 1.
  public var benefit: Double

  /// Advice.
  public init(type: String, benefit: Double) {
    self.type = type
    self.benefit = benefit
  }
}

/// Who knows how much types of task gain from parallelism.
public protocol LearnedAdvice: Sendable {
  /// The types that were used last, at most `limit`. Never fails: no advice is good advice too.
  func topTypes(_ limit: Int) async -> [TypeAdvice]
}

/// What the learner is sure enough of to act on it by itself, then what was only taught.
struct LearnersAdvice: LearnedAdvice {
  let methods: any MethodCaller

  func topTypes(_ limit: Int) async -> [TypeAdvice] {
    // The daemon's own question, so that an agent's restrictions don't hide it.
    let caller = Caller(pid: 0, uid: 0, startTicks: nil, session: "", agent: nil)
    guard let all = try? await methods.call(LearnList.self, .init(limit: 4 * limit), from: caller) else { return [] }
    // Where the zones decide, the benefit is little more than what is assumed of a type that nobody knows.
    let seen = all.profiles.filter { $0.verdict != "zones" && $0.total > 0 }.map { profile in
      let best = profile.widths.first { $0.width == Double(profile.bestWidth) }
      return TypeAdvice(type: profile.taskType, benefit: profile.bestWidth > 1 ? best?.benefit.value ?? 0 : 0)
    }
    let known = Set(seen.map(\.type))
    let taught = all.learnings.filter { !known.contains($0.taskType) }
      .sorted { ($0.recordedAt ?? Timestamp(milliseconds: 0)) > ($1.recordedAt ?? Timestamp(milliseconds: 0)) }
      .compactMap { learning in
        learning.parallelBenefit.map { TypeAdvice(type: learning.taskType, benefit: $0) }
      }
    return Array((seen + taught).prefix(limit))
  }
}
