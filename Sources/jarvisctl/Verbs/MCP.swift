import ArgumentParser
import Glibc
import JarvisClient

/// `jarvisctl mcp`
struct MCP: ParsableCommand {
  static let configuration = verb(
    "mcp", "Serves MCP on stdin and stdout: the bridge that Claude Code starts.",
    example: "claude mcp add jarvis -- jarvisctl mcp",
    more: """
      It carries lines between its client and the daemon, and outlives restarts of the daemon: requests that were not \
      answered are sent again, and run only once. It ends when stdin does.
      """)

  @OptionGroup var globals: GlobalOptions

  @Flag(name: .shortAndLong, help: "Say on stderr what happens.")
  var verbose = false

  func run() throws { Self.bridge(to: globals.socket, isVerbose: verbose) }

  /// Carries until stdin ends.
  static func bridge(to socket: String, isVerbose: Bool) {
    // The daemon reads the folder of the process that asks: tasks belong to the project that is open.
    if let project = environmentValue("CLAUDE_PROJECT_DIR") { _ = chdir(project) }
    var bridge = Bridge(socket: socket, isVerbose: isVerbose)
    bridge.run()
  }
}
