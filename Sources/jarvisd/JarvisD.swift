import ArgumentParser
import JarvisConfig
import JarvisDaemon
import JarvisProtocol

/// The command line of jarvisd: reads it, and hands over.
@main
struct JarvisD: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jarvisd",
    abstract: "The coordinator of Jarvis: runs parallel agents without overwhelming the machine.",
    discussion: """
      Under systemd it is started by jarvisd.socket and finds jarvis-warden beside it; in a container, a plain shell \
      or a test use --standalone, which starts the warden too.

      EXAMPLE
        jarvisd --standalone &
        jarvisctl run -- make test
      """,
    version: jarvisVersion)

  @Flag(help: "Stay in the foreground, start the warden, and stop the agents when stopped.")
  var standalone = false

  @Option(help: ArgumentHelp("Read this configuration and no other.", valueName: "file"))
  var config: String?

  @Option(help: ArgumentHelp("Listen on this Unix socket.", valueName: "path"))
  var socket: String?

  @Flag(help: "Log everything, also to a terminal.")
  var verbose = false

  @Flag(
    help: "Check the configuration (that of --config, or the one that would be found), say what is wrong, and exit.")
  var checkConfig = false

  @Argument(help: .hidden)
  var file: String?

  @Flag(help: .hidden)
  var printProtocol = false

  @Flag(help: .hidden)
  var printMcp = false

  func validate() throws {
    if file != nil, !checkConfig { throw ValidationError("A file can be named with --check-config only.") }
  }

  func run() async throws {
    if printProtocol {
      print(ProtocolDocument.markdown, terminator: "")
      return
    }
    if printMcp {
      print(MCPDocument.markdown, terminator: "")
      return
    }
    if checkConfig { return try check() }
    var options = Daemon.Options()
    options.configFile = config
    options.socket = socket
    options.isStandalone = standalone
    options.isVerbose = verbose
    do {
      try await Daemon(options).run()
    } catch let error as StartupError {
      TerminalLine.write("jarvisd: \(error)")
      throw ExitCode(error.status)
    }
  }

  private func check() throws {
    do throws(ConfigError) {
      let loaded = try ConfigLoader.load(explicit: file ?? config, environment: ProcessEnvironment.values)
      for warning in loaded.warnings { print(warning) }
      print("\(loaded.source ?? "no configuration file: the defaults are in force"): good")
    } catch {
      TerminalLine.write(error.description)
      throw ExitCode(1)
    }
  }
}
