import JarvisLinux

/// What there is of a worktree.
struct WorkingCopy: Sendable {
  /// Where git works: in the worktree where its folder is there, else in the repository alone.
  let place: GitProgram.Place
  /// Whether its folder is there.
  let hasFolder: Bool
  /// What the repository knows of it.
  let registration: Registration?
  /// The commit of its HEAD; nil without one.
  let head: String?
  /// The commit of its branch; nil: the branch is gone.
  let branchCommit: String?

  /// The commits that are the agent's last: of its HEAD, and of its branch where that is elsewhere.
  var tips: [String] {
    var tips = [head, branchCommit].compactMap { $0 }
    if tips.count == 2, tips[0] == tips[1] { tips.removeLast() }
    return tips
  }
}

extension GitWorktrees {
  /// Looks at what there is of a worktree.
  ///
  /// - Throws: `refused` when the place is none of this folder's; `other` when its repository is gone.
  func workingCopy(of place: WorktreePlace) async throws(GitFailure) -> WorkingCopy {
    let (name, real) = try parts(of: place)
    let common = place.commonDirectory
    guard Folder.isFolder(common) else {
      throw GitFailure(.other, "the repository \(common) of the worktree \(place.path) is gone")
    }
    let registration = Registration.of(name, in: real, common: common).last { !$0.isUnfinished }
    let hasFolder = Folder.isFolder("\(real)/\(name)")
    let branchCommit = try await commit(of: "refs/heads/\(place.branch)", common: common)
    guard hasFolder else {
      return WorkingCopy(
        place: Self.bare(common), hasFolder: false, registration: registration, head: nil, branchCommit: branchCommit)
    }
    guard let registration else {
      // Somebody pruned it. Its files can still be compared.
      let files = GitProgram.Place(folder: place.path, gitDirectory: common, workTree: place.path)
      return WorkingCopy(
        place: files, hasFolder: true, registration: nil, head: branchCommit, branchCommit: branchCommit)
    }
    let files = Self.place(of: place, registration)
    let ended = try await git.run(["rev-parse", "-q", "--verify", "HEAD^{commit}"], at: files)
    let head = ended.status == 0 ? GitText.line(ended.output).flatMap { Self.isCommit($0) ? $0 : nil } : nil
    return WorkingCopy(
      place: files, hasFolder: true, registration: registration, head: head, branchCommit: branchCommit)
  }

  /// The last part of a place's path and the folder of all worktrees without links.
  ///
  /// - Throws: `refused` when it is not in that folder.
  func parts(of place: WorktreePlace) throws(GitFailure) -> (name: String, real: String) {
    let real = try root.ready()
    guard let slash = place.path.lastIndex(of: "/"), Folder.resolved(String(place.path[..<slash])) == real,
      Self.isName(String(place.path[place.path.index(after: slash)...])), Self.isCommit(place.base),
      place.branch.hasPrefix("jarvis/") || place.branch.hasPrefix("jarvis-")
    else {
      throw GitFailure(.refused, "\(GitText.shown(place.path)) is not one of Jarvis's worktrees in \(root.path)")
    }
    return (String(place.path[place.path.index(after: slash)...]), real)
  }

  /// Runs `body` with the variables by which git uses a copy of the worktree's index, so that the agent's own stays as
  /// it is.
  func withIndexCopy<Value: Sendable>(
    of copy: WorkingCopy, _ body: ([String: String]) async throws(GitFailure) -> Value
  ) async throws(GitFailure) -> Value {
    try await root.scratching { (folder) async throws(GitFailure) in
      let index = ["GIT_INDEX_FILE": "\(folder)/index"]
      var hasIndex = false
      if let registration = copy.registration {
        hasIndex = try await RootFolder.copy("\(registration.directory)/index", to: "\(folder)/index")
      }
      if !hasIndex, let tip = copy.tips.first {
        try await git.check(["read-tree", tip], at: copy.place, within: git.bounds.reading, extra: index)
      }
      return try await body(index)
    }
  }
}
