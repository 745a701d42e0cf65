/// A branch of the hive-mind.
public struct BranchView: WireObject, Hashable {
  /// The branch.
  public var branchID: String
  /// The branch whose findings its agents see too.
  public var parentBranchID: String?
  /// The git folder that all work trees of its repository share; absent outside of one.
  public var repository: String?
  /// How many findings it holds.
  public var findings: Int
  /// When it was first heard of.
  public var createdAt: Timestamp
  /// Since when it is hidden from searches.
  public var archivedAt: Timestamp?
  /// When it was last merged into its parent.
  public var mergedAt: Timestamp?

  /// With what must be there.
  public init(branchID: String, findings: Int, createdAt: Timestamp) {
    self.branchID = branchID
    self.findings = findings
    self.createdAt = createdAt
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    branchID = try fields.required("branch_id", "the branch")
    parentBranchID = try fields.optional("parent_branch_id", "the branch whose findings its agents see too")
    repository = try fields.optional(
      "repository", "the git folder that all work trees of its repository share; absent outside of one")
    findings = try fields.required("findings", "how many findings it holds")
    createdAt = try fields.required("created_at", "when it was first heard of")
    archivedAt = try fields.optional("archived_at", "since when it is hidden from searches")
    mergedAt = try fields.optional("merged_at", "when it was last merged into its parent")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("branch_id", branchID)
    fields.set("parent_branch_id", parentBranchID)
    fields.set("repository", repository)
    fields.set("findings", findings)
    fields.set("created_at", createdAt)
    fields.set("archived_at", archivedAt)
    fields.set("merged_at", mergedAt)
  }
}

/// `branch.create`
public enum BranchCreate: Method {
  /// As on the wire.
  public static let name = "branch.create"
  /// What it does.
  public static let summary =
    "Makes a branch, or gives a parent to one that has none: findings of the parent are seen on the branch too."
  /// Parameters that a test reads.
  public static let example: JSON = ["branch_id": "auth-tests", "parent_branch_id": "auth"]

  /// The branch.
  public struct Parameters: WireObject, Hashable {
    /// The branch.
    public var branchID: String
    /// Its parent; made where it is new.
    public var parentBranchID: String?

    /// With what must be there.
    public init(branchID: String) {
      self.branchID = branchID
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      branchID = try fields.required("branch_id", "the branch", schema: nil)
      parentBranchID = try fields.optional("parent_branch_id", "its parent; made where it is new", schema: nil)
      try HiveNames.check(branchID, at: "branch_id", fields)
      try HiveNames.check(parentBranchID, at: "parent_branch_id", fields)
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("branch_id", branchID)
      fields.set("parent_branch_id", parentBranchID)
    }
  }

  /// What it answers.
  public typealias Result = BranchView
}

/// `branch.list`
public enum BranchList: Method {
  /// As on the wire.
  public static let name = "branch.list"
  /// What it does.
  public static let summary =
    "Lists the branches of the caller's repository."
  /// Parameters that a test reads.
  public static let example: JSON = ["all": true]

  /// Which branches.
  public struct Parameters: WireObject, Hashable {
    /// Those of all repositories.
    public var all: Bool
    /// Archived ones too.
    public var archived: Bool

    /// With what must be there.
    public init() {
      all = false
      archived = true
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      all = try fields.defaulted("all", "those of all repositories", false)
      archived = try fields.defaulted("archived", "archived ones too", true)
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("all", all)
      fields.set("archived", archived)
    }
  }

  /// The branches.
  public struct Result: WireObject, Hashable {
    /// The branches, oldest first.
    public var branches: [BranchView]

    /// With what must be there.
    public init(branches: [BranchView]) {
      self.branches = branches
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      branches = try fields.required("branches", "the branches, oldest first")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("branches", branches)
    }
  }
}

/// `branch.merge`
public enum BranchMerge: Method {
  /// As on the wire.
  public static let name = "branch.merge"
  /// What it does.
  public static let summary =
    "Moves a branch's findings to its parent and archives it: exact duplicates are folded; a key with two values is a conflict, and nothing is merged until a resolution says which one counts."
  /// Parameters that a test reads.
  public static let example: JSON = ["branch_id": "auth-tests", "resolution": "branch"]

  /// What to merge.
  public struct Parameters: WireObject, Hashable {
    /// The branch.
    public var branchID: String
    /// Where to; default: its parent.
    public var into: String?
    /// What to do with keys that have two values: refuse, parent (its value stays), branch (its value counts), both (the branch's moves to KEY@BRANCH).
    public var resolution: MergeResolution
    /// Only tell the conflicts.
    public var dryRun: Bool

    /// With what must be there.
    public init(branchID: String) {
      self.branchID = branchID
      resolution = .refuse
      dryRun = false
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      branchID = try fields.required("branch_id", "the branch", schema: nil)
      into = try fields.optional("into", "where to; default: its parent", schema: nil)
      resolution = try fields.defaulted(
        "resolution",
        "what to do with keys that have two values: refuse, parent (its value stays), branch (its value counts), both (the branch's moves to KEY@BRANCH)",
        .refuse)
      dryRun = try fields.defaulted("dry_run", "only tell the conflicts", false)
      try HiveNames.check(branchID, at: "branch_id", fields)
      try HiveNames.check(into, at: "into", fields)
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("branch_id", branchID)
      fields.set("into", into)
      fields.set("resolution", resolution)
      fields.set("dry_run", dryRun)
    }
  }

  /// What was merged.
  public struct Result: WireObject, Hashable {
    /// The branch.
    public var branchID: String
    /// Where its findings are now.
    public var into: String
    /// Whether anything was changed: false where conflicts stood in the way, and for a dry run.
    public var merged: Bool
    /// Findings that were moved.
    public var moved: Int
    /// Exact duplicates that were folded.
    public var folded: Int
    /// Keys with two values, at most 100; settled ones too.
    public var conflicts: [KeyConflict]

    /// With what must be there.
    public init(branchID: String, into: String, merged: Bool, moved: Int, folded: Int, conflicts: [KeyConflict]) {
      self.branchID = branchID
      self.into = into
      self.merged = merged
      self.moved = moved
      self.folded = folded
      self.conflicts = conflicts
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      branchID = try fields.required("branch_id", "the branch")
      into = try fields.required("into", "where its findings are now")
      merged = try fields.required(
        "merged", "whether anything was changed: false where conflicts stood in the way, and for a dry run")
      moved = try fields.required("moved", "findings that were moved")
      folded = try fields.required("folded", "exact duplicates that were folded")
      conflicts = try fields.required("conflicts", "keys with two values, at most 100; settled ones too")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("branch_id", branchID)
      fields.set("into", into)
      fields.set("merged", merged)
      fields.set("moved", moved)
      fields.set("folded", folded)
      fields.set("conflicts", conflicts)
    }
  }
}

/// What a merge does with a key that has two values.
public enum MergeResolution: String, WireEnum {
  case refuse, parent, branch, both
}

/// A key with two values.
public struct KeyConflict: WireObject, Hashable {
  /// The key.
  public var key: String
  /// What the branch says.
  public var branch: FindingView
  /// What the parent says.
  public var parent: FindingView

  /// With what must be there.
  public init(key: String, branch: FindingView, parent: FindingView) {
    self.key = key
    self.branch = branch
    self.parent = parent
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    key = try fields.required("key", "the key")
    branch = try fields.required("branch", "what the branch says")
    parent = try fields.required("parent", "what the parent says")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("key", key)
    fields.set("branch", branch)
    fields.set("parent", parent)
  }
}

/// `branch.archive`
public enum BranchArchive: Method {
  /// As on the wire.
  public static let name = "branch.archive"
  /// What it does.
  public static let summary =
    "Hides a branch from searches, or shows it again. A new finding shows it again too."
  /// Parameters that a test reads.
  public static let example: JSON = ["branch_id": "auth-tests"]

  /// Which branch.
  public struct Parameters: WireObject, Hashable {
    /// The branch.
    public var branchID: String
    /// False shows it again.
    public var archived: Bool

    /// With what must be there.
    public init(branchID: String) {
      self.branchID = branchID
      archived = true
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      branchID = try fields.required("branch_id", "the branch", schema: nil)
      archived = try fields.defaulted("archived", "false shows it again", true)
      try HiveNames.check(branchID, at: "branch_id", fields)
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("branch_id", branchID)
      fields.set("archived", archived)
    }
  }

  /// What it answers.
  public typealias Result = BranchView
}

/// `hive.export`
public enum HiveExport: Method {
  /// As on the wire.
  public static let name = "hive.export"
  /// What it does.
  public static let summary =
    "Gives the findings of a branch, whole, oldest first, a page at a time."
  /// Parameters that a test reads.
  public static let example: JSON = ["branch_id": "auth"]

  /// Which branch.
  public struct Parameters: WireObject, Hashable {
    /// The branch; default: the caller's.
    public var branchID: String?
    /// How many at most; a page also ends at 1 MiB.
    public var limit: Int
    /// `next_cursor` of the page before.
    public var cursor: String?

    /// With what must be there.
    public init() {
      limit = 100
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      branchID = try fields.optional("branch_id", "the branch; default: the caller's", schema: nil)
      limit = try fields.defaulted(
        "limit", "how many at most; a page also ends at 1 MiB", 100, schema: .integer(minimum: 1, maximum: 1000))
      cursor = try fields.optional("cursor", "`next_cursor` of the page before", schema: nil)
      try HiveNames.check(branchID, at: "branch_id", fields)
      try fields.check("limit", (1...1000).contains(limit), "must be 1 to 1,000, found \(limit)")
      if let cursor { try fields.check("cursor", Int64(cursor) != nil, "is no cursor of this method") }
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("branch_id", branchID)
      fields.set("limit", limit)
      fields.set("cursor", cursor)
    }
  }

  /// A page.
  public struct Result: WireObject, Hashable {
    /// The branch.
    public var branchID: String
    /// The findings, oldest first.
    public var findings: [FindingView]
    /// For the next page; absent on the last.
    public var nextCursor: String?

    /// With what must be there.
    public init(branchID: String, findings: [FindingView]) {
      self.branchID = branchID
      self.findings = findings
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      branchID = try fields.required("branch_id", "the branch")
      findings = try fields.required("findings", "the findings, oldest first")
      nextCursor = try fields.optional("next_cursor", "for the next page; absent on the last")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("branch_id", branchID)
      fields.set("findings", findings)
      fields.set("next_cursor", nextCursor)
    }
  }
}
