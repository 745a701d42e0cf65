import JarvisProtocol

extension SchedulerState {
  /// Why a task waits, or why it runs; nil if it isn't known. Costs more than a decision (it counts those ahead over
  /// all sessions, and asks the gate anew), and changes nothing.
  public func explain(_ id: TaskID, now: Timestamp) -> Reason? {
    guard let task = tasks[id] else { return nil }
    switch task.state {
    case .blocked: return explainBlocked(task)
    case .queued: return explainQueued(task, now: now)
    case .paused:
      guard resuming.contains(rank(of: task)) else { return Reason(.paused) }
      switch askGate(task, .resume, now: now) {
      case .admitted: return Reason(.behindOthers)
      case .refused(let kind, _): return Reason(kind)
      }
    default: return agents[id]?.reason
    }
  }

  private func explainBlocked(_ task: LiveTask) -> Reason? {
    for dependency in task.after {
      guard let other = tasks[dependency.task] else { continue }
      return Reason(.dependency(dependency, state: other.state, unmet: Int(task.unmet)))
    }
    return nil
  }

  private func explainQueued(_ task: LiveTask, now: Timestamp) -> Reason {
    if let time = task.notBefore, time > now { return Reason(.notBefore(time, seconds: time - now)) }
    let rank = rank(of: task)
    if let batch = batches[task.batch], let width = batch.width, batch.exposed?.id != task.id {
      if batch.isSequential, let first = firstInLine(of: task, batch) { return first }
      if batch.active >= width { return Reason(.widthLimit(active: batch.active, limit: width)) }
      return Reason(.behindOthers, ahead: batch.lane.countBefore(rank))
    }
    switch askGate(task, .start, now: now) {
    case .refused(let kind, .session):
      return Reason(kind, ahead: queue.countBefore(rank, in: task.session))
    case .refused(let kind, _): return Reason(kind, ahead: queue.countBefore(rank))
    case .admitted:
      let ahead = queue.countBefore(rank)
      if let lineHolder, lineHolder != task.id, let holder = tasks[lineHolder], let since = holder.overtakenSince {
        return Reason(.heldLine(by: lineHolder, seconds: now - since), ahead: ahead)
      }
      return Reason(.behindOthers, ahead: ahead)
    }
  }

  /// The task of a sequential batch that `task` waits for: the one that is active, or else the first in the order given.
  private func firstInLine(of task: LiveTask, _ batch: LiveBatch) -> Reason? {
    let active = activeTasks.first { tasks[$0]?.batch == task.batch }
    guard let first = active ?? batch.lane.first?.id, first != task.id, let other = tasks[first] else { return nil }
    return Reason(.sequentialBatch(behind: first, state: other.state))
  }

  private func askGate(_ task: LiveTask, _ path: Admission.Path, now: Timestamp) -> Admission.Verdict {
    admit(task, path, reserved: agents.reserved(now: now, warmUp: policy.warmUpSeconds), now: now)
  }
}
