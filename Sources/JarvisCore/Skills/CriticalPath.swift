import JarvisProtocol

/// A task of a run that is over, for its critical path.
public struct RanTask: Sendable, Hashable {
  /// The task.
  public var id: TaskID
  /// The step that it belongs to.
  public var step: String
  /// When its last attempt began; nil where it never ran, as for a group of tasks.
  public var startedAt: Timestamp?
  /// When it was over.
  public var endedAt: Timestamp
  /// What had to be over before it, or, of a group, what it is the group of.
  public var after: [TaskID]

  /// A task.
  public init(id: TaskID, step: String, startedAt: Timestamp?, endedAt: Timestamp, after: [TaskID]) {
    self.id = id
    self.step = step
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.after = after
  }
}

/// What determined how long a run took.
public struct CriticalPath: Sendable, Hashable {
  /// Seconds from the first start to the last end.
  public var wall = 0.0
  /// Seconds that all tasks took together: what running them one by one would have taken.
  public var work = 0.0
  /// The tasks that ran one after the other up to the last end, first to last.
  public var tasks: [TaskID] = []
  /// The step with the most seconds on that path; nil where nothing ran.
  public var bottleneck: (step: String, seconds: Double)? {
    longest.map { (step: $0, seconds: longestSeconds) }
  }

  private var longest: String?
  private var longestSeconds = 0.0

  /// Goes back from the task that ended last: before each task comes the one of those it waited for that ended last.
  /// Time in the queue belongs to no step.
  public init(_ ran: [RanTask]) {
    let byID = Dictionary(ran.map { ($0.id, $0) }) { first, _ in first }
    let started = ran.compactMap(\.startedAt)
    guard let first = started.min() else { return }
    let over = ran.filter { $0.startedAt != nil }
    wall = max(0, (over.map(\.endedAt).max() ?? first) - first)
    for task in over { work += Self.seconds(task) }
    var seconds: [String: Double] = [:]
    var seen: Set<TaskID> = []
    var current = over.max { ($0.endedAt, $1.id) < ($1.endedAt, $0.id) }
    while let task = current, seen.insert(task.id).inserted {
      if task.startedAt != nil {
        tasks.append(task.id)
        seconds[task.step, default: 0] += Self.seconds(task)
      }
      current = task.after.compactMap { byID[$0] }.max { ($0.endedAt, $1.id) < ($1.endedAt, $0.id) }
    }
    tasks.reverse()
    let most = seconds.max { ($0.value, $1.key) < ($1.value, $0.key) }
    longest = most?.key
    longestSeconds = most?.value ?? 0
  }

  private static func seconds(_ task: RanTask) -> Double { task.startedAt.map { max(0, task.endedAt - $0) } ?? 0 }
}
