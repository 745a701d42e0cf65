import ArgumentParser
import Glibc
import JarvisClient
import JarvisProtocol

/// Waits for tasks, through restarts of the daemon, with a progress bar where stderr is a terminal.
struct Waiting {
  let globals: GlobalOptions
  /// `Monotonic` seconds; nil waits without end.
  var deadline: Double?
  var showsProgress: Bool

  init(_ globals: GlobalOptions, timeout: Double? = nil, quiet: Bool = false) {
    self.globals = globals
    deadline = timeout.map { Monotonic.now + $0 }
    showsProgress = !quiet && !globals.json && isatty(2) == 1
  }

  /// The tasks when all of them are over, or when the time is up.
  func result(of selection: TaskSelection, client: Client? = nil) throws -> (result: TaskWait.Result, reply: Reply) {
    // Tasks outlive the daemon, so does waiting for them.
    let reply = try globals.persevering(client ?? globals.connect()) { try attempt($0, selection) }
    return (try Client.read(TaskWait.self, reply), reply)
  }

  private func attempt(_ client: Client, _ selection: TaskSelection) throws -> Reply {
    var parameters = TaskWait.Parameters(ids: selection.ids, batchID: selection.batchID)
    var bar: ProgressBar?
    defer { bar?.clear() }
    if showsProgress {
      let subscription = EventsSubscribe.Parameters(kinds: [.task], batchID: selection.batchID)
      // Without events the bar stands still, and the wait is none the worse.
      _ = try? client.call(EventsSubscribe.self, subscription)
      parameters.timeoutSeconds = 0
      let reply = try client.callRaw(TaskWait.name, parameters.json)
      let now = try Client.read(TaskWait.self, reply)
      if now.done { return reply }
      bar = ProgressBar()
      bar?.take(now.tasks)
      bar?.drawIfDue()
    }
    parameters.timeoutSeconds = deadline.map { max(0, $0 - Monotonic.now) }
    let id = try client.send(TaskWait.name, parameters.json)
    // The daemon keeps the time; this is for one that hangs.
    let latest = deadline.map { max($0, Monotonic.now) + 10 }
    while true {
      let wake = [latest, bar?.due].compactMap { $0 }.min()
      switch try client.receive(deadline: wake) {
      case .answer(id, .success(let reply))?: return reply
      case .answer(id, .failure(let failure))?: throw ClientError.refused(failure)
      case .notification("event", let event)?: bar?.take(event.json)
      case .answer?, .notification?: break
      case nil: if let latest, Monotonic.now >= latest { throw ClientError.timedOut("the daemon does not answer") }
      }
      bar?.drawIfDue()
    }
  }

  /// Says how the tasks came out (on a terminal only those that did not succeed) and ends the program with 1 or 4
  /// where not all of them succeeded.
  static func report(_ result: TaskWait.Result, reply: Reply?, quiet: Bool, globals: GlobalOptions) throws {
    if globals.json, let reply {
      put(reply)
    } else if !quiet {
      put(text(result, on: globals.screen))
    }
    if result.timedOut, !result.done { throw ExitCode(4) }
    if !result.succeeded { throw ExitCode(1) }
  }

  private static func text(_ result: TaskWait.Result, on screen: Screen) -> String {
    guard screen.width != nil else {
      return result.tasks.map { task in
        [task.id.description, task.state.rawValue, taskTitle(task), task.reason].map { escaped($0) }
          .joined(separator: "\t") + "\n"
      }.joined()
    }
    var table = TaskTable(columns: [.id, .name, .state, .time, .reason])
    for task in result.tasks where task.state != .succeeded { table.add(task) }
    let counts = TaskState.allCases.compactMap { state in
      result.counts[state.rawValue].flatMap { $0 > 0 ? screen.paint("\($0) \(state.rawValue)", style(of: state)) : nil }
    }
    let timeout = result.timedOut && !result.done ? "; the time is up" : ""
    let summary = counts.isEmpty ? "nothing to wait for" : counts.joined(separator: ", ")
    return (table.isEmpty ? "" : table.text(on: screen)) + summary + timeout + "\n"
  }
}
