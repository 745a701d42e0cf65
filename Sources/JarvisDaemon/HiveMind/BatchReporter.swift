import JarvisProtocol
import JarvisStore

/// Gathers what came out of a batch. It is made when it is asked for: findings and outputs are stored as they come, and
/// a batch that is not over is told as far as it is.
struct BatchReporter: Sendable {
  /// Tasks that one page looks at, and findings that the first one tells.
  private static let most = 500
  /// Bytes of outputs, and of findings, after which the page ends.
  private static let mostBytes = 100_000

  /// What makes findings the same to a reader.
  private struct Said: Hashable {
    let kind: String
    let title: String?
    let text: String
  }

  let coordinator: Coordinator

  func report(_ query: BatchReport.Parameters, _ caller: Caller) async throws(RPC.Failure) -> BatchReportView {
    var batch = try await coordinator.batch(query.batchID)
    if let agent = caller.agent, agent.branch != batch.branchID {
      throw RPC.Failure(
        .forbidden,
        "batch \(batch.id) belongs to branch \"\(batch.branchID)\", and the agent of task \(agent.task) reads its own branch only"
      )
    }
    var list = TaskList.Parameters()
    list.batchID = query.batchID
    list.limit = 10_000
    let all = try await coordinator.list(list, branch: nil).tasks.sorted { $0.id < $1.id }
    batch.totals = try await TotalsReader(coordinator: coordinator).totals(of: all)
    let names = Dictionary(all.map { ($0.id, $0.name) }) { first, _ in first }
    let tasks = ReportOrder(all).told
    var report = BatchReportView(batch: batch, findings: [], results: [])
    if query.cursor == nil { try await addFindings(of: all.map(\.id), names, caller, to: &report) }
    var next: Int
    do throws(WireError) { next = try query.start() } catch { throw RPC.Failure(error) }
    let end = min(tasks.count, next + Self.most)
    var bytes = 0
    let changes = all.contains { $0.isolation == .worktree } ? try await coordinator.changes(in: batch.id) : [:]
    while next < end, bytes < Self.mostBytes {
      var result = try await result(of: tasks[next], bytes: query.outputBytes)
      result.sources[0].changes = changes[tasks[next].id]
      bytes += report.add(result)
      next += 1
    }
    report.nextCursor = next < tasks.count ? "r\(next)" : nil
    report.omittedTasks = max(0, tasks.count - next) + max(0, batch.total - all.count)
    return report
  }

  private func addFindings(
    of tasks: [TaskID], _ names: [TaskID: String?], _ caller: Caller, to report: inout BatchReportView
  ) async throws(RPC.Failure) {
    let time = coordinator.now()
    var rows = try await coordinator.stored { (store) throws(StoreError) in
      try await store.findings(of: tasks, now: time, limit: Self.most + 1)
    }
    // Branches of two repositories can have one name.
    if let scope = await coordinator.scope(of: caller) { rows.removeAll { $0.scope != scope } }
    report.findings = Self.gather(rows.prefix(Self.most), names: names)
    report.omittedFindings = max(0, rows.count - Self.most)
    var bytes = 0
    let told = report.findings.prefix { finding in
      defer { bytes += finding.text.utf8.count }
      return bytes < Self.mostBytes
    }
    report.omittedFindings += report.findings.count - told.count
    report.findings = Array(told)
  }

  private func result(of task: TaskView, bytes: Int) async throws(RPC.Failure) -> ReportedResult {
    let written = await LogReader(coordinator: coordinator).result(task, maxBytes: max(1, bytes))
    let isWrong = task.state.isTerminal && task.state != .succeeded
    var result = ReportedResult(
      state: task.state, reason: task.reason, output: written.output,
      sources: [
        ResultSource(taskID: task.id, type: task.type)
      ])
    result.truncated = written.truncated
    // An agent's output is a stream of events; what it came to is its answer.
    if let answer = try await coordinator.answer(of: task.id), !answer.answer.isEmpty {
      result.output = String(decoding: answer.answer.utf8.suffix(bytes).drop { $0 & 0xC0 == 0x80 }, as: UTF8.self)
      result.truncated = answer.answer.utf8.count > bytes
    }
    if bytes == 0 { result.output = "" }
    result.sources[0].name = task.name
    if let started = task.startedAt, let ended = task.endedAt { result.sources[0].seconds = ended - started }
    result.exitCode = task.exitCode
    result.errors = isWrong && bytes > 0 && !written.errors.isEmpty ? written.errors : nil
    return result
  }

  private static func gather(_ rows: some Sequence<FindingRow>, names: [TaskID: String?]) -> [ReportedFinding] {
    var places: [Said: Int] = [:]
    var found: [ReportedFinding] = []
    for row in rows {
      let view = FindingView(row)
      var source = FindingSource(id: view.id, branchID: view.branchID, at: view.at)
      source.taskID = view.taskID
      source.taskName = view.taskID.flatMap { names[$0] ?? nil }
      source.agent = view.agent
      // White space at the ends and a sentence's case are no difference to a reader.
      let said = Said(kind: row.kind, title: row.title?.lowercased(), text: trimmed(row.text).lowercased())
      if let place = places[said] {
        found[place].sources.append(source)
        found[place].confidence = [found[place].confidence, view.confidence].compactMap(\.self).max()
        found[place].tags += view.tags.filter { !found[place].tags.contains($0) }
        continue
      }
      places[said] = found.count
      var entry = ReportedFinding(kind: view.kind, text: view.cut(to: 4000).text, sources: [source])
      entry.title = view.title
      entry.tags = view.tags
      entry.confidence = view.confidence
      found.append(entry)
    }
    // Stable: within a kind as they were found.
    return [FindingKind.warning, .decision, .artifact, .finding].flatMap { kind in found.filter { $0.kind == kind } }
  }

  private static func trimmed(_ text: String) -> Substring {
    var text = text[...]
    while text.first?.isWhitespace ?? false { text.removeFirst() }
    while text.last?.isWhitespace ?? false { text.removeLast() }
    return text
  }
}
