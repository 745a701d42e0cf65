import JarvisClient
import JarvisProtocol

// What the daemon says.
extension TopState {
  /// Takes what came over the connection, and says what follows from it.
  mutating func take(_ arrival: TopLink.Arrival, now: Double) -> [TopEffect] {
    defer { settle() }
    switch arrival {
    case .connected:
      var effects: [TopEffect] = [.send(.subscribe), .send(statsRequest()), .send(.ended)]
      if case .pager(var pager) = mode {
        if let request = pager.reconnected(now: now) { effects.append(.send(request)) }
        mode = .pager(pager)
      }
      return effects
    case .lost(let open):
      let wishes = open.compactMap(\.wish)
      if !wishes.isEmpty {
        say("the daemon went away before it answered (\(wishes.joined(separator: ", ")))", .red, now: now)
      }
      return []
    case .event(let json):
      if let event = try? Event.read(json, at: .answer) { model.take(event) }
      return []
    case .answer(let request, .success(let json)):
      do throws(WireError) {
        try take(json, of: request, now: now)
      } catch {
        say("the daemon's answer can't be read: \(error)", .red, now: now)
      }
      return []
    case .answer(.log(_, let piece), .failure(let failure)):
      if case .pager(var pager) = mode, pager.serial == piece.serial {
        pager.refuse(failure.message)
        mode = .pager(pager)
      }
      return []
    case .answer(_, .failure(let failure)):
      say(failure.message, .red, now: now)
      return []
    }
  }

  private mutating func take(_ json: JSON, of request: TopRequest, now: Double) throws(WireError) {
    switch request {
    case .subscribe: break
    case .stats: model.take(try StatsGet.Result.read(json, at: .answer), now: now)
    case .ended: model.take(ended: try TaskList.Result.read(json, at: .answer).tasks)
    case .cancel, .pause, .resume:
      let tasks = try TaskListResult.read(json, at: .answer).tasks
      for task in tasks {
        model.take(task)
        say("\(task.id) is \(task.state.rawValue): \(task.reason)", now: now)
      }
    case .retry:
      let tasks = try TaskSpawn.Result.read(json, at: .answer).tasks
      say("tried again as \(tasks.map(\.id.description).joined(separator: ", "))", now: now)
    case .edit:
      let task = try TaskView.read(json, at: .answer)
      model.take(task)
      say("\(task.id) has priority \(task.priority.rawValue)", now: now)
    case .drain:
      let result = try DaemonDrain.Result.read(json, at: .answer)
      model.take(draining: result.draining)
      let rest = "\(result.running) running, \(result.queued) queued"
      say(result.draining ? "draining, nothing is started: \(rest)" : "not draining any more: \(rest)", now: now)
    case .why: show(try TaskWhy.Result.read(json, at: .answer))
    case .log(_, let piece):
      guard case .pager(var pager) = mode, pager.serial == piece.serial else { return }
      pager.take(try TaskLogs.Result.read(json, at: .answer), isEarlier: piece.isEarlier, now: now)
      mode = .pager(pager)
    }
  }

  private mutating func show(_ why: TaskWhy.Result) {
    // A question or another page that was opened meanwhile stays.
    guard case .list = mode else { return }
    let width = why.numbers.keys.map { displayWidth(escaped($0)) }.max() ?? 0
    var text = "\(why.id) is \(why.state.rawValue).\n\n\(why.reason)\n\nrule: \(why.kind)\n"
    for (name, value) in why.numbers.sorted(by: { $0.key < $1.key }) {
      text += "  \(padded(escaped(name), to: width))  \(Format.number(value))\n"
    }
    open(text, titled: "why \(why.id)")
  }
}
