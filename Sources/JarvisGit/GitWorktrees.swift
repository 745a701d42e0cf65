import Glibc
import JarvisLinux
import Logging
import Synchronization

/// The worktrees of tasks: one folder for each below one folder of all, each on a branch of its own.
///
/// Everything that Jarvis does with git is done here, by the git program. Operations that write into a repository's
/// `.git` wait for one another (one queue a repository, in this process and between processes that share the folder);
/// what only reads runs beside them, a few at once on the whole machine. Every run of git has an end, in time and in
/// what it writes. Hooks, fsmonitor, editors, prompts and credentials are off; filters and merge drivers of the
/// repository's configuration do run, since without them files would be wrong.
public final class GitWorktrees: Sendable {
  let root: RootFolder
  let git: GitProgram
  let log: Logger
  /// The line before each repository that somebody works on or waits for.
  private let lines = Mutex<[String: Line]>([:])

  private struct Line {
    let gate = Gate(places: 1)
    var users = 0
  }

  /// - Parameters:
  ///   - root: The folder of all worktrees; made, mode 0700, with the first one. Names in it that begin with a dot are
  ///     this type's own (locks, and what is being deleted).
  ///   - environment: The daemon's environment; `GIT_*` variables in it are not used.
  ///   - log: Where it says what it cleaned up.
  public convenience init(root: String, environment: [String: String], log: Logger) {
    self.init(root: root, environment: environment, log: log, bounds: GitBounds())
  }

  init(root: String, environment: [String: String], log: Logger, bounds: GitBounds) {
    self.root = RootFolder(path: root)
    git = GitProgram(daemon: environment, bounds: bounds)
    self.log = log
  }

  /// Deletes what interrupted removals left and names the folders of worktrees that there are (the last parts of their
  /// paths). For the start of the daemon: a folder that nobody knows, and a place whose folder is not named, are to be
  /// told to people.
  public func sweep() async throws(GitFailure) -> [String] {
    guard Folder.isFolder(root.path) else { return [] }
    let real = try root.ready()
    do throws(GitFailure) {
      try await root.emptyTrash()
      try await root.emptyScratch()
    } catch {
      log.warning("\(error)")
    }
    return Registration.folders(real)
  }

  /// Runs `body` when nobody else of Jarvis works on the repository, not even a git that outlived its daemon. The lock
  /// is for what git may go on with: it is handed to each run.
  func alone<Value: Sendable>(
    with common: String, _ body: (InheritedLock) async throws(GitFailure) -> Value
  ) async throws(GitFailure) -> Value {
    let gate = lines.withLock { lines in
      lines[common, default: Line()].users += 1
      return lines[common]?.gate
    }
    defer {
      lines.withLock { lines in
        lines[common]?.users -= 1
        if lines[common]?.users == 0 { lines[common] = nil }
      }
    }
    guard let gate else { throw GitFailure(.other, "the line of \(common) is gone") }
    return try await gate.pass { () async throws(GitFailure) in
      let lock = try root.lock(of: common)
      try await take(lock, of: common)
      return try await body(lock)
    }
  }

  private func take(_ lock: InheritedLock, of common: String) async throws(GitFailure) {
    let clock = ContinuousClock()
    let patience = clock.now + git.bounds.leftover
    var hasTold = false
    while true {
      do throws(SystemError) {
        if try lock.take() { return }
      } catch {
        throw GitFailure(.other, "\(error)")
      }
      if clock.now > patience {
        // The state folder, and so this file, has one daemon: who else has the lock are leftovers. They have 2 s to
        // remove their own locks. More than once, since they may start others meanwhile.
        let count = lock.signalHolders(clock.now < patience + .seconds(2) ? SIGTERM : SIGKILL)
        if count > 0, !hasTold {
          log.warning(
            "a git that an earlier daemon started still works on \(common) and is ended (processes: \(count))")
          hasTold = true
        }
        guard clock.now < patience + .seconds(10) else {
          throw GitFailure(.timedOut, "\(common) is kept locked (fuser -v \(lock.path) names by whom)")
        }
      }
      guard (try? await Task.sleep(for: .milliseconds(20))) != nil else {
        throw GitFailure(.other, "the wait for \(common) was given up")
      }
    }
  }
}
