import Glibc
import JarvisLinux

extension GitWorktrees {
  /// What `remove` would lose.
  public func loss(of place: WorktreePlace) async throws(GitFailure) -> Loss {
    try await loss(of: workingCopy(of: place), place)
  }

  func loss(of copy: WorkingCopy, _ place: WorktreePlace) async throws(GitFailure) -> Loss {
    var uncommitted = Dirt.none
    if copy.registration != nil, copy.hasFolder {
      uncommitted = try await changes(at: copy.place, untracked: true)
    } else if copy.hasFolder {
      uncommitted = try await withIndexCopy(of: copy) { (index) async throws(GitFailure) in
        try await changes(at: copy.place, untracked: true, extra: index)
      }
    }
    if let registration = copy.registration, Folder.isFolder("\(registration.directory)/modules") {
      // Their own commits may be there and nowhere else; they go with the registration.
      uncommitted = Dirt(count: uncommitted.count + 1, names: ["submodules that were checked out"] + uncommitted.names)
    }
    guard !copy.tips.isEmpty else { return Loss(uncommitted: uncommitted, commits: 0) }
    let commits = try await count(
      copy.tips + ["^\(place.base)", "--not", "--exclude=\(place.branch)", "--branches", "--tags", "--remotes"],
      common: place.commonDirectory)
    return Loss(uncommitted: uncommitted, commits: commits)
  }

  /// Removes a worktree and its branch, or what is left of them; removing what is gone is no failure. A branch that
  /// somebody has checked out elsewhere stays.
  ///
  /// - Parameter force: Even if something is lost.
  /// - Throws: `refused` without `force`, saying what would be lost; nothing was removed then.
  public func remove(_ place: WorktreePlace, force: Bool) async throws(GitFailure) {
    let (name, real) = try parts(of: place)
    let common = place.commonDirectory
    try await alone(with: common) { (lock) async throws(GitFailure) in
      guard Folder.isFolder(common) else {
        // Its commits went with the repository; its files are the last that there is.
        guard force || !Folder.exists("\(real)/\(name)") else {
          throw GitFailure(.refused, "the repository \(common) of \(place.path) is gone; use force to remove its files")
        }
        try root.discard(name)
        return
      }
      if !force {
        let loss = try await loss(of: place)
        guard loss.isEmpty else {
          throw GitFailure(
            .refused, "the removal of \(place.path) would lose \(loss.summary); merge them first, or use force")
        }
      }
      let commit = try await commit(of: "refs/heads/\(place.branch)", common: common)
      try await clear(name, in: real, common: common)
      if let commit { try await deleteBranch(place.branch, at: commit, common: common, lock) }
    }
    // Beside the repository's line: it may be many files.
    try await root.emptyTrash()
  }
}
