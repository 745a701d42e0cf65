import JarvisProtocol

/// A branch of the hive-mind: whose findings are shared, and whose parent's are seen too.
public struct BranchRow: Sendable, Hashable {
  /// The store's own number.
  public var id: Int64
  /// The repository; empty outside of one.
  public var scope: String
  /// The branch.
  public var name: String
  /// The branch whose findings its own see too.
  public var parent: String?
  /// When it was first heard of.
  public var createdAt: Timestamp
  /// Set while it is hidden from searches.
  public var archivedAt: Timestamp?
  /// When it was last merged into its parent.
  public var mergedAt: Timestamp?
  /// How many findings it holds, expired ones that were not pruned yet included.
  public var findings: Int
}

/// What a new finding must fulfil, checked in the transaction that stores it.
public struct FindingRules: Sendable, Hashable {
  /// The revision that its key must have now; 0: there must be none. Nil: whatever is there is replaced.
  public var expectedRevision: Int64?
  /// Findings of its task at most.
  public var perTask: Int
  /// Findings of its branch at most.
  public var perBranch: Int
  /// The request that stores it; one that has stored a finding already is refused with `StoreError.duplicateFinding`.
  public var request: String?

  /// No rules.
  public init(
    expectedRevision: Int64? = nil, perTask: Int = .max, perBranch: Int = .max, request: String? = nil
  ) {
    self.request = request
    self.expectedRevision = expectedRevision
    self.perTask = perTask
    self.perBranch = perBranch
  }
}

/// What a merge does where parent and branch say different things under one key.
public enum MergeRule: String, Sendable, Hashable {
  /// The parent's stays, the branch's is dropped.
  case parent
  /// The branch's takes its place, as the next revision.
  case branch
  /// Both stay: the branch's is moved under the key `KEY@BRANCH`.
  case both
}

/// One key with two values.
public struct MergeConflict: Sendable, Hashable {
  /// What the branch says.
  public var branch: FindingRow
  /// What the parent says.
  public var parent: FindingRow
}
