import JarvisAgents
import JarvisCore
import JarvisProtocol
import JarvisStore

// What agents spend, and what is done when that is too much.
extension Coordinator {
  /// Takes what an agent has spent since into the ledger and the store; returns whether that was anything.
  func count(_ id: TaskID) -> Bool {
    guard let task = tasks[id], let agent = task.run?.agent, let batch = batches[task.batch]?.row else { return false }
    let all = Spending(
      cost: max(0, (agent.report.cost ?? 0) - (task.stored.costBefore ?? 0)), tokens: max(0, agent.report.tokens.total))
    let new = all - agent.counted
    guard !new.isNone else { return false }
    tasks[id]?.run?.agent?.counted = agent.counted + new
    if scheduler.budgets.roll(now: now()) { spentToday = [:] }
    if spentDay != scheduler.budgets.day {
      spentDay = scheduler.budgets.day
      spentToday = [:]
    }
    let today = (spentToday[id] ?? Spending()) + new
    spentToday[id] = today
    scheduler.budgets.add(new, task: id, batch: task.batch, session: batch.session, branch: batch.branch)
    parcel.changes.append(
      .spend(
        SpendRow(
          task: id, day: spentDay, batch: task.batch, session: batch.session, branch: batch.branch, cost: today.cost,
          tokens: today.tokens)))
    enforceBudgets(after: id)
    return true
  }

  /// Stops what would exceed a budget: the task itself, or all that share a budget that is used up.
  private func enforceBudgets(after id: TaskID) {
    guard let breach = breach(of: id) else { return }
    stopOverBudget(id, breach)
    guard breach.scope != .task else { return }
    for other in scheduler.activeTasks where other != id {
      if let breach = self.breach(of: other), breach.scope != .task { stopOverBudget(other, breach) }
    }
  }

  private func breach(of id: TaskID) -> BudgetBreach? {
    guard let task = tasks[id], streamFormat(of: task) != nil, let batch = batches[task.batch]?.row else { return nil }
    let limits = task.stored.spec.limits
    return scheduler.budgets.breach(
      task: id, own: Budget(cost: limits.cost, tokens: limits.tokens), batch: task.batch, session: batch.session,
      branch: batch.branch)
  }

  private func stopOverBudget(_ id: TaskID, _ breach: BudgetBreach) {
    // One that is done spends no more.
    guard let run = tasks[id]?.run, run.stop == nil, run.agent?.report.isOver != true, run.phase != .exited else {
      return
    }
    tell(id, .kill, "\(id) is being stopped", breach.sentence, nil)
    stop(id, .overseer(OverseerStop(sentence: breach.sentence, evidence: nil, grace: config.limits.grace)))
  }

  /// US dollars that a task may still spend by its own limit, for programs that keep such a bound themselves.
  func costLeft(of task: LiveTask) -> Double? {
    guard let limit = task.stored.spec.limits.cost ?? config.budgets.taskCost else { return nil }
    return max(0.0001, limit - scheduler.budgets.spent(by: task.id).cost)
  }

  /// Reads what was spent before this daemon, and where its predecessor was in each stream.
  func restoreAgents() async throws(RPC.Failure) {
    configureAgents()
    _ = scheduler.budgets.roll(now: now())
    let today = scheduler.budgets.day
    spentDay = today
    // As long as a branch or a session is likely to live.
    let first = today - 40
    let rows = try await stored { (store) throws(StoreError) in try await store.spending(since: first) }
    for row in rows {
      scheduler.budgets.add(
        Spending(cost: row.cost, tokens: row.tokens), task: row.task, batch: row.batch, session: row.session,
        branch: row.branch, isToday: row.day == today)
      if tasks[row.task] == nil { scheduler.budgets.forget(row.task) }
      if row.day == today, tasks[row.task] != nil {
        spentToday[row.task] = Spending(cost: row.cost, tokens: row.tokens)
      }
    }
    for batch in Set(rows.map(\.batch)) where batches[batch] == nil { scheduler.budgets.forget(batch) }
    parcel.changes.append(.pruneSpending(before: first))
    let saved = try await stored { (store) throws(StoreError) in try await store.liveAgents() }
    for (id, json) in saved { savedAgents[id] = SavedAgent(stored: json) }
  }

  /// A task is over and forgotten.
  func forgetSpending(of id: TaskID, _ batch: BatchID) {
    savedAgents.removeValue(forKey: id)
    scheduler.budgets.forget(id)
    spentToday.removeValue(forKey: id)
    if batches[batch] == nil { scheduler.budgets.forget(batch) }
  }
}
