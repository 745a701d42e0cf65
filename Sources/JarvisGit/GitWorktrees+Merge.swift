import JarvisLinux

extension GitWorktrees {
  /// Merges a worktree's work, uncommitted work included, into the branch that is checked out in `folder`. The worktree
  /// and its branch stay, clean and with everything committed; `remove(force: true)` then loses nothing.
  ///
  /// - Parameters:
  ///   - branch: The branch that must be checked out in `folder`; nil: whichever is.
  ///   - message: Of the commit of uncommitted work, of the squashed commit, and the body of a merge commit's.
  ///   - squash: One commit with all changes, instead of the agent's own commits.
  /// - Throws: `conflict`, `dirty`, `busy`, `refused` and what `look` throws; nothing was changed then. After
  ///   `timedOut` the folder may need a `git reset --merge`.
  public func merge(
    _ place: WorktreePlace, into folder: String, expecting branch: String?, message: String, squash: Bool
  ) async throws(GitFailure) -> MergeOutcome {
    try await alone(with: place.commonDirectory) { (lock) async throws(GitFailure) in
      let target = try await target(folder, for: place, expecting: branch)
      let copy = try await workingCopy(of: place)
      let identity = try await identity(at: .folder(target.topLevel))
      let text = Self.message(message, of: place)
      let work = try await committed(copy, of: place, message: text, identity)
      let merge = Merge(
        worktrees: self, folder: target.topLevel, branch: target.branch, head: target.head, commit: work.commit,
        hasRest: work.isNew, place: place, message: text, extra: identity, lock: lock)
      try await merge.refuseRepositories()
      let kind = try await squash ? merge.squash() : merge.merge()
      guard let commit = try await commit(of: "refs/heads/\(target.branch)", common: place.commonDirectory) else {
        throw GitFailure(.other, "the branch \(target.branch) is gone")
      }
      if work.isNew { await keep(work.commit, in: copy, of: place, lock) }
      return MergeOutcome(kind: kind, branch: target.branch, commit: commit, committedRest: work.isNew)
    }
  }

  /// A message as one argument of a program: without zero bytes, and no longer than the kernel takes.
  private static func message(_ text: String, of place: WorktreePlace) -> String {
    let kept = String(decoding: text.utf8.filter { $0 != 0 }.prefix(32 << 10), as: UTF8.self)
    return kept.allSatisfy(\.isWhitespace) ? "Work of \(place.branch)" : kept
  }

  /// Where the work is to go.
  private func target(
    _ folder: String, for place: WorktreePlace, expecting branch: String?
  ) async throws(GitFailure) -> (topLevel: String, head: String, branch: String) {
    let state = try await look(at: folder, dirt: true, inHead: false)
    guard state.commonDirectory == place.commonDirectory else {
      throw GitFailure(
        .refused,
        "\(folder) is in the repository \(state.commonDirectory), and the worktree is of "
          + place.commonDirectory)
    }
    guard let current = state.branch else {
      throw GitFailure(.refused, "\(folder) has no branch checked out; run: git switch \(branch ?? "BRANCH")")
    }
    if let branch, branch != current {
      throw GitFailure(
        .refused,
        "\(folder) has the branch \(current) checked out and not \(branch); run git switch \(branch) there, or say that "
          + "the work is to go into \(current)")
    }
    guard current != place.branch else {
      throw GitFailure(.refused, "\(folder) has the worktree's own branch \(current) checked out; name another folder")
    }
    guard state.dirt.isEmpty else {
      throw GitFailure(
        .dirty(state.dirt),
        "\(state.topLevel) has uncommitted changes in \(state.dirt.summary); commit or stash them first")
    }
    return (state.topLevel, state.head, current)
  }

  /// The commit with all work of a worktree. Where some is uncommitted it is made, beside the branch, which stays.
  private func committed(
    _ copy: WorkingCopy, of place: WorktreePlace, message: String, _ identity: [String: String]
  ) async throws(GitFailure) -> (commit: String, isNew: Bool) {
    guard let branchCommit = copy.branchCommit else {
      throw GitFailure(.refused, "the branch \(place.branch) is gone; look into \(place.path) and commit by hand")
    }
    guard copy.hasFolder else { return (branchCommit, false) }
    guard let registration = copy.registration else {
      throw GitFailure(
        .refused, "the repository does not know \(place.path) any more; run: git worktree repair \(place.path)")
    }
    if let activity = Self.activity(in: registration.directory) {
      throw GitFailure(
        .busy(activity.name),
        "the worktree \(place.path) is in the middle of a \(activity.name); end it there (\(activity.advice))")
    }
    guard registration.branch == place.branch, copy.head == branchCommit else {
      throw GitFailure(
        .refused,
        "the worktree \(place.path) is on \(registration.branch ?? "no branch") and not on \(place.branch); merge by "
          + "hand, or run there: git switch \(place.branch)")
    }
    guard try await !changes(at: copy.place, untracked: true).isEmpty else { return (branchCommit, false) }
    return try await withIndexCopy(of: copy) { (index) async throws(GitFailure) in
      let unmerged = try await git.check(["ls-files", "--unmerged", "-z"], at: copy.place, extra: index)
      guard unmerged.output.isEmpty else {
        throw GitFailure(.refused, "\(place.path) has unresolved conflicts; resolve them there and run: git add -A")
      }
      try await git.check(["add", "--all", "--", "."], at: copy.place, within: git.bounds.writing, extra: index)
      let tree = try await git.check(["write-tree"], at: copy.place, extra: index)
      let old = try await git.check(["rev-parse", "\(branchCommit)^{tree}"], at: copy.place)
      guard let name = GitText.line(tree.output), tree.output != old.output else { return (branchCommit, false) }
      let made = try await git.check(
        ["commit-tree", name, "-p", branchCommit, "-m", message], at: copy.place, extra: identity)
      guard let commit = GitText.line(made.output), Self.isCommit(commit) else {
        throw GitFailure(.other, "git commit-tree said no commit in \(place.path)")
      }
      return (commit, true)
    }
  }

  /// Puts the worktree's branch onto the commit of its uncommitted work, now that it is merged.
  private func keep(_ commit: String, in copy: WorkingCopy, of place: WorktreePlace, _ lock: InheritedLock) async {
    do throws(GitFailure) {
      guard let old = copy.branchCommit else { return }
      try await git.check(
        ["update-ref", "refs/heads/\(place.branch)", commit, old], at: Self.bare(place.commonDirectory), lock: lock)
      try await git.check(["reset", "-q"], at: copy.place, within: git.bounds.reading, lock: lock)
    } catch {
      log.warning("the work of \(place.branch) is merged, but its own branch is not on it: \(error)")
    }
  }

  /// Variables that name an author where git's settings don't.
  private func identity(at place: GitProgram.Place) async throws(GitFailure) -> [String: String] {
    for variable in ["GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"] {
      let ended = try await git.run(["-c", "user.useConfigOnly=true", "var", variable], at: place)
      if ended.status != 0 {
        return [
          "GIT_AUTHOR_NAME": "Jarvis", "GIT_AUTHOR_EMAIL": "jarvis@localhost", "GIT_COMMITTER_NAME": "Jarvis",
          "GIT_COMMITTER_EMAIL": "jarvis@localhost",
        ]
      }
    }
    return [:]
  }
}
