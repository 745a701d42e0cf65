import Glibc
import JarvisClient
import JarvisProtocol

/// A line on stderr that shows how many of some tasks are over. It is drawn again only when that changed, and at most
/// 20 times a second.
struct ProgressBar {
  private static let shortestPause = 0.05

  private var states: [TaskID: TaskState] = [:]
  private var shown = ""
  private var drawnAt = 0.0
  private var isStale = true

  /// When there is something to draw that had to wait; nil when what is shown is right.
  var due: Double? { isStale ? drawnAt + Self.shortestPause : nil }

  /// Takes the state of tasks as they are now.
  mutating func take(_ tasks: [TaskView]) {
    for task in tasks { states[task.id] = task.state }
    isStale = true
  }

  /// Takes an event's parameters; tasks that are not being waited for are ignored.
  mutating func take(_ event: JSON) {
    guard let task = event["task"], let id = task["id"]?.stringValue.flatMap({ TaskID($0) }),
      let state = task["state"]?.stringValue.flatMap({ TaskState(rawValue: $0) }),
      let old = states[id], old != state, !old.isTerminal
    else { return }
    states[id] = state
    isStale = true
  }

  /// Draws, if something changed and it is time.
  mutating func drawIfDue() {
    guard let due, Monotonic.now >= due else { return }
    drawnAt = Monotonic.now
    isStale = false
    let line = clipped(text, to: terminalWidth(2) - 1)
    guard line != shown else { return }
    shown = line
    put("\r\(line)\u{1b}[K", to: 2)
  }

  /// Takes the line away.
  mutating func clear() {
    if !shown.isEmpty { put("\r\u{1b}[K", to: 2) }
    shown = ""
    isStale = true
  }

  private var text: String {
    var counts: [TaskState: Int] = [:]
    for state in states.values { counts[state, default: 0] += 1 }
    let over = counts.reduce(0) { $0 + ($1.key.isTerminal ? $1.value : 0) }
    let share = states.isEmpty ? 1 : Double(over) / Double(states.count)
    let others = TaskState.allCases.filter { $0 != .succeeded }.compactMap { state in
      counts[state].map { "\($0) \(state.rawValue)" }
    }
    return "[\(Format.bar(share, width: 24))] \(over)/\(states.count)  " + others.joined(separator: " · ")
  }
}
