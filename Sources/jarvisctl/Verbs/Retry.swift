import ArgumentParser
import JarvisProtocol

/// `jarvisctl retry`
struct Retry: ParsableCommand {
  static let configuration = verb(
    "retry", "Runs tasks again that ended without success, as new tasks.",
    example: """
      jarvisctl retry t42
      jarvisctl retry --batch b7 --wait
      """)

  @OptionGroup var globals: GlobalOptions
  @OptionGroup var tasks: SelectionOptions

  @Flag(name: .shortAndLong, help: "Wait until they are over; exit status 1 if not all succeeded.")
  var wait = false

  func run() throws {
    guard wait else {
      return try globals.perform(TaskRetry.self, TaskRetry.Parameters(tasks.selection())) {
        submitted($0, on: globals.screen)
      }
    }
    let client = try globals.connect()
    let batch = try client.call(TaskRetry.self, TaskRetry.Parameters(tasks.selection()))
    if !globals.json { put(submitted(batch, on: globals.screen)) }
    let outcome = try Waiting(globals).result(of: TaskSelection(batchID: batch.batchID), client: client)
    try Waiting.report(outcome.result, reply: outcome.reply, quiet: false, globals: globals)
  }
}
