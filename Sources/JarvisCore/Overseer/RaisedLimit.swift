/// What a retry after a kill is given: more of what it broke, once.
public struct RaisedLimit: Sendable, Hashable {
  /// The limit that is raised.
  public var limit: LimitKind
  /// What it was, and what it is for the retry, in its unit.
  public var from: Double, to: Double

  /// A sentence for people: "tries again with 3 GiB instead of 2 GiB".
  public var sentence: String {
    "tries again with a limit of \(Figures.limit(to, limit)) instead of \(Figures.limit(from, limit))"
  }

  /// Decides whether a task that the overseer killed is tried again.
  ///
  /// - Parameters:
  ///   - evidence: why it was killed.
  ///   - retriesLeft: what the task's own policy leaves; 0: it isn't tried again.
  ///   - wasRaised: whether an earlier retry had a raised limit already. There is no second.
  ///   - machine: no limit is raised above it.
  /// - Returns: the raised limit; nil if the task must not be tried again.
  public static func after(
    _ evidence: Evidence, retriesLeft: Int, wasRaised: Bool, machine: MachineSize, policy: OverseerPolicy
  ) -> RaisedLimit? {
    guard policy.raisesLimit, retriesLeft > 0, !wasRaised, let sufficient = evidence.sufficient else { return nil }
    let ceiling = LimitSources.ceiling(evidence.limit, machine) ?? .infinity
    let raised = min(sufficient, ceiling)
    // With no more than it had, it would only break the same limit again.
    guard raised > evidence.bound else { return nil }
    return RaisedLimit(limit: evidence.limit, from: evidence.bound, to: raised)
  }
}
