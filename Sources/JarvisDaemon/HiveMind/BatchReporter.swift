import JarvisProtocol
import JarvisStore

/// Gathers what came out of a batch. It is made when it is asked for: findings and outputs are stored as they come, and
/// a batch that is not over is told as far as it is.
struct BatchReporter: Sendable {
  /// Results and findings that one report tells.
  private static let most = 500

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
    let tasks = ReportOrder(all).told(Self.most)
    let ids = all.map(\.id)
    let time = coordinator.now()
    var rows = try await coordinator.stored { (store) throws(StoreError) in
      try await store.findings(of: ids, now: time, limit: Self.most + 1)
    }
    // Branches of two repositories can have one name.
    if let scope = await coordinator.scope(of: caller) { rows.removeAll { $0.scope != scope } }
    let names = Dictionary(all.map { ($0.id, $0.name) }) { first, _ in first }
    let findings = Self.gather(rows.prefix(Self.most), names: names)
    var results: [ReportedResult] = []
    for task in tasks {
      Self.add(await result(of: task, bytes: query.outputBytes), to: &results)
    }
    var report = BatchReportView(batch: batch, findings: findings, results: results)
    report.omittedFindings = max(0, rows.count - Self.most)
    report.omittedTasks = max(0, batch.total - tasks.count - all.count { ReportOrder.isSilent($0) })
    return report
  }

  private func result(of task: TaskView, bytes: Int) async -> ReportedResult {
    let written = await LogReader(coordinator: coordinator).result(task, maxBytes: max(1, bytes))
    let isWrong = task.state.isTerminal && task.state != .succeeded
    var result = ReportedResult(
      state: task.state, reason: task.reason, output: bytes == 0 ? "" : written.output,
      sources: [
        ResultSource(taskID: task.id, type: task.type)
      ])
    result.sources[0].name = task.name
    if let started = task.startedAt, let ended = task.endedAt { result.sources[0].seconds = ended - started }
    result.exitCode = task.exitCode
    result.errors = isWrong && bytes > 0 && !written.errors.isEmpty ? written.errors : nil
    result.truncated = written.truncated
    return result
  }

  /// Puts a result to those that say the same.
  private static func add(_ result: ReportedResult, to results: inout [ReportedResult]) {
    let same = results.firstIndex {
      $0.state == result.state && $0.exitCode == result.exitCode && $0.reason == result.reason
        && $0.output == result.output && $0.errors == result.errors && $0.truncated == result.truncated
    }
    if let same { results[same].sources += result.sources } else { results.append(result) }
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
