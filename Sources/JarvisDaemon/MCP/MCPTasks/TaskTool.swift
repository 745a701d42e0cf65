import JarvisProtocol

/// What a long call waits for once it has begun: enough to tell its result at any later time, also by another daemon.
struct LongWork: Sendable {
  /// The tasks.
  let selection: TaskSelection
  /// Seconds from its beginning after which it answers whatever the tasks' state is; nil: it waits for them.
  let seconds: Double?
  /// What the tool needs for its answer beside the tasks.
  let note: JSON
}

/// A tool whose call may be a task of MCP: it begins durably, and then only waits.
protocol TaskTool: MCPTool {
  /// Whether the call is worth a handle where the server decides (2026-07-28).
  static func isLong(_ arguments: Arguments) -> Bool
  /// Begins: what has to happen is durable when this returns.
  static func begin(_ arguments: Arguments, in call: ToolCall) async throws(RPC.Failure) -> LongWork
  /// The answer with the tasks as they are.
  static func output(_ work: LongWork, _ tasks: TaskWait.Result) throws(RPC.Failure) -> Output
}

/// Waits for tasks and reports as they end.
enum TaskFollower {
  /// Waits for each open task by itself and reports as they end; many tasks share a wait, for each wait costs the daemon
  /// a waiter.
  static func follow(
    _ selection: TaskSelection, _ seconds: Double?, _ call: ToolCall
  ) async throws(RPC.Failure) -> TaskWait.Result {
    func wait(_ seconds: Double?) async throws(RPC.Failure) -> TaskWait.Result {
      try await call(TaskWait.self, .init(ids: selection.ids, batchID: selection.batchID, timeoutSeconds: seconds))
    }
    guard let report = call.progress else { return try await wait(seconds) }
    let first = try await wait(0)
    if first.done || seconds == 0 { return first }
    try await follow(first.tasks, seconds, call, report)
    return try await wait(0)
  }

  private static func follow(
    _ tasks: [TaskView], _ seconds: Double?, _ call: ToolCall, _ report: ToolCall.ProgressReport
  ) async throws(RPC.Failure) {
    let all = Set(tasks.map(\.id))
    let open = Set(tasks.filter { !$0.state.isTerminal }.map(\.id)).sorted()
    var done = all.count - open.count
    await report(done, all.count, "\(done) of \(all.count) tasks are over")
    let share = (open.count + 199) / 200
    let shares = stride(from: 0, to: open.count, by: share).map { Array(open[$0..<min($0 + share, open.count)]) }
    let failure = await withTaskGroup(of: Result<TaskWait.Result, RPC.Failure>.self) { group in
      for ids in shares {
        group.addTask {
          do throws(RPC.Failure) {
            return .success(try await call(TaskWait.self, .init(ids: ids, timeoutSeconds: seconds)))
          } catch {
            return .failure(error)
          }
        }
      }
      for await ended in group {
        switch ended {
        case .failure(let failure):
          group.cancelAll()
          return failure as RPC.Failure?
        case .success(let result) where result.done:
          done += result.tasks.count
          await report(done, all.count, news(of: result.tasks) + " (\(done) of \(all.count) are over)")
        case .success: break
        }
      }
      return nil
    }
    if let failure { throw failure }
  }

  private static func news(of tasks: [TaskView]) -> String {
    guard tasks.count == 1, let task = tasks.first else { return "\(Phrase.count(tasks.count, "task")) more" }
    return "\(task.id)\(task.name.map { " \($0)" } ?? "") \(words(task.state))"
  }

  private static func words(_ state: TaskState) -> String {
    switch state {
    case .timedOut: "timed out"
    case .killed: "was killed"
    case .cancelled: "was cancelled"
    case .lost: "was lost"
    default: state.rawValue
    }
  }
}
