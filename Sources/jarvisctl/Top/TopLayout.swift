import JarvisProtocol

/// Draws the state: pure, from values to cells.
struct TopLayout {
  let state: TopState
  /// The wall clock, for ages.
  let time: Timestamp
  /// The clock of deadlines, in seconds.
  let now: Double
  var grid: Grid

  /// The smallest screen that is drawn on.
  static let smallest = (columns: 40, rows: 8)

  private init(_ state: TopState, time: Timestamp, now: Double) {
    self.state = state
    self.time = time
    self.now = now
    grid = Grid(columns: state.columns, rows: state.rows)
  }

  /// A frame of the screen.
  static func frame(_ state: TopState, time: Timestamp, now: Double) -> Grid {
    var layout = TopLayout(state, time: time, now: now)
    guard state.columns >= smallest.columns, state.rows >= smallest.rows else {
      layout.grid.put("too small: \(smallest.columns)×\(smallest.rows) at least; q quits", row: 0, column: 0)
      return layout.grid
    }
    if case .pager(let pager) = state.mode { layout.draw(pager) } else { layout.drawList() }
    return layout.grid
  }

  /// A frame without keys and selection, as text.
  static func plainText(_ state: TopState, time: Timestamp, now: Double) -> String {
    var layout = TopLayout(state, time: time, now: now)
    layout.drawHeader()
    layout.drawSections(until: layout.grid.rows, selected: nil)
    var lines = (0..<layout.grid.rows).map { layout.grid.text(row: $0) }
    while lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { $0 + "\n" }.joined()
  }

  // MARK: - The list

  private mutating func drawList() {
    drawHeader()
    drawSections(until: grid.rows - 2, selected: state.selected)
    drawDetail(row: grid.rows - 2)
    drawFooter(row: grid.rows - 1)
  }

  private mutating func drawSections(until end: Int, selected: TaskID?) {
    guard state.model.stats != nil else { return }
    let sections = state.sections
    let focus = Section.allCases.first { sections[$0]?.contains { $0.id == selected } ?? false }
    let idWidth = max(5, sections.values.joined().map { displayWidth($0.id.description) }.max() ?? 0)
    let columns = TopColumns(width: grid.columns, idWidth: idWidth)
    var row = TopHeader.rows
    for (section, height) in Self.heights(of: sections, space: end - row, focus: focus) {
      let tasks = sections[section] ?? []
      let index = tasks.firstIndex { $0.id == selected }
      // The selected task is in the middle, as far as there are tasks around it.
      let first = min(max(0, (index ?? 0) - height / 2), max(0, tasks.count - height))
      let count = state.filter.isEmpty ? state.model.total(section) : tasks.count
      drawTitle(section, count, first, height, row, columns)
      row += 1
      for task in tasks[first..<min(tasks.count, first + height)] {
        drawRow(of: task, in: section, row, columns)
        if task.id == selected { grid.reverse(row: row) }
        row += 1
      }
    }
  }

  /// Which sections are shown, each with its rows below the title.
  static func heights(of sections: [Section: [TaskView]], space: Int, focus: Section?) -> [(Section, Int)] {
    func count(_ section: Section) -> Int { sections[section]?.count ?? 0 }
    var shown: [Section] = [.agents, .queue]
    if space < 9 {
      if focus == .ended { shown = [.queue, .ended] }
    } else if count(.ended) > 0 {
      shown.append(.ended)
    }
    let free = max(0, space - shown.count)
    let shares: [Section: Int] = [.agents: free / 2, .queue: free / 3, .ended: free / 6]
    var heights: [Section: Int] = [:]
    for section in shown { heights[section] = min(count(section), max(1, shares[section] ?? 1)) }
    var left = free - heights.values.reduce(0, +)
    // On a small screen the section that is looked at gets what is left.
    let order = (space < 9 ? [focus].compactMap { $0 } : []) + shown
    for section in order where shown.contains(section) && left > 0 {
      let more = min(left, count(section) - (heights[section] ?? 0))
      heights[section, default: 0] += more
      left -= more
    }
    return shown.map { ($0, heights[$0] ?? 0) }
  }

  // MARK: - The last two rows

  private mutating func drawDetail(row: Int) {
    if let since = state.awaySince {
      let text = "daemon away for \(Self.age(now - since)), reconnecting"
      grid.put(text, row: row, column: 0, look: Look(.red, isReversed: true))
    } else if let since = state.silentSince {
      let text = "the daemon has not answered for \(Self.age(now - since))"
      grid.put(text, row: row, column: 0, look: Look(.red))
    } else if let notice = state.notice {
      grid.put(notice.text, row: row, column: 0, look: Look(notice.style ?? .bold))
    } else if let task = state.chosen {
      let column = grid.put("\(task.id) ", row: row, column: 0, look: Look(.bold))
      grid.put(task.reason, row: row, column: column, look: Look(.dim))
    } else if state.model.stats == nil {
      grid.put("waiting for the daemon", row: row, column: 0, look: Look(.dim))
    }
  }

  private mutating func drawFooter(row: Int) {
    switch state.mode {
    case .confirm(.cancel(let id, let title)): drawQuestion("Cancel \(id)", title, row)
    case .confirm(.drain(true)): drawQuestion("Drain: what runs goes on, nothing more is started", "", row)
    case .confirm(.drain(false)): drawQuestion("Start tasks again", "", row)
    case .filter:
      let column = grid.put("/" + state.filter, row: row, column: 0, width: grid.columns - 1)
      grid.put("▏", row: row, column: column)
    case .list, .pager:
      var keys = TopText.keys
      if !state.filter.isEmpty { keys.insert(("Esc", "show all (\(state.filter))"), at: 0) }
      drawKeys(keys, row)
    }
  }

  private mutating func drawQuestion(_ question: String, _ title: String, _ row: Int) {
    let answer = "? y/n "
    let space = grid.columns - displayWidth(answer)
    var column = grid.put(question, row: row, column: 0, width: space)
    if !title.isEmpty { column = grid.put(" (\(title))", row: row, column: column, width: space - column) }
    grid.put(answer, row: row, column: column)
    grid.reverse(row: row)
  }

  private mutating func drawKeys(_ keys: [(String, String)], _ row: Int) {
    var column = 0
    for (key, meaning) in keys {
      let key = clipped(escaped(key), to: 10)
      let meaning = clipped(escaped(meaning), to: 30)
      guard column + displayWidth(key) + 1 + displayWidth(meaning) <= grid.columns else { return }
      column = grid.put(key, row: row, column: column, look: Look(.bold)) + 1
      column = grid.put(meaning, row: row, column: column, look: Look(.dim)) + 2
    }
  }

  // MARK: - The pager

  private mutating func draw(_ pager: Pager) {
    var remarks: [String] = []
    if let log = pager.log {
      remarks = [log.stream.rawValue, log.remark, log.isOver ? "whole" : pager.follows ? "following" : ""]
    }
    let position = pager.position
    remarks.append("\(position.first)–\(position.last) of \(position.of)\(pager.log?.first == 0 ? "" : "+")")
    if pager.log == nil { remarks = ["\(position.first)–\(position.last) of \(position.of)"] }
    let remark = remarks.filter { !$0.isEmpty }.joined(separator: "  ")
    let space = max(10, grid.columns - displayWidth(remark) - 2)
    grid.put(pager.title, row: 0, column: 0, width: space, look: Look(.bold))
    grid.put(remark, row: 0, column: space + 2)
    grid.reverse(row: 0)
    for (index, text) in pager.shown.enumerated() { grid.put(text, row: index + 1, column: 0) }
    if pager.shown.isEmpty, let log = pager.log, log.next != nil {
      grid.put("(no output on \(log.stream.rawValue) yet)", row: 1, column: 0, look: Look(.dim))
    }
    let row = grid.rows - 1
    if let since = state.awaySince {
      let text = "daemon away for \(Self.age(now - since)), reconnecting"
      grid.put(text, row: row, column: 0, look: Look(.red, isReversed: true))
    } else {
      drawKeys(pager.log == nil ? TopText.pageKeys : TopText.logKeys, row)
    }
  }
}
