import JarvisProtocol

extension SchedulerState {
  /// Changes a waiting task.
  ///
  /// - Parameters:
  ///   - id: the task.
  ///   - edit: what to change.
  ///   - finished: how those of `edit.after` ended that the scheduler no longer knows.
  /// - Returns: the state it is in now, `queued` or `blocked`.
  /// - Throws: why the edit is refused; then nothing was changed.
  @discardableResult
  public mutating func edit(
    _ id: TaskID, _ edit: TaskChange, finished: [TaskID: TaskState] = [:]
  ) throws(SchedulingError) -> TaskState {
    guard let task = tasks[id] else { throw .unknownTask(id) }
    guard task.state.isWaiting else { throw .notWaiting(id, task.state) }
    if let after = edit.after {
      for dependency in after where tasks[dependency.task] == nil {
        guard let state = finished[dependency.task] else { throw .unknownDependency(dependency.task) }
        if !dependency.condition.holds(for: state) { throw .cannotBeMet(dependency, state) }
      }
      if let path = cycle(through: id, after: after) { throw .cycle(path) }
    }

    if task.state == .queued { withdraw(id) }
    if let priority = edit.priority { tasks[id]?.priority = priority }
    if let expected = edit.expected {
      tasks[id]?.expected = expected
      tasks[id]?.expectedIsDeclared = edit.expectedIsDeclared
    }
    if let notBefore = edit.notBefore { tasks[id]?.notBefore = notBefore }
    if let after = edit.after {
      // The edges of the old dependencies become void with their generation.
      generation &+= 1
      tasks[id]?.generation = generation
      tasks[id]?.after = after
      _ = tieEdges(of: id, finished: finished)
    }
    let state: TaskState = (tasks[id]?.unmet ?? 0) > 0 ? .blocked : .queued
    move(id, to: state)
    if state == .queued { enqueue(id) }
    refreshLane(of: task.batch)
    return state
  }
}
