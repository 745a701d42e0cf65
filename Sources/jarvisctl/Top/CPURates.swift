import JarvisProtocol

/// How many cores each agent uses now, from the CPU seconds that the daemon reports.
struct CPURates {
  private struct Point {
    let at: Double
    let cpu: Double
  }

  /// The daemon reads agents one after the other at its own rate; over so many seconds that evens out.
  private static let window = 4.0
  private static let shortest = 0.4

  private var points: [TaskID: [Point]] = [:]

  /// Takes a report.
  /// - Parameter at: when it was sampled, in seconds.
  mutating func take(_ tasks: [TaskView], at: Double) {
    var kept: [TaskID: [Point]] = [:]
    for task in tasks {
      guard let cpu = task.usage.cpuSeconds else { continue }
      var own = points[task.id] ?? []
      // A new attempt begins at nothing again.
      if let last = own.last, cpu < last.cpu || at < last.at { own = [] }
      if own.last.map({ at > $0.at }) ?? true { own.append(Point(at: at, cpu: cpu)) }
      while own.count > 2, at - own[1].at >= Self.window { own.removeFirst() }
      kept[task.id] = own
    }
    points = kept
  }

  /// Cores in use; the average over its life until two reports have come, nil where nothing is known.
  func cores(of task: TaskView) -> Double? {
    if let own = points[task.id], let first = own.first, let last = own.last, last.at - first.at >= Self.shortest {
      return (last.cpu - first.cpu) / (last.at - first.at)
    }
    guard let cpu = task.usage.cpuSeconds, let duration = task.usage.durationSeconds, duration > 0 else { return nil }
    return cpu / duration
  }
}
