import JarvisProtocol

/// Where the columns stand on a screen of some width. The first three are the same in all sections.
struct TopColumns {
  let width: Int
  let id: Int
  let name: Int
  let state: Int
  let cpu = 5
  /// With the limit, or without it on a narrow screen.
  let memory: Int
  let bar: Int
  let age = 6
  let processes: Int
  /// What an agent is doing; 0 where there is no room.
  let doing: Int

  init(width: Int, idWidth: Int) {
    self.width = width
    id = idWidth
    state = 9
    memory = width >= 58 ? 9 : 5
    bar = width >= 120 ? 10 : width >= 72 ? 5 : 0
    processes = width >= 66 ? 4 : 0
    // Every column is followed by one space.
    let fixed = [id, state, cpu, memory, bar, age, processes].filter { $0 > 0 }.reduce(0) { $0 + $1 + 1 }
    let free = max(0, width - fixed)
    doing = free >= 22 ? max(10, (free - 1) * 3 / 5) : 0
    name = max(6, doing > 0 ? free - doing - 1 : free)
  }
}

// The rows of the list.
extension TopLayout {
  mutating func drawTitle(
    _ section: Section, _ count: Int, _ first: Int, _ height: Int, _ row: Int, _ columns: TopColumns
  ) {
    let look = Look(.bold)
    let range = height < count && height > 0 ? "\(first + 1)–\(first + height)/\(count)" : "\(count)"
    let name: String
    switch section {
    case .agents: name = "AGENTS"
    case .queue: name = "QUEUE"
    case .ended: name = "ENDED"
    }
    let order = section == .agents ? " by \(state.order.rawValue)" : ""
    let width = columns.id + 1 + columns.name
    let titles = ["\(name) \(range)\(order)", "\(name) \(range)", "\(name) \(count)"]
    grid.put(titles.first { displayWidth($0) <= width } ?? name, row: row, column: 0, width: width, look: look)
    var at = columns.id + columns.name + 2
    func head(_ text: String, _ width: Int, onTheRight: Bool = true) {
      guard width > 0 else { return }
      grid.put(text, row: row, column: at, width: width, look: look, onTheRight: onTheRight)
      at += width + 1
    }
    switch section {
    case .agents:
      head("STATE", columns.state, onTheRight: false)
      head("CPU", columns.cpu)
      head(columns.memory > 5 ? "MEM/LIMIT" : "MEM", columns.memory)
      head("", columns.bar)
      head("AGE", columns.age)
      head("PROC", columns.processes)
      head("DOING", columns.doing, onTheRight: false)
    case .queue:
      head("PRIORITY", columns.state, onTheRight: false)
      head("WAITS", columns.age)
      head("REASON", max(0, grid.columns - at), onTheRight: false)
    case .ended:
      head("STATE", columns.state, onTheRight: false)
      head("TOOK", columns.age)
      head("AGO", columns.age)
      head("REASON", max(0, grid.columns - at), onTheRight: false)
    }
  }

  mutating func drawRow(of task: TaskView, in section: Section, _ row: Int, _ columns: TopColumns) {
    var at = 0
    func field(_ text: String, _ width: Int, _ style: Style? = nil, onTheRight: Bool = true) {
      guard width > 0 else { return }
      grid.put(text, row: row, column: at, width: width, look: Look(style), onTheRight: onTheRight)
      at += width + 1
    }
    field(task.id.description, columns.id, onTheRight: false)
    field(taskTitle(task), columns.name, onTheRight: false)
    switch section {
    case .agents:
      let memory = task.usage.memoryBytes
      let limit = (task.effectiveLimits ?? task.limits).memory.map { Int(clamping: $0.bytes) }
      field(task.state.rawValue, columns.state, style(of: task.state), onTheRight: false)
      field(state.model.rates.cores(of: task).map(Self.cores) ?? "", columns.cpu)
      field(Self.memory(memory, of: columns.memory > 5 ? limit : nil), columns.memory)
      let share = memory.flatMap { memory in limit.map { Double(memory) / Double(max(1, $0)) } }
      field(
        share.map { Format.bar($0, width: columns.bar) } ?? "", columns.bar, share.map { Self.shareStyle($0, 0.7, 0.9) }
      )
      field(Self.age(time - (task.startedAt ?? task.submittedAt)), columns.age)
      field(task.usage.processes.map(String.init) ?? "", columns.processes)
      field(Self.doing(task), columns.doing, .dim, onTheRight: false)
    case .queue:
      field(
        task.priority.rawValue, columns.state, task.priority == .critical ? .bold : nil, onTheRight: false)
      field(Self.age(time - task.submittedAt), columns.age)
      field(task.reason, grid.columns - at, task.state == .blocked ? .dim : nil, onTheRight: false)
    case .ended:
      let end = task.endedAt ?? task.submittedAt
      field(task.state.rawValue, columns.state, style(of: task.state), onTheRight: false)
      field(task.startedAt.map { Format.duration(end - $0) } ?? "", columns.age)
      field(Self.age(time - end), columns.age)
      field(task.reason, grid.columns - at, .dim, onTheRight: false)
    }
  }

  /// Whole seconds: what counts up need not flicker.
  static func age(_ seconds: Double) -> String {
    seconds < 60 ? "\(Int(max(0, seconds)))s" : Format.duration(seconds.rounded(.down))
  }

  private static func cores(_ cores: Double) -> String { Format.decimal(max(0, cores), cores < 10 ? 2 : 1) }

  private static func memory(_ bytes: Int?, of limit: Int?) -> String {
    guard let bytes else { return "" }
    return Format.size(bytes) + (limit.map { "/" + Format.size($0) } ?? "")
  }

  /// Why it stands still, else what the overseer does with it, else what its agent says it does, else what it was asked
  /// to do: the name column has its name, or else its description.
  private static func doing(_ task: TaskView) -> String {
    if task.state == .paused { return task.reason }
    if let oversight = task.oversight { return oversight }
    if let progress = progressText(task) { return progress }
    let title = taskTitle(task)
    let texts = [task.description, task.command?.text, task.reason].compactMap { $0 }
    return texts.first { $0 != title } ?? ""
  }
}
