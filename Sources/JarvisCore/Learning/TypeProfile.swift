import JarvisProtocol

/// What somebody taught about a type (`learn_parallelization`).
public struct Taught: Sendable, Equatable {
  /// The share of time saved by running such tasks in parallel, 0…1.
  public var benefit: Double?
  /// What one such task uses, as a share of the machine, 0…1.
  public var cpu: Double?
  /// The same for memory.
  public var ram: Double?
  /// When.
  public var at: Timestamp

  /// Takes what is known of it.
  public init(benefit: Double? = nil, cpu: Double? = nil, ram: Double? = nil, at: Timestamp) {
    self.benefit = benefit
    self.cpu = cpu
    self.ram = ram
    self.at = at
  }
}

/// p50 and p95 of a resource, newer tasks counting more.
public struct Spread: Sendable, Equatable {
  /// Half of the tasks need less.
  public var p50: Double
  /// 95 of 100 need less.
  public var p95: Double
  /// How many tasks it rests on, at most about 200.
  public var observations: Double

  init?(_ sketch: QuantileSketch) {
    guard let p50 = sketch.quantile(0.5), let p95 = sketch.quantile(0.95) else { return nil }
    self.p50 = p50
    self.p95 = p95
    observations = sketch.count
  }
}

/// All that the learner knows of one type of task, in less than 2 KB.
public struct TypeProfile: Sendable, Equatable {
  /// In this time half of what was learned fades, if nothing new comes, unless told otherwise.
  public static let halfLifeSeconds = 14 * 86_400.0

  /// In this time half of what was learned fades; set by the store that the profile is in, and no part of what is known.
  var halfLife = Float(TypeProfile.halfLifeSeconds)

  /// The type.
  public let type: String
  /// How many of its tasks have ended, ever.
  public internal(set) var total: Int = 0
  /// When the first ended.
  public internal(set) var firstSeen: Timestamp?
  /// When the last ended.
  public internal(set) var lastSeen: Timestamp?
  /// When the last ended that had run beside another (a width of 1.5 or more).
  public internal(set) var lastBeside: Timestamp?
  /// When its behaviour was last found to have changed.
  public internal(set) var changedAt: Timestamp?
  /// What showed that; nil where that isn't known, as of profiles that an older Jarvis stored.
  public internal(set) var change: BehaviourChange?
  /// What was taught last.
  public internal(set) var taught: Taught?

  var prior = LawPrior.weak
  var durations = WidthStatistics()
  var detector = ChangeDetector()
  var work = WorkWatch()
  /// How many have ended since the last that had run beside another.
  var sinceBeside: Int32 = 0
  var sketches = ResourceSketches()
  var shares = TimeShares()
  var outcomes = OutcomeTally()
  var costs = RunningMean()
  var tokens = RunningMean()
  /// Until when fading by time has been reckoned in.
  var fadedAt: Timestamp?

  /// A type of which nothing is known.
  public init(type: String) { self.type = type }

  /// Takes in what a finished task showed. Costs a few microseconds.
  ///
  /// Durations count if the task succeeded, resources if it ran at all: one that was killed over its memory tells how
  /// much memory the type needs, and nothing of how long it takes.
  /// - Returns: whether this showed that the type's behaviour has changed; then what was known of its durations is
  ///   forgotten but for a direction.
  @discardableResult
  public mutating func observe(_ observation: Observation) -> Bool {
    fade(to: observation.at)
    total += 1
    firstSeen = firstSeen ?? observation.at
    lastSeen = max(lastSeen ?? observation.at, observation.at)
    let width = observation.width.isFinite ? max(1, min(1e4, observation.width)) : 1
    if width >= 1.5 {
      lastBeside = max(lastBeside ?? observation.at, observation.at)
      sinceBeside = 0
    } else if sinceBeside < Int32.max {
      sinceBeside += 1
    }
    switch observation.outcome {
    // Somebody's decision or an accident: says nothing of the type.
    case .cancelled, .lost: return measure(observation)
    case .succeeded: outcomes.add(failure: nil)
    default: outcomes.add(failure: observation.cause ?? observation.outcome.rawValue)
    }
    sketches.add(observation)
    shares.add(observation)
    if let cost = observation.cost { costs.add(cost) }
    if let count = observation.tokens { tokens.add(count) }
    // Durations first: what they show says more.
    let hasChanged = measure(observation)
    return hasChanged || watch(observation, width)
  }

  /// Compares what it computed with what such tasks computed before.
  private mutating func watch(_ observation: Observation, _ width: Double) -> Bool {
    guard observation.outcome == .succeeded, let cpu = observation.cpuSeconds else { return false }
    let isKnown = work.floor > 0 || sketches.duration.count < Double(WorkWatch.first)
    let typical = isKnown ? nil : sketches.duration.quantile(0.5)
    guard let expected = work.add(cpu, isAlone: width < 1.5, typical: typical) else { return false }
    relearn(
      BehaviourChange(
        sign: cpu > expected ? .computesMore : .computesLess, width: Float(width), expected: Float(expected),
        measured: Float(cpu)), at: observation.at)
    return true
  }

  private mutating func measure(_ observation: Observation) -> Bool {
    let (width, seconds): (Double, Double)
    var ends = 1
    switch observation.measure {
    case .own where observation.outcome == .succeeded:
      (width, seconds) = (observation.width, observation.durationSeconds)
    case .own, .nothing: return false
    case .wave(let wave): (width, seconds, ends) = (wave.width, wave.seconds, wave.ended)
    }
    guard width.isFinite, seconds.isFinite else { return false }
    return measure(
      width: max(1, min(1e4, width)), seconds: max(1e-3, min(1e9, seconds)), ends: ends, at: observation.at)
  }

  private mutating func measure(width: Double, seconds: Double, ends: Int, at: Timestamp) -> Bool {
    var (value, counted) = (Numeric.ln(seconds), ends)
    var hasChanged = false
    if let expected = durations.expectation(at: width, posterior: { law() }) {
      // While few were measured the noise itself is uncertain, and what looks far off need not be.
      let noise = durations.noise * (1 + 4 / max(1, durations.within.degrees))
      let own = max(noise / Double(max(1, min(WidthStatistics.mostEnds, ends))).squareRoot(), expected.scatter)
      let nearest = expected.nearest(to: value)
      let bound = expected.spread(at: value)
      let spread = (own * own + bound * bound).squareRoot()
      let residual = (value - nearest) / spread
      hasChanged = detector.add(residual)
      if hasChanged {
        let sign = residual > 0 ? BehaviourChange.Sign.slower : .faster
        relearn(
          BehaviourChange(
            sign: sign, width: Float(width), expected: Float(Numeric.power(nearest)), measured: Float(seconds)), at: at)
      } else {
        // What is far off counts for a third of its tasks: else a few would make their own norm.
        if abs(residual) >= Double(ChangeDetector.far) { counted = max(1, ends / 3) }
        value = nearest + ChangeDetector.kept(residual, farAs: expected.isBetween ? 1 : 2) * spread
      }
    }
    durations.add(width: width, logDuration: value, ends: counted)
    return hasChanged
  }

  /// The old level would make a wrong law together with the new one: only a direction is kept.
  private mutating func relearn(_ change: BehaviourChange, at: Timestamp) {
    prior = .outdated(law().law)
    durations.clear()
    detector.begin()
    work.begin()
    sketches.fade(to: 0.1)
    shares.fade(to: 0.1)
    changedAt = at
    self.change = change
  }

  /// Takes in what somebody taught: it is what the law is expected to be until measured tasks say otherwise. What was
  /// measured stays.
  public mutating func teach(_ lesson: Taught) {
    if let benefit = lesson.benefit { prior = .taught(benefit: benefit) }
    var lesson = lesson
    lesson.benefit = lesson.benefit ?? taught?.benefit
    lesson.cpu = lesson.cpu ?? taught?.cpu
    lesson.ram = lesson.ram ?? taught?.ram
    taught = lesson
  }

  /// Reckons in that time has passed. At most once an hour: less makes no difference.
  private mutating func fade(to now: Timestamp) {
    guard let last = fadedAt else {
      fadedAt = now
      return
    }
    guard now - last > 3600 else { return }
    let share = Numeric.remaining(after: now - last, halfLife: Double(halfLife))
    durations.fade(to: share)
    sketches.fade(to: share)
    shares.fade(to: share)
    work.fade(to: share)
    outcomes.success.fade(to: share)
    costs.fade(to: share)
    tokens.fade(to: share)
    fadedAt = now
  }
}

/// The distributions of what a type uses.
struct ResourceSketches: Sendable, Equatable {
  /// Seconds of those that succeeded.
  var duration = QuantileSketch()
  /// Processor seconds.
  var cpuSeconds = QuantileSketch()
  /// Processors in use on average.
  var cores = QuantileSketch()
  /// Bytes.
  var memory = QuantileSketch()
  /// Bytes.
  var io = QuantileSketch()

  mutating func add(_ observation: Observation) {
    if observation.outcome == .succeeded { duration.add(observation.durationSeconds) }
    if let cpu = observation.cpuSeconds {
      cpuSeconds.add(cpu)
      if observation.durationSeconds > 0 { cores.add(cpu / observation.durationSeconds) }
    }
    if let bytes = observation.peakMemoryBytes { memory.add(bytes) }
    if let bytes = observation.ioBytes { io.add(bytes) }
  }

  mutating func fade(to share: Double) {
    duration.fade(to: share)
    cpuSeconds.fade(to: share)
    cores.fade(to: share)
    memory.fade(to: share)
    io.fade(to: share)
  }
}
