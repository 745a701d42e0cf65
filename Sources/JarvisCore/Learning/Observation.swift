import JarvisProtocol

/// Shares (0…1) of a task's duration in which something of it stood still for a resource (PSI `some` of its cgroup).
public struct StallShares: Sendable, Equatable {
  /// For a processor.
  public var cpu: Double
  /// For memory.
  public var memory: Double
  /// For I/O; nil where the kernel doesn't say.
  public var io: Double?

  /// Takes shares, 0…1.
  public init(cpu: Double, memory: Double, io: Double? = nil) {
    self.cpu = cpu
    self.memory = memory
    self.io = io
  }
}

/// What an observation says of how long tasks of its type take.
public enum Measure: Sendable, Equatable {
  /// Its own duration, at its own width.
  case own
  /// Nothing yet: the wave that it is part of goes on.
  case nothing
  /// It ended a wave.
  case wave(Wave)
}

/// What one finished task showed. What isn't known is nil.
public struct Observation: Sendable, Equatable {
  /// The task's type: what it is learned about.
  public var type: String
  /// The task's branch.
  public var branch: String
  /// What ran it.
  public var runner: String
  /// How many tasks of its type ran at once while it did, itself included, averaged over its time: 1 or more.
  public var width: Double
  /// Seconds from submission (or release) to start.
  public var queueSeconds: Double
  /// Seconds from start to end, pauses left out.
  public var durationSeconds: Double
  /// Processor seconds of its whole process tree.
  public var cpuSeconds: Double?
  /// The most memory its process tree held, bytes.
  public var peakMemoryBytes: Double?
  /// Bytes read and written.
  public var ioBytes: Double?
  /// Where it stood still.
  public var stalls: StallShares?
  /// The terminal state it came to.
  public var outcome: TaskState
  /// Why it came to that, in few words without ids or numbers that differ each time: "exit 3", "memory limit".
  public var cause: String?
  /// US dollars, where the runner tells.
  public var cost: Double?
  /// Tokens in and out, where the runner tells.
  public var tokens: Double?
  /// What it says of how long such tasks take.
  public var measure = Measure.own
  /// When it ended.
  public var at: Timestamp

  /// A task that succeeded, of which little more than its time is known, unless told otherwise.
  public init(
    type: String, branch: String = "main", runner: String = "command", width: Double, queueSeconds: Double = 0,
    durationSeconds: Double, cpuSeconds: Double? = nil, peakMemoryBytes: Double? = nil, ioBytes: Double? = nil,
    stalls: StallShares? = nil, outcome: TaskState = .succeeded, cause: String? = nil, cost: Double? = nil,
    tokens: Double? = nil, at: Timestamp
  ) {
    self.type = type
    self.branch = branch
    self.runner = runner
    self.width = width
    self.queueSeconds = queueSeconds
    self.durationSeconds = durationSeconds
    self.cpuSeconds = cpuSeconds
    self.peakMemoryBytes = peakMemoryBytes
    self.ioBytes = ioBytes
    self.stalls = stalls
    self.outcome = outcome
    self.cause = cause
    self.cost = cost
    self.tokens = tokens
    self.at = at
  }
}

extension Observation {
  /// The compact form in which it is stored and exported.
  public var json: JSON {
    var object = JSONObject()
    object.append("type", .string(type))
    object.append("branch", .string(branch))
    object.append("runner", .string(runner))
    object.append("width", .double(width))
    switch measure {
    case .own: break
    case .nothing: object.append("wave", .array([]))
    case .wave(let wave):
      object.append("wave", .array([.double(wave.width), .double(wave.seconds), .double(Double(wave.ended))]))
    }
    object.append("queue", .double(queueSeconds))
    object.append("duration", .double(durationSeconds))
    if let cpuSeconds { object.append("cpu", .double(cpuSeconds)) }
    if let peakMemoryBytes { object.append("memory", .double(peakMemoryBytes)) }
    if let ioBytes { object.append("io", .double(ioBytes)) }
    if let stalls {
      var shares: [JSON] = [.double(stalls.cpu), .double(stalls.memory)]
      if let io = stalls.io { shares.append(.double(io)) }
      object.append("stalls", .array(shares))
    }
    object.append("outcome", .string(outcome.rawValue))
    if let cause { object.append("cause", .string(cause)) }
    if let cost { object.append("cost", .double(cost)) }
    if let tokens { object.append("tokens", .double(tokens)) }
    object.append("at", .string(at.description))
    return .object(object)
  }

  /// Reads what `json` wrote.
  /// - Throws: which field is missing or wrong.
  public init(json: JSON) throws(LearningFormatError) {
    let fields = try LearningReader(json, at: "observation")
    type = try fields.text("type", upTo: 128)
    branch = try fields.text("branch", upTo: 1024)
    runner = try fields.text("runner", upTo: 128)
    width = try fields.number("width", 1...1e6)
    if let numbers = try fields.optionalNumbers("wave", 0...1e12) {
      guard numbers.isEmpty || numbers.count == 3 && numbers[0] >= 1 && (1...1e9).contains(numbers[2]) else {
        throw LearningFormatError(fields.path("wave"), "must be [] or [width (1 or more), seconds, ends (1 or more)]")
      }
      measure =
        numbers.isEmpty
        ? .nothing : .wave(Wave(width: numbers[0], seconds: numbers[1], ended: Int(numbers[2])))
    }
    queueSeconds = try fields.number("queue", 0...1e12)
    durationSeconds = try fields.number("duration", 0...1e12)
    cpuSeconds = try fields.optionalNumber("cpu", 0...1e15)
    peakMemoryBytes = try fields.optionalNumber("memory", 0...1e18)
    ioBytes = try fields.optionalNumber("io", 0...1e18)
    let shares = try fields.optionalNumbers("stalls", 0...1)
    if let shares {
      guard shares.count == 2 || shares.count == 3 else {
        throw LearningFormatError(fields.path("stalls"), "must be 2 or 3 shares (cpu, memory, io)")
      }
      stalls = StallShares(cpu: shares[0], memory: shares[1], io: shares.count == 3 ? shares[2] : nil)
    }
    let word = try fields.text("outcome", upTo: 32)
    guard let state = TaskState(rawValue: word), state.isTerminal else {
      let known = TaskState.allCases.filter(\.isTerminal).map(\.rawValue).joined(separator: ", ")
      throw LearningFormatError(fields.path("outcome"), "must be one of \(known), found \"\(word)\"")
    }
    outcome = state
    cause = try fields.optionalText("cause", upTo: 1024)
    cost = try fields.optionalNumber("cost", 0...1e12)
    tokens = try fields.optionalNumber("tokens", 0...1e15)
    at = try fields.time("at")
  }
}
