import JarvisProtocol

/// A task that isn't over. Kept small: there may be 200,000.
struct LiveTask: Sendable {
  let id: TaskID
  let batch: BatchID
  let session: Int32
  let sequence: UInt64
  let submittedAt: Timestamp
  var priority: Priority
  var expectedIsDeclared: Bool
  var state = TaskState.blocked
  /// Waits in `delayed` if queued; nil once the time has come.
  var notBefore: Timestamp?
  var expected: ResourceCost?
  /// Since when others have been started that came after it.
  var overtakenSince: Timestamp?
  var after: [Dependency]
  /// Those that wait for it.
  var dependents: [Edge] = []
  /// How many of `after` are still to come.
  var unmet: Int32 = 0
  /// Edges that were tied to an older generation are void. Saves searching for them.
  var generation: UInt32
  /// The number of its runner, if that calls an API; else −1.
  var runner: Int16 = -1

  /// The order given: its rank in a sequential batch's lane.
  var place: Rank { Rank(key: 0, sequence: sequence, id: id) }

  /// Whether nothing but its turn and the gate keeps it.
  var isReady: Bool { state == .queued && notBefore == nil }
}

/// A task that waits for the one that holds the edge.
struct Edge: Sendable {
  var dependent: TaskID
  var condition: AfterCondition
  var generation: UInt32
  /// The number of its runner, if that calls an API; else −1.
  var runner: Int16 = -1
}

/// A batch that has tasks which aren't over.
struct LiveBatch: Sendable {
  let session: Int32
  let strategy: Strategy
  let branch: String
  /// The most at once; nil for no limit. Changed by `setWidth` only.
  var width: Int?
  /// With a width only. Sequential: all waiting tasks in the order given, the first of which holds up the others.
  /// Otherwise: the ready ones by rank.
  var lane = SortedList<Rank>()
  /// The task of the lane that is in the ready queue.
  var exposed: Rank?
  var active = 0
  var total = 0

  var isSequential: Bool { strategy == .sequential }

  /// How its waiting tasks are kept.
  enum LaneKind { case none, sequential, limited }

  var laneKind: LaneKind { width == nil ? .none : isSequential ? .sequential : .limited }

  init(_ entry: BatchEntry, session: Int32) {
    self.session = session
    strategy = entry.strategy
    branch = entry.branch
    width = entry.strategy == .sequential ? 1 : entry.widthLimit
  }
}

/// A session that has tasks which aren't over.
struct LiveSession: Sendable {
  var key: SessionKey
  var counts = TaskCounts()
}

/// A queued task whose time hasn't come.
struct Delayed: Sendable, Hashable, Comparable {
  var time: Timestamp
  var id: TaskID

  static func < (a: Delayed, b: Delayed) -> Bool { a.time == b.time ? a.id < b.id : a.time < b.time }
}
