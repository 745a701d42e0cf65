import ArgumentParser
import Glibc
import JarvisClient
import JarvisProtocol

/// Options that every verb has.
struct GlobalOptions: ParsableArguments {
  @Option(
    name: .customLong("socket"),
    help: ArgumentHelp("The daemon's socket (default: $JARVIS_SOCKET, else the user's own).", valueName: "path"),
    completion: .file())
  var socketOption: String?

  @Flag(name: .customLong("json"), help: "Print the method's result as it came over the socket, on one line.")
  var jsonFlag = false

  @Option(name: .customLong("color"), help: ArgumentHelp("auto, always or never.", valueName: "when"))
  var colorOption: ColorChoice?

  /// Whether the result is wanted as JSON.
  var json: Bool { jsonFlag || Process.commandLine.json }

  /// The socket's path.
  var socket: String { SocketPath.find(named: socketOption ?? Process.commandLine.socket) }

  /// What stdout can show.
  var screen: Screen { Screen(color: colorOption ?? Process.commandLine.color ?? .auto) }

  /// Connects to the daemon.
  func connect() throws(ClientError) -> Client { try Client(path: socket) }

  /// Connects again after the daemon went away, for instance because it is restarted.
  /// - Parameter seconds: how long to try.
  func reconnect(for seconds: Double = 30) throws(ClientError) -> Client {
    let deadline = Monotonic.now + seconds
    var pause = 0.05
    while true {
      do throws(ClientError) { return try connect() } catch {
        guard Monotonic.now + pause < deadline else { throw error }
        usleep(UInt32(pause * 1e6))
        pause = min(pause * 2, 1)
      }
    }
  }

  /// Does something with a connection, and again with a new one where the daemon goes away in the middle.
  /// - Parameters:
  ///   - seconds: how long to wait each time for the daemon to come back.
  ///   - body: must be able to begin anew.
  func persevering<T>(_ client: Client, for seconds: Double = 30, _ body: (Client) throws -> T) throws -> T {
    var client = client
    while true {
      do { return try body(client) } catch {
        guard case ClientError.connectionLost = error else { throw error }
      }
      client = try reconnect(for: seconds)
    }
  }

  /// Calls one method and prints its result: as it came with `--json`, else as `show` words it.
  func perform<M: Method>(
    _ method: M.Type, _ params: M.Parameters, timeout: Double? = 60, show: (M.Result) throws -> String
  ) throws {
    let reply = try connect().callRaw(M.name, params.json, timeout: timeout)
    if json { put(reply) } else { put(try show(Client.read(method, reply))) }
  }
}
