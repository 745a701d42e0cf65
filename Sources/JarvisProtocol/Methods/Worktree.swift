/// Which files a task works on.
public enum Isolation: String, WireEnum {
  /// Those of its folder, which it shares with whoever works there.
  case shared = "none"
  /// A git worktree of its own, on a branch of its own.
  case worktree
}

/// Where a task's worktree is in its life. `clean`, `merged`, `removed` and `lost` ones are gone.
public enum WorktreeState: String, WireEnum {
  /// It is being made.
  case preparing
  /// It is there; its task is not over.
  case active
  /// The task is over; what it changed is yet to be read, or other tasks still work there.
  case capturing
  /// The task is over and changed something: it waits to be merged or removed.
  case kept
  /// The task is over and had changed nothing.
  case clean
  /// What it changed was merged.
  case merged
  /// It was removed.
  case removed
  /// Its folder was gone.
  case lost

  /// Whether there is no worktree any more.
  public var isGone: Bool {
    switch self {
    case .preparing, .active, .capturing, .kept: false
    case .clean, .merged, .removed, .lost: true
    }
  }
}

/// How much a task changed.
public struct DiffNumbers: WireObject, Hashable {
  /// Files that differ from the commit it began with.
  public var filesChanged: Int
  /// Lines that were added; those of binary files are not counted.
  public var insertions: Int
  /// Lines that were taken away.
  public var deletions: Int
  /// Commits on its branch.
  public var commits: Int

  /// Numbers.
  public init(filesChanged: Int, insertions: Int, deletions: Int, commits: Int) {
    self.filesChanged = filesChanged
    self.insertions = insertions
    self.deletions = deletions
    self.commits = commits
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    filesChanged = try fields.required("files_changed", "files that differ from the commit it began with")
    insertions = try fields.required("insertions", "lines that were added; those of binary files are not counted")
    deletions = try fields.required("deletions", "lines that were taken away")
    commits = try fields.required("commits", "commits on its branch")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("files_changed", filesChanged)
    fields.set("insertions", insertions)
    fields.set("deletions", deletions)
    fields.set("commits", commits)
  }

  /// `3 files +10 -2, 1 commit`.
  public var sentence: String {
    let files = filesChanged == 1 ? "1 file" : "\(filesChanged) files"
    let commits = commits == 0 ? "" : commits == 1 ? ", 1 commit" : ", \(commits) commits"
    return "\(files) +\(insertions) -\(deletions)\(commits)"
  }
}

/// A task's worktree.
public struct WorktreeView: WireObject, Hashable {
  /// The task that it was made for.
  public var id: TaskID
  /// What that is called: its name, else the beginning of what it does.
  public var title: String
  /// Where it is in its life.
  public var state: WorktreeState
  /// Its folder.
  public var path: String
  /// Its git branch.
  public var branch: String
  /// The commit that it began with.
  public var base: String
  /// The folder that the task was submitted for, where its work is merged.
  public var folder: String
  /// The branch that was checked out there; absent where there was none.
  public var target: String?
  /// The git folder that all worktrees of the repository share.
  public var repository: String
  /// The context that the task belongs to.
  public var branchID: String
  /// When it was made.
  public var createdAt: Timestamp
  /// When what it changed was last read.
  public var readAt: Timestamp?
  /// How much was changed, as of then.
  public var changes: DiffNumbers?
  /// Whether some of it is not committed.
  public var uncommitted: Bool
  /// What went wrong with it.
  public var problem: String?

  /// With what must be there.
  public init(
    id: TaskID, title: String, state: WorktreeState, path: String, branch: String, base: String, folder: String,
    repository: String, branchID: String, createdAt: Timestamp
  ) {
    self.id = id
    self.title = title
    self.state = state
    self.path = path
    self.branch = branch
    self.base = base
    self.folder = folder
    self.repository = repository
    self.branchID = branchID
    self.createdAt = createdAt
    uncommitted = false
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    id = try fields.required("id", "the task that it was made for")
    title = try fields.required("title", "what that is called: its name, else the beginning of what it does")
    state = try fields.required("state", "where it is in its life; clean, merged, removed and lost ones are gone")
    path = try fields.required("path", "its folder")
    branch = try fields.required("branch", "its git branch")
    base = try fields.required("base", "the commit that it began with")
    folder = try fields.required("folder", "the folder that the task was submitted for, where its work is merged")
    target = try fields.optional("target", "the branch that was checked out there; absent where there was none")
    repository = try fields.required("repository", "the git folder that all worktrees of the repository share")
    branchID = try fields.required("branch_id", "the context that the task belongs to")
    createdAt = try fields.required("created_at", "when it was made")
    readAt = try fields.optional("read_at", "when what it changed was last read")
    changes = try fields.optional("changes", "how much was changed, as of then")
    uncommitted = try fields.defaulted("uncommitted", "whether some of it is not committed", false)
    problem = try fields.optional("problem", "what went wrong with it")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("id", id)
    fields.set("title", title)
    fields.set("state", state)
    fields.set("path", path)
    fields.set("branch", branch)
    fields.set("base", base)
    fields.set("folder", folder)
    fields.set("target", target)
    fields.set("repository", repository)
    fields.set("branch_id", branchID)
    fields.set("created_at", createdAt)
    fields.set("read_at", readAt)
    fields.set("changes", changes)
    if uncommitted { fields.set("uncommitted", uncommitted) }
    fields.set("problem", problem)
  }
}

/// One file that a task changed.
public struct ChangedFile: WireObject, Hashable {
  /// Its path in the repository; bytes that are not UTF-8 are replaced.
  public var path: String
  /// Lines that were added; absent for a binary file.
  public var added: Int?
  /// Lines that were taken away; absent for a binary file.
  public var removed: Int?

  /// A file.
  public init(path: String, added: Int?, removed: Int?) {
    self.path = path
    self.added = added
    self.removed = removed
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    path = try fields.required("path", "its path in the repository; bytes that are not UTF-8 are replaced")
    added = try fields.optional("added", "lines that were added; absent for a binary file")
    removed = try fields.optional("removed", "lines that were taken away; absent for a binary file")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("path", path)
    fields.set("added", added)
    fields.set("removed", removed)
  }
}

/// What a task changed in its worktree: committed, uncommitted and new files, against the commit that it began with.
public struct TaskDiff: WireObject, Hashable {
  /// The commit that it began with.
  public var base: String
  /// Its git branch.
  public var branch: String
  /// The worktree's folder.
  public var worktree: String
  /// Where that is in its life.
  public var state: WorktreeState
  /// How much was changed; absent where it has not been read.
  public var changes: DiffNumbers?
  /// Whether some of it is not committed.
  public var uncommitted: Bool
  /// The files, at most 200.
  public var files: [ChangedFile]
  /// The patch, or a piece of it; bytes that are not UTF-8 are replaced.
  public var patch: String
  /// Where the piece begins, in bytes.
  public var offset: Int
  /// Where to go on; absent where nothing is left.
  public var nextOffset: Int?
  /// Where the whole patch is, for `git apply`.
  public var patchPath: String?
  /// Whether that was cut off, because it would be longer than 16 MiB.
  public var patchIsCut: Bool
  /// What went wrong.
  public var problem: String?

  /// Most files that are named.
  public static let mostFiles = 200

  /// What is known of a worktree, without its patch.
  public init(_ worktree: WorktreeView) {
    base = worktree.base
    branch = worktree.branch
    self.worktree = worktree.path
    state = worktree.state
    changes = worktree.changes
    uncommitted = worktree.uncommitted
    files = []
    patch = ""
    offset = 0
    patchIsCut = false
    problem = worktree.problem
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    base = try fields.required("base", "the commit that it began with")
    branch = try fields.required("branch", "its git branch")
    worktree = try fields.required("worktree", "the worktree's folder")
    state = try fields.required("state", "where that is in its life")
    changes = try fields.optional("changes", "how much was changed; absent where it has not been read")
    uncommitted = try fields.defaulted("uncommitted", "whether some of it is not committed", false)
    files = try fields.defaulted("files", "the files, at most 200", [])
    patch = try fields.defaulted("patch", "the patch, or a piece of it; bytes that are not UTF-8 are replaced", "")
    offset = try fields.defaulted("offset", "where the piece begins, in bytes", 0)
    nextOffset = try fields.optional("next_offset", "where to go on; absent where nothing is left")
    patchPath = try fields.optional("patch_path", "where the whole patch is, for `git apply`")
    patchIsCut = try fields.defaulted(
      "patch_is_cut", "whether that was cut off, because it would be longer than 16 MiB", false)
    problem = try fields.optional("problem", "what went wrong")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("base", base)
    fields.set("branch", branch)
    fields.set("worktree", worktree)
    fields.set("state", state)
    fields.set("changes", changes)
    if uncommitted { fields.set("uncommitted", uncommitted) }
    fields.set("files", files)
    fields.set("patch", patch)
    if offset > 0 { fields.set("offset", offset) }
    fields.set("next_offset", nextOffset)
    fields.set("patch_path", patchPath)
    if patchIsCut { fields.set("patch_is_cut", patchIsCut) }
    fields.set("problem", problem)
  }
}
