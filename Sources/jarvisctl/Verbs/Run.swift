import ArgumentParser
import Glibc
import JarvisClient
import JarvisProtocol

/// `jarvisctl run`
struct Run: ParsableCommand {
  static let configuration = verb(
    "run", "Submits one task and prints its id.",
    example: """
      jarvisctl run --name tests --memory 2G --time 10m -- make test
      jarvisctl run --after t3 --wait --shell 'wc -l *.txt | sort -n'
      jarvisctl run --runner claude -d 'Find where sessions expire' --branch auth
      """,
    more: "Options stand before the command; everything from the first other word (or `--`) on is the command.")

  @OptionGroup var globals: GlobalOptions
  @OptionGroup(title: "Limits") var limits: LimitOptions

  @Option(name: .long, help: "A name to list it by.")
  var name: String?

  @Option(name: .shortAndLong, help: "What an agent is to do: the prompt where there is no command.")
  var description: String?

  @Option(name: .long, help: "The kind of work; what Jarvis learns is kept by type.")
  var type: String?

  @Option(name: .shortAndLong, help: "critical, high, medium or low.")
  var priority: Priority?

  @Option(name: .long, help: "The context that it belongs to (default: the folder's git branch).")
  var branch: String?

  @Option(name: .long, help: "The branch's parent, whose findings are seen on it too.")
  var parentBranch: String?

  @Option(name: .long, help: ArgumentHelp("Start after a task: ID, ID:failure or ID:any.", valueName: "id[:condition]"))
  var after: [String] = []

  @Option(name: .long, help: "How often to try again after a failure.")
  var retries: Int?

  @Option(name: .long, help: ArgumentHelp("Wait so long before it may start.", valueName: "duration"))
  var delay: TimeSpan?

  @Option(name: .long, help: ArgumentHelp("When it may start, such as 2026-11-24T22:00:00Z.", valueName: "time"))
  var notBefore: Timestamp?

  @Option(name: .long, help: "A label to list it by.")
  var group: String?

  @Option(name: .long, help: "The folder to run in (default: this one).", completion: .directory)
  var cwd: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("A variable for its environment.", valueName: "key=value"))
  var env: [String] = []

  @Option(name: .long, help: "How it becomes a process: command, claude, codex, …")
  var runner: String?

  @Option(name: .long, help: "worktree: in a git worktree and on a branch of its own; none: in the folder.")
  var isolation: Isolation?

  @Flag(name: .long, help: "With --isolation worktree: although files have changes that are not committed.")
  var allowDirty = false

  @Option(name: .long, help: "auto, parallel, sequential or adaptive.")
  var strategy: Strategy?

  @Option(name: .shortAndLong, help: ArgumentHelp("A line for /bin/sh, in place of a command.", valueName: "line"))
  var shell: String?

  @Flag(name: .shortAndLong, help: "Wait for its end and print its output; exit status 1 if it does not succeed.")
  var wait = false

  @Argument(parsing: .captureForPassthrough, help: ArgumentHelp("The program and its arguments.", valueName: "command"))
  var words: [String] = []

  func validate() throws {
    // Everything after the first word that is no option of this verb is captured, a question for help included.
    if let first = words.first, ["-h", "--help"].contains(first) { throw CleanExit.helpRequest(self) }
    if let first = words.first, first != "--", first.hasPrefix("-") {
      throw ValidationError("unknown option \(escaped(first)) (a command that begins with - goes after `--`)")
    }
    if !command.isEmpty, shell != nil { throw ValidationError("give a command or --shell, not both") }
    if command.isEmpty, shell == nil, description == nil {
      throw ValidationError("nothing to run: give a command after `--`, or --shell LINE, or --description TEXT")
    }
    if let bad = env.first(where: { !$0.contains("=") || $0.hasPrefix("=") }) {
      throw ValidationError("--env must be KEY=VALUE, found \"\(escaped(bad))\"")
    }
    if delay != nil, notBefore != nil { throw ValidationError("give --delay or --not-before, not both") }
  }

  func run() throws {
    if let line = command.first, command.count == 1, line.contains(" "), access(line, F_OK) != 0 {
      throw Failure.usage(
        "\"\(escaped(line))\" is one word, and no program has this name: give its words one by one, or a line for the "
          + "shell with --shell '…'")
    }
    var params = TaskSpawn.Parameters(tasks: [try spec()])
    params.branchID = branch
    params.parentBranchID = parentBranch
    if let strategy { params.strategy = strategy }
    params.cwd = currentFolder()
    let (client, reply) = try namingOptions { try submit(TaskSpawn.name, params.json, globals) }
    if globals.json, !wait { return put(reply) }
    let batch = try Client.read(TaskSpawn.self, reply)
    guard let task = batch.tasks.first else { throw ClientError.protocolFault("task.spawn: no task") }
    guard wait else { return put("\(task.id)\n") }
    try follow(task.id, client)
  }

  private var command: [String] { words.first == "--" ? Array(words.dropFirst()) : words }

  private func spec() throws -> TaskSpec {
    var spec = TaskSpec(command: .argv(command), description: description)
    if command.isEmpty { spec.command = shell.map { .shell($0) } }
    spec.name = name
    spec.type = type
    if let priority { spec.priority = priority }
    spec.after = try afterList(after)
    spec.limits = limits.limits
    spec.retries = retries ?? 0
    spec.delay = delay
    spec.notBefore = notBefore
    spec.group = group
    spec.runner = runner
    spec.isolation = isolation
    spec.allowDirty = allowDirty
    spec.cwd = cwd.map(absolutePath)
    for pair in env {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      spec.env[String(parts[0])] = String(parts[1])
    }
    return spec
  }

  /// Prints the output while the task runs; as JSON, the task and its output when it is over.
  private func follow(_ id: TaskID, _ client: Client) throws {
    if !globals.json {
      var follower = LogFollower(globals, task: id, follows: true)
      follower.add(.stdout, to: 1)
      follower.add(.stderr, to: 2)
      try follower.run(client)
    }
    // The connection may have been replaced while following: a wait of its own finds its own way.
    let outcome = try Waiting(globals, quiet: true).result(of: TaskSelection(ids: [id]))
    if globals.json { put(try globals.connect().callRaw(TaskResult.name, TaskResult.Parameters(id: id).json)) }
    guard let task = outcome.result.tasks.first, task.state != .succeeded else { return }
    throw Failure(status: 1, message: "\(task.id) \(task.state.rawValue): \(escaped(task.reason))")
  }
}

/// Limits of one task.
struct LimitOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("Memory over all its processes, such as 512M or 2G.", valueName: "size"))
  var memory: ByteSize?

  @Option(name: .long, help: ArgumentHelp("Cores, such as 1.5.", valueName: "cores"))
  var cpu: Double?

  @Option(name: .long, help: ArgumentHelp("Processes and threads.", valueName: "count"))
  var pids: Int?

  @Option(name: .long, help: ArgumentHelp("Time from start to end, such as 90s, 10m or 2h.", valueName: "duration"))
  var time: TimeSpan?

  @Option(name: .long, help: ArgumentHelp("Bytes of stdout and stderr, such as 100M.", valueName: "size"))
  var output: ByteSize?

  @Option(name: .long, help: ArgumentHelp("Weight for the disks, 1 to 10000.", valueName: "weight"))
  var ioWeight: Int?

  @Option(
    name: .long, help: ArgumentHelp("Time without output, for agents that stream, such as 10m.", valueName: "duration"))
  var silence: TimeSpan?

  /// The limits given.
  var limits: TaskLimits {
    TaskLimits(
      memory: memory, cpu: cpu, pids: pids, time: time, output: output, ioWeight: ioWeight, silence: silence)
  }
}
