import Glibc
import JarvisGit
import JarvisLinux
import JarvisProtocol
import JarvisStore

// The end of a task that has a worktree: what it changed is read and kept; where that is nothing, the worktree goes.
extension Coordinator {
  /// Longest patch that is kept, in bytes.
  static let mostPatch = 16 << 20

  /// Where the patch of a worktree is.
  nonisolated func patch(of owner: TaskID) -> String { "\(paths.output(of: owner).folder)/\(owner).patch" }

  /// A task ends: that its changes are to be read goes to the disk with its end. Of one that is still being made there
  /// are none.
  func oweDiff(of task: LiveTask) {
    guard task.isIsolated, var row = worktrees[task.worktreeOwner], row.state == .active || row.state == .kept else {
      return
    }
    row.state = .capturing
    worktrees[row.task] = row
    parcel.changes.append(.worktree(row))
  }

  /// A task is over and forgotten: the worktree that it worked in may be nobody's now, and so may one that its folder
  /// was in.
  func leaveWorktrees(_ task: LiveTask) {
    guard !worktrees.isEmpty else { return }
    if task.isIsolated { settleWorktree(task.worktreeOwner) }
    for row in worktrees.values where row.state == .capturing && row.holds(task.stored.cwd) { settleWorktree(row.task) }
  }

  /// Whether a worktree has no end yet, though nobody works there any more.
  private func isOwed(_ row: WorktreeRow) -> Bool {
    !row.state.isGone && row.state != .kept && user(of: row) == nil
  }

  /// Reads what was changed in a worktree whose task is over, once nobody works there any more.
  func settleWorktree(_ owner: TaskID) {
    guard let row = worktrees[owner], isOwed(row), !isStopping, worktreeWork.captures[owner] == nil else { return }
    worktreeWork.captures[owner] = Task { await self.capture(owner) }
  }

  private func capture(_ owner: TaskID) async {
    await takeTurn(owner)
    if let row = worktrees[owner], isOwed(row), !isStopping {
      do throws(GitFailure) {
        if row.branch.isEmpty { try await finish(row) }
        let diff = try await read(worktrees[owner] ?? row)
        if diff.isEmpty {
          unlink(patch(of: owner))
          try await removeWorktree(owner, as: .clean)
          log.debug("\(owner) changed nothing; its worktree is removed")
        } else {
          change(owner) { $0.state = .kept }
          log.info("\(owner) changed \(worktrees[owner]?.changes?.sentence ?? ""), kept on branch \(row.branch)")
        }
      } catch {
        // On the way down it was cut off, and stays owed.
        if !isStopping { leave(owner, error) }
      }
    }
    worktreeWork.captures[owner] = nil
    worktreeWork.captured.removeValue(forKey: owner)?.reach()
    worktreeWork.release(owner)
    endTurn()
  }

  /// What became of a worktree whose making was cut off is not known, its branch included: made again, it is.
  func finish(_ row: WorktreeRow) async throws(GitFailure) {
    let state = try await git.look(at: row.folder, dirt: false)
    let place = try await git.add(task: row.task.description, from: state)
    change(row.task) {
      ($0.path, $0.branch, $0.base) = (place.path, place.branch, place.base)
      if $0.state == .preparing { $0.state = .capturing }
    }
  }

  private func leave(_ owner: TaskID, _ error: GitFailure) {
    log.warning("the worktree of \(owner) is left as it is: \(error)")
    change(owner) {
      $0.state = .kept
      $0.problem = error.description
    }
  }

  /// Reads what is changed in a worktree, now; the caller has the turn.
  func read(_ row: WorktreeRow) async throws(GitFailure) -> JarvisGit.WorktreeDiff {
    let file = patch(of: row.task)
    do throws(PrivateFolderError) { try ensurePrivateDirectory(paths.output(of: row.task).folder) } catch {
      throw GitFailure(.other, "the patch has no place: \(error)")
    }
    let diff = try await git.diff(of: row.place, patchTo: file, limit: Self.mostPatch)
    let time = now()
    change(row.task) {
      $0.note(diff, at: time)
      $0.problem = nil
    }
    return diff
  }

  /// Changes what is known of a worktree, and has it stored.
  func change(_ owner: TaskID, _ body: (inout WorktreeRow) -> Void) {
    guard var row = worktrees[owner] else { return }
    body(&row)
    worktrees[owner] = row
    parcel.changes.append(.worktree(row))
    if row.state.isGone { Task { await self.drop(owner) } }
    endTurn()
  }

  /// Lets go of a worktree that is gone, once the store has that: until then the store would tell of it as it was.
  func drop(_ owner: TaskID) async {
    // Without the store it stays in memory, which is right too.
    guard (try? await confirm()) != nil, worktrees[owner]?.state.isGone == true else { return }
    worktrees[owner] = nil
  }

  /// Removes a worktree and its branch; the caller has the turn. What it is to become is in the store before git begins,
  /// so that the next daemon ends what this one could not.
  /// - Parameter state: `clean` is refused where something would be lost; the others are not.
  func removeWorktree(_ owner: TaskID, as state: WorktreeState) async throws(GitFailure) {
    guard let row = worktrees[owner], !row.state.isGone else {
      return parcel.changes.append(.meta(key: Self.removalKey(owner), value: nil))
    }
    parcel.changes.append(.meta(key: Self.removalKey(owner), value: state.rawValue))
    try await confirmWorktree()
    do throws(GitFailure) {
      try await git.remove(row.place, force: state == .merged || state == .removed)
    } catch {
      parcel.changes.append(.meta(key: Self.removalKey(owner), value: nil))
      throw error
    }
    parcel.changes.append(.meta(key: Self.removalKey(owner), value: nil))
    change(owner) { $0.state = state }
  }

  /// Returns when everything changed so far is on the disk.
  func confirmWorktree() async throws(GitFailure) {
    do throws(RPC.Failure) { try await confirm() } catch { throw GitFailure(.other, error.message) }
  }

  /// Where the store remembers that a worktree is being removed.
  static func removalKey(_ owner: TaskID) -> String { "\(removalPrefix)\(owner)" }
  static let removalPrefix = "worktree/"

  /// Returns when the changes of a task that is over have been read, or can't be soon.
  func captured(_ owner: TaskID, within seconds: Double) async {
    guard let row = worktrees[owner], isOwed(row) else { return }
    settleWorktree(owner)
    guard worktreeWork.captures[owner] != nil else { return }
    let milestone = worktreeWork.captured[owner] ?? Milestone()
    worktreeWork.captured[owner] = milestone
    await milestone.reached(within: seconds)
  }
}
