import ArgumentParser
import JarvisClient
import JarvisProtocol

/// `jarvisctl logs`
struct Logs: ParsableCommand {
  static let configuration = verb(
    "logs", "Prints a task's output, as it was written.",
    example: """
      jarvisctl logs t42 -f
      jarvisctl logs t42 --stderr -n 20
      """)

  @OptionGroup var globals: GlobalOptions

  @Argument(help: ArgumentHelp("The task.", valueName: "id"), completion: taskIDs)
  var id: TaskID

  @Flag(name: .shortAndLong, help: "Go on until the task ends.")
  var follow = false

  @Flag(name: .long, help: "Its stderr in place of its stdout.")
  var stderr = false

  @Option(name: [.customShort("n"), .long], help: "Only the last lines.")
  var lines: Int?

  func validate() throws {
    if let lines, lines < 0 { throw ValidationError("--lines must be 0 or more, found \(lines)") }
  }

  func run() throws {
    let client = try globals.connect()
    let stream: OutputStream = stderr ? .stderr : .stdout
    var offset = 0
    if let lines, !globals.json {
      let tail = try LogFollower.tail(client, id, stream, lines: lines)
      put(tail.text)
      if !follow { return }
      offset = tail.next
    }
    var follower = LogFollower(globals, task: id, follows: follow)
    follower.add(stream, to: 1, from: offset)
    try follower.run(client)
  }
}
