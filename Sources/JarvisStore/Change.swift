import JarvisProtocol

/// One thing to be written. The changes of one `Store.commit` are applied in order, all or none.
public enum Change: Sendable, Hashable {
  /// A new batch. Refused with `StoreError.duplicateRequest` if its request key is taken.
  case batch(BatchRow)
  /// An environment by the hash of its content; kept as it is when that hash is stored already.
  ///
  /// Send it with every submission that uses it: one that no task uses any more is dropped by `prune`.
  case environment(id: Int64, json: String)
  /// A new task.
  case task(TaskRow)
  /// The changing columns of a task that exists.
  case state(StateRow)
  /// A task's specification and priority after an edit.
  case spec(id: TaskID, specJSON: String, priority: Priority)
  /// Something taught about a task type; appended.
  case learned(LearnedRow)
  /// A new finding; takes the place of one with the same scope, branch and key. Makes its branch where there is none,
  /// and shows it again where it was archived.
  /// Refused with `StoreError.revision` or `StoreError.bound` where a rule does not hold.
  case finding(FindingRow, FindingRules = FindingRules())
  /// Takes a finding away; no error if there is none.
  case removeFinding(id: Int64)
  /// Takes away findings that expired at or before this, about 2,000 at a time; `Store.expireFindings` repeats it.
  case expireFindings(before: Timestamp)
  /// What a task's agent said, as JSON of the daemon's own; takes the place of what was there.
  case agent(TaskID, json: String)
  /// What a task's agent spent on a day; takes the place of what was there.
  case spend(SpendRow)
  /// Takes away what was spent before a day.
  case pruneSpending(before: Int)
  /// A new run of a skill; its batch goes before it in the same list.
  case skillRun(SkillRunRow)
  /// What a run of a skill came to; of each skill the last 500 runs are kept.
  case skillRunEnded(batch: BatchID, SkillOutcomeRow)
  /// Makes a branch, or gives a parent to one that has none. Refused where it has another parent, or would become its
  /// own ancestor.
  case branch(scope: String, name: String, parent: String?, at: Timestamp)
  /// Hides a branch from searches, or (with nil) shows it again; `merged` notes a merge too.
  case archiveBranch(scope: String, name: String, at: Timestamp?, merged: Bool)
  /// Takes away findings of a branch that say exactly what its parent, or an older one of its own, says: 500 at a time.
  case foldFindings(scope: String, from: String, into: String)
  /// Settles keys that both branches have, by a rule.
  case settleKeys(scope: String, from: String, into: String, MergeRule)
  /// Moves findings of a branch to another one, 500 at a time.
  case moveFindings(scope: String, from: String, into: String)
  /// A task's worktree; takes the place of what was there.
  case worktree(WorktreeRow)
  /// Takes away the rows of worktrees that are gone and whose tasks have been pruned.
  case pruneWorktrees
  /// Sets one of the daemon's own values (`Store.meta`); nil takes it away.
  case meta(key: String, value: String?)
  /// Takes away batches whose tasks all ended before this: about 2,000 tasks at a time, so that nobody waits long.
  /// `Store.prune` repeats it until all are gone.
  case prune(finishedBefore: Timestamp)
  /// What a finished attempt showed.
  case observation(ObservationRow)
  /// What is known of a task type; takes the place of what was known before.
  case profile(ProfileRow)
  /// Takes away all that was observed, learned and taught about a task type.
  case forgetType(String)
  /// Takes away observations that ended before this or are not among the newest `keep`, and profiles that are not among
  /// the `profiles` most recently used: about 5,000 of each at a time. `Store.pruneLearning` repeats it.
  case pruneObservations(before: Timestamp, keep: Int, profiles: Int)
}
