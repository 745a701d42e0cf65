import Glibc
import JarvisLinux

extension GitWorktrees {
  /// What changed in a worktree since its base commit. The agent's index is not touched, and no file's content is
  /// written into the repository. Of a worktree whose folder is gone, what its branch has.
  ///
  /// - Parameters:
  ///   - path: Where to write the patch (which `git apply` takes, mode 0600); nil: nowhere. A file that is there is
  ///     replaced, whole.
  ///   - limit: Most bytes of the patch.
  public func diff(
    of place: WorktreePlace, patchTo path: String?, limit: Int
  ) async throws(GitFailure) -> WorktreeDiff {
    let copy = try await workingCopy(of: place)
    guard let tip = copy.tips.first else {
      throw GitFailure(.other, "the worktree \(place.path) and its branch \(place.branch) are gone")
    }
    let commits = try await count(copy.tips + ["^\(place.base)"], common: place.commonDirectory)
    guard copy.hasFolder else {
      return try await compare([place.base, tip], at: copy.place, [:], commits: commits, none: true, path, limit)
    }
    return try await withIndexCopy(of: copy) { (index) async throws(GitFailure) in
      // New files take part as empty ones that were added. Those that can't be read are left out, and git says 1.
      let added = try await git.run(
        ["add", "--intent-to-add", "--ignore-errors", "--", "."], at: copy.place, within: git.bounds.reading,
        extra: index)
      guard let status = added.status, status <= 1 else {
        throw GitProgram.failure(["add"], added, at: copy.place)
      }
      let changes = try await changes(at: copy.place, untracked: true, extra: index)
      return try await compare(
        [place.base], at: copy.place, index, commits: commits, none: changes.isEmpty, path, limit)
    }
  }

  /// Says the same for every user's settings.
  private static let options = [
    "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--no-relative", "--find-renames",
    "--submodule=short", "--ignore-submodules=dirty", "--src-prefix=a/", "--dst-prefix=b/",
  ]

  /// Compares two commits, or a commit with the files.
  private func compare(
    _ commits: [String], at place: GitProgram.Place, _ extra: [String: String], commits number: Int, none: Bool,
    _ path: String?, _ limit: Int
  ) async throws(GitFailure) -> WorktreeDiff {
    let numbers = try await git.check(
      Self.options + ["--numstat", "-z"] + commits + ["--"], at: place, within: git.bounds.reading,
      limit: git.bounds.names, extra: extra)
    let all = Self.changes(in: numbers.output)
    var patch = (bytes: 0, isCut: false)
    if let path { patch = try await writePatch(of: commits, at: place, extra, to: path, limit) }
    return WorktreeDiff(
      files: Array(all.prefix(WorktreeDiff.mostFiles)), filesChanged: all.count,
      insertions: all.reduce(0) { $0 + ($1.added ?? 0) }, deletions: all.reduce(0) { $0 + ($1.removed ?? 0) },
      commits: number, uncommitted: !none, patchBytes: patch.bytes, isTruncated: patch.isCut || numbers.isCut)
  }

  /// Reads `git diff --numstat -z`: `added TAB removed TAB name NUL`, and of a renamed file an empty name, NUL, and the
  /// old and the new name.
  static func changes(in output: [UInt8]) -> [WorktreeDiff.FileChange] {
    var changes: [WorktreeDiff.FileChange] = []
    var fields = GitText.fields(output)[...]
    while let line = fields.popFirst() {
      let parts = line.split(separator: 0x09, maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let added = Int(String(decoding: parts[0], as: UTF8.self))
      let removed = Int(String(decoding: parts[1], as: UTF8.self))
      if !parts[2].isEmpty {
        changes.append(.init(path: GitText.name(parts[2]), added: added, removed: removed))
      } else if let old = fields.popFirst(), let new = fields.popFirst() {
        changes.append(
          .init(path: GitText.name(new), renamedFrom: GitText.name(old), added: added, removed: removed))
      }
    }
    return changes
  }

  private func writePatch(
    of commits: [String], at place: GitProgram.Place, _ extra: [String: String], to path: String, _ limit: Int
  ) async throws(GitFailure) -> (bytes: Int, isCut: Bool) {
    var template = Array("\(path).XXXXXX".utf8CString)
    let file = mkstemp(&template)
    guard file >= 0 else {
      throw GitFailure(errno == ENOSPC ? .diskFull : .other, SystemError("make", path).description)
    }
    _ = fcntl(file, F_SETFD, FD_CLOEXEC)
    defer {
      close(file)
      unlink(template)
    }
    let ended = try await git.check(
      Self.options + ["--patch", "--binary", "--unified=3"] + commits + ["--"], at: place, within: git.bounds.reading,
      limit: limit,
      extra: extra, file: file)
    try await RootFolder.sync(file)
    guard rename(template, path) == 0 else { throw GitFailure(.other, SystemError("replace", path).description) }
    return (ended.outputBytes, ended.isCut)
  }
}
