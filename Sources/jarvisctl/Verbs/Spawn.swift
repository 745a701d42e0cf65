import ArgumentParser
import JarvisClient
import JarvisProtocol

/// `jarvisctl spawn`
struct Spawn: ParsableCommand {
  static let configuration = verb(
    "spawn", "Submits a batch of tasks from a JSON file.",
    example: """
      jarvisctl spawn audit.json --wait
      echo '{"tasks": [{"command": "make lint"}, {"command": "make test"}]}' | jarvisctl spawn -
      """,
    more: """
      The file holds the object of spawn_parallel_tasks: tasks, branch_id, strategy. `jarvisctl call task.spawn` takes \
      the same.
      """)

  @OptionGroup var globals: GlobalOptions

  @Argument(help: ArgumentHelp("A JSON file; - is stdin.", valueName: "file"), completion: .file(extensions: ["json"]))
  var file: String

  @Option(name: .long, help: "The branch, in place of the file's.")
  var branch: String?

  @Option(name: .long, help: "auto, parallel, sequential or adaptive, in place of the file's.")
  var strategy: Strategy?

  @Option(name: .long, help: "worktree or none, for tasks of the file that don't say.")
  var isolation: Isolation?

  @Flag(name: .long, help: "Worktrees although files have changes that are not committed.")
  var allowDirty = false

  @Flag(name: .shortAndLong, help: "Wait until all tasks are over; exit status 1 if not all succeeded.")
  var wait = false

  func run() throws {
    var params = try parseJSON(contents(of: file), from: file)
    if case .object(var object) = params {
      if let branch { object["branch_id"] = .string(branch) }
      if let strategy { object["strategy"] = strategy.json }
      if isolation != nil || allowDirty { object["tasks"] = object["tasks"].map(isolated) }
      params = .object(object)
    }
    try submitAndShow(TaskSpawn.name, params, wait: wait, globals)
  }

  /// The tasks with what the options say. What is no list of objects is left to the daemon to refuse.
  private func isolated(_ tasks: JSON) -> JSON {
    guard case .array(let list) = tasks else { return tasks }
    return .array(
      list.map { task in
        guard case .object(var object) = task else { return task }
        if let isolation, object["isolation"] == nil { object["isolation"] = isolation.json }
        if allowDirty { object["allow_dirty"] = true }
        return .object(object)
      })
  }
}

/// Submits a batch, prints what it became, and waits for it where that is wanted (then the result of the wait is what
/// is printed as JSON).
func submitAndShow(_ method: String, _ params: JSON, wait: Bool, _ globals: GlobalOptions) throws {
  let (client, reply) = try submit(method, params, globals)
  if globals.json, !wait { return put(reply) }
  let batch = try Client.read(TaskSpawn.self, reply)
  if !globals.json { put(submitted(batch, on: globals.screen)) }
  guard wait else { return }
  let outcome = try Waiting(globals).result(of: TaskSelection(batchID: batch.batchID), client: client)
  defer {
    if !globals.json, globals.screen.width != nil {
      put("`jarvisctl batch report \(batch.batchID)` gathers what came out of it.\n")
    }
  }
  try Waiting.report(outcome.result, reply: outcome.reply, quiet: false, globals: globals)
}
