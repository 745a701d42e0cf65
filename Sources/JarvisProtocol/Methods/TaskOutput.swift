/// Which of a task's outputs.
public enum OutputStream: String, WireEnum {
  case stdout, stderr
}

/// `task.logs`
public enum TaskLogs: Method {
  /// As on the wire.
  public static let name = "task.logs"
  /// What it does.
  public static let summary =
    "Reads a task's output from an offset. With `wait_seconds` it waits for more, or for the task's end, when there is none yet."
  /// Parameters that a test reads.
  public static let example: JSON = ["id": "t1", "stream": "stdout", "offset": 0]

  /// What to read.
  public struct Parameters: WireObject, Hashable {
    /// The task's id.
    public var id: TaskID
    /// Stdout or stderr.
    public var stream: OutputStream
    /// Bytes to skip; a negative number counts from the end.
    public var offset: Int
    /// How many at most.
    public var maxBytes: Int
    /// How long to wait for more.
    public var waitSeconds: Double

    /// From the beginning, at once.
    public init(id: TaskID, stream: OutputStream = .stdout, offset: Int = 0, waitSeconds: Double = 0) {
      self.id = id
      self.stream = stream
      self.offset = offset
      self.waitSeconds = waitSeconds
      maxBytes = 65_536
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      id = try fields.required("id", "the task's id")
      stream = try fields.defaulted("stream", "stdout or stderr", .stdout)
      offset = try fields.defaulted("offset", "bytes to skip; a negative number counts from the end", 0)
      maxBytes = try fields.defaulted(
        "max_bytes", "how many at most", 65_536, schema: .integer(minimum: 1, maximum: 1_048_576))
      waitSeconds = try fields.defaulted(
        "wait_seconds", "how long to wait for more", 0.0, schema: .number(minimum: 0, maximum: 3600))
      try fields.check("max_bytes", (1...1_048_576).contains(maxBytes), "must be 1 to 1,048,576, found \(maxBytes)")
      try fields.check("wait_seconds", (0...3600).contains(waitSeconds), "must be 0 to 3600, found \(waitSeconds)")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("id", id)
      fields.set("stream", stream)
      fields.set("offset", offset)
      fields.set("max_bytes", maxBytes)
      fields.set("wait_seconds", waitSeconds)
    }
  }

  /// A piece of output.
  public struct Result: WireObject, Hashable {
    /// The text; bytes that are not UTF-8 are replaced.
    public var data: String
    /// Where the piece begins, in bytes.
    public var offset: Int
    /// Where to go on.
    public var nextOffset: Int
    /// How long the output is now.
    public var size: Int
    /// Whether there is nothing more to come.
    public var end: Bool
    /// Where the task is.
    public var state: TaskState

    /// A piece.
    public init(data: String, offset: Int, nextOffset: Int, size: Int, end: Bool, state: TaskState) {
      self.data = data
      self.offset = offset
      self.nextOffset = nextOffset
      self.size = size
      self.end = end
      self.state = state
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      data = try fields.required("data", "the text; bytes that are not UTF-8 are replaced")
      offset = try fields.required("offset", "where the piece begins, in bytes")
      nextOffset = try fields.required("next_offset", "where to go on")
      size = try fields.required("size", "how long the output is now")
      end = try fields.required("end", "whether there is nothing more to come")
      state = try fields.required("state", "where the task is")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("data", data)
      fields.set("offset", offset)
      fields.set("next_offset", nextOffset)
      fields.set("size", size)
      fields.set("end", end)
      fields.set("state", state)
    }
  }
}

/// `task.result`
public enum TaskResult: Method {
  /// As on the wire.
  public static let name = "task.result"
  /// What it does.
  public static let summary =
    "What a task came to: an agent's answer, structured result, tokens, cost and session; the end of its output; its files; what it changed in its worktree."
  /// Parameters that a test reads.
  public static let example: JSON = ["id": "t1"]

  /// Which task, how much.
  public struct Parameters: WireObject, Hashable {
    /// The task's id.
    public var id: TaskID
    /// How much of each output at most.
    public var maxBytes: Int

    /// The last 64 KiB.
    public init(id: TaskID, maxBytes: Int = 65_536) {
      self.id = id
      self.maxBytes = maxBytes
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      id = try fields.required("id", "the task's id")
      maxBytes = try fields.defaulted(
        "max_bytes", "how much of each output at most", 65_536, schema: .integer(minimum: 1, maximum: 1_048_576))
      try fields.check("max_bytes", (1...1_048_576).contains(maxBytes), "must be 1 to 1,048,576, found \(maxBytes)")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("id", id)
      fields.set("max_bytes", maxBytes)
    }
  }

  /// The task and what it wrote.
  public struct Result: WireObject, Hashable {
    /// The task.
    public var task: TaskView
    /// The end of stdout.
    public var output: String
    /// The end of stderr.
    public var errors: String
    /// Whether there was more before it.
    public var truncated: Bool
    /// What the agent came to, where the runner has an event stream.
    public var agent: AgentAnswer?
    /// Files that the task left in `$JARVIS_ARTIFACTS`, absolute paths, at most 200.
    public var artifacts: [String]
    /// What it changed, where it had a worktree.
    public var diff: TaskDiff?

    /// A result.
    public init(task: TaskView, output: String, errors: String, truncated: Bool) {
      self.task = task
      self.output = output
      self.errors = errors
      self.truncated = truncated
      artifacts = []
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      task = try fields.required("task", "the task")
      output = try fields.required("output", "the end of stdout")
      errors = try fields.required("errors", "the end of stderr")
      truncated = try fields.required("truncated", "whether there was more before it")
      agent = try fields.optional("agent", "what the agent came to, where the runner has an event stream")
      artifacts = try fields.defaulted(
        "artifacts", "files that the task left in $JARVIS_ARTIFACTS, absolute paths, at most 200", [])
      diff = try fields.optional("diff", "what it changed, where it had a worktree (`isolation`)")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("task", task)
      fields.set("output", output)
      fields.set("errors", errors)
      fields.set("truncated", truncated)
      fields.set("agent", agent)
      if !artifacts.isEmpty { fields.set("artifacts", artifacts) }
      fields.set("diff", diff)
    }
  }
}
