import ArgumentParser
import JarvisClient
import JarvisProtocol

/// `jarvisctl edit`
struct Edit: ParsableCommand {
  static let configuration = verb(
    "edit", "Changes a task that has not started.",
    example: """
      jarvisctl edit t42 --priority high --memory 4G
      jarvisctl edit t42 -- make test JOBS=1
      """)

  @OptionGroup var globals: GlobalOptions
  @OptionGroup(title: "Limits") var limits: LimitOptions

  @Argument(help: ArgumentHelp("The task.", valueName: "id"), completion: taskIDs)
  var id: TaskID

  @Option(name: .shortAndLong, help: "critical, high, medium or low.")
  var priority: Priority?

  @Option(
    name: [.customShort("s"), .customLong("shell"), .customLong("shell-line"), .customLong("command")],
    help: ArgumentHelp("A line for /bin/sh, in place of its command.", valueName: "line"))
  var shell: String?

  @Option(name: .shortAndLong, help: "What it is to do.")
  var description: String?

  @Option(
    name: .long, help: ArgumentHelp("Start after ID, ID:failure or ID:any; replaces all of them.", valueName: "id"))
  var after: [String] = []

  @Flag(name: .long, help: "Wait for no other task any more.")
  var noAfter = false

  @Option(name: .long, help: ArgumentHelp("When it may start at the earliest.", valueName: "time"))
  var notBefore: Timestamp?

  @Argument(parsing: .postTerminator, help: ArgumentHelp("After `--`: its new command.", valueName: "command"))
  var words: [String] = []

  func validate() throws {
    if !words.isEmpty, shell != nil { throw ValidationError("give a command or --shell, not both") }
    if !after.isEmpty, noAfter { throw ValidationError("give --after or --no-after, not both") }
    let isChange =
      priority != nil || shell != nil || description != nil || !after.isEmpty || noAfter || notBefore != nil
      || !words.isEmpty || !limits.limits.isEmpty
    if !isChange { throw ValidationError("nothing to change: see `jarvisctl help edit`") }
  }

  func run() throws {
    let client = try globals.connect()
    var parameters = TaskEdit.Parameters(id: id)
    parameters.priority = priority
    parameters.command = words.isEmpty ? shell.map { .shell($0) } : .argv(words)
    parameters.description = description
    if !after.isEmpty || noAfter { parameters.after = try afterList(after) }
    parameters.notBefore = notBefore
    if !limits.limits.isEmpty {
      // The method replaces all limits, an option changes one.
      let old = try client.call(TaskGet.self, TaskReference(id: id)).limits
      let new = limits.limits
      parameters.limits = TaskLimits(
        memory: new.memory ?? old.memory, cpu: new.cpu ?? old.cpu, pids: new.pids ?? old.pids,
        time: new.time ?? old.time, output: new.output ?? old.output, ioWeight: new.ioWeight ?? old.ioWeight,
        silence: new.silence ?? old.silence)
    }
    let reply = try client.callRaw(TaskEdit.name, parameters.json)
    if globals.json { return put(reply) }
    put(changedTasks([try Client.read(TaskEdit.self, reply)], on: globals.screen))
  }
}
