import Glibc

/// The command line.
struct Options: Equatable {
  enum CgroupRoot: Equatable {
    /// The group that the warden was started in.
    case auto
    /// No cgroups: the tier `tree`.
    case none
    /// A folder of a cgroup v2 file system.
    case path(String)
  }

  var socket: String
  var stateDirectory: String
  var cgroupRoot: CgroupRoot
  /// Seconds to stay without a daemon, agents and held exits; nil: for ever.
  var linger: UInt64?

  /// What the command line asks for.
  enum Request: Equatable {
    case run(Options)
    case help
    case version
  }

  /// A command line that can't be followed; the text says how it should be.
  struct UsageError: Error, Equatable {
    let message: String
  }

  static let help = """
    jarvis-warden: the parent of every agent that jarvisd runs.

    It starts each agent in a cgroup of its own, reaps it, and holds its exit status until jarvisd has
    acknowledged it; jarvisd may crash and come back meanwhile. jarvisd starts it; nobody else needs to.

    Usage: jarvis-warden [--socket PATH] [--state-dir DIR] [--cgroup-root auto|none|PATH]
                         [--linger SECONDS|forever]

      --socket PATH       where jarvisd connects; its folder must exist
                          (default: $XDG_RUNTIME_DIR/jarvis/warden.sock)
      --state-dir DIR     keeps the lock and the exits that are not acknowledged
                          (default: $XDG_STATE_HOME/jarvis/warden, or ~/.local/state/jarvis/warden)
      --cgroup-root WHAT  auto: the cgroup it was started in; none: no cgroups, process trees instead;
                          PATH: a folder of a cgroup v2 file system (default: auto)
      --linger WHAT       how long to stay when no jarvisd is connected, no agent runs and no exit is held
                          (default: 10 seconds; for ever under systemd)
      --help, --version   print this, or the version

    SIGTERM and SIGINT stop the agents (SIGTERM, after 5 seconds SIGKILL), then the warden.

    Example: jarvis-warden --socket /run/user/1000/jarvis/warden.sock --linger 60
    """

  /// Reads the arguments after the program's name.
  static func parse(_ arguments: [String], environment: (String) -> String?) throws(UsageError) -> Request {
    var values: [String: String] = [:]
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--help", "-h": return .help
      case "--version": return .version
      default: break
      }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      guard ["--socket", "--state-dir", "--cgroup-root", "--linger"].contains(name) else {
        throw UsageError(message: "\"\(argument)\" is not an option; --help lists them.")
      }
      guard values[name] == nil else { throw UsageError(message: "\(name) is given twice.") }
      guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst(), !value.isEmpty else {
        throw UsageError(message: "\(name) needs a value; --help explains it.")
      }
      values[name] = value
    }

    let cgroupRoot: CgroupRoot
    switch values["--cgroup-root"] {
    case nil, "auto": cgroupRoot = .auto
    case "none": cgroupRoot = .none
    case let path?:
      guard path.hasPrefix("/") else {
        throw UsageError(message: "--cgroup-root is \"\(path)\", expected auto, none or an absolute path.")
      }
      cgroupRoot = .path(path)
    }
    var linger: UInt64?
    switch values["--linger"] {
    case nil:
      let isUnderSystemd = environment("NOTIFY_SOCKET") != nil || environment("INVOCATION_ID") != nil
      linger = isUnderSystemd ? nil : 10
    case "forever": linger = nil
    case let text?:
      guard let seconds = UInt64(text), seconds <= 1_000_000_000 else {
        throw UsageError(message: "--linger is \"\(text)\", expected a whole number of seconds or forever.")
      }
      linger = seconds
    }
    let socket: String
    if let value = values["--socket"] { socket = value } else { socket = try defaultSocket(environment) }
    let state: String
    if let value = values["--state-dir"] { state = value } else { state = try defaultState(environment) }
    var options = Options(socket: socket, stateDirectory: state, cgroupRoot: cgroupRoot, linger: linger)
    options.socket = absolute(options.socket)
    options.stateDirectory = absolute(options.stateDirectory)
    guard options.socket.utf8.count <= 107 else {
      throw UsageError(
        message: "The socket's path is \(options.socket.utf8.count) bytes long, the kernel allows 107: "
          + "\(options.socket). Choose a shorter one with --socket.")
    }
    return .run(options)
  }

  private static func defaultSocket(_ environment: (String) -> String?) throws(UsageError) -> String {
    guard let folder = environment("XDG_RUNTIME_DIR"), !folder.isEmpty else {
      throw UsageError(message: "XDG_RUNTIME_DIR is not set: say with --socket where jarvisd shall connect.")
    }
    return folder + "/jarvis/warden.sock"
  }

  private static func defaultState(_ environment: (String) -> String?) throws(UsageError) -> String {
    if let folder = environment("XDG_STATE_HOME"), !folder.isEmpty { return folder + "/jarvis/warden" }
    guard let home = environment("HOME"), !home.isEmpty else {
      throw UsageError(message: "Neither XDG_STATE_HOME nor HOME is set: say with --state-dir where to keep state.")
    }
    return home + "/.local/state/jarvis/warden"
  }

  private static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let here = getcwd(nil, 0) else { return path }
    defer { free(here) }
    return String(cString: here) + "/" + path
  }
}
