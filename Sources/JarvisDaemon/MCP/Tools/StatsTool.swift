import JarvisProtocol

/// `get_task_stats`
enum StatsTool: MCPTool {
  static let name = "get_task_stats"
  static let title = "Show running and queued tasks"
  static let guide = """
    Shows the running agents, the queued tasks each with the reason why it waits, CPU, memory and stall figures with the \
    machine's zone (safe: agents start freely; warning: few; danger: new tasks queue) and the service's level, and the live \
    tasks by branch. Use it before submitting much work, or to see why tasks do not start. To wait for tasks use \
    wait_for_tasks instead of calling this again and again.
    """
  static let hints = ToolHints(readOnly: true, destructive: false, idempotent: true, openWorld: false)
  static let meta: JSONObject = [
    "anthropic/searchHint": "task queue status, running agents, CPU and memory load, why a task waits"
  ]

  /// What to list.
  struct Arguments: WireObject {
    var branchID: String?
    var limit: Int

    init(reading fields: inout ObjectReader) throws(WireError) {
      branchID = try fields.optional("branch_id", "list the tasks of this branch only")
      limit = try fields.defaulted(
        "limit", "how many running and how many queued tasks to list at most", 20,
        schema: .integer(minimum: 0, maximum: 200))
      try fields.check("limit", (0...200).contains(limit), "must be 0 to 200, found \(limit)")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("branch_id", branchID)
      fields.set("limit", limit)
    }
  }

  /// The state of the daemon, with the tasks in short.
  struct Output: WireObject {
    var summary: String
    var branchID: String?
    var counts: StatsGet.Result
    var runningTasks: [TaskBrief]
    var queuedTasks: [TaskBrief]

    init(_ stats: StatsGet.Result, branch: String?) {
      summary = StatsTool.summary(of: stats)
      branchID = branch
      counts = stats
      runningTasks = stats.runningTasks.map { TaskBrief.amongOthers($0) }
      queuedTasks = stats.queuedTasks.map { TaskBrief.amongOthers($0) }
    }

    init(reading fields: inout ObjectReader) throws(WireError) {
      summary = try fields.required("summary", "the state in a few sentences")
      branchID = try fields.optional("branch_id", "the branch asked for, or the calling agent's own")
      counts = StatsGet.Result.placeholder
      counts.running = try fields.required("running", "agents starting or running")
      counts.queued = try fields.required("queued", "tasks that wait for their turn, for resources or for a time")
      counts.blocked = try fields.required("blocked", "tasks that wait for other tasks")
      counts.paused = try fields.required("paused", "agents that are frozen")
      counts.resources = try fields.required("resources", "the machine")
      counts.level = try fields.required("level", "how much of its service Jarvis can give")
      counts.tier = try fields.required("tier", "how limits are enforced on this machine")
      counts.draining = try fields.required("draining", "whether nothing new is started")
      counts.limits = try fields.required("limits", "thresholds and caps in force")
      counts.branches = try fields.required("branches", "live tasks by branch")
      runningTasks = try fields.required("running_tasks", "the running agents")
      queuedTasks = try fields.required("queued_tasks", "the first tasks that wait, each with its reason")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("summary", summary)
      fields.set("branch_id", branchID)
      fields.set("running", counts.running)
      fields.set("queued", counts.queued)
      fields.set("blocked", counts.blocked)
      fields.set("paused", counts.paused)
      fields.set("resources", counts.resources)
      fields.set("level", counts.level)
      fields.set("tier", counts.tier)
      fields.set("draining", counts.draining)
      fields.set("limits", counts.limits)
      fields.set("branches", counts.branches)
      fields.set("running_tasks", runningTasks)
      fields.set("queued_tasks", queuedTasks)
    }
  }

  static func run(_ arguments: Arguments, in call: ToolCall) async throws(RPC.Failure) -> Output {
    let stats = try await call(StatsGet.self, .init(branchID: arguments.branchID, limit: arguments.limit))
    return Output(stats, branch: arguments.branchID ?? call.caller.agent?.branch)
  }

  private static func summary(of stats: StatsGet.Result) -> String {
    var text = "\(Phrase.count(stats.running, "agent")) running, \(stats.queued) queued, \(stats.blocked) blocked"
    if stats.paused > 0 { text += ", \(stats.paused) paused" }
    let machine = stats.resources
    text += ". Zone \(machine.zone.rawValue) (CPU \(Phrase.percent(machine.cpu)), RAM \(Phrase.percent(machine.ram)))"
    text += ", level \(stats.level.rawValue)."
    if stats.draining { text += " Draining: nothing new is started." }
    return text
  }
}
