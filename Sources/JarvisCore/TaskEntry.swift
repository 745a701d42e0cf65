import JarvisProtocol

/// Names a session: the owner of batches, and the scope of `maxAgentsPerSession`.
public struct SessionKey: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
  /// The session's id as the server knows it.
  public let raw: String

  /// Wraps a session's id.
  public init(_ raw: String) { self.raw = raw }

  /// Wraps a session's id.
  public init(stringLiteral raw: String) { self.raw = raw }

  /// The session's id.
  public var description: String { raw }
}

/// One `after` of a task: another task, and what that one must have come to.
public struct Dependency: Sendable, Hashable {
  /// The task that comes first.
  public var task: TaskID
  /// What it must have come to.
  public var condition: AfterCondition

  /// `success` unless told otherwise.
  public init(_ task: TaskID, _ condition: AfterCondition = .success) {
    self.task = task
    self.condition = condition
  }
}

/// What the scheduler is told about a task.
public struct TaskEntry: Sendable, Equatable {
  /// The task's number.
  public var id: TaskID
  /// Its place among the tasks of its batch (the order given), and first come, first served between equals.
  public var sequence: UInt64
  /// How urgent it is.
  public var priority: Priority
  /// When it was submitted: waiting is counted from here, also across retries and restarts.
  public var submittedAt: Timestamp
  /// It doesn't start before this time.
  public var notBefore: Timestamp?
  /// What it is expected to use; nil if nobody knows (the policy's default is taken).
  public var expected: ResourceCost?
  /// Whether `expected` was declared by the submitter (its limits), and not learned.
  public var expectedIsDeclared: Bool
  /// What must have ended before it may start.
  public var after: [Dependency]
  /// The runner whose API it calls; nil if it calls none.
  public var runner: String?

  /// A `medium` task that may start at once, of unknown appetite, unless told otherwise.
  public init(
    id: TaskID, sequence: UInt64, priority: Priority = .medium, submittedAt: Timestamp, notBefore: Timestamp? = nil,
    expected: ResourceCost? = nil, expectedIsDeclared: Bool = false, after: [Dependency] = [], runner: String? = nil
  ) {
    self.id = id
    self.sequence = sequence
    self.priority = priority
    self.submittedAt = submittedAt
    self.notBefore = notBefore
    self.expected = expected
    self.expectedIsDeclared = expectedIsDeclared
    self.after = after
    self.runner = runner
  }
}

/// What the scheduler is told about a batch.
public struct BatchEntry: Sendable, Equatable {
  /// The batch's number.
  public var id: BatchID
  /// The session that its tasks count for.
  public var session: SessionKey
  /// How its tasks want to be run.
  public var strategy: Strategy
  /// The most of its tasks at once; nil for no limit. A `sequential` batch has 1, whatever this says. What it begins
  /// with: `SchedulerState.setWidth` changes it later.
  public var widthLimit: Int?
  /// The branch that its agents' spending counts for.
  public var branch: String

  /// `auto` without a limit, unless told otherwise.
  public init(
    id: BatchID, session: SessionKey, strategy: Strategy = .auto, widthLimit: Int? = nil, branch: String = ""
  ) {
    self.branch = branch
    self.id = id
    self.session = session
    self.strategy = strategy
    self.widthLimit = widthLimit
  }
}

/// A task that ended without having run, because of what another came to.
public struct Settlement: Sendable, Equatable {
  /// The task.
  public var id: TaskID
  /// Its terminal state.
  public var state: TaskState
  /// A sentence for people: "its dependency t12 ended failed; it needed success".
  public var reason: String
}

/// What a change did to other tasks, in the order in which it happened.
public struct Effects: Sendable, Equatable {
  /// Tasks that ended with it; the scheduler has forgotten them.
  public var settled: [Settlement] = []
  /// Tasks that went from `blocked` to `queued`.
  public var released: [TaskID] = []

  /// Nothing happened.
  public init() {}
}

/// How many tasks are in each state that isn't terminal.
public struct TaskCounts: Sendable, Equatable {
  /// Ready, or waiting for their time.
  public internal(set) var queued = 0
  /// Waiting for tasks that they depend on.
  public internal(set) var blocked = 0
  /// Handed to the warden.
  public internal(set) var starting = 0
  /// With processes that work.
  public internal(set) var running = 0
  /// With processes that are frozen.
  public internal(set) var paused = 0

  /// None at all.
  public init() {}

  /// `queued` and `blocked`.
  public var waiting: Int { queued + blocked }
  /// `starting`, `running` and `paused`: what caps count. A paused agent still holds its memory.
  public var active: Int { starting + running + paused }
  /// `starting` and `running`.
  public var working: Int { starting + running }
  /// All.
  public var total: Int { waiting + active }

  mutating func add(_ n: Int, to state: TaskState) {
    switch state {
    case .queued: queued += n
    case .blocked: blocked += n
    case .starting: starting += n
    case .running: running += n
    case .paused: paused += n
    case .succeeded, .failed, .timedOut, .killed, .cancelled, .lost: break
    }
  }
}

/// A change to a waiting task; what is nil stays as it is.
public struct TaskChange: Sendable, Equatable {
  /// How urgent it is from now on.
  public var priority: Priority?
  /// What it is expected to use from now on.
  public var expected: ResourceCost?
  /// Whether `expected` was declared by the submitter.
  public var expectedIsDeclared: Bool
  /// When it may start at the earliest; a time that has passed lifts the delay.
  public var notBefore: Timestamp?
  /// All that it depends on from now on.
  public var after: [Dependency]?

  /// Changes only what is named.
  public init(
    priority: Priority? = nil, expected: ResourceCost? = nil, expectedIsDeclared: Bool = true,
    notBefore: Timestamp? = nil, after: [Dependency]? = nil
  ) {
    self.priority = priority
    self.expected = expected
    self.expectedIsDeclared = expectedIsDeclared
    self.notBefore = notBefore
    self.after = after
  }
}

/// Why a change of a task was refused. Nothing was changed.
public enum SchedulingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The scheduler has no such task: it never existed, or it is over.
  case unknownTask(TaskID)
  /// Only waiting tasks can be edited.
  case notWaiting(TaskID, TaskState)
  /// The dependencies would wait for each other; the path begins and ends with the same task.
  case cycle([TaskID])
  /// A dependency is over and did not come to what is asked for.
  case cannotBeMet(Dependency, TaskState)
  /// A dependency that nobody knows.
  case unknownDependency(TaskID)

  /// What is wrong, and what to do about it.
  public var description: String {
    switch self {
    case .unknownTask(let id): "There is no waiting or running task \(id); `jarvisctl status` lists those there are."
    case .notWaiting(let id, let state):
      "Task \(id) is \(state.rawValue); only queued and blocked tasks can be edited. Cancel it and spawn a new one."
    case .cycle(let path):
      "These tasks would wait for each other: \(path.map(\.description).joined(separator: " → ")). "
        + "Leave one of the dependencies out."
    case .cannotBeMet(let dependency, let state):
      "Task \(dependency.task) has already ended \(state.rawValue), so waiting for its \(dependency.condition.rawValue) "
        + "would never end. Depend on another task, or on `any`."
    case .unknownDependency(let id): "There is no task \(id) to depend on."
    }
  }
}
