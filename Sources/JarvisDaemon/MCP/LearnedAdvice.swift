import JarvisProtocol

/// What was learned of one type of task, as a model is told it.
public struct TypeAdvice: Sendable, Hashable {
  /// The task type.
  public var type: String
  /// Share of the time saved by running five of them in parallel, 0 to 1.
  public var benefit: Double

  /// Advice.
  public init(type: String, benefit: Double) {
    self.type = type
    self.benefit = benefit
  }
}

/// Who knows how much types of task gain from parallelism: the learner, or what was taught where there is none.
public protocol LearnedAdvice: Sendable {
  /// The types that are known best, at most `limit`. Never fails: no advice is good advice too.
  func topTypes(_ limit: Int) async -> [TypeAdvice]
}

/// What was taught with `learn_parallelization`, newest first.
struct TaughtAdvice: LearnedAdvice {
  let methods: any MethodCaller

  func topTypes(_ limit: Int) async -> [TypeAdvice] {
    // The daemon's own question, so that an agent's restrictions don't hide it.
    let caller = Caller(pid: 0, uid: 0, startTicks: nil, session: "", agent: nil)
    guard let all = try? await methods.call(LearnList.self, Empty(), from: caller).learnings else { return [] }
    return all.filter { $0.parallelBenefit != nil }
      .sorted { ($0.recordedAt ?? Timestamp(milliseconds: 0)) > ($1.recordedAt ?? Timestamp(milliseconds: 0)) }
      .prefix(limit).map { TypeAdvice(type: $0.taskType, benefit: $0.parallelBenefit ?? 0) }
  }
}
