import JarvisProtocol

/// Everything that the screen is drawn from. It does no I/O and has no clock of its own.
struct TopState {
  var model = TopModel()
  var mode = TopMode.list
  var columns: Int
  var rows: Int
  var filter = ""
  var order = AgentOrder.age
  private(set) var selected: TaskID?
  /// Where the selected task was, for when it is gone.
  private var place = 0
  private(set) var notice: Notice?
  /// Since when the daemon has been away, or has not answered; nil: all is well.
  var awaySince: Double?
  var silentSince: Double?
  /// How many tasks were asked for.
  private var askedTasks = 0
  private var lastSerial = 0

  init(columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
  }

  /// Rows of the terminal that are not for text in a pager: its title and the keys.
  static let pagerFrame = 2

  /// What stats.get lists at most.
  private static let mostTasks = 1000

  /// The tasks of each section.
  var sections: [Section: [TaskView]] { model.sections(filter: filter, order: order) }

  /// Asks for the machine, and for as many tasks as are needed.
  mutating func statsRequest() -> TopRequest {
    askedTasks = wantedTasks
    return .stats(limit: askedTasks)
  }

  /// What fits, and what the selection comes near to; all where they are searched.
  private var wantedTasks: Int {
    if !filter.isEmpty { return Self.mostTasks }
    let sections = sections
    let inQueue = selected.flatMap { id in sections[.queue]?.firstIndex { $0.id == id } } ?? 0
    let inAgents = selected.flatMap { id in sections[.agents]?.firstIndex { $0.id == id } } ?? 0
    return min(Self.mostTasks, (max(inQueue, inAgents) + 2 * max(rows, 20) + 49) / 50 * 50)
  }

  // MARK: - Selection

  /// The selected task, as it is now.
  var chosen: TaskView? { selected.flatMap { id in all.first { $0.id == id } } }

  private var all: [TaskView] {
    let sections = sections
    return Section.allCases.flatMap { sections[$0] ?? [] }
  }

  /// Keeps the selection on a task that is there.
  mutating func settle() {
    guard model.stats != nil else { return }
    let all = all
    if let selected, let index = all.firstIndex(where: { $0.id == selected }) {
      place = index
    } else {
      place = min(place, max(0, all.count - 1))
      selected = all.isEmpty ? nil : all[place].id
    }
  }

  private mutating func move(_ change: Int) {
    let sections = sections
    let waiting = sections[.queue]?.count ?? 0
    let endOfQueue = (sections[.agents]?.count ?? 0) + waiting
    // Of a long queue only the front is here: more is on its way, and what ended is not what comes next.
    let isCut = filter.isEmpty && waiting < min(model.total(.queue), Self.mostTasks)
    go(to: isCut && place < endOfQueue ? min(place + change, endOfQueue - 1) : place + change)
  }

  private mutating func go(to index: Int) {
    let all = all
    guard !all.isEmpty else { return }
    place = min(max(0, index), all.count - 1)
    selected = all[place].id
  }

  /// To the first task of the next section that has any.
  private mutating func nextSection() {
    let sections = sections
    var starts: [Int] = []
    var count = 0
    for section in Section.allCases {
      let tasks = sections[section] ?? []
      if !tasks.isEmpty { starts.append(count) }
      count += tasks.count
    }
    go(to: starts.first { $0 > place } ?? 0)
  }

  // MARK: - What changes from outside

  mutating func say(_ text: String, _ style: Style? = nil, now: Double) {
    notice = Notice(text: text, style: style, until: now + 6)
  }

  /// Drops what was said long enough.
  mutating func forgetOld(now: Double) { if let notice, now >= notice.until { self.notice = nil } }

  mutating func resize(columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
    if case .pager(var pager) = mode {
      pager.resize(columns: columns, height: rows - Self.pagerFrame)
      mode = .pager(pager)
    }
  }

  // MARK: - Keys

  /// Does what a key means now.
  mutating func press(_ key: Key, now: Double) -> [TopEffect] {
    if key == .control("l") { return [.repaint] }
    var effects: [TopEffect] = []
    switch mode {
    case .list: effects = pressInList(key, now: now)
    case .confirm(let question): effects = answer(question, key, now: now)
    case .filter(let before): typeFilter(key, before: before)
    case .pager(let pager): effects = press(key, in: pager)
    }
    if awaySince == nil, wantedTasks > askedTasks { effects.append(.send(statsRequest())) }
    return effects
  }

  private mutating func pressInList(_ key: Key, now: Double) -> [TopEffect] {
    notice = nil
    switch key {
    case .character("q"): return [.quit]
    case .character("j"), .down: move(1)
    case .character("k"), .up: move(-1)
    case .pageDown, .control("f"), .control("d"): move(max(1, rows / 2))
    case .pageUp, .control("b"), .control("u"): move(-max(1, rows / 2))
    case .character("g"), .home: go(to: 0)
    case .character("G"), .end: go(to: .max)
    case .tab: nextSection()
    case .escape: filter = ""
    case .character("/"): mode = .filter(before: filter)
    case .character("s"): order = order.next
    case .character("?"), .character("h"): open(TopText.help, titled: "jarvisctl top: keys")
    case .character("d"): ask(.drain(!(model.stats?.draining ?? false)), now: now)
    default: return pressOnTask(key, now: now)
    }
    settle()
    return []
  }

  private mutating func ask(_ question: TopMode.Question, now: Double) {
    if refusesWhileAway(now) { return }
    mode = .confirm(question)
  }

  private mutating func refusesWhileAway(_ now: Double) -> Bool {
    if awaySince != nil { say("the daemon is away: nothing can be asked of it now", .red, now: now) }
    return awaySince != nil
  }

  private mutating func pressOnTask(_ key: Key, now: Double) -> [TopEffect] {
    guard let task = chosen else { return [] }
    let request: TopRequest
    switch key {
    case .character("c"):
      guard !task.state.isTerminal else {
        say("\(task.id) is over: there is nothing to cancel", now: now)
        return []
      }
      ask(.cancel(task.id, title: taskTitle(task)), now: now)
      return []
    case .character("p"): request = .pause(task.id)
    case .character("r"): request = .resume(task.id)
    case .character("t"): request = .retry(task.id)
    case .character("w"): request = .why(task.id)
    case .character("+"), .character("="): return changePriority(of: task, by: -1, now: now)
    case .character("-"), .character("_"): return changePriority(of: task, by: 1, now: now)
    case .character("l"), .enter: return openLog(of: task, .stdout, now: now)
    default: return []
    }
    return refusesWhileAway(now) ? [] : [.send(request)]
  }

  private mutating func changePriority(of task: TaskView, by change: Int, now: Double) -> [TopEffect] {
    guard task.state.isWaiting else {
      say("\(task.id) is \(task.state.rawValue): only a task that waits can get another priority", now: now)
      return []
    }
    let ranks = Priority.allCases.sorted()
    let rank = task.priority.rank + change
    guard ranks.indices.contains(rank), !refusesWhileAway(now) else { return [] }
    // Shown at once; what the daemon makes of it follows.
    var edited = task
    edited.priority = ranks[rank]
    model.take(edited)
    settle()
    return [.send(.edit(task.id, ranks[rank]))]
  }

  private mutating func answer(_ question: TopMode.Question, _ key: Key, now: Double) -> [TopEffect] {
    switch key {
    case .character("y"), .character("Y"): mode = .list
    case .character("n"), .character("N"), .character("q"), .escape:
      mode = .list
      return []
    default: return []
    }
    if refusesWhileAway(now) { return [] }
    switch question {
    case .cancel(let id, _): return [.send(.cancel(id))]
    case .drain(let enabled): return [.send(.drain(enabled))]
    }
  }

  private mutating func typeFilter(_ key: Key, before: String) {
    switch key {
    case .enter: mode = .list
    case .escape:
      filter = before
      mode = .list
    case .backspace:
      if filter.isEmpty { mode = .list } else { filter.removeLast() }
    case .control("u"): filter = ""
    case .character(let character) where filter.utf8.count < 200: filter.append(character)
    case .down: move(1)
    case .up: move(-1)
    default: break
    }
    settle()
  }

  // MARK: - Pages

  /// Shows a text over the whole screen.
  mutating func open(_ text: String, titled title: String) {
    mode = .pager(Pager(title: title, text: text, columns: columns, height: rows - Self.pagerFrame))
  }

  private mutating func openLog(of task: TaskView, _ stream: OutputStream, now: Double) -> [TopEffect] {
    if refusesWhileAway(now) { return [] }
    lastSerial += 1
    var pager = Pager(
      title: "\(task.id) \(taskTitle(task))", log: Pager.Log(id: task.id, stream: stream), serial: lastSerial,
      columns: columns, height: rows - Self.pagerFrame)
    let request = pager.begin()
    mode = .pager(pager)
    return request.map { [.send($0)] } ?? []
  }

  private mutating func press(_ key: Key, in pager: Pager) -> [TopEffect] {
    var pager = pager
    switch key {
    case .escape, .character("q"):
      mode = .list
      return []
    case .character("e"), .tab:
      guard let log = pager.log, awaySince == nil else { return [] }
      lastSerial += 1
      pager = Pager(
        title: pager.title, log: Pager.Log(id: log.id, stream: log.stream == .stdout ? .stderr : .stdout),
        serial: lastSerial, columns: columns, height: rows - Self.pagerFrame)
      let request = pager.begin()
      mode = .pager(pager)
      return request.map { [.send($0)] } ?? []
    default:
      var requests: [TopRequest] = []
      if awaySince == nil { requests = pager.press(key) } else { pager.scroll(key) }
      mode = .pager(pager)
      return requests.map { .send($0) }
    }
  }
}
