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

  /// Changes how many of a batch's tasks may be active at once, while the batch lives. Fewer stop nothing: the next one
  /// starts when enough have ended. A sequential batch keeps its one, and a batch that isn't known is left alone.
  ///
  /// Costs a few microseconds from one limit to another; to and from no limit it looks at the session's ready tasks.
  ///
  /// - Parameters:
  ///   - id: the batch.
  ///   - limit: the most at once, 1 or more (less counts as 1); nil for no limit.
  public mutating func setWidth(batch id: BatchID, limit: Int?) {
    let limit = limit.map { max(1, $0) }
    guard let batch = batches[id], !batch.isSequential, batch.width != limit else { return }
    unshelveAll()
    if batch.width == nil {
      // Its ready tasks compete by themselves; from now on their lane lets one compete at a time.
      for rank in queue.contents(of: batch.session).ready where tasks[rank.id]?.batch == id {
        queue.remove(rank, of: batch.session)
        batches[id]?.lane.insert(rank)
      }
    } else if limit == nil {
      if let exposed = batch.exposed { queue.remove(exposed, of: batch.session) }
      for rank in batch.lane.elements { queue.insert(rank, of: batch.session) }
      batches[id]?.lane = SortedList()
      batches[id]?.exposed = nil
    }
    batches[id]?.width = limit
    refreshLane(of: id)
  }
}
