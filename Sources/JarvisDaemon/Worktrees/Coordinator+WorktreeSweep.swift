import JarvisGit
import JarvisLinux
import JarvisProtocol
import JarvisStore

// What the last daemon left of worktrees.
extension Coordinator {
  /// Whether a task that is `starting` in the journal was never told to the warden: it is only once its worktree is
  /// noted as made.
  func isUntold(_ state: TaskState, _ task: LiveTask) -> Bool {
    guard state == .starting, task.isIsolated else { return false }
    return worktrees[task.worktreeOwner].map { $0.state == .preparing } ?? true
  }

  /// Goes on with what was under way: removals that were begun, changes that were not read yet, folders that are gone.
  func restoreWorktrees() async throws(RPC.Failure) {
    let begun = try await stored { (store) throws(StoreError) in try await store.metas(prefix: Self.removalPrefix) }
    let removals = begun.compactMap { key, value -> (TaskID, WorktreeState)? in
      guard let id = TaskID(key.dropFirst(Self.removalPrefix.count)), let state = WorktreeState(rawValue: value) else {
        return nil
      }
      return (id, state)
    }
    // Without one, nothing is run: there may be no git.
    guard !worktrees.isEmpty || Output.size(of: paths.worktrees) != nil else { return }
    worktreeWork.sweep = Milestone()
    Task { await self.sweepWorktrees(removals) }
  }

  private func sweepWorktrees(_ removals: [(TaskID, WorktreeState)]) async {
    var names: [String]?
    do throws(GitFailure) { names = try await git.sweep() } catch {
      log.warning("the folder of worktrees can't be looked at: \(error)")
    }
    for (owner, state) in removals {
      do throws(GitFailure) { try await removeWorktree(owner, as: state) } catch {
        log.warning("the worktree of \(owner) was being removed, and is left as it is: \(error)")
      }
    }
    worktreeWork.sweep?.reach()
    worktreeWork.sweep = nil
    guard let names else { return }
    let there = Set(names)
    worktreeWork.strangers = names.filter { name in TaskID(name).map { worktrees[$0] == nil } ?? true }.sorted()
    if !worktreeWork.strangers.isEmpty {
      log.warning(
        "\(paths.worktrees) has folders that no task is known of, which are left alone: \(strangersText)")
    }
    for row in worktrees.values.sorted(by: { $0.task < $1.task }) {
      if row.state == .kept, !there.contains(row.task.description) { await lose(row.task) }
      settleWorktree(row.task)
    }
    endTurn()
  }

  private var strangersText: String {
    let shown = worktreeWork.strangers.prefix(5).joined(separator: ", ")
    return worktreeWork.strangers.count > 5 ? "\(shown) and \(worktreeWork.strangers.count - 5) more" : shown
  }

  /// The folder of a worktree that was kept is gone. What was committed is on its branch, which stays if it has some.
  private func lose(_ owner: TaskID) async {
    await takeTurn(owner)
    defer { worktreeWork.release(owner) }
    guard let row = worktrees[owner], row.state == .kept else { return }
    do throws(GitFailure) {
      guard try await git.diff(of: row.place, patchTo: nil, limit: 0).isEmpty else {
        return change(owner) { $0.problem = "its folder is gone; what was committed is on its branch" }
      }
      try await removeWorktree(owner, as: .lost)
    } catch {
      change(owner) {
        $0.state = .lost
        $0.problem = error.description
      }
    }
    log.warning("the worktree of \(owner), \(row.path), is gone")
  }

  /// `doctor`: whether worktrees can be made, and what there is of them.
  func addWorktreeChecks(_ add: (String, DaemonDoctor.Status, String, String?) -> Void) {
    guard (try? ExecutableFinder.find("git", path: ProcessEnvironment.values["PATH"] ?? "", folder: "/")) != nil else {
      return add(
        "worktrees", .warning, "git is not in the daemon's PATH: tasks with `isolation` are refused", "install git")
    }
    let kept = worktrees.values.count { $0.state == .kept }
    let used = worktrees.values.count { $0.state != .kept && !$0.state.isGone }
    let text = "\(used) in use, \(kept) to be merged or removed"
    if worktreeWork.strangers.isEmpty {
      add("worktrees", .ok, text, nil)
    } else {
      add(
        "worktrees", .warning, "\(text); folders that no task is known of in \(paths.worktrees): \(strangersText)",
        "look what is in them; `git worktree remove FOLDER` removes one that is not needed")
    }
  }
}
