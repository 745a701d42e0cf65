import JarvisProtocol

/// The order of the agents.
enum AgentOrder: String, CaseIterable {
  case age, cpu, memory

  /// The next one, round and round.
  var next: AgentOrder {
    switch self {
    case .age: .cpu
    case .cpu: .memory
    case .memory: .age
    }
  }
}

/// A part of the list.
enum Section: Int, CaseIterable {
  case agents, queue, ended
}

/// What the daemon said, brought up to date by its events until it says it anew.
struct TopModel {
  private static let endedKept = 100

  private(set) var stats: StatsGet.Result?
  private(set) var ended: [TaskView] = []
  private(set) var rates = CPURates()

  // MARK: - What comes

  /// - Parameter now: seconds, used where the daemon does not say when it sampled.
  mutating func take(_ stats: StatsGet.Result, now: Double) {
    self.stats = stats
    let sampled = stats.resources.sampledAt.map { Double($0.milliseconds) / 1000 }
    rates.take(stats.runningTasks, at: sampled ?? now)
  }

  /// Takes tasks that are over, in any order.
  mutating func take(ended tasks: [TaskView]) {
    let new = Set(tasks.map(\.id))
    ended = tasks + ended.filter { !new.contains($0.id) }
    sortEnded()
  }

  /// Takes an event: a task that moved, a zone or level that changed.
  mutating func take(_ event: Event) {
    if let zone = event.zone { stats?.resources.zone = zone }
    if let level = event.level { stats?.level = level }
    guard let task = event.task else { return }
    if event.previousState != task.state {
      count(event.previousState, -1)
      count(task.state, 1)
    }
    take(task)
  }

  /// Takes a task as it is now.
  mutating func take(_ task: TaskView) {
    let known = stats?.runningTasks.first { $0.id == task.id }
    stats?.runningTasks.removeAll { $0.id == task.id }
    stats?.queuedTasks.removeAll { $0.id == task.id }
    if task.state.isActive {
      var task = task
      // An event that comes before the first sample of an attempt says nothing of its usage.
      if task.usage.memoryBytes == nil, let known, known.attempt == task.attempt { task.usage = known.usage }
      stats?.runningTasks.append(task)
    } else if task.state.isWaiting {
      let queue = stats?.queuedTasks ?? []
      let place = queue.firstIndex { (task.priority, task.id) < ($0.priority, $0.id) } ?? queue.endIndex
      stats?.queuedTasks.insert(task, at: place)
    } else {
      take(ended: [task])
    }
  }

  /// Takes whether nothing is started.
  mutating func take(draining: Bool) { stats?.draining = draining }

  private mutating func count(_ state: TaskState?, _ change: Int) {
    guard var stats else { return }
    switch state {
    case .starting, .running: stats.running = max(0, stats.running + change)
    case .queued: stats.queued = max(0, stats.queued + change)
    case .blocked: stats.blocked = max(0, stats.blocked + change)
    case .paused: stats.paused = max(0, stats.paused + change)
    default: break
    }
    self.stats = stats
  }

  private mutating func sortEnded() {
    ended.sort { (b, a) in
      (a.endedAt ?? a.submittedAt, a.id) < (b.endedAt ?? b.submittedAt, b.id)
    }
    if ended.count > Self.endedKept { ended.removeLast(ended.count - Self.endedKept) }
  }

  // MARK: - What is shown

  /// How many tasks a section has, listed or not.
  func total(_ section: Section) -> Int {
    switch section {
    case .agents: max(stats.map { $0.running + $0.paused } ?? 0, stats?.runningTasks.count ?? 0)
    case .queue: max(stats.map { $0.queued + $0.blocked } ?? 0, stats?.queuedTasks.count ?? 0)
    case .ended: ended.count
    }
  }

  /// The tasks of each section, in the order shown: all, or those that contain a text.
  func sections(filter: String, order: AgentOrder) -> [Section: [TaskView]] {
    let wanted = Array(filter.lowercased().utf8)
    func chosen(_ tasks: [TaskView]) -> [TaskView] {
      wanted.isEmpty ? tasks : tasks.filter { Self.contains($0, wanted) }
    }
    return [
      .agents: sorted(chosen(stats?.runningTasks ?? []), order), .queue: chosen(stats?.queuedTasks ?? []),
      .ended: chosen(ended),
    ]
  }

  private func sorted(_ agents: [TaskView], _ order: AgentOrder) -> [TaskView] {
    func key(_ task: TaskView) -> Double {
      switch order {
      case .age: Double((task.startedAt ?? task.submittedAt).milliseconds)
      // Rounded as it is shown: rows that look alike keep their places.
      case .cpu: -((rates.cores(of: task) ?? 0) * 20).rounded()
      case .memory: -Double((task.usage.memoryBytes ?? 0) >> 20)
      }
    }
    return agents.map { (key($0), $0) }.sorted { ($0.0, $0.1.id) < ($1.0, $1.1.id) }.map(\.1)
  }

  private static func contains(_ task: TaskView, _ wanted: [UInt8]) -> Bool {
    let texts = [
      task.id.description, task.batchID.description, task.branchID, task.type, task.state.rawValue,
      task.priority.rawValue, task.name ?? "", task.description ?? "", task.command?.text ?? "", task.group ?? "",
      task.reason,
    ]
    return texts.contains { contains(Array($0.prefix(4096).lowercased().utf8), wanted) }
  }

  private static func contains(_ text: [UInt8], _ wanted: [UInt8]) -> Bool {
    guard text.count >= wanted.count else { return false }
    return (0...text.count - wanted.count).contains { text[$0..<$0 + wanted.count].elementsEqual(wanted) }
  }
}
