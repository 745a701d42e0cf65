/// `worktree.list`
public enum WorktreeList: Method {
  /// As on the wire.
  public static let name = "worktree.list"
  /// What it does.
  public static let summary = "Lists the worktrees of tasks (`isolation`: worktree) that are there, oldest first."
  /// Parameters that a test reads.
  public static let example: JSON = ["all": true]

  /// Which worktrees.
  public struct Parameters: WireObject, Hashable {
    /// Those that are gone too (clean, merged, removed, lost), as long as their tasks are kept.
    public var all: Bool
    /// Only those of a batch.
    public var batchID: BatchID?

    /// Those that are there.
    public init() { all = false }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      all = try fields.defaulted(
        "all", "those that are gone too (clean, merged, removed, lost), as long as their tasks are kept", false)
      batchID = try fields.optional("batch_id", "only those of a batch")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      if all { fields.set("all", all) }
      fields.set("batch_id", batchID)
    }
  }

  /// The worktrees.
  public struct Result: WireObject, Hashable {
    /// Oldest first.
    public var worktrees: [WorktreeView]

    /// A list.
    public init(worktrees: [WorktreeView]) { self.worktrees = worktrees }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      worktrees = try fields.required("worktrees", "oldest first, at most 10,000")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) { fields.set("worktrees", worktrees) }
  }
}

/// `worktree.diff`
public enum WorktreeChanges: Method {
  /// As on the wire.
  public static let name = "worktree.diff"
  /// What it does.
  public static let summary =
    "What a task changed, as of now while its worktree is there: numbers, files and the patch, in pieces. The piece at offset 0 reads the worktree anew."
  /// Parameters that a test reads.
  public static let example: JSON = ["id": "t1"]

  /// Which task, which piece.
  public struct Parameters: WireObject, Hashable {
    /// The task.
    public var id: TaskID
    /// Bytes of the patch to skip.
    public var offset: Int
    /// How many at most.
    public var maxBytes: Int

    /// The first 64 KiB.
    public init(id: TaskID, maxBytes: Int = 65_536) {
      self.id = id
      self.maxBytes = maxBytes
      offset = 0
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      id = try fields.required("id", "the task")
      offset = try fields.defaulted(
        "offset", "bytes of the patch to skip", 0, schema: .integer(minimum: 0, maximum: 1 << 40))
      maxBytes = try fields.defaulted(
        "max_bytes", "how many at most", 65_536, schema: .integer(minimum: 1, maximum: 1_048_576))
      try fields.check("offset", (0...(1 << 40)).contains(offset), "must be 0 or more, found \(offset)")
      try fields.check("max_bytes", (1...1_048_576).contains(maxBytes), "must be 1 to 1,048,576, found \(maxBytes)")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("id", id)
      fields.set("offset", offset)
      fields.set("max_bytes", maxBytes)
    }
  }

  /// What it answers.
  public typealias Result = TaskDiff
}

/// `worktree.merge`
public enum WorktreeMerge: Method {
  /// As on the wire.
  public static let name = "worktree.merge"
  /// What it does.
  public static let summary =
    "Merges what a task changed into the branch of the folder that it was submitted for; what it did not commit is committed first. Then worktree and branch are removed. With a conflict nothing is changed, and the files are named."
  /// Parameters that a test reads.
  public static let example: JSON = ["id": "t1"]

  /// What to merge, and how.
  public struct Parameters: WireObject, Hashable {
    /// The task.
    public var id: TaskID
    /// The branch to merge into, which must be checked out there; default: the one that was when the task started.
    public var into: String?
    /// The folder to merge in (absolute); default: the one that the task was submitted for.
    public var folder: String?
    /// The message of the merge; default: one that names the task.
    public var message: String?
    /// One commit in place of a merge of its commits.
    public var squash: Bool
    /// Leaves the worktree and its branch there.
    public var keep: Bool

    /// A merge.
    public init(id: TaskID) {
      self.id = id
      squash = false
      keep = false
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      id = try fields.required("id", "the task")
      into = try fields.optional(
        "into",
        "the branch to merge into, which must be checked out there; default: the one that was when the task started",
        schema: .string(format: nil, maxLength: 1024))
      folder = try fields.optional(
        "folder", "the folder to merge in (absolute); default: the one that the task was submitted for")
      message = try fields.optional(
        "message", "the message of the merge; default: one that names the task",
        schema: .string(format: nil, maxLength: 16_384))
      squash = try fields.defaulted("squash", "one commit in place of a merge of its commits", false)
      keep = try fields.defaulted("keep", "leaves the worktree and its branch there", false)
      try fields.check("into", (into?.utf8.count ?? 1) <= 1024, "must be at most 1,024 bytes")
      try fields.check("into", into?.isEmpty != true, "must not be empty")
      try fields.check("folder", folder?.hasPrefix("/") ?? true, "must be an absolute path")
      try fields.check("folder", (folder?.utf8.count ?? 0) < 4096, "is longer than a path may be (4,095 bytes)")
      try fields.check("message", (message?.utf8.count ?? 0) <= 16_384, "must be at most 16 KiB")
      try fields.check("message", message?.contains { !$0.isWhitespace } ?? true, "must say something")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("id", id)
      fields.set("into", into)
      fields.set("folder", folder)
      fields.set("message", message)
      if squash { fields.set("squash", squash) }
      if keep { fields.set("keep", keep) }
    }
  }

  /// What was merged.
  public struct Result: WireObject, Hashable {
    /// The worktree as it is now.
    public var worktree: WorktreeView
    /// Where it was merged.
    public var folder: String
    /// The branch that has it now; absent where HEAD is detached.
    public var into: String?
    /// The commit that HEAD is now.
    public var commit: String
    /// Whether there was anything to merge.
    public var merged: Bool

    /// With what must be there.
    public init(worktree: WorktreeView, folder: String, into: String?, commit: String, merged: Bool) {
      self.worktree = worktree
      self.folder = folder
      self.into = into
      self.commit = commit
      self.merged = merged
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      worktree = try fields.required("worktree", "the worktree as it is now")
      folder = try fields.required("folder", "where it was merged")
      into = try fields.optional("into", "the branch that has it now; absent where HEAD is detached")
      commit = try fields.required("commit", "the commit that HEAD is now")
      merged = try fields.required("merged", "whether there was anything to merge")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("worktree", worktree)
      fields.set("folder", folder)
      fields.set("into", into)
      fields.set("commit", commit)
      fields.set("merged", merged)
    }
  }
}

/// `worktree.remove`
public enum WorktreeRemove: Method {
  /// As on the wire.
  public static let name = "worktree.remove"
  /// What it does.
  public static let summary =
    "Removes a task's worktree and its branch. Refused where work would be lost, unless `force` is given."
  /// Parameters that a test reads.
  public static let example: JSON = ["id": "t1", "force": true]

  /// Which one.
  public struct Parameters: WireObject, Hashable {
    /// The task.
    public var id: TaskID
    /// Also where work is lost.
    public var force: Bool

    /// A removal.
    public init(id: TaskID, force: Bool = false) {
      self.id = id
      self.force = force
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      id = try fields.required("id", "the task")
      force = try fields.defaulted("force", "also where work is lost", false)
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("id", id)
      if force { fields.set("force", force) }
    }
  }

  /// What it answers.
  public typealias Result = WorktreeView
}
