import JarvisConfig
import JarvisLinux
import JarvisProtocol

/// Why a task can't become a command line: a sentence.
struct CommandError: Error {
  let message: String
  /// The field of the task that is to blame.
  var field = "command"
}

/// The runners that are known, and how a task becomes a command line.
struct RunnerTable: Sendable {
  var files: [String: RunnerFile] = [:]
  var faults: [Diagnostic] = []

  /// Reads the runner files of all folders.
  static func load(environment: [String: String]) -> RunnerTable {
    let folders = DataFolders.search("runners", executable: DataFolders.executable, environment: environment)
    let loaded = RunnerFile.load(directories: folders)
    return RunnerTable(files: loaded.files, faults: loaded.diagnostics)
  }

  /// The runner of a task that names none: `command` where it has a command, else the configured or the first
  /// installed one.
  func resolve(_ spec: TaskSpec, configured: String, path: String, folder: String) throws(CommandError) -> String {
    if let name = spec.runner {
      if spec.command != nil, name != "command" {
        throw CommandError(
          message: "goes with the runner \"command\"; the runner \"\(name)\" takes the description as its prompt",
          field: "command")
      }
      if name == "command" {
        guard spec.command != nil else {
          throw CommandError(message: "is missing: the runner \"command\" needs one", field: "command")
        }
        return name
      }
      return try check(name, path: path, folder: folder)
    }
    if spec.command != nil { return "command" }
    if !configured.isEmpty { return try check(configured, path: path, folder: folder) }
    for name in Config.knownRunners where files[name] != nil {
      if let found = try? check(name, path: path, folder: folder) { return found }
    }
    throw CommandError(
      message:
        "is missing, and no agent is installed that could take the description as its prompt (looked in PATH for "
        + Config.knownRunners.joined(separator: ", ")
        + "). Install one of them, name one in `[agents] runner`, or give the task a `command`", field: "runner")
  }

  private func check(_ name: String, path: String, folder: String) throws(CommandError) -> String {
    guard let file = files[name] else {
      let known = files.keys.sorted().joined(separator: ", ")
      throw CommandError(message: "\"\(name)\" is not known (known: \(known))", field: "runner")
    }
    do throws(ExecutableNotFound) {
      _ = try ExecutableFinder.find(file.executable, path: path, folder: folder)
      return name
    } catch {
      throw CommandError(message: "\"\(name)\" is not installed: \(error)", field: "runner")
    }
  }

  /// The argv of a task.
  /// - Parameter values: what stands for the placeholders of its runner.
  func commandLine(
    of task: StoredSpec, _ values: [RunnerFile.Placeholder: String]
  ) throws(CommandError) -> [String] {
    switch task.spec.command {
    case .argv(let argv)?: return argv
    case .shell(let line)?: return ["/bin/sh", "-c", line]
    case nil: break
    }
    guard let file = files[task.runner] else { throw CommandError(message: "the runner \"\(task.runner)\" is gone") }
    do throws(RunnerError) {
      return try file.commandLine(values)
    } catch {
      throw CommandError(message: error.description)
    }
  }
}

/// `NAME`, or `PREFIX*` for all that begin so.
enum EnvironmentPattern {
  static func matches(_ pattern: String, _ name: String) -> Bool {
    pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : name == pattern
  }
}
