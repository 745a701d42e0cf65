import JarvisProtocol

/// What the caller must do now.
public enum Decision: Sendable, Equatable {
  /// Start this task. It counts as `starting` already; if it can't be started, settle or requeue it.
  case start(TaskID, Reason)
  /// Thaw this frozen task. It counts as `running` already; if it can't be thawed, mark it paused again.
  case resume(TaskID, Reason)
  /// Do this to a task with processes to relieve the machine, then settle it, requeue it or mark it paused. If the
  /// reason's `relief` says `isKill`, it is killed (state `killed`), and if it says `isUrgent`, without a grace period.
  case relieve(TaskID, EmergencyAction, Reason)

  /// The task.
  public var task: TaskID {
    switch self {
    case .start(let id, _), .resume(let id, _), .relieve(let id, _, _): id
    }
  }

  /// Why, with numbers.
  public var reason: Reason {
    switch self {
    case .start(_, let reason), .resume(_, let reason), .relieve(_, _, let reason): reason
    }
  }
}

/// Decides which tasks start, and when.
public enum Scheduler {
  /// What must be done at `now`, in this order. To be called after every change: a submission, an exit, a sample, a
  /// new policy, the time that `nextWakeUp` named. Costs a few microseconds for each start, and for each of the at most
  /// `backfillLimit` tasks that don't fit; how many are queued doesn't matter.
  public static func decide(_ state: inout SchedulerState, now: Timestamp) -> [Decision] {
    state.wakeDue(now: now)
    state.unshelveDue(now: now)
    state.agents.dropWarm(now: now, warmUp: state.policy.warmUpSeconds)
    state.isShort = false
    state.lineHolder = nil
    var decisions: [Decision] = []
    if let relief = state.relieve(now: now) { decisions.append(relief) }
    state.resumeFitting(now: now, into: &decisions)
    state.startFitting(now: now, into: &decisions)
    return decisions
  }
}

extension SchedulerState {
  /// When the machine runs out of memory, an agent makes room; one at a time, to see what that gave.
  fileprivate mutating func relieve(now: Timestamp) -> Decision? {
    guard mayRelieve, let relief = guarding.relieve(agentSummaries, policy: policy, now: now) else { return nil }
    mayRelieve = false
    let action = relief.isKill ? EmergencyAction.cancel : policy.emergencyAction
    let reason = Reason(.relieved(action, relief))
    agents.markRelieved(relief.task, reason: reason)
    return .relieve(relief.task, action, reason)
  }

  /// What the guard may choose from.
  private var agentSummaries: [AgentSummary] {
    agents.all.compactMap { id, agent in
      guard let task = tasks[id], !agent.isStarting, let session = sessions[Int(task.session)]?.key else { return nil }
      return AgentSummary(
        id: id, priority: task.priority, session: session,
        memory: agent.measuredAt == nil ? agent.expected.ram : agent.measured.ram, growth: agent.growth,
        processes: agent.processes, startedAt: agent.since, isFrozen: task.state == .paused,
        isEnding: agent.isBeingRelieved && task.state == .running)
    }
  }

  /// Frozen tasks come before new ones: they hold memory already, and free it soonest by going on.
  fileprivate mutating func resumeFitting(now: Timestamp, into decisions: inout [Decision]) {
    for rank in resuming.elements {
      guard let task = tasks[rank.id] else { continue }
      let reserved = agents.reserved(now: now, warmUp: policy.warmUpSeconds)
      switch admit(task, .resume, reserved: reserved, now: now) {
      case .admitted(let kind):
        let reason = Reason(kind)
        resume(rank.id, at: now, reason: reason)
        decisions.append(.resume(rank.id, reason))
      case .refused(let kind, let scope):
        if Reason(kind).isShortage { isShort = true }
        if scope == .everything { return }
      }
    }
  }

  fileprivate mutating func startFitting(now: Timestamp, into decisions: inout [Decision]) {
    var reserved = agents.reserved(now: now, warmUp: policy.warmUpSeconds)
    var overtaken: [TaskID] = []
    var lookedPast = 0
    scan: while let offer = queue.first, let task = tasks[offer.rank.id] {
      switch admit(task, .start, reserved: reserved, now: now) {
      case .admitted(let kind):
        let reason = Reason(kind)
        begin(task.id, at: now, reason: reason)
        lastStart = now
        reserved = reserved + (task.expected ?? policy.defaultCost)
        for id in overtaken where tasks[id]?.overtakenSince == nil { tasks[id]?.overtakenSince = now }
        overtaken = []
        decisions.append(.start(task.id, reason))
      case .refused(let kind, .everything):
        if Reason(kind).isShortage { isShort = true }
        break scan
      case .refused(let kind, .session):
        if Reason(kind).isShortage { isShort = true }
        queue.park(offer.session)
      case .refused(let kind, .runner): shelve(offer, for: kind)
      case .refused(_, .candidate):
        isShort = true
        if let since = task.overtakenSince, now - since > policy.backfillPatienceSeconds {
          lineHolder = task.id
          break scan
        }
        if lookedPast >= policy.backfillLimit { break scan }
        lookedPast += 1
        overtaken.append(task.id)
        queue.lookPast(offer)
      }
    }
    queue.lookAtAllAgain()
  }
}
