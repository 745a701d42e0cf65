import JarvisGit
import JarvisLinux
import JarvisProtocol
import JarvisStore

// What is done with the worktree of a task that is over.
extension Coordinator {
  func merge(_ query: WorktreeMerge.Parameters, _ caller: Caller) async throws(RPC.Failure) -> WorktreeMerge.Result {
    let owner = try await worktree(of: query.id).task
    try await take(owner, caller, to: "be merged")
    defer { worktreeWork.release(owner) }
    let row = try free(owner, to: "be merged")
    let folder = query.folder ?? row.folder
    guard Folder.isFolder(folder, followingLinks: true) else {
      throw RPC.Failure(
        .conflict,
        "the folder that \(owner) was submitted for is not there any more: \(folder). Name another one that has the "
          + "branch checked out (`folder`, --folder)", data: ["id": .string("\(owner)")])
    }
    guard let branch = query.into ?? row.target else {
      throw RPC.Failure(
        .conflict,
        "no branch was checked out in \(row.folder) when \(owner) started; say which one to merge into (`into`, --into)",
        data: ["id": .string("\(owner)")])
    }
    let message = query.message ?? "\(row.title.isEmpty ? "Work of a task" : row.title) (Jarvis \(owner))"
    do throws(GitFailure) {
      if row.branch.isEmpty { try await finish(row) }
      let row = worktrees[owner] ?? row
      // What was edited there since the end belongs to what the result tells.
      _ = try await read(row)
      let outcome = try await git.merge(
        row.place, into: folder, expecting: branch, message: message, squash: query.squash)
      log.info("the work of \(owner) is in \(outcome.branch) of \(folder): \(outcome.kind.rawValue)")
      if !query.keep {
        do throws(GitFailure) { try await removeWorktree(owner, as: .merged) } catch {
          // It is merged all the same, and can be removed later.
          change(owner) { $0.problem = "it is merged, and could not be removed: \(error.description)" }
        }
      }
      try await confirmWorktree()
      var view = row.view
      if let now = try? await worktree(of: owner) { view = now.view }
      return WorktreeMerge.Result(
        worktree: view, folder: folder, into: outcome.branch, commit: outcome.commit, merged: outcome.kind != .nothing)
    } catch {
      throw RPC.Failure(error, owner)
    }
  }

  func remove(_ query: WorktreeRemove.Parameters, _ caller: Caller) async throws(RPC.Failure) -> WorktreeView {
    let owner = try await worktree(of: query.id).task
    try await take(owner, caller, to: "be removed")
    defer { worktreeWork.release(owner) }
    let row = try free(owner, to: "be removed")
    do throws(GitFailure) {
      // One that was never finished, whose repository is gone, has a folder at most.
      if row.branch.isEmpty, !query.force || Output.size(of: row.repository) != nil { try await finish(row) }
      if !query.force {
        let loss = try await git.loss(of: (worktrees[owner] ?? row).place)
        guard loss.isEmpty else {
          throw GitFailure(
            .refused,
            "the worktree of \(owner) has \(loss.summary). Merge it (`jarvisctl worktree merge \(owner)`), or remove it "
              + "with force (--force)")
        }
      }
      // What is thrown away is still in the patch for a while; that this can't be written is no reason to keep it.
      _ = try? await read(worktrees[owner] ?? row)
      try await removeWorktree(owner, as: .removed)
      try await confirmWorktree()
    } catch {
      throw RPC.Failure(error, owner)
    }
    return try await worktree(of: owner).view
  }

  /// Waits for the turn with a worktree, once its changes have been read.
  private func take(_ owner: TaskID, _ caller: Caller, to what: String) async throws(RPC.Failure) {
    let row = try await worktree(of: owner)
    try row.checkVisible(to: caller)
    try checkMayChange(row, caller)
    _ = try free(owner, to: what)
    await captured(owner, within: 60)
    await takeTurn(owner)
  }

  /// The worktree, if it is there and nobody works in it.
  private func free(_ owner: TaskID, to what: String) throws(RPC.Failure) -> WorktreeRow {
    guard let row = worktrees[owner], !row.state.isGone else {
      throw RPC.Failure(
        .conflict, "the worktree of \(owner) is gone and can't \(what); `worktree.list` with `all` (--all) says why",
        data: ["id": .string("\(owner)")])
    }
    if let user = user(of: row) {
      let whose = user == owner ? "" : " in the worktree of \(owner)"
      throw RPC.Failure(
        .conflict,
        "task \(user) works\(whose), or is about to; a worktree can \(what) when nobody works there. Wait for it "
          + "(`jarvisctl wait \(user)`), or cancel it", data: ["id": .string("\(user)")])
    }
    return row
  }

  /// An agent may change the worktrees of tasks below it only.
  private func checkMayChange(_ row: WorktreeRow, _ caller: Caller) throws(RPC.Failure) {
    guard let agent = caller.agent else { return }
    var parent = row.parent
    var steps = 0
    while let current = parent, current != agent.task, steps < 64 {
      parent = tasks[current]?.stored.parent ?? worktrees[current]?.parent
      steps += 1
    }
    guard parent == agent.task else {
      throw RPC.Failure(
        .forbidden,
        "task \(agent.task) may merge and remove the work of tasks that it spawned only, and \(row.task) is none of them"
      )
    }
  }
}
