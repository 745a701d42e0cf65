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
  /// The model for the agent; default: its program's own.
  public var model: String?
  /// The most turns of the agent, for programs that know such a bound.
  public var maxTurns: Int?
  /// A JSON Schema that the agent's result is to fit.
  public var resultSchema: JSON?
  /// Whether it works in a git worktree of its own; nil: as configured for agents, else in its folder.
  public var isolation: Isolation?
  /// Whether a worktree is made although tracked files have changes, which are not in it.
  public var allowDirty: Bool

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
    allowDirty = false
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
    model = try fields.optional(
      "model", "the model for the agent; default: its program's own", schema: .string(format: nil, maxLength: 128))
    maxTurns = try fields.optional(
      "max_turns", "the most turns of the agent, for programs that know such a bound",
      schema: .integer(minimum: 1, maximum: 100_000))
    resultSchema = try fields.optional("result_schema", "a JSON Schema that the agent's result is to fit")
    isolation = try fields.optional(
      "isolation",
      "worktree: it works in a git worktree of its own, on a branch of its own, and its diff is part of its result; "
        + "none: in its folder; default: for agents `[agents] isolation`, else none")
    allowDirty = try fields.defaulted(
      "allow_dirty", "make the worktree although tracked files have changes that are not committed, and not in it",
      false)
    if fields.isDescribing { return }
    // A mistyped `command` is better named as such than as a missing description.
    try fields.finish { Self.fields.map(\.name) }
    let hasText = description?.contains { !$0.isWhitespace } ?? false
    if command == nil, !hasText {
      throw WireError(.field(fields.path, "description"), "is missing: a task needs a description or a command")
    }
    try fields.check("description", (description?.utf8.count ?? 0) <= 262_144, "must be at most 256 KiB")
    try fields.check("retries", (0...100).contains(retries), "must be 0 to 100, found \(retries)")
    try checkAgent(fields)
    for (field, value) in [("name", name), ("type", type), ("group", group), ("model", model)] {
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
    fields.set("model", model)
    fields.set("max_turns", maxTurns)
    fields.set("result_schema", resultSchema)
    fields.set("isolation", isolation)
    if allowDirty { fields.set("allow_dirty", allowDirty) }
  }

  private func checkAgent(_ fields: ObjectReader) throws(WireError) {
    if let model { try fields.check("model", !model.hasPrefix("-"), "must not begin with -, found \"\(model)\"") }
    if let maxTurns {
      try fields.check("max_turns", (1...100_000).contains(maxTurns), "must be 1 to 100,000, found \(maxTurns)")
    }
    guard let resultSchema else { return }
    try fields.check("result_schema", resultSchema.objectValue != nil, "must be a JSON Schema, which is an object")
    try fields.check("result_schema", resultSchema.text.utf8.count <= 65_536, "must be at most 64 KiB")
    try fields.check(
      "result_schema", command == nil, "can't stand beside `command`: it is for agents, which take a description")
  }
}
