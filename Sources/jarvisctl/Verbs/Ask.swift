import ArgumentParser
import JarvisClient
import JarvisProtocol

/// `jarvisctl ask`
struct Ask: ParsableCommand {
  static let configuration = verb(
    "ask", "Asks an agent, whose task is over, something more: the same conversation goes on as a new task.",
    example: """
      jarvisctl ask t42 "Which of these is the worst, and why?"
      jarvisctl ask t42 "Fix the first one." --wait
      """)

  @OptionGroup var globals: GlobalOptions

  @Argument(help: ArgumentHelp("The task whose agent is asked.", valueName: "id"), completion: taskIDs)
  var id: TaskID

  @Argument(help: "What it is asked.")
  var prompt: String

  @Flag(name: .shortAndLong, help: "Wait for the answer and print it; exit status 1 if the task did not succeed.")
  var wait = false

  func run() throws {
    let (client, reply) = try submit(TaskAsk.name, TaskAsk.Parameters(id: id, prompt: prompt).json, globals)
    if globals.json, !wait { return put(reply) }
    let batch = try Client.read(TaskSpawn.self, reply)
    guard wait, let task = batch.tasks.first else { return put(submitted(batch, on: globals.screen)) }
    _ = try Waiting(globals).result(of: TaskSelection(ids: [task.id]), client: client)
    let answer = try globals.connect().callRaw(TaskResult.name, TaskResult.Parameters(id: task.id).json)
    let result = try Client.read(TaskResult.self, answer)
    if globals.json { put(answer) } else { put((result.agent?.answer ?? result.output) + "\n") }
    guard result.task.state != .succeeded else { return }
    complain(result.task.reason)
    throw ExitCode(1)
  }
}
