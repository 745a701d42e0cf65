import ArgumentParser
import JarvisClient
import JarvisProtocol

/// `jarvisctl wait`
struct Wait: ParsableCommand {
  static let configuration = verb(
    "wait", "Waits until tasks are over.",
    example: """
      jarvisctl wait t4 t5
      jarvisctl wait --batch b7 --timeout 10m && echo all succeeded
      """,
    more: """
      Exit status 0: all succeeded; 1: some did not; 4: the time was up first (nothing is cancelled). It goes on \
      through a restart of the daemon.
      """)

  @OptionGroup var globals: GlobalOptions
  @OptionGroup var tasks: SelectionOptions

  @Flag(name: .shortAndLong, help: "All tasks that are not over now.")
  var all = false

  @Option(name: .long, help: ArgumentHelp("How long to wait, such as 30s or 10m.", valueName: "duration"))
  var timeout: TimeSpan?

  @Flag(name: .shortAndLong, help: "Print nothing; only the exit status tells.")
  var quiet = false

  func validate() throws {
    if all, !tasks.isEmpty { throw ValidationError("give --all or tasks, not both") }
  }

  func run() throws {
    let waiting = Waiting(globals, timeout: timeout?.seconds, quiet: quiet)
    guard all else {
      let outcome = try waiting.result(of: tasks.selection())
      return try Waiting.report(outcome.result, reply: outcome.reply, quiet: quiet, globals: globals)
    }
    let client = try globals.connect()
    let live = try liveTasks(client)
    guard live.count > 10_000 || live.isEmpty else {
      let outcome = try waiting.result(of: TaskSelection(ids: live), client: client)
      return try Waiting.report(outcome.result, reply: outcome.reply, quiet: quiet, globals: globals)
    }
    // One call takes 10,000 ids. What is printed of more is a result put together from several.
    var sum = TaskWait.Result(done: true, timedOut: false, succeeded: true, counts: [:], tasks: [])
    for start in stride(from: 0, to: live.count, by: 10_000) {
      let part = TaskSelection(ids: Array(live[start..<min(start + 10_000, live.count)]))
      let result = try waiting.result(of: part).result
      sum.done = sum.done && result.done
      sum.timedOut = sum.timedOut || result.timedOut
      sum.succeeded = sum.succeeded && result.succeeded
      sum.counts.merge(result.counts, uniquingKeysWith: +)
      sum.tasks += result.tasks
    }
    if globals.json { put(sum.json.text + "\n") }
    try Waiting.report(sum, reply: nil, quiet: quiet || globals.json, globals: globals)
  }
}

/// The ids of all tasks that are not over.
func liveTasks(_ client: Client) throws -> [TaskID] {
  var parameters = TaskList.Parameters()
  parameters.states = TaskState.allCases.filter { !$0.isTerminal }
  parameters.limit = 10_000
  var ids: [TaskID] = []
  repeat {
    let page = try client.call(TaskList.self, parameters)
    ids += page.tasks.map(\.id)
    parameters.cursor = page.nextCursor
  } while parameters.cursor != nil
  return ids
}
