/// Bounds on what one task may use. What is absent is not bounded by the task (the configuration's defaults hold).
public struct TaskLimits: WireObject, Hashable {
  /// Bytes of memory over all of the task's processes.
  public var memory: ByteSize?
  /// Cores.
  public var cpu: Double?
  /// Processes and threads.
  public var pids: Int?
  /// Wall-clock time from the start of one attempt.
  public var time: TimeSpan?
  /// Bytes of stdout and stderr together.
  public var output: ByteSize?
  /// US dollars that its agent may spend, over all attempts.
  public var cost: Double?
  /// Tokens that its agent may read and write, over all attempts, without those from a cache.
  public var tokens: Int?
  /// Weight for the disks against other agents, 1 to 10,000.
  public var ioWeight: Int?
  /// Time without output, for runners that stream.
  public var silence: TimeSpan?

  /// Limits, all optional.
  public init(
    memory: ByteSize? = nil, cpu: Double? = nil, pids: Int? = nil, time: TimeSpan? = nil, output: ByteSize? = nil,
    cost: Double? = nil, tokens: Int? = nil,
    ioWeight: Int? = nil, silence: TimeSpan? = nil
  ) {
    self.memory = memory
    self.cpu = cpu
    self.pids = pids
    self.time = time
    self.output = output
    self.cost = cost
    self.tokens = tokens
    self.ioWeight = ioWeight
    self.silence = silence
  }

  /// Whether nothing is bounded.
  public var isEmpty: Bool { self == TaskLimits() }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    memory = try fields.optional("memory", "bytes of memory over all of the task's processes")
    cpu = try fields.optional("cpu", "cores", schema: .number(minimum: 0, maximum: nil))
    pids = try fields.optional("pids", "processes and threads", schema: .integer(minimum: 1, maximum: nil))
    time = try fields.optional("time", "wall-clock time of one attempt")
    output = try fields.optional("output", "bytes of stdout and stderr together")
    cost = try fields.optional(
      "cost", "US dollars that its agent may spend, over all attempts", schema: .number(minimum: 0, maximum: nil))
    tokens = try fields.optional(
      "tokens", "tokens that its agent may read and write, over all attempts, without those from a cache",
      schema: .integer(minimum: 1, maximum: nil))
    ioWeight = try fields.optional(
      "io_weight", "weight for the disks against other agents", schema: .integer(minimum: 1, maximum: 10_000))
    silence = try fields.optional("silence", "time without output, for runners that stream")
    if let memory {
      try fields.check("memory", memory.bytes >= 1 << 20, "must be at least 1M, found \(memory.bytes) bytes")
    }
    if let cpu { try fields.check("cpu", cpu > 0, "must be above 0 cores, found \(cpu)") }
    if let pids { try fields.check("pids", pids >= 1, "must be 1 or more, found \(pids)") }
    if let time { try fields.check("time", time.seconds > 0, "must be above 0 seconds") }
    if let cost { try fields.check("cost", cost > 0 && cost.isFinite, "must be above 0 dollars, found \(cost)") }
    if let tokens { try fields.check("tokens", tokens >= 1, "must be 1 or more, found \(tokens)") }
    if let ioWeight {
      try fields.check("io_weight", (1...10_000).contains(ioWeight), "must be 1 to 10000, found \(ioWeight)")
    }
    if let silence { try fields.check("silence", silence.seconds >= 1, "must be at least 1 second") }
    if let output { try fields.check("output", output.bytes > 0, "must be above 0 bytes") }
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("memory", memory)
    fields.set("cpu", cpu)
    fields.set("pids", pids)
    fields.set("time", time)
    fields.set("output", output)
    fields.set("cost", cost)
    fields.set("tokens", tokens)
    fields.set("io_weight", ioWeight)
    fields.set("silence", silence)
  }
}
