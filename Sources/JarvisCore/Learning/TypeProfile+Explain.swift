import JarvisProtocol

extension TypeProfile {
  /// What is known, in words and numbers. The first line is the gist: "api_call: waits on something outside 94 % of
  /// its time; 5 at once save 11 % ± 4 %; run one by one".
  public func explain(policy: WidthPolicy = WidthPolicy(), now: Timestamp) -> [String] {
    let law = law(now: now)
    var lines = [gist(law, policy: policy, now: now)]
    if let first = law.time(at: 1) {
      lines.append(
        "One alone takes \(Words.seconds(first.value)) (\(Words.seconds(first.low)) to \(Words.seconds(first.high))). "
          + "Contention σ = \(range(law.sigma)), crosstalk κ = \(range(law.kappa)).")
      let best = bestWidth(tasks: 1000, limit: 64, now: now)
      lines.append(
        best == 64
          ? "Of many tasks, the more at once the better, as far as resources allow."
          : "Of many tasks, \(best) at once are done soonest, if resources allow.")
    }
    if let evidence = bottleneck { lines.append(shares(evidence)) }
    lines += resources()
    if let rate = successRate {
      let causes = failureCauses.filter { $0.share >= 0.005 }.map { "\($0.cause) (\(Words.percent($0.share)))" }
      lines.append(
        "\(Words.percent(rate)) succeed" + (causes.isEmpty ? "." : "; failures: \(causes.joined(separator: ", "))."))
    }
    let spent = [meanCost.map { "\(Words.number($0)) $" }, meanTokens.map { "\(Words.number($0.rounded())) tokens" }]
      .compactMap { $0 }
    if !spent.isEmpty { lines.append("One costs \(spent.joined(separator: " and ")) on average.") }
    if let taught, let benefit = taught.benefit {
      lines.append("Taught on \(day(taught.at)): parallel_benefit \(Words.number(benefit)).")
    }
    if let relearned { lines.append("Its behaviour changed: \(relearned).") }
    lines.append(basis(law))
    return lines
  }

  private func gist(_ law: LawPosterior, policy: WidthPolicy, now: Timestamp) -> String {
    let benefit = law.benefit(Double(policy.referenceWidth))
    let verdict =
      switch WidthChooser(policy: policy).auto(self, now: now) {
      case .parallel: "run in parallel"
      case .sequential: "run one by one"
      case .zones: "not sure yet, so the zones decide"
      }
    var parts: [String] = []
    if let evidence = bottleneck { parts.append(evidence.phrase) }
    parts.append("\(policy.referenceWidth) at once \(Words.saving(benefit.value)) ± \(Words.percent(benefit.margin))")
    parts.append(verdict)
    return "\(type): \(parts.joined(separator: "; "))"
  }

  private func range(_ estimate: Estimate) -> String {
    "\(Words.number(estimate.value)) (\(Words.number(estimate.low)) to \(Words.number(estimate.high)))"
  }

  private func shares(_ evidence: BottleneckEvidence) -> String {
    var parts = ["computing \(Words.percent(evidence.computing))"]
    if let stall = evidence.cpuStall { parts.append("waiting for a processor \(Words.percent(stall))") }
    if let stall = evidence.memoryStall { parts.append("for memory \(Words.percent(stall))") }
    if let stall = evidence.ioStall { parts.append("for I/O \(Words.percent(stall))") }
    parts.append("on something else \(Words.percent(evidence.waiting))")
    return "Bottleneck \(evidence.bottleneck.rawValue): of its time \(parts.joined(separator: ", "))."
  }

  private func resources() -> [String] {
    func line(_ name: String, _ spread: Spread?, _ words: (Double) -> String) -> String? {
      spread.map { "\(name): half need less than \(words($0.p50)), 95 of 100 less than \(words($0.p95))." }
    }
    return [
      line("Duration", duration, Words.seconds),
      line("Processor time", cpuSeconds, Words.seconds),
      line("Processors", cores, Words.number),
      line("Memory", peakMemory, Words.bytes),
      line("I/O", io, Words.bytes),
    ].compactMap { $0 }
  }

  private func basis(_ law: LawPosterior) -> String {
    guard total > 0 else { return "Nothing was observed yet." }
    let widths = widthPoints.map { Words.number(($0.width * 10).rounded() / 10) }.joined(separator: ", ")
    let remembered = law.observations.rounded()
    return "\(total) observed"
      + (widths.isEmpty ? "." : "; durations of about \(Words.number(remembered)) count, at widths of \(widths).")
  }

  private func day(_ time: Timestamp) -> String { String(time.description.prefix(10)) }
}
