import Glibc
import JarvisLinux

/// Runs git, a few at once, away from the user's terminal, hooks, editors and credentials.
struct GitProgram: Sendable {
  /// What a run of git works on.
  struct Place: Sendable, Hashable {
    /// Its working folder.
    var folder: String
    /// The git folder; nil: git looks for it upwards from `folder`.
    var gitDirectory: String?
    /// The top of the work tree, where `gitDirectory` is given; nil: none, as in a bare repository.
    var workTree: String?

    /// A folder in which git finds its repository.
    static func folder(_ folder: String) -> Place { Place(folder: folder, gitDirectory: nil, workTree: nil) }
  }

  let bounds: GitBounds
  private let environment: [String: String]
  private let gate: Gate

  /// - Parameter daemon: The daemon's environment. What would lead git elsewhere (`GIT_*`) or belongs to the daemon
  ///   alone is left out.
  init(daemon: [String: String], bounds: GitBounds) {
    let own: Set = [
      "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "LANGUAGE",
    ]
    var variables = daemon.filter { !$0.key.hasPrefix("GIT_") && !own.contains($0.key) }
    variables["PATH"] = variables["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    // Its words are read.
    variables["LC_ALL"] = "C"
    // Nobody is there to answer.
    variables["GIT_TERMINAL_PROMPT"] = "0"
    for name in ["GIT_ASKPASS", "SSH_ASKPASS", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR"] { variables[name] = "false" }
    variables["GIT_PAGER"] = "cat"
    // What only reads leaves the user's index alone.
    variables["GIT_OPTIONAL_LOCKS"] = "0"
    environment = variables
    self.bounds = bounds
    gate = Gate(places: bounds.atOnce)
  }

  /// In front of every command: nothing that runs programs of the user's choice, waits for a person, leaves something
  /// running, or makes a patch look different for every user.
  private static let settings = [
    "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.editor=false", "credential.helper=", "gc.auto=0",
    "maintenance.auto=false", "commit.gpgSign=false", "merge.autoStash=false", "rerere.enabled=false",
    "submodule.recurse=false", "advice.detachedHead=false", "core.quotePath=true", "diff.noprefix=false",
    "diff.mnemonicPrefix=false", "diff.orderFile=/dev/null",
  ].flatMap { ["-c", $0] }

  /// Runs git to its end, whatever its exit status.
  ///
  /// - Parameters:
  ///   - limit: Most bytes of its output.
  ///   - extra: More variables.
  ///   - file: An open file for its output.
  ///   - lock: What it and its children keep locked.
  /// - Throws: `notInstalled`, `timedOut`, `diskFull` (of `file`), `other`.
  func run(
    _ arguments: [String], at place: Place, within timeout: Duration? = nil, limit: Int = 64 << 10,
    extra: [String: String] = [:], file: Int32? = nil, lock: InheritedLock? = nil
  ) async throws(GitFailure) -> BoundedProgram.Ended {
    let executable: String
    do throws(ExecutableNotFound) {
      executable = try ExecutableFinder.find("git", path: environment["PATH"] ?? "", folder: "/")
    } catch {
      throw GitFailure(.notInstalled, "git is needed for worktrees: \(error)")
    }
    var program = BoundedProgram(
      executable, Self.settings + arguments, environment: environment.merging(extra) { $1 }, folder: place.folder,
      timeout: timeout ?? bounds.question, outputLimit: limit)
    if let directory = place.gitDirectory {
      program.environment["GIT_DIR"] = directory
      program.environment["GIT_WORK_TREE"] = place.workTree
    }
    if let file { program.destination = .file(file) }
    program.kept = lock?.descriptor
    let ready = program
    let ended = try await gate.pass { () async throws(GitFailure) in
      do throws(SystemError) {
        return try await ready.run()
      } catch {
        throw GitFailure(error.code == ENOSPC ? .diskFull : .other, "git can't be run in \(place.folder): \(error)")
      }
    }
    if ended.timedOut {
      throw GitFailure(
        .timedOut,
        "git \(arguments.first ?? "") took longer than \(ready.timeout) in \(place.folder) and was ended; try it there "
          + "by hand: a slow disk, a filter or a very large repository may be the reason")
    }
    if let code = ended.writeFailure {
      throw GitFailure(
        code == ENOSPC || code == EDQUOT ? .diskFull : .other,
        "what git \(arguments.first ?? "") said could not be written: \(String(cString: strerror(code)))")
    }
    return ended
  }

  /// Runs git and wants exit status 0; output that was cut at its limit is good too.
  ///
  /// - Throws: Also what git said.
  @discardableResult
  func check(
    _ arguments: [String], at place: Place, within timeout: Duration? = nil, limit: Int = 64 << 10,
    extra: [String: String] = [:], file: Int32? = nil, lock: InheritedLock? = nil
  ) async throws(GitFailure) -> BoundedProgram.Ended {
    let ended = try await run(
      arguments, at: place, within: timeout, limit: limit, extra: extra, file: file, lock: lock)
    guard ended.status == 0 || ended.isCut else { throw Self.failure(arguments, ended, at: place) }
    return ended
  }

  /// Runs git, and while somebody else's git holds a lock, again, for as long as `bounds.locks` says.
  func patiently(
    _ run: () async throws(GitFailure) -> BoundedProgram.Ended
  ) async throws(GitFailure) -> BoundedProgram.Ended {
    let clock = ContinuousClock()
    let end = clock.now + bounds.locks
    var pause = Duration.milliseconds(50)
    while true {
      let ended = try await run()
      guard ended.status != 0, Self.isLocked(ended.errors), clock.now + pause < end else { return ended }
      guard (try? await Task.sleep(for: pause)) != nil else { return ended }
      pause = min(pause * 2, .seconds(1))
    }
  }

  /// Whether git failed for another git that was at work at the same moment. (Its locks are files; and it reads what
  /// another one has made and not yet filled, in `.git/worktrees`.)
  static func isLocked(_ errors: [UInt8]) -> Bool {
    let text = String(decoding: errors, as: UTF8.self)
    return (text.contains("File exists") && (text.contains(".lock") || text.contains("could not lock")))
      || (text.contains("failed to read") && text.contains("commondir"))
  }

  /// What went wrong in a run that failed.
  static func failure(_ arguments: [String], _ ended: BoundedProgram.Ended, at place: Place) -> GitFailure {
    let text = String(decoding: ended.errors, as: UTF8.self)
    let folder = place.folder
    if text.contains("not a git repository") {
      return GitFailure(.notARepository, "\(folder) is in no git repository; run git init there, or use isolation none")
    }
    if text.contains("dubious ownership") || text.contains("unsafe repository") {
      return GitFailure(
        .refused,
        "git does not trust the repository of \(folder), which belongs to another user; if you do, run: git config "
          + "--global --add safe.directory with the folder of the repository")
    }
    if text.contains("No space left on device") || text.contains("Disk quota exceeded") {
      return GitFailure(.diskFull, "the disk is full: \(GitText.complaint(ended.errors)); free some space")
    }
    let words = GitText.complaint(ended.errors)
    let how = ended.status.map { "exit status \($0)" } ?? "ended by a signal"
    if isLocked(ended.errors) {
      return GitFailure(
        .refused,
        "another git is at work in the repository of \(folder), or one was killed and left its lock: \(words)")
    }
    return GitFailure(.other, "git \(arguments.first ?? "") failed in \(folder): \(words.isEmpty ? how : words)")
  }
}
