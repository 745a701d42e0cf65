import JarvisProtocol

/// Checks dependencies before they reach the scheduler.
public enum DependencyCheck {
  /// Looks for tasks that would wait for each other.
  ///
  /// - Parameters:
  ///   - count: how many tasks there are, numbered from 0.
  ///   - edges: which task waits for which; both below `count`.
  /// - Returns: the first cycle found as a path in which each task waits for the next, beginning and ending with the
  ///   same task; nil if there is none. Time and memory grow with tasks and edges, never with the depth of the stack.
  public static func findCycle(count: Int, edges: [(task: Int, waitsFor: Int)]) -> [Int]? {
    // Edges grouped by task: those of task t are targets[starts[t]..<starts[t + 1]].
    var starts = [Int](repeating: 0, count: count + 1)
    for edge in edges { starts[edge.task + 1] += 1 }
    for task in 0..<count { starts[task + 1] += starts[task] }
    var next = starts
    var targets = [Int](repeating: 0, count: edges.count)
    for edge in edges {
      targets[next[edge.task]] = edge.waitsFor
      next[edge.task] += 1
    }

    var isDone = [Bool](repeating: false, count: count)
    var placeInPath = [Int?](repeating: nil, count: count)
    next = starts
    var path: [Int] = []
    for root in 0..<count where !isDone[root] {
      path.append(root)
      placeInPath[root] = 0
      while let task = path.last {
        if next[task] < starts[task + 1] {
          let target = targets[next[task]]
          next[task] += 1
          if let place = placeInPath[target] { return Array(path[place...]) + [target] }
          if !isDone[target] {
            placeInPath[target] = path.count
            path.append(target)
          }
        } else {
          isDone[task] = true
          placeInPath[task] = nil
          path.removeLast()
        }
      }
    }
    return nil
  }
}

extension AfterCondition {
  /// Whether a task that ended in `state` is what this asks for. A cancelled task neither succeeded nor failed: it was
  /// called off, and what was to follow its failure is called off with it.
  public func holds(for state: TaskState) -> Bool {
    switch self {
    case .success: state == .succeeded
    case .failure: [.failed, .timedOut, .killed, .lost].contains(state)
    case .any: state.isTerminal
    }
  }
}
