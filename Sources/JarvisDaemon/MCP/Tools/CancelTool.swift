import JarvisProtocol

/// `cancel_tasks`
enum CancelTool: MCPTool {
  static let name = "cancel_tasks"
  static let title = "Cancel tasks"
  static let guide = """
    Cancels tasks, a whole batch by `batch_id` or some by `ids`: waiting ones at once, running ones by stopping all of their \
    processes (politely first). Tasks that are over stay as they are. Work that a cancelled task has not saved is gone.
    """
  static let hints = ToolHints(readOnly: false, destructive: true, idempotent: true, openWorld: false)
  static let meta: JSONObject = ["anthropic/searchHint": "stop, kill or abort running or queued tasks, a batch"]

  typealias Arguments = TaskSelection

  typealias Output = ChangedTasks

  static func run(_ arguments: TaskSelection, in call: ToolCall) async throws(RPC.Failure) -> Output {
    let tasks = try await call(TaskCancel.self, arguments).tasks
    return Output(summary(of: tasks), tasks)
  }

  private static func summary(of tasks: [TaskView]) -> String {
    let cancelled = tasks.filter { $0.state == .cancelled }
    let stopping = tasks.filter { !$0.state.isTerminal }
    let over = tasks.filter { $0.state.isTerminal && $0.state != .cancelled }
    var parts: [String] = []
    if !cancelled.isEmpty { parts.append("cancelled: \(Phrase.list(cancelled))") }
    if !stopping.isEmpty { parts.append("being stopped: \(Phrase.list(stopping))") }
    if !over.isEmpty { parts.append("over before: \(Phrase.list(over))") }
    return parts.isEmpty ? "There was nothing to cancel." : parts.joined(separator: "; ") + "."
  }
}
