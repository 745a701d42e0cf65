import ArgumentParser
import JarvisProtocol

/// `jarvisctl show`
struct Show: ParsableCommand {
  static let configuration = verb(
    "show", "Shows all that is known of a task.", example: "jarvisctl show t42")

  @OptionGroup var globals: GlobalOptions

  @Argument(help: ArgumentHelp("The task.", valueName: "id"), completion: taskIDs)
  var id: TaskID

  func run() throws {
    try globals.perform(TaskGet.self, TaskReference(id: id)) { Self.text($0, on: globals.screen) }
  }

  private static func text(_ task: TaskView, on screen: Screen) -> String {
    fieldList(
      [
        ("id", task.id.description), ("name", task.name),
        ("state", task.state.rawValue + exitText(task)), ("reason", task.reason),
        ("description", task.description), ("command", task.command?.text), ("folder", task.cwd),
        ("worktree", task.worktree ?? (task.isolation == .worktree ? "none now" : nil)),
        ("runner", task.runner), ("type", task.type), ("priority", task.priority.rawValue),
        ("branch", task.branchID), ("batch", task.batchID.description), ("session", task.sessionID),
        ("group", task.group),
        ("after", list(task.after.items.map { "\($0.task) (\($0.condition.rawValue))" })),
        ("limits", list(limits(task.limits))),
        ("in force", task.effectiveLimits.flatMap { list(limits($0)) }), ("overseer", task.oversight),
        ("attempt", task.retries > 0 ? "\(task.attempt) of \(task.retries + 1)" : "\(task.attempt)"),
        ("submitted", time(task.submittedAt)), ("not before", task.notBefore?.description),
        ("started", task.startedAt.map(time)), ("ended", task.endedAt.map(time)),
        ("pid", task.pid.map { "\($0)" }), ("cgroup", task.cgroup), ("used", list(usage(task.usage))),
        ("agent", task.activity.flatMap { list(agentTexts($0)) }),
      ], on: screen)
  }

  private static func exitText(_ task: TaskView) -> String {
    if let code = task.exitCode { return " (exit status \(code))" }
    return task.signal.map { " (signal \($0))" } ?? ""
  }

  private static func list(_ parts: [String]) -> String? { parts.isEmpty ? nil : parts.joined(separator: ", ") }

  private static func time(_ time: Timestamp) -> String {
    "\(time) (\(Format.duration(Timestamp.now - time)) ago)"
  }

  private static func limits(_ limits: TaskLimits) -> [String] {
    [
      limits.memory.map { "memory \(Format.size(Int(clamping: $0.bytes)))" },
      limits.cpu.map { "cpu \(Format.number($0))" }, limits.pids.map { "pids \($0)" },
      limits.time.map { "time \(Format.duration($0.seconds))" },
      limits.output.map { "output \(Format.size(Int(clamping: $0.bytes)))" },
      limits.cost.map { "cost $\(Format.decimal($0, 2))" }, limits.tokens.map { "\($0) tokens" },
      limits.ioWeight.map { "io weight \($0)" }, limits.silence.map { "silence \(Format.duration($0.seconds))" },
    ].compactMap { $0 }
  }

  private static func usage(_ usage: TaskUsage) -> [String] {
    [
      usage.durationSeconds.map { "\(Format.duration($0)) of time" },
      usage.cpuSeconds.map { "\(Format.duration($0)) of CPU" },
      usage.memoryBytes.map { "\(Format.size($0)) of memory now" },
      usage.peakMemoryBytes.map { "\(Format.size($0)) at most" }, usage.processes.map { "\($0) processes" },
      usage.outputBytes.map { "\(Format.size($0)) of output" },
      usage.queueSeconds.map { "\(Format.duration($0)) in the queue" },
      usage.cost.map { "$\(Format.decimal($0, 4))" }, usage.tokens.map { "\($0) tokens" },
      usage.sampledAt.map { "read \(Format.duration(max(0, Timestamp.now - $0))) ago" },
    ].compactMap { $0 }
  }
}
