import ArgumentParser
import JarvisClient
import JarvisProtocol

/// `jarvisctl call`
struct Call: ParsableCommand {
  static let configuration = verb(
    "call", "Calls any method of the socket and prints its result as it came.",
    example: """
      jarvisctl call stats.get
      jarvisctl call task.wait '{"batch_id": "b7", "timeout_seconds": 30}'
      """,
    more: "docs/protocol.md lists the methods. MCP's methods (tools/list, …) can be called too.")

  @OptionGroup var globals: GlobalOptions

  @Argument(help: "The method, such as task.list.", completion: .list(Methods.all.map { $0.name }))
  var method: String

  @Argument(help: ArgumentHelp("Its parameters as JSON; - reads them from stdin.", valueName: "params"))
  var params: String?

  @Option(
    name: .long, help: ArgumentHelp("How long to wait for the answer (default: without end).", valueName: "duration"))
  var timeout: TimeSpan?

  func run() throws {
    var json: JSON = [:]
    if let params {
      json = try parseJSON(params == "-" ? contents(of: "-") : Array(params.utf8), from: params == "-" ? "-" : "params")
    }
    put(try globals.connect().callRaw(method, json, timeout: timeout?.seconds))
  }
}
