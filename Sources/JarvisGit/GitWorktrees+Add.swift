import Glibc
import JarvisLinux

extension GitWorktrees {
  /// Makes the worktree of a task, with what an earlier try for the same task left behind removed first, and what a
  /// try that fails leaves behind too. A finished worktree of the task that nobody has worked in is taken as it is.
  ///
  /// - Parameter name: The task's id: letters, digits, `.`, `_` and `-`.
  /// - Throws: `diskFull`, `timedOut`, `refused` (something else is in its place), `other`.
  public func add(task name: String, from state: RepositoryState) async throws(GitFailure) -> WorktreePlace {
    guard Self.isName(name), Self.isCommit(state.head) else {
      throw GitFailure(.refused, "\(GitText.shown(name)) is no name for a worktree, or its commit is none")
    }
    let real = try root.ready()
    if let free = root.free(), free.bytes < git.bounds.reserve || free.inodes < 1000 {
      throw GitFailure(
        .diskFull,
        "the disk of \(root.path) is nearly full (\(free.bytes >> 20) MiB and \(free.inodes) inodes are free, "
          + "\(git.bounds.reserve >> 20) MiB are kept); remove worktrees (jarvisctl worktree list) or free some space")
    }
    let (place, hasCleared) = try await alone(with: state.commonDirectory) {
      (lock) async throws(GitFailure) -> (WorktreePlace, Bool) in
      if let place = try await finished(name, in: real, state) { return (place, false) }
      let hadRemains = try await clear(name, in: real, common: state.commonDirectory)
      if hadRemains { log.notice("what an interrupted try left of the worktree \(name) was removed") }
      return (try await make(name, in: real, from: state, wasUnfinished: hadRemains, lock), hadRemains)
    }
    if hasCleared { do throws(GitFailure) { try await root.emptyTrash() } catch { log.warning("\(error)") } }
    return place
  }

  /// Whether a task can have a folder and a branch of that name (git-check-ref-format(1)).
  static func isName(_ name: String) -> Bool {
    guard let first = name.utf8.first, name.utf8.count <= 100, Self.isAlphanumeric(first) else { return false }
    return name.utf8.allSatisfy { isAlphanumeric($0) || [0x2D, 0x2E, 0x5F].contains($0) }
      && !name.contains("..") && !name.hasSuffix(".") && !name.hasSuffix(".lock")
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }

  /// A worktree that is there, complete and untouched; nil: there is none, or nothing that is worth anything.
  private func finished(
    _ name: String, in real: String, _ state: RepositoryState
  ) async throws(GitFailure) -> WorktreePlace? {
    let path = "\(real)/\(name)"
    guard !root.isUnfinished(name), Folder.isFolder(path) else { return nil }
    let registrations = Registration.of(name, in: real, common: state.commonDirectory)
    guard let registration = registrations.last else {
      // Without a `.git`, git had not come far when it was killed.
      guard Folder.exists("\(path)/.git") else { return nil }
      throw GitFailure(
        .refused, "\(path) is a worktree of another repository, or was one of this; look at it and move it away")
    }
    if registration.isUnfinished { return nil }
    guard let branch = registration.branch else {
      throw GitFailure(.refused, "\(path) is there already, and not on a branch; look at it and move it away")
    }
    let place = WorktreePlace(commonDirectory: state.commonDirectory, path: path, branch: branch, base: state.head)
    let copy = try await workingCopy(of: place)
    let loss = try await loss(of: copy, place)
    guard loss.isEmpty else {
      throw GitFailure(.refused, "\(path) is there already and has \(loss.summary); look at it and move it away")
    }
    return copy.head == state.head ? place : nil
  }

  /// Removes what there is of a worktree, but not its branch. Returns whether there was anything.
  @discardableResult
  func clear(_ name: String, in real: String, common: String) async throws(GitFailure) -> Bool {
    let registrations = Registration.of(name, in: real, common: common)
    let had = root.isUnfinished(name) || Folder.exists("\(real)/\(name)") || !registrations.isEmpty
    // The folder first: as long as git knows it, what is left can be found again.
    try root.discard(name)
    for registration in registrations {
      guard let slash = registration.directory.lastIndex(of: "/") else { continue }
      try await RootFolder.delete(
        String(registration.directory[registration.directory.index(after: slash)...]), in: "\(common)/worktrees")
    }
    // As git does after the last one; it stays where there are others.
    if had { rmdir("\(common)/worktrees") }
    root.finish(name)
    return had
  }

  private func make(
    _ name: String, in real: String, from state: RepositoryState, wasUnfinished: Bool, _ lock: InheritedLock
  ) async throws(GitFailure) -> WorktreePlace {
    let common = state.commonDirectory
    let (branch, exists) = try await freeBranch(for: name, in: real, from: state, wasUnfinished: wasUnfinished)
    let place = WorktreePlace(commonDirectory: common, path: "\(real)/\(name)", branch: branch, base: state.head)
    do throws(GitFailure) {
      let arguments = ["worktree", "add", "--no-track", exists ? "-B" : "-b", branch, place.path, state.head]
      let ended = try await git.patiently { () async throws(GitFailure) in
        // Nothing, but after a try that failed.
        try await clear(name, in: real, common: common)
        try root.begin(name)
        return try await git.run(arguments, at: .folder(state.topLevel), within: git.bounds.writing, lock: lock)
      }
      guard ended.status == 0 else { throw GitProgram.failure(arguments, ended, at: .folder(state.topLevel)) }
    } catch {
      // The first failure is what is to be told.
      _ = try? await clear(name, in: real, common: common)
      if !exists { _ = try? await deleteBranch(branch, at: state.head, common: common, lock) }
      do throws(GitFailure) { try await root.emptyTrash() } catch { log.warning("\(error)") }
      throw error
    }
    root.finish(name)
    return place
  }

  /// A branch for a task that takes nothing from anybody, and whether it exists.
  private func freeBranch(
    for name: String, in real: String, from state: RepositoryState, wasUnfinished: Bool
  ) async throws(GitFailure) -> (name: String, exists: Bool) {
    let common = state.commonDirectory
    let ended = try await git.check(
      ["for-each-ref", "--format=%(objectname) %(refname)", "refs/heads/jarvis"], at: Self.bare(common),
      limit: git.bounds.names)
    var taken: [String: String] = [:]
    for line in String(decoding: ended.output, as: UTF8.self).split(separator: "\n") {
      guard let blank = line.firstIndex(of: " ") else { continue }
      taken[String(line[line.index(after: blank)...].dropFirst("refs/heads/".count))] = String(line[..<blank])
    }
    // Refs are files in folders: beside a branch `jarvis` there can be no `jarvis/t1`.
    let prefix = taken["jarvis"] == nil ? "jarvis/" : "jarvis-"
    for number in 1...99 {
      let branch = prefix + name + (number == 1 ? "" : "-\(number)")
      var found = taken[branch]
      if found == nil { found = try await commit(of: "refs/heads/\(branch)", common: common) }
      guard let commit = found else {
        if taken.keys.contains(where: { $0.hasPrefix("\(branch)/") }) { continue }
        return (branch, false)
      }
      guard !Registration.isCheckedOut(branch, common: common, except: []) else { continue }
      // Of an interrupted try; its commits are all in the new base, so that nothing is lost when it moves there.
      if commit == state.head { return (branch, true) }
      if wasUnfinished, try await count([commit, "^\(state.head)"], common: common) == 0 { return (branch, true) }
    }
    throw GitFailure(.refused, "\(common) has 99 branches for the task \(name); delete those that nobody needs")
  }

  /// The commit of a ref; nil: there is none.
  func commit(of ref: String, common: String) async throws(GitFailure) -> String? {
    let ended = try await git.run(["rev-parse", "-q", "--verify", "\(ref)^{commit}"], at: Self.bare(common))
    guard ended.status == 0, let commit = GitText.line(ended.output), Self.isCommit(commit) else { return nil }
    return commit
  }

  /// How many commits `git rev-list` finds.
  func count(_ arguments: [String], common: String) async throws(GitFailure) -> Int {
    let ended = try await git.check(
      ["rev-list", "--count"] + arguments + ["--"], at: Self.bare(common), within: git.bounds.reading)
    return GitText.line(ended.output).flatMap { Int($0) } ?? 0
  }

  /// Deletes a branch that is at `commit` still and that nobody has checked out.
  func deleteBranch(
    _ branch: String, at commit: String, common: String, _ lock: InheritedLock
  ) async throws(GitFailure) {
    guard !Registration.isCheckedOut(branch, common: common, except: []) else { return }
    let arguments = ["update-ref", "-d", "refs/heads/\(branch)", commit]
    let ended = try await git.patiently { () async throws(GitFailure) in
      try await git.run(arguments, at: Self.bare(common), lock: lock)
    }
    guard ended.status == 0 else { throw GitProgram.failure(arguments, ended, at: Self.bare(common)) }
  }

  /// The repository itself, without a work tree.
  static func bare(_ common: String) -> GitProgram.Place {
    GitProgram.Place(folder: common, gitDirectory: common, workTree: nil)
  }

  /// A worktree as its registration knows it. What the agent made of the file `.git` in it does not matter.
  static func place(of place: WorktreePlace, _ registration: Registration) -> GitProgram.Place {
    GitProgram.Place(folder: place.path, gitDirectory: registration.directory, workTree: place.path)
  }
}
