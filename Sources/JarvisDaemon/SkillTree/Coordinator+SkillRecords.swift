import JarvisCore
import JarvisProtocol
import JarvisStore

// What runs of skills come to.
extension Coordinator {
  /// Takes up the runs that were open when the last daemon ended.
  func restoreSkillRuns() async throws(RPC.Failure) {
    for batch in try await stored({ (store) throws(StoreError) in try await store.openSkillRuns() }) {
      if batches[batch] != nil { openRuns.insert(batch) } else { recordRun(batch) }
    }
  }

  /// A batch has no live tasks any more; records it where a skill made it.
  func batchIsOver(_ batch: BatchID) {
    if openRuns.remove(batch) != nil { recordRun(batch) }
  }

  private func recordRun(_ batch: BatchID) {
    Task {
      do throws(StoreError) {
        let rows = try await store.tasksPage(TaskFilter(batch: batch), limit: 10_000, newestFirst: false).rows
        guard batches[batch] == nil, let outcome = SkillOutcomeRow(of: rows) else { return }
        try await store.commit([.skillRunEnded(batch: batch, outcome)])
      } catch {
        // The next start of the daemon tries again.
        log.error("the run \(batch) of a skill could not be recorded: \(error)")
      }
    }
  }

  /// All usable skills with their records, the most worth first.
  func skillList() async throws(RPC.Failure) -> SkillList.Result {
    let loaded = SkillLibrary.load()
    let runs = Dictionary(
      grouping: try await stored { (store) throws(StoreError) in try await store.skillRuns() }, by: \.skill)
    let time = now()
    let views = loaded.files.values.map { skill in
      var view = SkillView(skill)
      view.record = runs[skill.name].map { SkillRecord($0, now: time) }
      return view
    }
    let sorted = views.sorted { a, b in
      let (x, y) = (a.record, b.record)
      if x?.worth ?? 0 != y?.worth ?? 0 { return x?.worth ?? 0 > y?.worth ?? 0 }
      if x?.successBound ?? 0 != y?.successBound ?? 0 { return x?.successBound ?? 0 > y?.successBound ?? 0 }
      return a.name < b.name
    }
    return SkillList.Result(skills: sorted, faults: loaded.diagnostics.map(\.description))
  }

  /// One skill, whole.
  func skill(_ name: String) async throws(RPC.Failure) -> SkillShow.Result {
    let skill = try SkillLibrary.tree(of: name, SkillLibrary.load()).skill
    let runs = try await stored { (store) throws(StoreError) in try await store.skillRuns(of: name, limit: 500) }
    var view = SkillView(skill)
    view.record = runs.isEmpty ? nil : SkillRecord(runs, now: now())
    let steps = skill.steps.map { step in
      SkillStepView(
        name: step.name, description: step.description, forEach: step.fanOut, skill: step.skill,
        after: AfterList(step.after.map { After(task: $0.task, condition: $0.condition) }), runner: step.runner)
    }
    return SkillShow.Result(skill: view, steps: steps, runs: runs.prefix(20).compactMap { SkillRunView($0) })
  }
}

extension SkillRecord {
  /// The record of runs that are over.
  init(_ rows: [SkillRunRow], now: Timestamp) {
    let worth = SkillWorth(
      rows.compactMap { row in
        row.outcome.map {
          SkillRunFigures(endedAt: $0.endedAt, succeeded: $0.succeeded, wall: $0.wall, work: $0.work)
        }
      }, now: now)
    var bottlenecks: [String: Int] = [:]
    for step in rows.compactMap({ $0.outcome?.bottleneck }) { bottlenecks[step, default: 0] += 1 }
    self.init(
      runs: worth.runs, succeeded: worth.succeeded, successBound: worth.successBound, savedSeconds: worth.saved,
      worth: worth.worth, bottleneck: bottlenecks.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key)
  }
}

extension SkillRunView {
  init?(_ row: SkillRunRow) {
    guard let outcome = row.outcome else { return nil }
    self.init(
      batchID: row.batch, endedAt: outcome.endedAt, succeeded: outcome.succeeded, tasks: outcome.tasks,
      failed: outcome.failed, wallSeconds: outcome.wall, workSeconds: outcome.work, bottleneck: outcome.bottleneck,
      bottleneckSeconds: outcome.bottleneckSeconds)
  }
}

extension SkillOutcomeRow {
  /// What a batch came to; nil while any of its tasks is live, or where none is left.
  init?(of rows: [TaskRow]) {
    var ran: [RanTask] = []
    var last: Timestamp?
    var tasks = 0
    var failed = 0
    for row in rows {
      guard let ended = row.endedAt, let spec = StoredSpec(stored: row.specJSON) else { return nil }
      let isGroup = spec.step.map { $0.kind != .inputs } ?? false
      last = max(last ?? ended, ended)
      ran.append(
        RanTask(
          id: row.id, step: Self.step(row.name ?? "\(row.id)"), startedAt: isGroup ? nil : row.startedAt,
          endedAt: ended, after: spec.dependencies.compactMap { TaskID($0.task) }))
      // A step that could not be expanded failed too, though it is no task.
      if !isGroup { tasks += 1 }
      let isSkipped = row.state == .cancelled && row.reason.hasPrefix("its dependency")
      if row.state != .succeeded, !isSkipped, !isGroup || spec.step?.kind == .expansion { failed += 1 }
    }
    guard let last else { return nil }
    let path = CriticalPath(ran)
    self.init(
      endedAt: last, succeeded: failed == 0, tasks: tasks, failed: failed, wall: path.wall, work: path.work,
      bottleneck: path.bottleneck?.step, bottleneckSeconds: path.bottleneck?.seconds)
  }

  /// A task's name without the numbers of its items: `audit.3.xss` is of the step `audit.xss`.
  private static func step(_ name: String) -> String {
    let parts = name.split(separator: ".")
    let kept = parts.enumerated().filter { $0.offset == 0 || Int($0.element) == nil }.map(\.element)
    return kept.joined(separator: ".")
  }
}
