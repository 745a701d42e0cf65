import JarvisProtocol

/// What one sample says about an agent.
public struct AgentReading: Sendable, Hashable {
  /// Bytes of memory of all its processes.
  public var memoryBytes: UInt64
  /// The most that it ever was, if something better than the samples knows (`memory.peak`); else 0.
  public var peakBytes: UInt64
  /// Processes and threads.
  public var processes: Int
  /// Cores in use since the sample before.
  public var cpuCores: Double
  /// Bytes of stdout and stderr.
  public var outputBytes: UInt64
  /// When it last wrote something; nil if it never did.
  public var lastOutputAt: Timestamp?
  /// How often the kernel throttled it for memory (`memory.events`, high); nil without the controller.
  public var memoryHighEvents: UInt64?
  /// Share of time (0…1) in which all of it stood still for memory (its `memory.pressure`, full avg10 / 100).
  public var memoryStallShare: Double?
  /// How often the kernel's OOM killer took one of its processes (`memory.events`, oom_kill).
  public var oomKills: UInt64?

  /// Takes a sample's values; what is not given is 0 or unknown.
  public init(
    memoryBytes: UInt64 = 0, peakBytes: UInt64 = 0, processes: Int = 0, cpuCores: Double = 0, outputBytes: UInt64 = 0,
    lastOutputAt: Timestamp? = nil, memoryHighEvents: UInt64? = nil, memoryStallShare: Double? = nil,
    oomKills: UInt64? = nil
  ) {
    self.memoryBytes = memoryBytes
    self.peakBytes = peakBytes
    self.processes = processes
    self.cpuCores = cpuCores
    self.outputBytes = outputBytes
    self.lastOutputAt = lastOutputAt
    self.memoryHighEvents = memoryHighEvents
    self.memoryStallShare = memoryStallShare
    self.oomKills = oomKills
  }
}

/// Since when a condition has held without a break.
struct Since: Sendable, Equatable {
  private(set) var begin: Timestamp?
  private var last: Timestamp?

  /// Takes whether it holds now; returns for how many seconds it has, nil if it doesn't. A gap of more than `gap`
  /// seconds (the machine slept, the clock was set forward) begins anew.
  mutating func update(_ holds: Bool, at now: Timestamp, gap: Double = .infinity) -> Double? {
    guard holds else {
      self = Since()
      return nil
    }
    if let last, now - last > gap { begin = now }
    last = now
    // A clock that was set back must not put it off.
    let from = min(begin ?? now, now)
    begin = from
    return now - from
  }
}

/// What is known of one kind of use.
struct Gauge: Sendable, Equatable {
  private(set) var value = 0.0
  private(set) var peak = 0.0
  /// For each second, between the last two samples.
  private(set) var growth = 0.0
  private var readAt: Timestamp?

  var isAlerted = false
  var isThrottled = false
  var alerting = Since()
  var throttling = Since()
  var relaxing = Since()
  var breaking = Since()
  /// Samples in a row that saw the limit broken, and broken by far.
  private(set) var overCount = 0
  private(set) var farCount = 0
  var freezes = 0

  mutating func read(_ new: Double, peak known: Double = 0, at now: Timestamp) {
    if let readAt {
      let seconds = now - readAt
      // Two samples in one millisecond say nothing about growth.
      if seconds >= 0.001 { growth = (new - value) / seconds }
    }
    value = new
    peak = max(peak, new, known)
    readAt = now
  }

  /// Time moves by itself: it has no growth to speak of.
  mutating func pass(_ new: Double) {
    value = new
    peak = max(peak, new)
  }

  mutating func count(isOver: Bool, isFar: Bool) {
    overCount = isOver ? overCount + 1 : 0
    farCount = isFar ? farCount + 1 : 0
  }

  /// Forgets what was held against a limit that is no more.
  mutating func unbind() {
    isAlerted = false
    isThrottled = false
    alerting = Since()
    throttling = Since()
    relaxing = Since()
    breaking = Since()
    overCount = 0
    farCount = 0
  }
}
