import JarvisProtocol

/// The durations measured at about one width.
public struct WidthPoint: Sendable, Equatable {
  /// The mean width.
  public var width: Double
  /// The typical duration there (the geometric mean), seconds.
  public var seconds: Double
  /// The standard deviation of ln(duration) there.
  public var spread: Double
  /// How many observations it stands for.
  public var observations: Double
}

/// A cause of failure.
public struct FailureCause: Sendable, Equatable {
  /// In few words.
  public var cause: String
  /// The share of all tasks that it ended, 0…1.
  public var share: Double
}

/// What a profile says when asked.
extension TypeProfile {
  /// T(1), σ and κ, and how sure they are.
  /// - Parameter now: what was learned long before counts less; nil for the time of the last observation. Costs some
  ///   tens of microseconds.
  public func law(now: Timestamp? = nil) -> LawPosterior {
    var statistics = durations
    if let now, let fadedAt, now - fadedAt > 3600 {
      statistics.fade(to: Numeric.remaining(after: now - fadedAt, halfLife: Double(halfLife)))
    }
    return LawPosterior(prior: prior, statistics: statistics)
  }

  /// The best width for so many tasks.
  /// - Parameters:
  ///   - tasks: how many.
  ///   - limit: the caps' limit, 1 or more.
  ///   - memory: bytes that may be used; the p95 of this many must fit. Nil for no limit.
  public func bestWidth(tasks: Int, limit: Int, memory: Double? = nil, now: Timestamp? = nil) -> Int {
    let limit = max(1, min(self.limit(limit, memory: memory), tasks))
    let law = law(now: now)
    let widths = WidthChooser.candidates(upTo: limit)
    let factors = (1...limit).map { Numeric.power(law.correction(at: Double($0))) }
    let losses = WidthChooser.losses(law, tasks: tasks, widths: widths, factors: factors)
    return widths[WidthPolicy().cheapest(widths, losses)]
  }

  /// `limit`, or fewer if p95 of so many don't fit `memory` bytes; never below 1.
  public func limit(_ limit: Int, memory: Double?) -> Int {
    guard let memory, let each = sketches.memory.quantile(0.95), each > 0 else { return max(1, limit) }
    let fitting = memory / each
    return fitting < Double(limit) ? max(1, Int(max(1, fitting))) : max(1, limit)
  }

  /// Seconds of those that succeeded; nil if none did.
  public var duration: Spread? { Spread(sketches.duration) }
  /// Processor seconds.
  public var cpuSeconds: Spread? { Spread(sketches.cpuSeconds) }
  /// Processors in use, averaged over each task's time.
  public var cores: Spread? { Spread(sketches.cores) }
  /// The most memory held, bytes.
  public var peakMemory: Spread? { Spread(sketches.memory) }
  /// Bytes read and written.
  public var io: Spread? { Spread(sketches.io) }

  /// What one task is expected to use of a machine: p95 once there are three observations, before that what was
  /// taught; nil if neither is there.
  /// - Parameters:
  ///   - cores: the machine's processors.
  ///   - memory: the machine's memory, bytes.
  ///   - fallback: what is taken for the one of the two that isn't known.
  public func expectedCost(
    cores machineCores: Double, memory: Double, fallback: ResourceCost = .none
  ) -> ResourceCost? {
    func share(_ sketch: QuantileSketch, of whole: Double, taught: Double?) -> Double? {
      guard sketch.count >= 3, whole > 0, let p95 = sketch.quantile(0.95) else { return taught }
      return min(1, p95 / whole)
    }
    let cpu = share(sketches.cores, of: machineCores, taught: taught?.cpu)
    let ram = share(sketches.memory, of: memory, taught: taught?.ram)
    guard cpu != nil || ram != nil else { return nil }
    return ResourceCost(cpu: cpu ?? fallback.cpu, ram: ram ?? fallback.ram)
  }

  /// What it spends its time on; nil while no processor time is known.
  public var bottleneck: BottleneckEvidence? { shares.evidence }

  /// The share of tasks that succeed, of about the last 64; nil if none ran.
  public var successRate: Double? { outcomes.success.value }

  /// Why its tasks fail, most frequent first, at most four.
  public var failureCauses: [FailureCause] {
    outcomes.causes.map { FailureCause(cause: $0.name, share: Double($0.share)) }.sorted { $0.share > $1.share }
  }

  /// US dollars of one task on average, where the runner tells.
  public var meanCost: Double? { costs.value }
  /// Tokens of one task on average, where the runner tells.
  public var meanTokens: Double? { tokens.value }

  /// The durations by width: what the law is fitted to.
  public var widthPoints: [WidthPoint] {
    durations.records.map {
      WidthPoint(
        width: Double($0.width), seconds: Numeric.power(Double($0.mean)),
        spread: (Double($0.variance) * Double($0.ends)).squareRoot(), observations: $0.effective)
    }
  }

  /// How many tasks that ran alone its durations remember.
  var seenAlone: Double { durations.records.first { $0.index == 0 }?.effective ?? 0 }

  /// How many that ran beside others.
  var seenBeside: Double { durations.effective - seenAlone }
}
