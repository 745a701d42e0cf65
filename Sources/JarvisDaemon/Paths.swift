import JarvisProtocol

/// Where the daemon keeps its things.
public struct Paths: Sendable, Hashable {
  /// `$XDG_RUNTIME_DIR/jarvis` (0700).
  public var runtime: String
  /// `$XDG_STATE_HOME/jarvis` (0700).
  public var state: String
  /// Where clients connect.
  public var socket: String

  /// The usual places, or those that the configuration or the command line name.
  public init(runtime: String, state: String, socket: String) {
    self.runtime = runtime
    self.state = state
    self.socket = socket
  }

  /// The database.
  public var database: String { state + "/jarvis.db" }
  /// Held while a daemon uses the state folder.
  public var lock: String { state + "/lock" }
  /// Where the warden listens.
  public var wardenSocket: String { runtime + "/warden.sock" }
  /// Where the warden keeps exits that nobody has taken yet.
  public var wardenState: String { state + "/warden" }
  /// All output.
  public var outputs: String { state + "/output" }

  /// The git worktrees of tasks, each in a folder of its task's name.
  public var worktrees: String { state + "/worktrees" }

  /// Where tasks of a skill's run find the outputs of others, a folder a task.
  public func inputs(of run: BatchID) -> String { "\(state)/inputs/\(run)" }

  /// The folder for a task's output, a thousand tasks a folder, and the beginning of its files' names.
  public func output(of id: TaskID) -> (folder: String, name: String) {
    ("\(outputs)/\(id.raw / 1000)", id.description)
  }
}
