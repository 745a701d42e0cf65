import JarvisProtocol

/// A task in few words: a model pays for every one it reads.
struct TaskBrief: WireObject, Hashable {
  var id: TaskID
  var name: String?
  var state: TaskState
  var reason: String
  var priority: Priority
  var type: String
  var branchID: String?
  var description: String?
  var exitCode: Int?
  var signal: Int?
  var durationSeconds: Double?

  /// The short form of a task.
  init(_ task: TaskView) {
    id = task.id
    name = task.name
    state = task.state
    reason = task.reason
    priority = task.priority
    type = task.type
    exitCode = task.exitCode
    signal = task.signal
    durationSeconds = task.usage.durationSeconds
  }

  /// The short form for lists over several batches, where a task must be told by its branch and its work.
  static func amongOthers(_ task: TaskView) -> TaskBrief {
    var brief = TaskBrief(task)
    brief.branchID = task.branchID
    brief.description = (task.description ?? task.command?.text).map { Phrase.shortened($0, to: 120) }
    return brief
  }

  init(reading fields: inout ObjectReader) throws(WireError) {
    id = try fields.required("id", "the task's id")
    name = try fields.optional("name", "its name within the batch")
    state = try fields.required("state", "where it is")
    reason = try fields.required("reason", "why it is there, in a sentence")
    priority = try fields.required("priority", "how urgent it is")
    type = try fields.required("type", "the kind of work")
    branchID = try fields.optional("branch_id", "the context it belongs to")
    description = try fields.optional("description", "the beginning of what it does")
    exitCode = try fields.optional("exit_code", "the exit status, where it exited")
    signal = try fields.optional("signal", "the signal that ended it, where one did")
    durationSeconds = try fields.optional("duration_seconds", "time from start to end, or to now")
  }

  func write(_ fields: inout ObjectWriter) {
    fields.set("id", id)
    fields.set("name", name)
    fields.set("state", state)
    fields.set("reason", reason)
    fields.set("priority", priority)
    fields.set("type", type)
    fields.set("branch_id", branchID)
    fields.set("description", description)
    fields.set("exit_code", exitCode)
    fields.set("signal", signal)
    fields.set("duration_seconds", durationSeconds)
  }
}

/// As many tasks as a model should be shown at once, and how many are left out.
struct Shortlist: Sendable, Hashable {
  /// 200 short tasks are about 10,000 tokens, where Claude Code begins to warn.
  static let most = 200

  let shown: [TaskBrief]
  /// Nil where none is left out.
  let omitted: Int?

  /// Takes all tasks in their order, or, where they are too many, first those that did not succeed.
  init(_ tasks: [TaskView]) {
    var chosen = tasks
    if tasks.count > Self.most {
      let notable = tasks.filter { $0.state != .succeeded }
      let rest = tasks.filter { $0.state == .succeeded }
      chosen = Array((notable + rest).prefix(Self.most))
    }
    shown = chosen.map { TaskBrief($0) }
    omitted = tasks.count > chosen.count ? tasks.count - chosen.count : nil
  }
}
