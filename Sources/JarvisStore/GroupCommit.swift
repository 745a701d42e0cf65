import GRDB
import JarvisProtocol
import Synchronization

/// What the writer has done since the store was opened.
public struct StoreMetrics: Sendable, Hashable {
  /// Transactions committed. Each is one wait for the disk.
  public var transactions = 0
  /// Calls of `commit` and `enqueue` that succeeded.
  public var commits = 0
  /// Calls that were refused or failed.
  public var failures = 0
  /// Groups that ran twice because one caller's changes were refused half-way.
  public var isolatedGroups = 0
}

/// One caller's changes on their way into a transaction.
struct Submission: Sendable {
  let changes: [Change]
  /// Called once, on the writer's thread, with the number of pruned tasks.
  let then: @Sendable (Result<Int, StoreError>) -> Void
}

/// What callers and the writer share.
struct WriterState {
  var pending: [Submission] = []
  /// Whether a drain is under way or scheduled.
  var isDraining = false
  /// The store, while the thread is to drain: what was taken on is answered even when everybody has let go of it.
  var owner: Store?
  var isClosed = false
  var metrics = StoreMetrics()
  /// Seconds that a small transaction takes of late: the longest, forgotten by a tenth with each that is shorter.
  var latency = 0.0
}

// Group commit: a wait for the disk costs the same for one change as for a thousand. While one transaction syncs,
// callers queue up; the next transaction takes all of them. A lone caller finds the writer idle and waits for nobody.
extension Store {
  /// Stores the changes, all or none, and returns when they are on the disk. An empty list returns at once.
  ///
  /// Calls are applied in the order in which they are made: an actor that calls this enqueues before it suspends.
  /// - Throws: `duplicateRequest`, `missingTask`, `missingEnvironment` or `refused` for these changes alone; another
  ///   case when the store could not write. Nothing of `changes` is stored then, and the store remains usable.
  nonisolated(nonsending) public func commit(_ changes: [Change]) async throws(StoreError) {
    _ = try await submit(changes).get()
  }

  /// The same on the caller's thread, which saves two switches between threads, most of what a lone small commit costs
  /// beside the disk. Only where that can't hold the caller up for long: nobody else writes, and the disk was quick of
  /// late. Nil where that is not so and nothing was done.
  public func commitInPlace(_ changes: [Change]) -> Result<Void, StoreError>? {
    let mayStart = writer.withLock { state in
      guard !state.isClosed, !state.isDraining, state.latency < Self.quick else { return false }
      state.isDraining = true
      return true
    }
    guard mayStart else { return nil }
    let submission = Submission(changes: changes) { _ in }
    let result = pool.writeWithoutTransaction { db in write([submission], on: db)[0] }
    let hasMore = writer.withLock { state in
      state.isDraining = !state.pending.isEmpty
      if state.isDraining { state.owner = self }
      return state.isDraining
    }
    if hasMore { thread.wake() }
    return result.map { _ in }
  }

  /// Seconds: several times what a disk needs that is well.
  private static var quick: Double { 0.002 }

  /// The same for callers that can't wait: returns at once and calls `then` on the writer's thread, which it must not
  /// hold up.
  public func enqueue(_ changes: [Change], then: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
    put(Submission(changes: changes) { then($0.map { _ in }) })
  }

  /// Takes away batches all of whose tasks ended before `finishedBefore`, in small transactions, and environments that
  /// no task uses any more.
  /// - Returns: The number of tasks taken away.
  public func prune(finishedBefore: Timestamp) async throws(StoreError) -> Int {
    var total = 0
    while true {
      let pruned = try await submit([.prune(finishedBefore: finishedBefore)]).get()
      if pruned == 0 { return total }
      total += pruned
    }
  }

  /// Stores a finding; see `Change.finding`.
  /// - Returns: The revision that its key has now.
  nonisolated(nonsending) public func put(
    _ finding: FindingRow, _ rules: FindingRules = FindingRules()
  ) async throws(StoreError) -> Int64 {
    Int64(try await submit([.finding(finding, rules)]).get())
  }

  /// Takes away what expired at or before this, in small transactions.
  nonisolated(nonsending) public func expireFindings(before: Timestamp) async throws(StoreError) {
    _ = try await repeated(.expireFindings(before: before))
  }

  /// Merges a branch into another one of its scope: exact duplicates are folded, keys that differ follow the rule, the
  /// rest is moved, and the branch is archived. In small transactions; one that was cut off is taken up by the next.
  nonisolated(nonsending) public func mergeBranch(
    scope: String, _ from: String, into: String, _ rule: MergeRule?, at time: Timestamp
  ) async throws(StoreError) -> (moved: Int, folded: Int) {
    try await expireFindings(before: time)
    try await commit([.branch(scope: scope, name: into, parent: nil, at: time)])
    let folded = try await repeated(.foldFindings(scope: scope, from: from, into: into))
    if let rule { try await commit([.settleKeys(scope: scope, from: from, into: into, rule)]) }
    let moved = try await repeated(.moveFindings(scope: scope, from: from, into: into))
    var last: [Change] = [.archiveBranch(scope: scope, name: from, at: time, merged: true)]
    // What was shown before is not hidden by a merge into an archived branch.
    if moved > 0 { last.append(.archiveBranch(scope: scope, name: into, at: nil, merged: false)) }
    try await commit(last)
    return (moved, folded)
  }

  nonisolated(nonsending) private func repeated(_ change: Change) async throws(StoreError) -> Int {
    var total = 0
    while true {
      let count = try await submit([change]).get()
      if count == 0 { return total }
      total += count
    }
  }

  /// What the writer has done since the store was opened.
  public var metrics: StoreMetrics { writer.withLock { $0.metrics } }

  nonisolated(nonsending) func submit(_ changes: [Change]) async -> Result<Int, StoreError> {
    guard !changes.isEmpty else { return .success(0) }
    return await withCheckedContinuation { continuation in
      put(Submission(changes: changes) { continuation.resume(returning: $0) })
    }
  }

  private func put(_ submission: Submission) {
    let isRefused = writer.withLock { state in
      guard !state.isClosed else { return true }
      state.pending.append(submission)
      if !state.isDraining {
        state.isDraining = true
        state.owner = self
        thread.wake()
      }
      return false
    }
    if isRefused { submission.then(.failure(.closed(path: path))) }
  }

  /// On the writer's thread: one transaction after another, until nothing is pending.
  func drain(_ db: Database) {
    while true {
      let group = writer.withLock { state in
        state.isDraining = !state.pending.isEmpty
        // The caller has it too, so this is not the last reference.
        if !state.isDraining { state.owner = nil }
        return exchange(&state.pending, with: [])
      }
      if group.isEmpty { return }
      let results = write(group, on: db)
      for (submission, result) in zip(group, results) { submission.then(result) }
    }
  }

  private func write(_ group: [Submission], on db: Database) -> [Result<Int, StoreError>] {
    var isolated = false
    let results: [Result<Int, StoreError>]
    let begin = ContinuousClock.now
    do {
      do {
        results = try transaction(group, isolating: false, on: db)
      } catch let error where error.concernsOneCaller && group.count > 1 {
        // Savepoints cost every caller, so they are used only once it is known that somebody needs them.
        isolated = true
        results = try transaction(group, isolating: true, on: db)
      }
    } catch {
      results = Array(repeating: .failure(error), count: group.count)
    }
    let duration = (ContinuousClock.now - begin) / .seconds(1)
    // How long a great batch takes says nothing about the disk.
    let isSmall = group.reduce(0) { $0 + $1.changes.count } <= 32
    let failures = results.count { if case .failure = $0 { true } else { false } }
    writer.withLock { state in
      if isSmall { state.latency = max(duration, state.latency * 0.9) }
      state.metrics.transactions += failures < group.count ? 1 : 0
      state.metrics.commits += group.count - failures
      state.metrics.failures += failures
      state.metrics.isolatedGroups += isolated ? 1 : 0
    }
    return results
  }

  /// Applies and commits a group. Throws with nothing applied; a failed caller in the result had nothing applied.
  private func transaction(
    _ group: [Submission], isolating: Bool, on db: Database
  ) throws(StoreError) -> [Result<Int, StoreError>] {
    var results: [Result<Int, StoreError>] = []
    results.reserveCapacity(group.count)
    do {
      try db.cachedStatement(sql: "BEGIN IMMEDIATE").execute()
      for submission in group {
        if let refusal = try Writing.duplicate(among: submission.changes, db) {
          results.append(.failure(refusal))
          continue
        }
        if isolating { try db.cachedStatement(sql: "SAVEPOINT caller").execute() }
        do {
          var pruned = 0
          for change in submission.changes { pruned += try Writing.apply(change, db) }
          results.append(.success(pruned))
        } catch let error as StoreError where isolating && error.concernsOneCaller {
          try db.cachedStatement(sql: "ROLLBACK TO caller").execute()
          results.append(.failure(error))
        }
        if isolating { try db.cachedStatement(sql: "RELEASE caller").execute() }
      }
      try db.cachedStatement(sql: "COMMIT").execute()
      return results
    } catch {
      // Does nothing where SQLite has rolled back by itself.
      try? db.rollback()
      throw StoreError(error, path: path, action: "be written")
    }
  }

  private func exchange<T>(_ value: inout T, with new: T) -> T {
    defer { value = new }
    return value
  }
}
