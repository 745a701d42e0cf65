import ArgumentParser
import JarvisClient
import JarvisProtocol

/// `jarvisctl status`
struct Status: ParsableCommand {
  static let configuration = verb(
    "status", "Lists tasks, and how loaded the machine is.",
    example: """
      jarvisctl status
      jarvisctl status --branch auth --state running,queued
      jarvisctl status --batch b7
      """,
    more: """
      Without options: the tasks that are not over, and the last few that are. On a terminal the list fits its width; \
      elsewhere fields are whole and separated by tabs. As JSON: the result of task.list (of task.wait where ids are \
      given).
      """)

  @OptionGroup var globals: GlobalOptions

  @Argument(help: ArgumentHelp("Only these tasks.", valueName: "id"), completion: taskIDs)
  var ids: [TaskID] = []

  @Option(name: .long, help: "Only this batch.")
  var batch: BatchID?

  @Option(name: .long, help: "Only this branch.")
  var branch: String?

  @Option(name: .long, help: "Only this group.")
  var group: String?

  @Option(name: .long, help: "Only this session.")
  var session: String?

  @Option(name: .long, help: "Only this type.")
  var type: String?

  @Option(
    name: .long,
    help: "Only these states (commas or repeated): queued, blocked, running, …, or live, or ended.")
  var state: [String] = []

  @Flag(name: .shortAndLong, help: "Finished tasks too, as many as --limit allows.")
  var all = false

  @Option(name: .long, help: "How many tasks to list at most, 1 to 10,000.")
  var limit: Int?

  func validate() throws {
    if let limit, !(1...10_000).contains(limit) { throw ValidationError("--limit must be 1 to 10,000, found \(limit)") }
    let hasFilter = batch != nil || branch != nil || group != nil || session != nil || type != nil || !state.isEmpty
    if !ids.isEmpty, hasFilter { throw ValidationError("give ids or filters, not both") }
    _ = try states()
  }

  func run() throws {
    let client = try globals.connect()
    if !ids.isEmpty { return try showChosen(client) }
    var filter = filter()
    filter.states = try states()
    if globals.json {
      if let limit { filter.limit = limit }
      return put(try client.callRaw(TaskList.name, filter.json))
    }
    let screen = globals.screen
    let stats = try client.call(StatsGet.self, StatsGet.Parameters(limit: 0))
    if screen.width != nil { put(StatusHeader.text(stats, on: screen) + "\n") }
    try put(list(client, filter, stats, on: screen))
  }

  private func filter() -> TaskList.Parameters {
    var filter = TaskList.Parameters()
    filter.batchID = batch
    filter.branchID = branch
    filter.sessionID = session
    filter.group = group
    filter.type = type
    return filter
  }

  private func states() throws -> [TaskState]? {
    if state.isEmpty { return nil }
    var states: [TaskState] = []
    for word in state.flatMap({ $0.split(separator: ",") }) {
      switch word {
      case "live": states += TaskState.allCases.filter { !$0.isTerminal }
      case "ended": states += TaskState.allCases.filter(\.isTerminal)
      default:
        guard let state = TaskState(rawValue: String(word)) else {
          let known = TaskState.allCases.map(\.rawValue).joined(separator: ", ")
          throw ValidationError("no such state: \(escaped(String(word))) (known: \(known), live, ended)")
        }
        states.append(state)
      }
    }
    return states
  }

  private func showChosen(_ client: Client) throws {
    let parameters = TaskWait.Parameters(ids: ids, timeoutSeconds: 0)
    let reply = try client.callRaw(TaskWait.name, parameters.json)
    if globals.json { return put(reply) }
    put(Self.table(try Client.read(TaskWait.self, reply).tasks, on: globals.screen))
  }

  /// The rows: what runs, what waits, what is over, each in the order of submission.
  private func list(
    _ client: Client, _ filter: TaskList.Parameters, _ stats: StatsGet.Result, on screen: Screen
  ) throws -> String {
    let limit = limit ?? 200
    var filter = filter
    var tasks: [TaskView] = []
    var left: [String] = []
    if filter.states != nil || all || batch != nil {
      filter.limit = limit
      let page = try client.call(TaskList.self, filter)
      tasks = page.tasks.reversed()
      if page.nextCursor != nil { left.append("older tasks are not shown") }
    } else {
      filter.limit = limit
      filter.states = TaskState.allCases.filter { !$0.isTerminal }
      let live = try client.call(TaskList.self, filter)
      filter.limit = 5
      filter.states = TaskState.allCases.filter(\.isTerminal)
      let ended = try client.call(TaskList.self, filter)
      tasks = live.tasks.reversed()
      if live.nextCursor != nil {
        // Newest first is the wrong end of a long queue: what is next is of more interest.
        tasks = try front(client, limit)
        left.append("more tasks wait than are shown")
      }
      tasks = ended.tasks.reversed() + tasks
    }
    let order: [(TaskView) -> Bool] = [{ $0.state.isTerminal }, { $0.state.isActive }, { $0.state.isWaiting }]
    let rows = order.flatMap { tasks.filter($0) }
    if rows.isEmpty, screen.width != nil { return "no tasks\n" }
    let note = screen.width != nil && !left.isEmpty ? "… \(left.joined(separator: ", ")) (--limit, now \(limit))\n" : ""
    return Self.table(rows, on: screen) + note
  }

  private func front(_ client: Client, _ limit: Int) throws -> [TaskView] {
    let stats = try client.call(StatsGet.self, StatsGet.Parameters(branchID: branch, limit: min(limit, 1000)))
    let isWanted: (TaskView) -> Bool = {
      (group == nil || $0.group == group) && (session == nil || $0.sessionID == session)
        && (type == nil || $0.type == type)
    }
    return Array((stats.runningTasks + stats.queuedTasks).filter(isWanted).prefix(limit))
  }

  private static func table(_ tasks: [TaskView], on screen: Screen) -> String {
    var table = TaskTable(columns: [.id, .name, .state, .priority, .type, .branch, .batch, .time, .reason])
    for task in tasks { table.add(task) }
    return table.text(on: screen)
  }
}

/// The line above the list: the machine and the queue at a glance.
enum StatusHeader {
  /// As many of its parts as fit.
  static func text(_ stats: StatsGet.Result, on screen: Screen) -> String {
    var parts: [(String, Style?)] = [
      (stats.resources.zone.rawValue, style(of: stats.resources.zone)),
      (stats.level.rawValue, stats.level == .ideal ? nil : .yellow),
      ("CPU \(Format.bar(stats.resources.cpu, width: 10)) \(Format.percent(stats.resources.cpu))", nil),
      ("RAM \(Format.bar(stats.resources.ram, width: 10)) \(Format.percent(stats.resources.ram))", nil),
      ("\(stats.running) running", stats.running > 0 ? .green : .dim),
      ("\(stats.queued) queued", stats.queued > 0 ? .yellow : .dim),
    ]
    if stats.blocked > 0 { parts.append(("\(stats.blocked) blocked", .yellow)) }
    if stats.paused > 0 { parts.append(("\(stats.paused) paused", .cyan)) }
    if stats.draining { parts.insert(("draining", .red), at: 0) }
    var used = 0
    var out: [String] = []
    for (text, style) in parts {
      used += displayWidth(text) + 2
      if let width = screen.width, used - 2 > width { break }
      out.append(screen.paint(text, style))
    }
    return out.joined(separator: "  ") + "\n"
  }

  /// The colour of a zone.
  static func style(of zone: Zone) -> Style {
    switch zone {
    case .safe: .green
    case .warning: .yellow
    case .danger: .red
    }
  }
}
