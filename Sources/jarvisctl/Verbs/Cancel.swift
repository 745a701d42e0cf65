import ArgumentParser
import JarvisClient
import JarvisProtocol

/// `jarvisctl cancel`
struct Cancel: ParsableCommand {
  static let configuration = verb(
    "cancel", "Cancels tasks: waiting ones at once, running ones with their whole process tree.",
    example: """
      jarvisctl cancel t4 t5
      jarvisctl cancel --batch b7
      """)

  @OptionGroup var globals: GlobalOptions
  @OptionGroup var tasks: SelectionOptions

  @Flag(name: .shortAndLong, help: "All tasks that are not over.")
  var all = false

  func validate() throws {
    if all, !tasks.isEmpty { throw ValidationError("give --all or tasks, not both") }
  }

  func run() throws {
    guard all else {
      return try globals.perform(TaskCancel.self, tasks.selection()) { changedTasks($0.tasks, on: globals.screen) }
    }
    let client = try globals.connect()
    let live = try liveTasks(client)
    guard !live.isEmpty else { return put(globals.json ? "{\"tasks\":[]}\n" : "nothing to cancel\n") }
    // The newest first, 10,000 a call, so that nothing that waits starts in the meantime.
    for start in stride(from: 0, to: live.count, by: 10_000) {
      let part = TaskSelection(ids: Array(live[start..<min(start + 10_000, live.count)]))
      let reply = try client.callRaw(TaskCancel.name, part.json)
      if globals.json {
        put(reply)
      } else {
        put(changedTasks(try Client.read(TaskCancel.self, reply).tasks, on: globals.screen))
      }
    }
  }
}
