/// A repository as it was at one moment, seen from a folder in one of its work trees.
public struct RepositoryState: Sendable, Hashable {
  /// The git folder that all work trees of the repository share, without links (`GitBranch.commonDirectory`).
  public let commonDirectory: String
  /// The top folder of the work tree that holds the folder, without links.
  public let topLevel: String
  /// Where in the work tree the folder is: `""` at the top, else `a/b`.
  public let subfolder: String
  /// The commit of HEAD: 40 or 64 hexadecimal digits.
  public let head: String
  /// The branch that is checked out, `main` or `feature/x`; nil: none is (a detached HEAD).
  public let branch: String?
  /// Tracked files with changes, staged or not; `none` where it was not asked for.
  public let dirt: Dirt

  /// Puts together what was found.
  public init(
    commonDirectory: String, topLevel: String, subfolder: String, head: String, branch: String?, dirt: Dirt
  ) {
    self.commonDirectory = commonDirectory
    self.topLevel = topLevel
    self.subfolder = subfolder
    self.head = head
    self.branch = branch
    self.dirt = dirt
  }
}

/// The work tree of one task: everything that must be kept of it.
public struct WorktreePlace: Sendable, Hashable {
  /// The git folder of the repository that it belongs to.
  public let commonDirectory: String
  /// Its top folder, in the folder of all worktrees.
  public let path: String
  /// Its branch, `jarvis/t42`. Where that name was taken by something else, another like it.
  public let branch: String
  /// The commit that it began with.
  public let base: String

  /// Puts together what was found.
  public init(commonDirectory: String, path: String, branch: String, base: String) {
    self.commonDirectory = commonDirectory
    self.path = path
    self.branch = branch
    self.base = base
  }

  /// The same place in the worktree as `subfolder` is in the repository (`RepositoryState.subfolder`).
  public func folder(_ subfolder: String) -> String { subfolder.isEmpty ? path : "\(path)/\(subfolder)" }
}

/// What changed in a worktree since its base commit: committed, uncommitted, and new files that are not ignored.
public struct WorktreeDiff: Sendable, Hashable {
  /// One changed file.
  public struct FileChange: Sendable, Hashable {
    /// Its name, relative to the top. Of a name that is not UTF-8, the other bytes are written `\351` as git does.
    public let path: String
    /// Its name before it was renamed; nil: it was not.
    public let renamedFrom: String?
    /// Lines added; nil: binary.
    public let added: Int?
    /// Lines removed; nil: binary.
    public let removed: Int?
    /// Whether git took it for binary.
    public var isBinary: Bool { added == nil }

    /// Puts together what was found.
    public init(path: String, renamedFrom: String? = nil, added: Int?, removed: Int?) {
      self.path = path
      self.renamedFrom = renamedFrom
      self.added = added
      self.removed = removed
    }
  }

  /// The files, in git's order; at most `mostFiles`.
  public let files: [FileChange]
  /// How many files there are.
  public let filesChanged: Int
  /// Lines added in all text files.
  public let insertions: Int
  /// Lines removed in all text files.
  public let deletions: Int
  /// Commits since the base.
  public let commits: Int
  /// Whether some of it is in no commit.
  public let uncommitted: Bool
  /// Bytes of the patch that were written; 0 without one.
  public let patchBytes: Int
  /// Whether the patch was cut at its limit, or there were more names of files than are read (4 MiB).
  public let isTruncated: Bool

  /// How many files are named.
  public static let mostFiles = 1000

  /// Whether there is nothing to keep: no file differs from the base and no commit was made.
  public var isEmpty: Bool { filesChanged == 0 && commits == 0 && !uncommitted }

  /// Puts together what was found.
  public init(
    files: [FileChange], filesChanged: Int, insertions: Int, deletions: Int, commits: Int, uncommitted: Bool,
    patchBytes: Int, isTruncated: Bool
  ) {
    self.files = files
    self.filesChanged = filesChanged
    self.insertions = insertions
    self.deletions = deletions
    self.commits = commits
    self.uncommitted = uncommitted
    self.patchBytes = patchBytes
    self.isTruncated = isTruncated
  }
}

/// What a merge did.
public struct MergeOutcome: Sendable, Hashable {
  /// Ways in which a merge can end.
  public enum Kind: String, Sendable, Hashable {
    /// The branch moved forward; no merge commit was needed.
    case fastForward
    /// A merge commit was made.
    case merged
    /// One commit with all changes was made.
    case squashed
    /// All of it was there already.
    case nothing
  }

  /// What was done.
  public let kind: Kind
  /// The branch that has the changes now.
  public let branch: String
  /// Its commit now.
  public let commit: String
  /// Whether uncommitted work of the worktree was committed first.
  public let committedRest: Bool

  /// Puts together what was found.
  public init(kind: Kind, branch: String, commit: String, committedRest: Bool) {
    self.kind = kind
    self.branch = branch
    self.commit = commit
    self.committedRest = committedRest
  }
}

/// What the removal of a worktree and its branch would lose for good.
public struct Loss: Sendable, Hashable {
  /// Files with changes that are in no commit, new ones that are not ignored included.
  public let uncommitted: Dirt
  /// Commits since the base that are in no other branch and no tag.
  public let commits: Int

  /// Puts together what was found.
  public init(uncommitted: Dirt, commits: Int) {
    self.uncommitted = uncommitted
    self.commits = commits
  }

  /// Whether nothing would be lost.
  public var isEmpty: Bool { uncommitted.isEmpty && commits == 0 }

  /// `2 commits that are in no other branch, and uncommitted changes in a.txt`.
  public var summary: String {
    var parts: [String] = []
    if commits > 0 { parts.append("\(commits) commit\(commits == 1 ? " that is" : "s that are") in no other branch") }
    if !uncommitted.isEmpty { parts.append("uncommitted changes in \(uncommitted.summary)") }
    return parts.isEmpty ? "nothing" : parts.joined(separator: ", and ")
  }
}
