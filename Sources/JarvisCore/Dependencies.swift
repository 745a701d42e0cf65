import JarvisProtocol

/// Tasks that wait for tasks.
extension SchedulerState {
  /// Lets each task that `id` depends on know of it. Returns why the dependencies can't be met, nil if they can.
  mutating func tieEdges(of id: TaskID, finished: [TaskID: TaskState]) -> String? {
    guard let task = tasks[id] else { return nil }
    var unmet: Int32 = 0
    for dependency in task.after {
      if tasks[dependency.task] != nil {
        let edge = Edge(dependent: id, condition: dependency.condition, generation: task.generation)
        tasks[dependency.task]?.dependents.append(edge)
        unmet += 1
      } else if let state = finished[dependency.task] {
        if !dependency.condition.holds(for: state) {
          return Self.cannotHold(dependency.task, state, dependency.condition)
        }
      } else {
        return "its dependency \(dependency.task) is not known"
      }
    }
    tasks[id]?.unmet = unmet
    return nil
  }

  /// Forgets tasks that are over, and follows the edges: in loops, not recursively, because chains can be 10,000 long.
  mutating func cascade(_ ended: [(TaskID, TaskState)], into effects: inout Effects) {
    var pending = ended
    var next = 0
    while next < pending.count {
      let (id, state) = pending[next]
      next += 1
      for edge in forget(id) ?? [] {
        guard let task = tasks[edge.dependent], task.state == .blocked, task.generation == edge.generation
        else { continue }
        if !edge.condition.holds(for: state) {
          // Its other edges must not settle it once more, or release it.
          tasks[edge.dependent]?.generation = 0
          let reason = Self.cannotHold(id, state, edge.condition)
          effects.settled.append(Settlement(id: edge.dependent, state: .cancelled, reason: reason))
          pending.append((edge.dependent, .cancelled))
        } else {
          tasks[edge.dependent]?.unmet -= 1
          guard task.unmet == 1 else { continue }
          move(edge.dependent, to: .queued)
          enqueue(edge.dependent)
          effects.released.append(edge.dependent)
        }
      }
    }
  }

  private static func cannotHold(_ id: TaskID, _ state: TaskState, _ condition: AfterCondition) -> String {
    "its dependency \(id) ended \(state.rawValue); it needed \(condition.rawValue)"
  }

  /// A path from `id` over what it would wait for back to itself; nil if there is none.
  func cycle(through id: TaskID, after: [Dependency]) -> [TaskID]? {
    var cameFrom: [TaskID: TaskID] = [:]
    var open: [TaskID] = []
    for dependency in after where cameFrom[dependency.task] == nil {
      cameFrom[dependency.task] = id
      open.append(dependency.task)
    }
    while let task = open.popLast() {
      if task == id {
        var path = [id]
        var step = cameFrom[id] ?? id
        while step != id {
          path.append(step)
          step = cameFrom[step] ?? id
        }
        return [id] + path.reversed()
      }
      for dependency in tasks[task]?.after ?? [] where cameFrom[dependency.task] == nil {
        cameFrom[dependency.task] = task
        open.append(dependency.task)
      }
    }
    return nil
  }
}
