import JarvisLinux
import Logging

/// The worktrees of tasks: one folder for each below one folder of all, each on a branch of its own.
///
/// Everything that Jarvis does with git is done here, by the git program. Operations that write into a repository's
/// `.git` wait for one another (one queue a repository, in this process and between processes that share the folder);
/// what only reads runs beside them, a few at once on the whole machine. Every run of git has an end, in time and in
/// what it writes. Hooks, fsmonitor, editors, prompts and credentials are off; filters and merge drivers of the
/// repository's configuration do run, since without them files would be wrong.
public final class GitWorktrees: Sendable {
  let root: String
  let environment: [String: String]
  let log: Logger

  /// - Parameters:
  ///   - root: The folder of all worktrees; made, mode 0700, with the first one. Names in it that begin with a dot are
  ///     this type's own (locks, and what is being deleted).
  ///   - environment: The daemon's environment; `GIT_*` variables in it are not used.
  ///   - log: Where it says what it cleaned up.
  public init(root: String, environment: [String: String], log: Logger) {
    self.root = root
    self.environment = environment
    self.log = log
  }

  /// The repository that holds `folder`, as a worktree would be made from it.
  ///
  /// - Parameter dirt: Whether to look for changes of tracked files, which takes time in a large repository. They are
  ///   no failure: whether they matter is the caller's question.
  /// - Throws: `notInstalled`, `notARepository`, `bare`, `noCommit`, `notInHead`, `busy`, `refused` (git does not trust
  ///   the repository's owner), `timedOut`, `other`.
  public func look(at folder: String, dirt: Bool) async throws(GitFailure) -> RepositoryState {
    throw GitFailure(.other, "not built yet")
  }

  /// Makes the worktree of a task, with what an earlier try for the same task left behind removed first, and what a
  /// try that fails leaves behind too. A finished worktree of the task that nobody has worked in is taken as it is.
  ///
  /// - Parameter name: The task's id: letters, digits, `.`, `_` and `-`.
  /// - Throws: `diskFull`, `timedOut`, `refused` (something else is in its place), `other`.
  public func add(task name: String, from state: RepositoryState) async throws(GitFailure) -> WorktreePlace {
    throw GitFailure(.other, "not built yet")
  }

  /// What changed in a worktree since its base commit. The agent's index is not touched and no object is written. Of a
  /// worktree whose folder is gone, what its branch has.
  ///
  /// - Parameters:
  ///   - path: Where to write the patch (which `git apply` takes, mode 0600); nil: nowhere. A file that is there is
  ///     replaced, whole.
  ///   - limit: Most bytes of the patch.
  public func diff(of place: WorktreePlace, patchTo path: String?, limit: Int) async throws(GitFailure) -> WorktreeDiff
  {
    throw GitFailure(.other, "not built yet")
  }

  /// Merges a worktree's work, uncommitted work included, into the branch that is checked out in `folder`. The worktree
  /// and its branch stay, clean and with everything committed; `remove(force: true)` then loses nothing.
  ///
  /// - Parameters:
  ///   - branch: The branch that must be checked out in `folder`; nil: whichever is.
  ///   - message: Of the commit of uncommitted work, of the squashed commit, and the body of a merge commit's.
  ///   - squash: One commit with all changes, instead of the agent's own commits.
  /// - Throws: `conflict`, `dirty`, `busy`, `refused` and what `look` throws; nothing was changed then.
  public func merge(
    _ place: WorktreePlace, into folder: String, expecting branch: String?, message: String, squash: Bool
  ) async throws(GitFailure) -> MergeOutcome {
    throw GitFailure(.other, "not built yet")
  }

  /// What `remove` would lose.
  public func loss(of place: WorktreePlace) async throws(GitFailure) -> Loss {
    throw GitFailure(.other, "not built yet")
  }

  /// Removes a worktree and its branch, or what is left of them; removing what is gone is no failure. A branch that
  /// somebody has checked out elsewhere stays.
  ///
  /// - Parameter force: Even if something is lost.
  /// - Throws: `refused` without `force`, saying what would be lost; nothing was removed then.
  public func remove(_ place: WorktreePlace, force: Bool) async throws(GitFailure) {
    throw GitFailure(.other, "not built yet")
  }

  /// Deletes what interrupted removals left and names the folders of worktrees that there are (the last parts of their
  /// paths). For the start of the daemon: a folder that nobody knows, and a place whose folder is not named, are to be
  /// told to people.
  public func sweep() async throws(GitFailure) -> [String] {
    throw GitFailure(.other, "not built yet")
  }
}
