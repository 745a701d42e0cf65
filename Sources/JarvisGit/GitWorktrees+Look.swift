import JarvisLinux

extension GitWorktrees {
  /// The repository that holds `folder`, as a worktree would be made from it.
  ///
  /// - Parameter dirt: Whether to look for changes of tracked files, which takes time in a large repository. They are
  ///   no failure: whether they matter is the caller's question.
  /// - Throws: `notInstalled`, `notARepository`, `bare`, `noCommit`, `notInHead`, `busy`, `refused` (git does not trust
  ///   the repository's owner), `timedOut`, `other`.
  public func look(at folder: String, dirt: Bool) async throws(GitFailure) -> RepositoryState {
    try await look(at: folder, dirt: dirt, inHead: true)
  }

  /// - Parameter inHead: Whether HEAD must have the folder.
  func look(at folder: String, dirt: Bool, inHead: Bool) async throws(GitFailure) -> RepositoryState {
    let folders = try await folders(of: folder)
    let place = GitProgram.Place.folder(folder)
    let head = try await git.run(["rev-parse", "-q", "--verify", "HEAD^{commit}"], at: place)
    guard head.status == 0, let commit = GitText.line(head.output), Self.isCommit(commit) else {
      throw GitFailure(.noCommit, "the repository of \(folder) has no commit yet; commit something first")
    }
    if let activity = Self.activity(in: folders.gitDirectory) {
      throw GitFailure(
        .busy(activity.name), "\(folder) is in the middle of a \(activity.name); end it first (\(activity.advice))")
    }
    if inHead, !folders.subfolder.isEmpty {
      let type = try await git.run(["cat-file", "-t", "\(commit):\(folders.subfolder)"], at: place)
      guard type.status == 0, GitText.line(type.output) == "tree" else {
        throw GitFailure(
          .notInHead,
          "the folder \(GitText.shown(folders.subfolder)) of \(folders.topLevel) is in no commit, so that a worktree "
            + "would not have it; commit it, or start from another folder")
      }
    }
    let branch = try await git.run(["symbolic-ref", "-q", "HEAD"], at: place)
    let name = branch.status == 0 ? GitText.line(branch.output) : nil
    return RepositoryState(
      commonDirectory: folders.common, topLevel: folders.topLevel, subfolder: folders.subfolder, head: commit,
      branch: name.flatMap { $0.hasPrefix("refs/heads/") ? String($0.dropFirst(11)) : nil },
      dirt: dirt ? try await changes(at: place, untracked: false) : .none)
  }

  private func folders(
    of folder: String
  ) async throws(GitFailure) -> (topLevel: String, subfolder: String, common: String, gitDirectory: String) {
    guard Folder.isFolder(folder, followingLinks: true) else {
      throw GitFailure(.notARepository, "the folder \(folder) does not exist")
    }
    let place = GitProgram.Place.folder(folder)
    let kind = try await git.check(["rev-parse", "--is-inside-work-tree", "--is-bare-repository"], at: place)
    let answers = String(decoding: kind.output, as: UTF8.self).split(separator: "\n")
    guard answers.first == "true" else {
      if answers.last == "true" {
        throw GitFailure(.bare, "the repository \(folder) is bare: it has no files; use a clone with a work tree")
      }
      throw GitFailure(.notARepository, "\(folder) is in a repository's own .git folder; use its work tree")
    }
    let names = try await git.check(
      ["rev-parse", "--show-toplevel", "--git-common-dir", "--absolute-git-dir", "--show-prefix"], at: place)
    // The last line is empty at the top.
    let lines = (String(validating: names.output, as: UTF8.self) ?? "")
      .split(separator: "\n", omittingEmptySubsequences: false)
    // The answer has no `-z`.
    guard lines.count == 5,
      let common = Folder.resolved(lines[1].hasPrefix("/") ? "\(lines[1])" : "\(folder)/\(lines[1])")
    else {
      throw GitFailure(
        .refused, "the path of the repository of \(GitText.shown(folder)) has a newline, or is not UTF-8; rename it")
    }
    return (String(lines[0]), String(lines[3].hasSuffix("/") ? lines[3].dropLast() : lines[3]), common, "\(lines[2])")
  }

  /// Whether it is a commit's name in full, SHA-1 or SHA-256.
  static func isCommit(_ text: String) -> Bool {
    [40, 64].contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  /// What a work tree with this git folder is in the middle of, and how one gets out.
  static func activity(in gitDirectory: String) -> (name: String, advice: String)? {
    let signs = [
      ("MERGE_HEAD", "merge", "git commit, or git merge --abort"),
      ("rebase-merge", "rebase", "git rebase --continue, or --abort"),
      ("rebase-apply", "rebase", "git rebase --continue or git am --continue, or --abort"),
      ("CHERRY_PICK_HEAD", "cherry-pick", "git cherry-pick --continue, or --abort"),
      ("REVERT_HEAD", "revert", "git revert --continue, or --abort"),
      ("BISECT_LOG", "bisect", "git bisect reset"),
    ]
    return signs.first { Folder.exists("\(gitDirectory)/\($0.0)") }.map { ($0.1, $0.2) }
  }

  /// The files with changes that are in no commit.
  ///
  /// - Parameters:
  ///   - untracked: Whether new files that are not ignored count too; a new folder counts as one.
  ///   - extra: Variables, a temporary index say.
  func changes(
    at place: GitProgram.Place, untracked: Bool, extra: [String: String] = [:]
  ) async throws(GitFailure) -> Dirt {
    let ended = try await git.check(
      [
        "status", "--porcelain=v2", "-z", "--no-renames", "--ignore-submodules=dirty",
        "--untracked-files=\(untracked ? "normal" : "no")",
      ], at: place, within: git.bounds.reading, limit: git.bounds.names, extra: extra)
    var count = 0
    var names: [String] = []
    for line in GitText.fields(ended.output) {
      // git-status(1), "Porcelain Format Version 2": so many fields before the name.
      let fields: Int
      switch line.first {
      case UInt8(ascii: "1"): fields = 8
      case UInt8(ascii: "u"): fields = 10
      case UInt8(ascii: "?"): fields = 1
      default: continue
      }
      count += 1
      guard names.count < Dirt.mostNames else { continue }
      let parts = line.split(separator: 0x20, maxSplits: fields, omittingEmptySubsequences: false)
      if parts.count > fields { names.append(GitText.name(parts[fields])) }
    }
    return Dirt(count: count, names: names)
  }
}
