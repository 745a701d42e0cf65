extension AgentOverseer {
  /// What is done with the agent now, and how near a limit it is, in a few words: "throttled, at 92 % of its memory
  /// limit"; nil while there is nothing to say.
  public func standing(limits: AgentLimits, policy: OverseerPolicy) -> String? {
    var parts: [String] = []
    switch phase {
    case .watching: break
    case .frozen(_, let kind): parts.append("frozen for a moment because of its \(kind.word)")
    case .terminating(let kind, _, _): parts.append("told to end because of its \(kind.word)")
    case .killing(let kind, _, _, _): parts.append("killed because of its \(kind.word)")
    }
    if !throttle.isEmpty { parts.append("throttled") }
    let shares = Self.judged.compactMap { kind -> (kind: LimitKind, share: Double)? in
      guard let limit = limits[kind], limit > 0, let gauge = gauges[kind] else { return nil }
      let share = gauge.value / limit
      return share >= policy[kind]?.alertAt ?? .infinity ? (kind, share) : nil
    }
    // The nearest one says enough.
    if let near = shares.max(by: { $0.share < $1.share }) {
      parts.append("at \(Figures.percent((near.share * 100).rounded() / 100)) of its \(near.kind.word) limit")
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }
}

extension LimitKind {
  /// In the middle of a sentence.
  var word: String {
    switch self {
    case .memory, .swap, .output, .time, .silence: rawValue
    case .cpu: "CPU"
    case .pids: "process"
    case .ioWeight: "disk weight"
    }
  }
}
