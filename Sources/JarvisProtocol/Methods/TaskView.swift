/// What a task used, or uses now.
public struct TaskUsage: WireObject, Hashable {
  /// CPU time of all its processes.
  public var cpuSeconds: Double?
  /// The most memory seen at once.
  public var peakMemoryBytes: Int?
  /// Memory now (running tasks).
  public var memoryBytes: Int?
  /// Processes now (running tasks).
  public var processes: Int?
  /// Bytes written to stdout and stderr.
  public var outputBytes: Int?
  /// Time from start to end, or to now.
  public var durationSeconds: Double?
  /// Time from submission to start, or to now.
  public var queueSeconds: Double?
  /// US dollars that its agent spent, over all attempts, where its program tells.
  public var cost: Double?
  /// Tokens that its agent read and wrote, over all attempts, without those from a cache.
  public var tokens: Int?
  /// When memory, processes and CPU were read (running tasks).
  public var sampledAt: Timestamp?

  /// Nothing known yet.
  public init() {}

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    cpuSeconds = try fields.optional("cpu_seconds", "CPU time of all its processes")
    peakMemoryBytes = try fields.optional("peak_memory_bytes", "the most memory seen at once")
    memoryBytes = try fields.optional("memory_bytes", "memory now (running tasks)")
    processes = try fields.optional("processes", "processes now (running tasks)")
    outputBytes = try fields.optional("output_bytes", "bytes written to stdout and stderr")
    durationSeconds = try fields.optional("duration_seconds", "time from start to end, or to now")
    queueSeconds = try fields.optional("queue_seconds", "time from submission to start, or to now")
    cost = try fields.optional("cost", "US dollars that its agent spent, over all attempts, where its program tells")
    tokens = try fields.optional(
      "tokens", "tokens that its agent read and wrote, over all attempts, without those from a cache")
    sampledAt = try fields.optional("sampled_at", "when memory, processes and CPU were read (running tasks)")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("cpu_seconds", cpuSeconds)
    fields.set("peak_memory_bytes", peakMemoryBytes)
    fields.set("memory_bytes", memoryBytes)
    fields.set("processes", processes)
    fields.set("output_bytes", outputBytes)
    fields.set("duration_seconds", durationSeconds)
    fields.set("queue_seconds", queueSeconds)
    fields.set("cost", cost)
    fields.set("tokens", tokens)
    fields.set("sampled_at", sampledAt)
  }
}

/// A task as Jarvis shows it. What is not known is absent.
public struct TaskView: WireObject, Hashable {
  /// The task's id.
  public var id: TaskID
  /// Its name within the batch.
  public var name: String?
  /// The batch it came with.
  public var batchID: BatchID
  /// The context it belongs to.
  public var branchID: String
  /// The session it came from.
  public var sessionID: String
  /// Its label.
  public var group: String?
  /// The kind of work.
  public var type: String
  /// How urgent it is.
  public var priority: Priority
  /// Where it is.
  public var state: TaskState
  /// Why it is there, in a sentence.
  public var reason: String
  /// What it is to do.
  public var description: String?
  /// What it runs.
  public var command: Command?
  /// How it becomes a process.
  public var runner: String
  /// The folder it runs in.
  public var cwd: String?
  /// Whether it works in a worktree of its own.
  public var isolation: Isolation?
  /// Its worktree, while that is there.
  public var worktree: String?
  /// How many times it was started.
  public var attempt: Int
  /// How often it is tried again after a failure.
  public var retries: Int
  /// What it waits for, by id.
  public var after: AfterList
  /// Bounds on what it may use.
  public var limits: TaskLimits
  /// The limits in force (running tasks): its own, else its type's, else the defaults, and never above its session's,
  /// Jarvis's or the machine's.
  public var effectiveLimits: TaskLimits?
  /// What the overseer does with it now, or how near a limit it is (running tasks).
  public var oversight: String?
  /// The exit status, where it exited.
  public var exitCode: Int?
  /// The signal that ended it, where one did.
  public var signal: Int?
  /// The main process (running tasks).
  public var pid: Int?
  /// Its cgroup's path (running tasks).
  public var cgroup: String?
  /// When it was submitted.
  public var submittedAt: Timestamp
  /// When it may start at the earliest.
  public var notBefore: Timestamp?
  /// When the last attempt started.
  public var startedAt: Timestamp?
  /// When it ended.
  public var endedAt: Timestamp?
  /// What it used.
  public var usage: TaskUsage
  /// What its agent does (running tasks whose runner has an event stream).
  public var activity: TaskActivity?

  /// A task that was just submitted.
  public init(
    id: TaskID, batchID: BatchID, branchID: String, sessionID: String, type: String, priority: Priority,
    state: TaskState, reason: String, runner: String, submittedAt: Timestamp
  ) {
    self.id = id
    self.batchID = batchID
    self.branchID = branchID
    self.sessionID = sessionID
    self.type = type
    self.priority = priority
    self.state = state
    self.reason = reason
    self.runner = runner
    self.submittedAt = submittedAt
    attempt = 0
    retries = 0
    after = AfterList([])
    limits = TaskLimits()
    usage = TaskUsage()
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    id = try fields.required("id", "the task's id")
    name = try fields.optional("name", "its name within the batch")
    batchID = try fields.required("batch_id", "the batch it came with")
    branchID = try fields.required("branch_id", "the context it belongs to")
    sessionID = try fields.required("session_id", "the session it came from")
    group = try fields.optional("group", "its label")
    type = try fields.required("type", "the kind of work")
    priority = try fields.required("priority", "how urgent it is")
    state = try fields.required("state", "where it is")
    reason = try fields.required("reason", "why it is there, in a sentence")
    description = try fields.optional("description", "what it is to do")
    command = try fields.optional("command", "what it runs")
    runner = try fields.required("runner", "how it becomes a process")
    cwd = try fields.optional("cwd", "the folder it runs in")
    isolation = try fields.optional("isolation", "worktree, where it works in one of its own")
    worktree = try fields.optional("worktree", "its worktree, while that is there")
    attempt = try fields.required("attempt", "how many times it was started")
    retries = try fields.defaulted("retries", "how often it is tried again after a failure", 0)
    after = try fields.defaulted("after", "what it waits for, by id", AfterList([]))
    limits = try fields.defaulted("limits", "bounds on what it may use", TaskLimits())
    effectiveLimits = try fields.optional(
      "effective_limits", "the limits in force, defaults and ceilings included (running tasks)")
    oversight = try fields.optional(
      "oversight", "what the overseer does with it now, or how near a limit it is (running tasks)")
    exitCode = try fields.optional("exit_code", "the exit status, where it exited")
    signal = try fields.optional("signal", "the signal that ended it, where one did")
    pid = try fields.optional("pid", "the main process (running tasks)")
    cgroup = try fields.optional("cgroup", "its cgroup's path (running tasks)")
    submittedAt = try fields.required("submitted_at", "when it was submitted")
    notBefore = try fields.optional("not_before", "when it may start at the earliest")
    startedAt = try fields.optional("started_at", "when the last attempt started")
    endedAt = try fields.optional("ended_at", "when it ended")
    usage = try fields.defaulted("usage", "what it used", TaskUsage())
    activity = try fields.optional("activity", "what its agent does (running tasks whose runner has an event stream)")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("id", id)
    fields.set("name", name)
    fields.set("batch_id", batchID)
    fields.set("branch_id", branchID)
    fields.set("session_id", sessionID)
    fields.set("group", group)
    fields.set("type", type)
    fields.set("priority", priority)
    fields.set("state", state)
    fields.set("reason", reason)
    fields.set("description", description)
    fields.set("command", command)
    fields.set("runner", runner)
    fields.set("cwd", cwd)
    fields.set("isolation", isolation)
    fields.set("worktree", worktree)
    fields.set("attempt", attempt)
    if retries != 0 { fields.set("retries", retries) }
    if !after.items.isEmpty { fields.set("after", after) }
    if !limits.isEmpty { fields.set("limits", limits) }
    fields.set("effective_limits", effectiveLimits)
    fields.set("oversight", oversight)
    fields.set("exit_code", exitCode)
    fields.set("signal", signal)
    fields.set("pid", pid)
    fields.set("cgroup", cgroup)
    fields.set("submitted_at", submittedAt)
    fields.set("not_before", notBefore)
    fields.set("started_at", startedAt)
    fields.set("ended_at", endedAt)
    fields.set("usage", usage)
    fields.set("activity", activity)
  }
}
