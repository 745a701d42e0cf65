import Glibc
import JarvisLinux

/// One merge into a folder that was clean a moment ago, and is as it was when it fails.
struct Merge {
  let worktrees: GitWorktrees
  /// The top of the work tree that is merged into.
  let folder: String
  /// The branch that it has checked out.
  let branch: String
  /// Its commit before.
  let head: String
  /// What is merged.
  let commit: String
  /// Whether that has work that the worktree's own branch does not have yet.
  let hasRest: Bool
  let place: WorktreePlace
  let message: String
  /// Variables of every run.
  let extra: [String: String]
  let lock: InheritedLock

  private var git: GitProgram { worktrees.git }
  private var target: GitProgram.Place { .folder(folder) }

  /// Said in full, so that the user's settings for merges (`merge.ff`, `branch.main.mergeOptions`) decide nothing.
  private static let options = [
    "merge", "--no-edit", "--ff", "--no-verify", "--no-gpg-sign", "--no-verify-signatures", "--no-stat", "--no-log",
    "--no-signoff", "--no-overwrite-ignore", "--no-rerere-autoupdate",
  ]

  /// Refuses work that is in another repository. Of one that the agent made or cloned in its worktree, or of a
  /// submodule that it committed in, git takes no more along than a commit's number: the commits themselves may be in
  /// the worktree alone, and would go with it.
  func refuseRepositories() async throws(GitFailure) {
    let ancestor = try await git.run(["merge-base", head, commit], at: target, within: git.bounds.reading)
    let base = ancestor.status == 0 ? GitText.line(ancestor.output) ?? head : head
    let ended = try await git.check(
      ["diff-tree", "-r", "--raw", "-z", "--no-renames", "--ignore-submodules=none", base, commit, "--"], at: target,
      within: git.bounds.reading, limit: git.bounds.names)
    var fields = GitText.fields(ended.output)[...]
    // `:100644 160000 … A NUL name NUL`; 160000 is a commit of another repository.
    while let entry = fields.popFirst(), let name = fields.popFirst() {
      guard entry.dropFirst(8).starts(with: "160000".utf8) else { continue }
      let shown = GitText.shown(GitText.name(name))
      throw GitFailure(
        .refused,
        "\(shown) in \(place.path) is a repository of its own, and a merge would take its files not along. Of a "
          + "submodule, push its commits and merge \(place.branch) by hand; else move it away, or delete its .git folder"
      )
    }
  }

  /// Merges, moving the branch forward where that is enough.
  func merge() async throws(GitFailure) -> MergeOutcome.Kind {
    if try await isThere() { return .nothing }
    let arguments =
      Self.options + ["--commit", "--no-squash", "-m", "Merge branch '\(place.branch)'\n\n\(message)", commit]
    let ended = try await run(arguments)
    guard ended.status == 0 else { throw await undone(arguments, ended) }
    let new = try await git.check(["rev-parse", "HEAD"], at: target)
    return GitText.line(new.output) == commit ? .fastForward : .merged
  }

  /// Makes one commit with all changes.
  func squash() async throws(GitFailure) -> MergeOutcome.Kind {
    if try await isThere() { return .nothing }
    let arguments = Self.options + ["--squash", commit]
    let merged = try await run(arguments)
    guard merged.status == 0 else { throw await undone(arguments, merged) }
    let changed = try await git.run(["diff", "--cached", "--quiet"], at: target, within: git.bounds.reading)
    if changed.status == 0 {
      // The user's next commit would begin with it.
      await forgetMessage()
      return .nothing
    }
    let commit = [
      "commit", "--no-verify", "--no-gpg-sign", "--no-signoff", "--cleanup=whitespace", "-q", "-m", message,
    ]
    let committed = try await run(commit)
    guard committed.status == 0 else { throw await undone(commit, committed) }
    return .squashed
  }

  private func isThere() async throws(GitFailure) -> Bool {
    let ended = try await git.run(
      ["merge-base", "--is-ancestor", commit, head], at: target, within: git.bounds.reading)
    guard let status = ended.status, status <= 1 else {
      throw GitProgram.failure(["merge-base"], ended, at: target)
    }
    return status == 0
  }

  private func run(_ arguments: [String]) async throws(GitFailure) -> BoundedProgram.Ended {
    do throws(GitFailure) {
      return try await git.patiently { () async throws(GitFailure) in
        try await git.run(arguments, at: target, within: git.bounds.writing, extra: extra, lock: lock)
      }
    } catch {
      guard error.kind == .timedOut else { throw error }
      throw GitFailure(
        .timedOut,
        "\(error); it was in the middle of its work: look with git status in \(folder), and run git reset "
          + "--merge there to go back")
    }
  }

  /// Takes a failed merge back, and tells why it failed.
  private func undone(_ arguments: [String], _ ended: BoundedProgram.Ended) async -> GitFailure {
    let failure = await reason(arguments, ended)
    do throws(GitFailure) {
      try await git.check(["reset", "--merge", "-q", head], at: target, within: git.bounds.writing, lock: lock)
      await forgetMessage()
    } catch {
      return GitFailure(
        failure.kind, "\(failure); and the merge could not be taken back: \(error). Run in \(folder): git reset --merge"
      )
    }
    return failure
  }

  private func reason(_ arguments: [String], _ ended: BoundedProgram.Ended) async -> GitFailure {
    let unmerged = try? await git.check(
      ["diff", "--name-only", "--diff-filter=U", "-z"], at: target, within: git.bounds.reading,
      limit: git.bounds.names)
    let files = GitText.fields(unmerged?.output ?? []).filter { !$0.isEmpty }.map { GitText.name($0) }
    if !files.isEmpty {
      let named = Dirt(count: files.count, names: files).summary
      // git merges into no file with uncommitted changes.
      let before = hasRest ? "Commit what is in the worktree \(place.path), then run" : "Run"
      let there = hasRest ? "there" : "in the worktree \(place.path)"
      return GitFailure(
        .conflict(Array(files.prefix(WorktreeDiff.mostFiles))),
        "\(place.branch) and \(branch) in \(folder) change the same places in \(named); nothing was changed. "
          + "\(before) git merge \(branch) \(there), resolve the conflicts, commit, and merge again")
    }
    if String(decoding: ended.errors, as: UTF8.self).contains("would be overwritten by merge") {
      return GitFailure(
        .refused, "files in \(folder) that are in no commit stand in the way: \(GitText.complaint(ended.errors))")
    }
    return GitProgram.failure(arguments, ended, at: target)
  }

  private func forgetMessage() async {
    let ended = try? await git.run(["rev-parse", "--absolute-git-dir"], at: target)
    if let directory = ended.flatMap({ GitText.line($0.output) }) { unlink("\(directory)/SQUASH_MSG") }
  }
}
