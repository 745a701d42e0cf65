import Glibc
import JarvisGit
import JarvisLinux
import JarvisProtocol
import JarvisStore
import WardenProtocol

// Worktrees of tasks: asked for at submission, made between the decision to start and the message to the warden, read
// when the task is over. One thing at a time is done with each; several are made side by side.
extension Coordinator {
  // MARK: Submission

  /// Refuses a batch of which a task can't have the worktree that it asks for. Reads only, beside the actor.
  nonisolated func checkIsolation(of batch: PreparedBatch) async throws(RPC.Failure) {
    struct Look: Hashable {
      var folder: String
      var allowsDirt: Bool
    }
    /// Different folders that one batch may have worktrees of.
    let most = 64
    var seen: Set<Look> = []
    for (i, task) in batch.tasks.enumerated() where task.spec.isolation == .worktree && task.worktree == nil {
      guard seen.insert(Look(folder: task.cwd, allowsDirt: task.spec.allowDirty)).inserted else { continue }
      let path = WirePath.field(.index(.field(.root("params"), "tasks"), i), "isolation")
      guard seen.count <= most else {
        throw RPC.Failure(
          WireError(path, "is asked for in more than \(most) different folders; submit them as several batches"))
      }
      do throws(GitFailure) {
        let state = try await git.look(at: task.cwd, dirt: !task.spec.allowDirty)
        guard state.dirt.isEmpty || task.spec.allowDirty else {
          throw GitFailure(
            .dirty(state.dirt),
            "\(state.topLevel) has changes that are not committed, and a worktree would not have them: "
              + "\(state.dirt.summary). Commit or stash them, or pass allow_dirty (--allow-dirty) to go without them.")
        }
      } catch {
        throw RPC.Failure(WireError(path, "can't be worktree: \(error.description)"))
      }
    }
  }

  /// Refuses to go on in a worktree that a task works in.
  func checkWorktreeIsFree(_ owner: TaskID) throws(RPC.Failure) {
    guard !worktreeWork.claims.contains(owner) else {
      throw RPC.Failure(
        .conflict,
        "another task is just being submitted that goes on in the worktree of \(owner); try again when it is over",
        data: ["id": .string("\(owner)")])
    }
    guard let other = tasks.values.first(where: { $0.isIsolated && $0.worktreeOwner == owner && !$0.state.isTerminal })
    else { return }
    throw RPC.Failure(
      .conflict,
      "task \(other.id) works in the worktree of \(owner), or is about to; try again when it is over",
      data: ["id": .string("\(other.id)")])
  }

  /// Those of tasks to be run again that go on in the worktree that there is, by their ids.
  func worktrees(ofRetried list: [(TaskRow, StoredSpec)]) throws(RPC.Failure) -> [TaskID: TaskID] {
    var owners: [TaskID: TaskID] = [:]
    for (row, stored) in list where stored.spec.isolation == .worktree {
      let owner = stored.worktree ?? row.id
      // A conversation is known by its folder.
      guard worktrees[owner]?.state.isGone == false || stored.session != nil else { continue }
      try checkWorktreeIsFree(owner)
      if let twin = owners.first(where: { $0.value == owner })?.key {
        throw RPC.Failure(
          .conflict, "tasks \(twin) and \(row.id) have one worktree, that of \(owner): retry one of them",
          data: ["id": .string("\(row.id)")])
      }
      owners[row.id] = owner
    }
    return owners
  }

  /// The worktree that a task works in, or worked in, while that is there.
  func worktreePath(of stored: StoredSpec, _ id: TaskID) -> String? {
    guard stored.spec.isolation == .worktree, let row = worktrees[stored.worktree ?? id] else { return nil }
    return row.state == .preparing || row.state.isGone ? nil : row.path
  }

  /// A task that is over.
  func view(of row: TaskRow) -> TaskView {
    var view = TaskView(row)
    if view.isolation == .worktree, let stored = StoredSpec(stored: row.specJSON) {
      view.worktree = worktreePath(of: stored, row.id)
    }
    return view
  }

  // MARK: Preparation

  /// Whether a task is to have a worktree that it has not got yet.
  func wantsWorktree(_ task: LiveTask) -> Bool { task.isIsolated && task.run?.place == nil }

  /// Makes the worktree of a task that is to start, or takes the one that there is, and goes on with the start.
  func prepareWorktree(of id: TaskID, _ key: RunKey) {
    guard tasks[id]?.run?.preparation == nil else { return }
    worktreeWork.preparation += 1
    let number = worktreeWork.preparation
    tasks[id]?.run?.preparation = number
    worktreeWork.preparations[id] = Task { await self.makeWorktree(of: id, key, number) }
  }

  /// The task is to be stopped while its worktree is being made. There is no process: it is over at once, and what was
  /// made of the worktree is looked at when git has ended.
  func stopPreparing(_ id: TaskID, _ cause: StopCause) {
    // git goes on to its end: cut off, it would leave more to tidy up than it has left to do.
    worktreeWork.preparations[id] = nil
    if case .requeue(let why) = cause { return putBack(id, why) }
    tasks[id]?.run?.stop = cause
    tasks[id]?.run?.phase = .exited
    end(id, cause.stateWithoutRun, cause.sentenceWithoutRun)
  }

  private func makeWorktree(of id: TaskID, _ key: RunKey, _ number: Int) async {
    guard let owner = tasks[id]?.worktreeOwner else { return }
    await takeTurn(owner)
    do throws(StartError) {
      if isWanted(id, number), let place = try await place(for: id, number, owner), isWanted(id, number) {
        worktreeWork.preparations[id] = nil
        tasks[id]?.run?.place = place
        tasks[id]?.run?.preparation = nil
        requestStart(id, key)
      }
    } catch {
      if isWanted(id, number) {
        worktreeWork.preparations[id] = nil
        if error.isPassing || isStopping {
          putBack(id, isStopping ? "Jarvis is stopping" : error.message)
        } else {
          tasks[id]?.run?.phase = .exited
          end(id, .failed, error.message)
        }
      }
    }
    worktreeWork.release(owner)
    settleWorktree(owner)
    endTurn()
  }

  /// Whether an attempt still waits for this preparation of its worktree.
  private func isWanted(_ id: TaskID, _ number: Int) -> Bool {
    guard let run = tasks[id]?.run else { return false }
    return run.preparation == number && run.phase == .deciding
  }

  /// Nil where the attempt is not wanted any more.
  private func place(for id: TaskID, _ number: Int, _ owner: TaskID) async throws(StartError) -> TaskPlace? {
    if let row = worktrees[owner], row.state != .preparing, !row.state.isGone,
      let place = try await placeThatIsThere(row)
    {
      guard isWanted(id, number) else { return nil }
      worktrees[owner]?.state = .active
      try await keep(owner)
      return place
    }
    guard isWanted(id, number), let folder = tasks[id]?.stored.cwd else { return nil }
    let state: RepositoryState
    do throws(GitFailure) { state = try await git.look(at: folder, dirt: false) } catch {
      throw StartError(message: "it could not be started: its worktree can't be made: \(error.description)")
    }
    guard isWanted(id, number), let task = tasks[id] else { return nil }
    // Known before git begins: whatever dies, nothing lies about that nobody knows of.
    announce(task, owner, state)
    try await keep(owner)
    guard isWanted(id, number) else { return nil }
    let place: WorktreePlace
    do throws(GitFailure) { place = try await git.add(task: owner.description, from: state) } catch {
      if !isStopping { forgetUnmade(owner, error) }
      throw StartError(message: "it could not be started: its worktree could not be made: \(error.description)")
    }
    if var row = worktrees[owner] {
      (row.path, row.branch, row.base) = (place.path, place.branch, place.base)
      // It may have been cancelled meanwhile.
      row.state = user(of: row) == nil ? .capturing : .active
      worktrees[owner] = row
    }
    try await keep(owner)
    return TaskPlace(worktree: place.path, folder: place.folder(state.subfolder))
  }

  /// The worktree of an earlier attempt; nil where its folder is gone.
  private func placeThatIsThere(_ row: WorktreeRow) async throws(StartError) -> TaskPlace? {
    var status = stat()
    guard lstat(row.path, &status) == 0 else { return nil }
    do throws(GitFailure) {
      let state = try await git.look(at: row.path, dirt: false)
      guard state.topLevel == row.path, state.commonDirectory == row.repository else {
        throw GitFailure(.refused, "\(row.path) is no worktree of \(row.repository) any more")
      }
    } catch {
      // A merge that an attempt left half done is the next one's to end.
      guard case .busy = error.kind else {
        throw StartError(message: "it could not be started: its worktree can't be used: \(error.description)")
      }
    }
    return TaskPlace(worktree: row.path, folder: row.place.folder(row.subfolder))
  }

  /// Notes the worktree that is about to be made.
  private func announce(_ task: LiveTask, _ owner: TaskID, _ state: RepositoryState) {
    var row = WorktreeRow(
      task: owner, batch: task.batch, parent: task.stored.parent, title: task.title,
      context: batches[task.batch]?.row.branch ?? "", state: .preparing, path: "\(paths.worktrees)/\(owner)",
      branch: "", base: state.head, repository: state.commonDirectory, folder: task.stored.cwd,
      subfolder: state.subfolder, target: state.branch, createdAt: now())
    // Of one that is made again for another task, the first one's batch stays.
    if let old = worktrees[owner] { (row.batch, row.title, row.parent) = (old.batch, old.title, old.parent) }
    worktrees[owner] = row
  }

  /// Returns when what is known of a worktree is on the disk. The warden is told of a start after that: one whose
  /// worktree is not noted as made never took place.
  private func keep(_ owner: TaskID) async throws(StartError) {
    guard let row = worktrees[owner] else { return }
    parcel.changes.append(.worktree(row))
    do throws(RPC.Failure) { try await confirm() } catch { throw StartError(message: error.message, isPassing: true) }
  }

  /// git has made nothing, or taken it away again.
  private func forgetUnmade(_ owner: TaskID, _ error: GitFailure) {
    guard worktrees[owner]?.state == .preparing else { return }
    change(owner) {
      $0.state = .removed
      $0.problem = error.description
    }
  }

  // MARK: Turns

  /// Returns when nobody else does something with a worktree; `worktreeWork.release` hands the turn on.
  func takeTurn(_ owner: TaskID) async {
    // What the sweep deletes must be nobody's. It is bounded by what there is to delete.
    if let sweep = worktreeWork.sweep { await sweep.reached(within: 600) }
    if worktreeWork.take(owner) { return }
    await withCheckedContinuation { worktreeWork.wait(for: owner, $0) }
  }

  /// A task that works in a worktree, or is about to; nil where nobody does.
  func user(of row: WorktreeRow) -> TaskID? {
    tasks.values.first { task in
      guard !task.state.isTerminal else { return false }
      return task.isIsolated && task.worktreeOwner == row.task || row.holds(task.stored.cwd)
    }?.id
  }
}
