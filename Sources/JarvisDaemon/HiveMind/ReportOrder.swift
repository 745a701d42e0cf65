import JarvisProtocol

/// Which of a batch's tasks its report tells, and in which order: those that went wrong, then those that nothing else
/// of the batch waited for, for they sum the others up, then the others.
struct ReportOrder {
  private let tasks: [TaskView]
  /// Tasks that others of the batch waited for.
  private let inner: Set<TaskID>

  /// - Parameter tasks: all of the batch, by id.
  init(_ tasks: [TaskView]) {
    self.tasks = tasks
    let groups = Dictionary(tasks.filter(Self.isGroup).map { ($0.id, $0) }) { first, _ in first }
    var inner: Set<TaskID> = []
    var rest = tasks.filter { !Self.isGroup($0) }
    // A group stands for its members: they are waited for where it is.
    while let task = rest.popLast() {
      for after in task.after.items {
        guard let id = TaskID(after.task), inner.insert(id).inserted, let group = groups[id] else { continue }
        rest.append(group)
      }
    }
    self.inner = inner
  }

  /// Those that are told. Steps of skills that went well have no result of their own.
  var told: [TaskView] {
    let ranked = tasks.filter { !Self.isGroup($0) || $0.state != .succeeded }.map { (rank: rank($0), task: $0) }
    return ranked.sorted { ($0.rank, $0.task.id) < ($1.rank, $1.task.id) }.map(\.task)
  }

  private static func isGroup(_ task: TaskView) -> Bool { task.type == "skill-step" }

  private func rank(_ task: TaskView) -> Int {
    switch task.state {
    case .failed, .timedOut, .killed, .lost: Self.isGroup(task) ? 1 : 0
    case .cancelled: 2
    case .succeeded: inner.contains(task.id) ? 4 : 3
    default: 5
    }
  }
}
