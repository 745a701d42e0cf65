import ArgumentParser
import JarvisClient
import JarvisProtocol

/// `jarvisctl drain`
struct Drain: ParsableCommand {
  static let configuration = verb(
    "drain", "Starts nothing more; what runs goes on, and what is submitted is queued.",
    example: """
      jarvisctl drain --wait
      jarvisctl drain --off
      """)

  @OptionGroup var globals: GlobalOptions

  @Flag(name: .long, help: "Start tasks again.")
  var off = false

  @Flag(name: .shortAndLong, help: "Wait until nothing runs any more.")
  var wait = false

  func validate() throws {
    if off, wait { throw ValidationError("give --off or --wait, not both") }
  }

  func run() throws {
    let client = try globals.connect()
    let parameters = DaemonDrain.Parameters(enabled: !off)
    var reply = try client.callRaw(DaemonDrain.name, parameters.json)
    if wait {
      while case let active = try activeTasks(), !active.isEmpty {
        _ = try Waiting(globals).result(of: TaskSelection(ids: active))
      }
      reply = try globals.connect().callRaw(DaemonDrain.name, parameters.json)
    }
    if globals.json { return put(reply) }
    let result = try Client.read(DaemonDrain.self, reply)
    put("\(result.draining ? "draining" : "not draining"): \(result.running) running, \(result.queued) queued\n")
  }

  /// What runs now. Paused tasks are left out: they would never end.
  private func activeTasks() throws -> [TaskID] {
    var parameters = TaskList.Parameters()
    parameters.states = [.starting, .running]
    parameters.limit = 10_000
    return try globals.reconnect().call(TaskList.self, parameters).tasks.map(\.id)
  }
}
