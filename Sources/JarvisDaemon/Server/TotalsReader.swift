import JarvisProtocol

/// Adds up what tasks came to, and reads the first line of each answer. Beside the Coordinator's actor: it reads files.
struct TotalsReader: Sendable {
  /// Tasks whose answers are looked at, so that a batch of thousands costs no more than a small one.
  static let mostAnswers = 20
  /// Bytes of an output in which its first line is looked for.
  private static let beginning = 4096

  let coordinator: Coordinator

  func totals(of tasks: [TaskView]) async throws(RPC.Failure) -> BatchTotals {
    var totals = Self.sums(of: tasks, now: coordinator.now())
    let over = tasks.filter { $0.state.isTerminal && $0.attempt > 0 }
    for task in over.prefix(Self.mostAnswers) {
      let answer = try await coordinator.answer(of: task.id)?.answer ?? ""
      guard let line = Self.firstLine(answer) ?? Self.firstLine(output(of: task)) else { continue }
      var entry = AnswerLine(taskID: task.id, line: line)
      entry.name = task.name
      totals.answers.append(entry)
    }
    if over.count > Self.mostAnswers { totals.omittedAnswers = over.count - Self.mostAnswers }
    return totals
  }

  static func sums(of tasks: [TaskView], now: Timestamp) -> BatchTotals {
    var totals = BatchTotals()
    for task in tasks {
      if let cost = task.usage.cost { totals.cost = (totals.cost ?? 0) + cost }
      if let tokens = task.usage.tokens { totals.tokens = (totals.tokens ?? 0) + tokens }
      guard let started = task.startedAt else { continue }
      let ran = task.usage.durationSeconds ?? task.endedAt.map { $0 - started } ?? 0
      totals.taskSeconds += max(0, task.state.isActive ? now - started : ran)
    }
    if let first = tasks.compactMap(\.startedAt).min() {
      let isOver = tasks.allSatisfy(\.state.isTerminal)
      let last = isOver ? tasks.compactMap(\.endedAt).max() ?? now : now
      totals.wallSeconds = max(0, last - first)
    }
    return totals
  }

  private func output(of task: TaskView) -> String {
    guard let file = LogReader.file(of: task, .stdout, coordinator.paths) else { return "" }
    var bytes = Output.read(file, offset: 0, count: Self.beginning)
    bytes.cutIncompleteTail()
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The first line with more than white space, at most 200 characters of it; nil where there is none.
  static func firstLine(_ text: String) -> String? {
    for line in text.prefix(beginning).split(whereSeparator: \.isNewline) {
      var line = line
      while let first = line.first, first.isWhitespace { line.removeFirst() }
      while let last = line.last, last.isWhitespace { line.removeLast() }
      if !line.isEmpty { return Phrase.shortened(String(line), to: 200) }
    }
    return nil
  }
}
