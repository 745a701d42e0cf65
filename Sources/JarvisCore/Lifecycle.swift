import JarvisProtocol

/// What happens to single tasks. A task that isn't known, or isn't in a state to which the call applies, is left alone:
/// news from outside can come late.
extension SchedulerState {
  /// A task is over. Takes it from the queue or from the agents, releases those that waited for it, and settles, as
  /// `cancelled`, those whose condition can't hold any more, and those that wait for these, and so on.
  ///
  /// - Parameters:
  ///   - id: the task.
  ///   - state: its terminal state.
  /// - Returns: what this did to other tasks.
  public mutating func settle(_ id: TaskID, as state: TaskState) -> Effects {
    assert(state.isTerminal, "a task settles in a terminal state only")
    var effects = Effects()
    guard tasks[id] != nil, state.isTerminal else { return effects }
    cascade([(id, state)], into: &effects)
    return effects
  }

  /// A task was handed to the warden. `decide` has marked those that it says to start already; this is for tasks that
  /// were found so after a restart.
  public mutating func markStarting(_ id: TaskID, at: Timestamp) {
    begin(id, at: at, reason: Reason(.takenOver))
  }

  /// A task's process runs, since `at`: the warm-up of its reservation begins. Also for tasks taken over after a
  /// restart, whatever the gate would say to them, and for frozen ones that were thawed by somebody else.
  public mutating func markRunning(_ id: TaskID, at: Timestamp) {
    begin(id, at: at, reason: Reason(.takenOver))
    switch tasks[id]?.state {
    case .starting:
      move(id, to: .running)
      agents.markRunning(id, at: at)
    case .paused: markResumed(id, at: at)
    default: break
    }
  }

  /// A task's processes are frozen. It still counts for caps, because it still holds its memory; it isn't expected to
  /// use more. If it was frozen to relieve the machine, it is resumed when there is room; else when asked for.
  public mutating func markPaused(_ id: TaskID) {
    guard let task = tasks[id], task.state == .running || task.state == .starting else { return }
    move(id, to: .paused)
    agents.cool(id)
    if agents[id]?.isBeingRelieved == true { requestResume(id) }
  }

  /// Asks for a frozen task to go on. `decide` says `.resume` when the gate lets it.
  public mutating func requestResume(_ id: TaskID) {
    guard let task = tasks[id], task.state == .paused else { return }
    resuming.insert(rank(of: task))
  }

  /// A frozen task goes on. `decide` has marked those that it says to resume already.
  public mutating func markResumed(_ id: TaskID, at: Timestamp) {
    resume(id, at: at, reason: Reason(.takenOver))
  }

  /// A task goes back into the queue and passes the gate again: it is to be retried, or it was interrupted by a
  /// shutdown, or to relieve the machine. It keeps its age.
  ///
  /// - Parameters:
  ///   - id: an active or queued task.
  ///   - notBefore: it doesn't start before; nil for at once.
  public mutating func requeue(_ id: TaskID, notBefore: Timestamp? = nil) {
    guard let task = tasks[id] else { return }
    if task.state.isActive {
      putBack(id, notBefore: notBefore)
    } else if task.state == .queued {
      withdraw(id)
      tasks[id]?.notBefore = notBefore
      enqueue(id)
      refreshLane(of: task.batch)
    }
  }

  /// A frozen task becomes a running one.
  mutating func resume(_ id: TaskID, at: Timestamp, reason: Reason) {
    guard let task = tasks[id], task.state == .paused else { return }
    resuming.remove(rank(of: task))
    move(id, to: .running)
    agents.markResumed(id, at: at, reason: reason, expected: resumeCost(of: task))
  }

  /// What a frozen task comes to use again: processor time. Its memory never went.
  func resumeCost(of task: LiveTask) -> ResourceCost {
    ResourceCost(cpu: (task.expected ?? policy.defaultCost).cpu, ram: 0)
  }
}
