/// What to run: an argv, or a line for `/bin/sh -c`.
public enum Command: WireValue, Hashable {
  case argv([String])
  case shell(String)

  /// A list of strings, or one string.
  public static var schema: Schema {
    .oneOf([
      .list(of: .string(format: nil, maxLength: nil), minItems: 1, maxItems: nil), .string(format: nil, maxLength: nil),
    ])
  }
  /// `true`.
  public static var placeholder: Command { .argv(["true"]) }

  /// Reads an argv or a shell line.
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> Command {
    switch json {
    case .string(let line):
      guard line.contains(where: { !$0.isWhitespace }) else { throw WireError(path, "must not be empty") }
      return .shell(try String.read(json, at: path))
    case .array(let elements):
      let argv = try [String].read(.array(elements), at: path)
      guard let first = argv.first else { throw WireError(path, "must name a program: the list is empty") }
      guard !first.isEmpty else { throw WireError(.index(path, 0), "must name a program: it is empty") }
      return .argv(argv)
    default: throw WireError(path, "must be a list of strings (argv) or one string (a shell line), found \(json.kind)")
    }
  }

  /// The value as JSON.
  public var json: JSON {
    switch self {
    case .argv(let argv): argv.json
    case .shell(let line): .string(line)
    }
  }

  /// One line for people.
  public var text: String {
    switch self {
    case .argv(let argv): argv.map(Self.quoted).joined(separator: " ")
    case .shell(let line): line
    }
  }

  private static func quoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy {
      ($0 >= 48 && $0 <= 57) || ($0 >= 65 && $0 <= 90) || ($0 >= 97 && $0 <= 122) || "-_./=:,@%+".utf8.contains($0)
    }
    if plain, !word.isEmpty { return word }
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}

/// One dependency: a task, and what it must have come to.
public struct After: WireValue, Hashable {
  /// A task's name within the batch, or the id of a task submitted before.
  public let task: String
  /// What that task must have come to.
  public let condition: AfterCondition

  /// A dependency.
  public init(task: String, condition: AfterCondition) {
    self.task = task
    self.condition = condition
  }

  /// `{"task": "build", "on": "success"}` or `"build"` or `"build:any"`.
  public static var schema: Schema {
    .oneOf([
      .string(format: nil, maxLength: nil),
      .object([
        SchemaField(
          name: "task", documentation: "a task's name within the batch, or a task's id",
          schema: .string(format: nil, maxLength: nil), isRequired: true, defaultValue: nil),
        SchemaField(
          name: "on", documentation: "what that task must have come to", schema: AfterCondition.schema,
          isRequired: false, defaultValue: "success"),
      ]),
    ])
  }
  /// After t1.
  public static var placeholder: After { After(task: "t1", condition: .success) }

  /// Reads one dependency in any of its forms.
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> After {
    switch json {
    case .string(let s):
      if let colon = s.lastIndex(of: ":") {
        let word = String(s[s.index(after: colon)...])
        return After(task: String(s[..<colon]), condition: try AfterCondition.read(.string(word), at: path))
      }
      return After(task: s, condition: .success)
    case .int(let i): return After(task: String(i), condition: .success)
    case .object(let object):
      var reader = ObjectReader(object, at: path)
      let name: JSON? = try reader.optional("task", "a task's name within the batch, or a task's id")
      let byName: JSON? = try reader.optional("name", "the same")
      let byID: JSON? = try reader.optional("id", "the same")
      let on: AfterCondition? = try reader.optional("on", "success, failure or any")
      let condition: AfterCondition? = try reader.optional("condition", "the same")
      let when: AfterCondition? = try reader.optional("when", "the same")
      try reader.finish()
      guard let target = name ?? byName ?? byID else {
        throw WireError(.field(path, "task"), "is missing: a task's name or id")
      }
      let text: String =
        if case .int(let i) = target { String(i) } else { try String.read(target, at: .field(path, "task")) }
      return After(task: text, condition: on ?? condition ?? when ?? .success)
    default: throw WireError(path, "must be a task's name or id, or {\"task\": …, \"on\": …}, found \(json.kind)")
    }
  }

  /// The value as JSON.
  public var json: JSON { ["task": .string(task), "on": condition.json] }
}

/// A task's dependencies: a list, one dependency, or a map of names to conditions.
public struct AfterList: WireValue, Hashable {
  /// In the order given.
  public let items: [After]

  /// A list of dependencies.
  public init(_ items: [After]) { self.items = items }

  /// A list of `After`.
  public static var schema: Schema { .list(of: After.schema, minItems: nil, maxItems: 10_000) }
  /// None.
  public static var placeholder: AfterList { AfterList([]) }

  /// Reads a list, a single name, one object, or `{"build": "success", "lint": "any"}`.
  public static func read(_ json: JSON, at path: WirePath) throws(WireError) -> AfterList {
    switch json {
    case .array: return AfterList(try [After].read(json, at: path))
    case .object(let o) where o["task"] == nil && o["name"] == nil && o["id"] == nil:
      var items: [After] = []
      for member in o.members {
        items.append(
          After(task: member.key, condition: try AfterCondition.read(member.value, at: .field(path, member.key))))
      }
      return AfterList(items)
    default: return AfterList([try After.read(json, at: path)])
    }
  }

  /// The value as JSON.
  public var json: JSON { items.json }
}

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

  /// Limits, all optional.
  public init(
    memory: ByteSize? = nil, cpu: Double? = nil, pids: Int? = nil, time: TimeSpan? = nil, output: ByteSize? = nil
  ) {
    self.memory = memory
    self.cpu = cpu
    self.pids = pids
    self.time = time
    self.output = output
  }

  /// Whether nothing is bounded.
  public var isEmpty: Bool { memory == nil && cpu == nil && pids == nil && time == nil && output == nil }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    memory = try fields.optional("memory", "bytes of memory over all of the task's processes")
    cpu = try fields.optional("cpu", "cores", schema: .number(minimum: 0, maximum: nil))
    pids = try fields.optional("pids", "processes and threads", schema: .integer(minimum: 1, maximum: nil))
    time = try fields.optional("time", "wall-clock time of one attempt")
    output = try fields.optional("output", "bytes of stdout and stderr together")
    if let memory {
      try fields.check("memory", memory.bytes >= 1 << 20, "must be at least 1M, found \(memory.bytes) bytes")
    }
    if let cpu { try fields.check("cpu", cpu > 0, "must be above 0 cores, found \(cpu)") }
    if let pids { try fields.check("pids", pids >= 1, "must be 1 or more, found \(pids)") }
    if let time { try fields.check("time", time.seconds > 0, "must be above 0 seconds") }
    if let output { try fields.check("output", output.bytes > 0, "must be above 0 bytes") }
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("memory", memory)
    fields.set("cpu", cpu)
    fields.set("pids", pids)
    fields.set("time", time)
    fields.set("output", output)
  }
}

/// One task as it is asked for.
public struct TaskSpec: WireObject, Hashable {
  /// What the agent is to do; the prompt where there is no command.
  public var description: String?
  /// The kind of work, such as explore, analyze, test; what Jarvis learns is kept by type.
  public var type: String?
  /// How urgent it is.
  public var priority: Priority
  /// Unique within the batch; others name it in `after`.
  public var name: String?
  /// Argv as a list, or a line for /bin/sh -c.
  public var command: Command?
  /// How the task becomes a process: command, claude, codex, …; default: command where a command is given.
  public var runner: String?
  /// The folder to run in (absolute); default: the submitter's.
  public var cwd: String?
  /// Environment variables beside the submitter's.
  public var env: [String: String]
  /// What must have ended before this one may start.
  public var after: AfterList
  /// Bounds on what it may use.
  public var limits: TaskLimits
  /// How often to try again after a failure.
  public var retries: Int
  /// How long to wait before it may start.
  public var delay: TimeSpan?
  /// When it may start at the earliest.
  public var notBefore: Timestamp?
  /// A label to list and to wait by.
  public var group: String?

  /// A task with a command and defaults for everything else.
  public init(command: Command, description: String? = nil) {
    self.description = description
    type = nil
    priority = .medium
    name = nil
    self.command = command
    runner = nil
    cwd = nil
    env = [:]
    after = AfterList([])
    limits = TaskLimits()
    retries = 0
    delay = nil
    notBefore = nil
    group = nil
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    description = try fields.optional(
      "description", "what the agent is to do; the prompt where there is no command",
      schema: .string(format: nil, maxLength: 262_144))
    type = try fields.optional(
      "type", "the kind of work, such as explore, analyze, test; what Jarvis learns is kept by type",
      schema: .string(format: nil, maxLength: 128))
    priority = try fields.defaulted("priority", "how urgent it is", .medium)
    name = try fields.optional(
      "name", "unique within the batch; others name it in `after`", schema: .string(format: nil, maxLength: 128))
    command = try fields.optional("command", "argv as a list, or a line for /bin/sh -c")
    runner = try fields.optional(
      "runner", "how the task becomes a process: command, claude, codex, …; default: command where a command is given")
    cwd = try fields.optional("cwd", "the folder to run in (absolute); default: the submitter's")
    env = try fields.defaulted("env", "environment variables beside the submitter's", [:])
    after = try fields.defaulted("after", "what must have ended before this one may start", AfterList([]))
    limits = try fields.defaulted("limits", "bounds on what it may use", TaskLimits())
    retries = try fields.defaulted(
      "retries", "how often to try again after a failure", 0, schema: .integer(minimum: 0, maximum: 100))
    delay = try fields.optional("delay", "how long to wait before it may start")
    notBefore = try fields.optional("not_before", "when it may start at the earliest")
    group = try fields.optional("group", "a label to list and to wait by", schema: .string(format: nil, maxLength: 128))
    if fields.isDescribing { return }
    let hasText = description?.contains { !$0.isWhitespace } ?? false
    if command == nil, !hasText {
      throw WireError(.field(fields.path, "description"), "is missing: a task needs a description or a command")
    }
    try fields.check("description", (description?.utf8.count ?? 0) <= 262_144, "must be at most 256 KiB")
    try fields.check("retries", (0...100).contains(retries), "must be 0 to 100, found \(retries)")
    for (field, value) in [("name", name), ("type", type), ("group", group)] {
      guard let value else { continue }
      try fields.check(field, !value.isEmpty && value.utf8.count <= 128, "must be 1 to 128 bytes")
      try fields.check(
        field, !value.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F },
        "must not contain control characters")
    }
    if let name {
      try fields.check("name", TaskID(name) == nil, "must not look like a task's id, found \"\(name)\"")
      try fields.check("name", !name.contains(":"), "must not contain `:`, found \"\(name)\"")
    }
    for key in env.keys where key.isEmpty || key.contains("=") {
      throw WireError(.field(.field(fields.path, "env"), key), "is no name of an environment variable")
    }
    if delay != nil, notBefore != nil {
      throw WireError(.field(fields.path, "not_before"), "can't stand beside `delay`: give one of them")
    }
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("description", description)
    fields.set("type", type)
    fields.set("priority", priority)
    fields.set("name", name)
    fields.set("command", command)
    fields.set("runner", runner)
    fields.set("cwd", cwd)
    if !env.isEmpty { fields.set("env", env) }
    if !after.items.isEmpty { fields.set("after", after) }
    if !limits.isEmpty { fields.set("limits", limits) }
    if retries != 0 { fields.set("retries", retries) }
    fields.set("delay", delay)
    fields.set("not_before", notBefore)
    fields.set("group", group)
  }
}

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
  /// How many times it was started.
  public var attempt: Int
  /// How often it is tried again after a failure.
  public var retries: Int
  /// What it waits for, by id.
  public var after: AfterList
  /// Bounds on what it may use.
  public var limits: TaskLimits
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
    attempt = try fields.required("attempt", "how many times it was started")
    retries = try fields.defaulted("retries", "how often it is tried again after a failure", 0)
    after = try fields.defaulted("after", "what it waits for, by id", AfterList([]))
    limits = try fields.defaulted("limits", "bounds on what it may use", TaskLimits())
    exitCode = try fields.optional("exit_code", "the exit status, where it exited")
    signal = try fields.optional("signal", "the signal that ended it, where one did")
    pid = try fields.optional("pid", "the main process (running tasks)")
    cgroup = try fields.optional("cgroup", "its cgroup's path (running tasks)")
    submittedAt = try fields.required("submitted_at", "when it was submitted")
    notBefore = try fields.optional("not_before", "when it may start at the earliest")
    startedAt = try fields.optional("started_at", "when the last attempt started")
    endedAt = try fields.optional("ended_at", "when it ended")
    usage = try fields.defaulted("usage", "what it used", TaskUsage())
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
    fields.set("attempt", attempt)
    if retries != 0 { fields.set("retries", retries) }
    if !after.items.isEmpty { fields.set("after", after) }
    if !limits.isEmpty { fields.set("limits", limits) }
    fields.set("exit_code", exitCode)
    fields.set("signal", signal)
    fields.set("pid", pid)
    fields.set("cgroup", cgroup)
    fields.set("submitted_at", submittedAt)
    fields.set("not_before", notBefore)
    fields.set("started_at", startedAt)
    fields.set("ended_at", endedAt)
    fields.set("usage", usage)
  }
}
