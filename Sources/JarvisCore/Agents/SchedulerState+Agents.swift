import JarvisProtocol

/// The runners whose agents call an API, each with its gate, and the ready tasks that wait for one.
struct RunnerGates: Sendable {
  struct Entry: Sendable {
    let name: String
    var gate: APIGate
    /// Agents that it has.
    var active = 0
    /// Ready tasks that its gate keeps, out of the way of others. The one that may start next comes first.
    var shelf = SortedList<Rank>()
  }

  /// Where tasks wait whose budget is used up.
  static let budgetShelf: Int16 = -2

  var entries: [Entry] = []
  var numbers: [String: Int16] = [:]
  var overBudget = SortedList<Rank>()
  /// The shelf of each task that is on one.
  var shelved: [TaskID: Int16] = [:]

  subscript(_ number: Int16) -> Entry? { entries.indices.contains(Int(number)) ? entries[Int(number)] : nil }

  /// A runner's number; −1 for none, and for more runners than anybody has.
  mutating func number(of name: String?) -> Int16 {
    guard let name else { return -1 }
    if let number = numbers[name] { return number }
    guard entries.count < 10_000 else { return -1 }
    let number = Int16(entries.count)
    entries.append(Entry(name: name, gate: APIGate()))
    numbers[name] = number
    return number
  }

  mutating func shelve(_ rank: Rank, on shelf: Int16) {
    shelved[rank.id] = shelf
    if shelf == Self.budgetShelf { overBudget.insert(rank) } else { entries[Int(shelf)].shelf.insert(rank) }
  }

  /// Takes a task from its shelf; false: it is on none.
  mutating func unshelve(_ rank: Rank) -> Bool {
    guard let shelf = shelved.removeValue(forKey: rank.id) else { return false }
    if shelf == Self.budgetShelf { overBudget.remove(rank) } else { entries[Int(shelf)].shelf.remove(rank) }
    return true
  }

  mutating func count(_ n: Int, _ number: Int16) {
    if entries.indices.contains(Int(number)) { entries[Int(number)].active += n }
  }
}

// What an agent's API and its budget say, beside what the machine says.
extension SchedulerState {
  /// Whether a task must wait for its runner's API or for a budget.
  func agentRefusal(_ task: LiveTask, now: Timestamp) -> Reason.Kind? {
    guard let runner = runners[task.runner] else { return nil }
    if let session = sessions[Int(task.session)]?.key.raw,
      let breach = budgets.breach(batch: task.batch, session: session, branch: batches[task.batch]?.branch ?? "")
    {
      return .budget(breach)
    }
    return runner.gate.refusal(active: runner.active, now: now).map { .api(runner.name, $0) }
  }

  /// Takes a ready task that its runner or its budget keeps out of the line, so that it holds up nobody.
  mutating func shelve(_ offer: Offer, for kind: Reason.Kind) {
    guard let task = tasks[offer.rank.id] else { return }
    queue.remove(offer.rank, of: offer.session)
    if case .budget = kind {
      runners.shelve(offer.rank, on: RunnerGates.budgetShelf)
    } else {
      runners.shelve(offer.rank, on: task.runner)
    }
  }

  /// Takes a task out of the line, or from its shelf.
  mutating func removeReady(_ rank: Rank, of session: Int32) {
    if !runners.unshelve(rank) { queue.remove(rank, of: session) }
  }

  /// Puts those back into the line whose runner may start some.
  mutating func unshelveDue(now: Timestamp) {
    if budgets.roll(now: now) { areBudgetsChanged = true }
    if areBudgetsChanged {
      areBudgetsChanged = false
      for rank in runners.overBudget.elements { lineUp(rank) }
    }
    for i in runners.entries.indices {
      let entry = runners.entries[i]
      guard !entry.shelf.isEmpty, entry.gate.refusal(active: entry.active, now: now) == nil else { continue }
      // One that goes on to be refused for another reason must not hide those behind it: as many as there is room for.
      let room = max(1, entry.gate.limit - entry.active)
      for rank in (0..<room).compactMap({ entry.shelf.element(at: $0) }) { lineUp(rank) }
    }
  }

  /// All of them: what they wait for may be another thing now.
  mutating func unshelveAll() {
    for i in runners.entries.indices { for rank in runners.entries[i].shelf.elements { lineUp(rank) } }
    for rank in runners.overBudget.elements { lineUp(rank) }
  }

  private mutating func lineUp(_ rank: Rank) {
    guard runners.unshelve(rank), let task = tasks[rank.id] else { return }
    queue.insert(rank, of: task.session)
  }

  /// When time alone lets shelved tasks go on.
  func shelfWakeUp(now: Timestamp) -> Timestamp? {
    var times = runners.entries.compactMap { entry in
      entry.shelf.isEmpty ? nil : entry.gate.opens(active: entry.active, now: now)
    }
    if !runners.overBudget.isEmpty { times.append(budgets.nextDay) }
    return times.min()
  }

  // MARK: News

  /// How the runner's API is treated from now on.
  public mutating func setAPIPolicy(_ policy: APIGatePolicy, runner: String) {
    let number = runners.number(of: runner)
    guard number >= 0 else { return }
    runners.entries[Int(number)].gate.update(policy)
  }

  /// The bounds on spending from now on.
  public mutating func setBudgets(_ policy: BudgetPolicy) {
    guard policy != budgets.policy else { return }
    budgets.policy = policy
    areBudgetsChanged = true
  }

  /// An agent's API refused a call, which is tried again after `delay` seconds, if that is known.
  public mutating func apiRefused(_ id: TaskID, delay: Double?, now: Timestamp) {
    guard let task = tasks[id], let entry = runners[task.runner] else { return }
    runners.entries[Int(task.runner)].gate.refused(delay: delay, active: entry.active, now: now)
  }

  /// An agent had a turn, or an end, that its API was no hindrance to.
  public mutating func apiWentWell(_ id: TaskID) {
    guard let task = tasks[id], let entry = runners[task.runner] else { return }
    runners.entries[Int(task.runner)].gate.wentWell(active: entry.active)
  }

  /// The usage limit of an agent's account is reached, until `reset` if that is known.
  public mutating func apiLimited(_ id: TaskID, until reset: Timestamp?, now: Timestamp) {
    guard let task = tasks[id], runners[task.runner] != nil else { return }
    runners.entries[Int(task.runner)].gate.limited(until: reset, now: now)
  }

  /// A runner's gate and how many agents it has; nil: no task has named it.
  public func api(of runner: String) -> (gate: APIGate, active: Int)? {
    runners.numbers[runner].flatMap { runners[$0] }.map { ($0.gate, $0.active) }
  }
}
