/// An estimate and the shortest interval that holds the truth with a probability of 95 %.
public struct IntervalView: WireObject, Hashable {
  /// The expected value.
  public var value: Double
  /// The interval's ends.
  public var low, high: Double

  /// An estimate.
  public init(value: Double, low: Double, high: Double) {
    self.value = value
    self.low = low
    self.high = high
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    value = try fields.required("value", "the expected value")
    low = try fields.required("low", "the lower end of the interval that holds 95 %")
    high = try fields.required("high", "its upper end")
  }

  /// Writes the fields.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("value", value)
    fields.set("low", low)
    fields.set("high", high)
  }
}

/// How much of a resource a type's tasks need.
public struct SpreadView: WireObject, Hashable {
  /// Half of the tasks, and 95 of 100, need less.
  public var p50, p95: Double
  /// How many tasks that rests on, newer ones counting more.
  public var observations: Double

  /// A distribution.
  public init(p50: Double, p95: Double, observations: Double) {
    self.p50 = p50
    self.p95 = p95
    self.observations = observations
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    p50 = try fields.required("p50", "half of the tasks need less")
    p95 = try fields.required("p95", "95 of 100 need less")
    observations = try fields.required("observations", "how many tasks that rests on, newer ones counting more")
  }

  /// Writes the fields.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("p50", p50)
    fields.set("p95", p95)
    fields.set("observations", observations)
  }
}

/// What so many tasks of a type at once are like.
public struct WidthView: WireObject, Hashable {
  /// How many at once.
  public var width: Double
  /// What one of them takes, as the fit says; absent while no duration is known.
  public var seconds: IntervalView?
  /// The share of time that this saves over one by one; below 0 where it costs.
  public var benefit: IntervalView

  /// One width.
  public init(width: Double, seconds: IntervalView?, benefit: IntervalView) {
    self.width = width
    self.seconds = seconds
    self.benefit = benefit
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    width = try fields.required("width", "how many at once")
    seconds = try fields.optional("seconds", "what one of them takes, as the fit says")
    benefit = try fields.required("benefit", "the share of time that this saves over one by one")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("width", width)
    fields.set("seconds", seconds)
    fields.set("benefit", benefit)
  }
}

/// What was measured at about one width.
public struct WidthPointView: WireObject, Hashable {
  /// The mean width.
  public var width: Double
  /// What a task typically took there (the geometric mean), and the standard deviation of its logarithm.
  public var seconds, spread: Double
  /// How many observations that stands for.
  public var observations: Double

  /// A point.
  public init(width: Double, seconds: Double, spread: Double, observations: Double) {
    self.width = width
    self.seconds = seconds
    self.spread = spread
    self.observations = observations
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    width = try fields.required("width", "the mean width")
    seconds = try fields.required("seconds", "what a task typically took there (the geometric mean)")
    spread = try fields.required("spread", "the standard deviation of the durations' logarithm")
    observations = try fields.required("observations", "how many observations that stands for")
  }

  /// Writes the fields.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("width", width)
    fields.set("seconds", seconds)
    fields.set("spread", spread)
    fields.set("observations", observations)
  }
}

/// What a type spends its time on, with its evidence: shares of its tasks' time, 0 to 1.
public struct BottleneckView: WireObject, Hashable {
  /// In one word: `cpu`, `memory`, `io` or `waiting` (on something outside).
  public var kind: String
  /// That one's share.
  public var share: Double
  /// Computing.
  public var computing: Double
  /// Standing still for a processor, for memory and for I/O; absent where stalls aren't known.
  public var cpuStall, memoryStall, ioStall: Double?
  /// The rest.
  public var waiting: Double

  /// A bottleneck.
  public init(
    kind: String, share: Double, computing: Double, cpuStall: Double?, memoryStall: Double?, ioStall: Double?,
    waiting: Double
  ) {
    self.kind = kind
    self.share = share
    self.computing = computing
    self.cpuStall = cpuStall
    self.memoryStall = memoryStall
    self.ioStall = ioStall
    self.waiting = waiting
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    kind = try fields.required("kind", "`cpu`, `memory`, `io` or `waiting` (on something outside)")
    share = try fields.required("share", "that one's share of the tasks' time")
    computing = try fields.required("computing", "share of the time spent computing")
    cpuStall = try fields.optional("cpu_stall", "standing still for a processor")
    memoryStall = try fields.optional("memory_stall", "standing still for memory")
    ioStall = try fields.optional("io_stall", "standing still for I/O")
    waiting = try fields.required("waiting", "the rest: waiting on something outside")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("kind", kind)
    fields.set("share", share)
    fields.set("computing", computing)
    fields.set("cpu_stall", cpuStall)
    fields.set("memory_stall", memoryStall)
    fields.set("io_stall", ioStall)
    fields.set("waiting", waiting)
  }
}

/// A cause of failure.
public struct FailureCauseView: WireObject, Hashable {
  /// In few words.
  public var cause: String
  /// The share of all tasks that it ended.
  public var share: Double

  /// A cause.
  public init(cause: String, share: Double) {
    self.cause = cause
    self.share = share
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    cause = try fields.required("cause", "in few words")
    share = try fields.required("share", "the share of all tasks that it ended")
  }

  /// Writes the fields.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("cause", cause)
    fields.set("share", share)
  }
}

/// All that is known of a type of task. What is not known is absent.
public struct ProfileView: WireObject, Hashable {
  /// The type.
  public var taskType: String
  /// How many of its tasks have ended.
  public var total: Int
  /// When the first and the last did, and when its behaviour was last found to have changed.
  public var firstSeen, lastSeen, changedAt: Timestamp?
  /// What showed that it had, in words.
  public var changeReason: String?
  /// Contention and crosstalk of Gunther's Universal Scalability Law.
  public var sigma, kappa: IntervalView
  /// What a task takes alone, seconds.
  public var secondsAlone: IntervalView?
  /// What 1, 2, … at once are like, as the fit says.
  public var widths: [WidthView]
  /// What was measured.
  public var points: [WidthPointView]
  /// How many at once are best for many tasks on this machine now.
  public var bestWidth: Int
  /// What `auto` does with it now: `parallel`, `sequential` or `zones` (not sure).
  public var verdict: String
  /// Why.
  public var verdictReason: String
  /// Seconds, processor seconds, processors in use, bytes of memory, bytes read and written.
  public var duration, cpuSeconds, cores, peakMemory, io: SpreadView?
  /// What it spends its time on.
  public var bottleneck: BottleneckView?
  /// The share of its tasks that succeed.
  public var successRate: Double?
  /// Why the others don't, most frequent first.
  public var failureCauses: [FailureCauseView]
  /// US dollars and tokens of one task on average.
  public var meanCost, meanTokens: Double?
  /// All of this in words, the gist first.
  public var explanation: [String]

  /// A type of which little is known; the rest is set afterwards.
  public init(
    taskType: String, total: Int, sigma: IntervalView, kappa: IntervalView, bestWidth: Int, verdict: String,
    verdictReason: String
  ) {
    self.taskType = taskType
    self.total = total
    self.sigma = sigma
    self.kappa = kappa
    self.bestWidth = bestWidth
    self.verdict = verdict
    self.verdictReason = verdictReason
    widths = []
    points = []
    failureCauses = []
    explanation = []
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    taskType = try fields.required("task_type", "the type")
    total = try fields.required("total", "how many of its tasks have ended")
    firstSeen = try fields.optional("first_seen", "when the first of them ended")
    lastSeen = try fields.optional("last_seen", "when the last of them ended")
    changedAt = try fields.optional("changed_at", "when its behaviour was last found to have changed")
    changeReason = try fields.optional("change_reason", "what showed that it had, in words")
    sigma = try fields.required("sigma", "contention, of Gunther's Universal Scalability Law")
    kappa = try fields.required("kappa", "crosstalk, of the same")
    secondsAlone = try fields.optional("seconds_alone", "what a task takes alone")
    widths = try fields.defaulted("widths", "what 1, 2, … at once are like, as the fit says", [])
    points = try fields.defaulted("points", "what was measured, by width", [])
    bestWidth = try fields.required("best_width", "how many at once are best for many tasks on this machine now")
    verdict = try fields.required("verdict", "what `auto` does with it: `parallel`, `sequential` or `zones` (not sure)")
    verdictReason = try fields.required("verdict_reason", "why")
    duration = try fields.optional("duration", "seconds of those that succeeded")
    cpuSeconds = try fields.optional("cpu_seconds", "processor seconds")
    cores = try fields.optional("cores", "processors in use, averaged over each task's time")
    peakMemory = try fields.optional("peak_memory", "the most memory held, bytes")
    io = try fields.optional("io", "bytes read from and written to disks")
    bottleneck = try fields.optional("bottleneck", "what it spends its time on")
    successRate = try fields.optional("success_rate", "the share of its tasks that succeed")
    failureCauses = try fields.defaulted("failure_causes", "why the others don't, most frequent first", [])
    meanCost = try fields.optional("mean_cost", "US dollars of one task on average")
    meanTokens = try fields.optional("mean_tokens", "tokens of one task on average")
    explanation = try fields.defaulted("explanation", "all of this in words, the gist first", [])
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("task_type", taskType)
    fields.set("total", total)
    fields.set("first_seen", firstSeen)
    fields.set("last_seen", lastSeen)
    fields.set("changed_at", changedAt)
    fields.set("change_reason", changeReason)
    fields.set("sigma", sigma)
    fields.set("kappa", kappa)
    fields.set("seconds_alone", secondsAlone)
    fields.set("widths", widths)
    fields.set("points", points)
    fields.set("best_width", bestWidth)
    fields.set("verdict", verdict)
    fields.set("verdict_reason", verdictReason)
    fields.set("duration", duration)
    fields.set("cpu_seconds", cpuSeconds)
    fields.set("cores", cores)
    fields.set("peak_memory", peakMemory)
    fields.set("io", io)
    fields.set("bottleneck", bottleneck)
    fields.set("success_rate", successRate)
    fields.set("failure_causes", failureCauses)
    fields.set("mean_cost", meanCost)
    fields.set("mean_tokens", meanTokens)
    fields.set("explanation", explanation)
  }
}
