import JarvisProtocol

/// What a task is called in a list: its name, else what it is to do, else what it runs.
func taskTitle(_ task: TaskView) -> String {
  task.name ?? task.description ?? task.command?.text ?? ""
}

/// What an agent does: "turn 3: Bash: make test". Nil where nobody knows, and where its state says more.
func progressText(_ task: TaskView) -> String? {
  guard task.state == .running, let activity = task.activity, let action = activity.action else { return nil }
  return activity.turn > 0 ? "turn \(activity.turn): \(action)" : action
}

/// The colour of a state.
func style(of state: TaskState) -> Style? {
  switch state {
  case .running, .starting: .green
  case .queued, .blocked: .yellow
  case .paused: .cyan
  case .failed, .timedOut, .killed, .lost: .red
  case .succeeded, .cancelled: .dim
  }
}

/// A table of tasks.
struct TaskTable {
  /// What can be shown of a task.
  enum Field {
    case id, name, state, priority, type, branch, batch, time, reason
  }

  private let fields: [Field]
  private var table: Table
  private let now = Timestamp.now

  init(columns: [Field]) {
    fields = columns
    table = Table(columns.map(Self.column))
  }

  /// Whether it has no rows.
  var isEmpty: Bool { table.rows.isEmpty }

  /// Adds a row.
  mutating func add(_ task: TaskView) { table.rows.append(fields.map { cell($0, task) }) }

  /// The table as text.
  func text(on screen: Screen) -> String { table.text(on: screen) }

  private static func column(_ field: Field) -> Column {
    switch field {
    case .id: Column("ID")
    case .name: Column("NAME", minimum: 16)
    case .state: Column("STATE")
    case .priority: Column("PRIORITY", dispensable: 2)
    case .type: Column("TYPE", minimum: 6, dispensable: 5)
    case .branch: Column("BRANCH", minimum: 6, dispensable: 3)
    case .batch: Column("BATCH", dispensable: 6)
    case .time: Column("TIME", dispensable: 1, isNumber: true)
    case .reason: Column("REASON", minimum: 24, dispensable: 4)
    }
  }

  private func cell(_ field: Field, _ task: TaskView) -> Cell {
    switch field {
    case .id: return Cell(task.id.description)
    case .name: return Cell(taskTitle(task))
    case .state: return Cell(task.state.rawValue, style(of: task.state))
    case .priority: return Cell(task.priority.rawValue, task.priority == .critical ? .bold : nil)
    case .type: return Cell(task.type)
    case .branch: return Cell(task.branchID)
    case .batch: return Cell(task.batchID.description)
    case .time: return Cell(Format.duration(seconds(of: task)))
    case .reason: return Cell(progressText(task) ?? task.reason, .dim)
    }
  }

  /// How long it ran, or runs, or has been waiting.
  private func seconds(of task: TaskView) -> Double {
    (task.endedAt ?? now) - (task.startedAt ?? task.submittedAt)
  }
}

/// Tasks after a change, with what became of them.
func changedTasks(_ tasks: [TaskView], on screen: Screen) -> String {
  var table = TaskTable(columns: [.id, .name, .state, .reason])
  for task in tasks { table.add(task) }
  return table.text(on: screen)
}
