import JarvisConfig
import JarvisCore
import JarvisProtocol
import JarvisStore

extension Coordinator {
  /// The text of a skill file that does what a batch did, which must have gone well.
  func saveSkill(_ query: SkillSave.Parameters) async throws(RPC.Failure) -> String {
    let batch = try await stored { (store) throws(StoreError) in try await store.batch(query.batchID) }
    guard let batch else {
      throw RPC.Failure(
        .notFound, "there is no batch \(query.batchID): it never was, or its history has been pruned",
        data: ["field": "params.batch_id"])
    }
    if let run = try await stored({ (store) throws(StoreError) in try await store.skillRun(query.batchID) }) {
      throw RPC.Failure(
        .conflict,
        "batch \(query.batchID) is a run of the skill \"\(run.skill)\" already; copy that skill's file instead")
    }
    let rows = try await stored { (store) throws(StoreError) in
      try await store.tasksPage(TaskFilter(batch: query.batchID), limit: 10_000, newestFirst: false).rows
    }
    if let bad = rows.first(where: { $0.state != .succeeded }) {
      throw RPC.Failure(
        .conflict,
        "batch \(query.batchID) can't become a skill: task \(bad.id) is \(tasks[bad.id]?.state.rawValue ?? bad.state.rawValue), and all must have succeeded"
      )
    }
    let done = try rows.map { (row) throws(RPC.Failure) in
      guard let spec = StoredSpec(stored: row.specJSON) else {
        throw RPC.Failure(.internalError, "the store holds a specification of task \(row.id) that can't be read")
      }
      return DoneTask(row, spec)
    }
    do throws(SkillError) {
      return try SkillDraft(name: query.name, batch: batch.id.description, strategy: batch.strategy, tasks: done).text()
    } catch {
      throw RPC.Failure(.invalidParams, error.description)
    }
  }
}

extension DoneTask {
  init(_ row: TaskRow, _ stored: StoredSpec) {
    let work: SkillTask.Work =
      switch stored.spec.command {
      case .argv(let argv)?: .argv(argv)
      case .shell(let line)?: .shell(line)
      case nil: .prompt
      }
    var limits = SkillLimits()
    limits.time = stored.spec.limits.time?.seconds
    limits.memory = stored.spec.limits.memory.map { Int(clamping: $0.bytes) }
    limits.cpu = stored.spec.limits.cpu
    limits.pids = stored.spec.limits.pids
    limits.output = stored.spec.limits.output.map { Int(clamping: $0.bytes) }
    self.init(
      id: row.id.description, name: row.name, type: row.type, priority: row.priority,
      description: stored.spec.description ?? "", work: work,
      runner: stored.spec.command == nil ? stored.spec.runner : nil, folder: stored.cwd,
      environment: stored.spec.env,
      after: stored.dependencies.map { SkillDependency(task: $0.task, condition: $0.condition) },
      retries: stored.spec.retries, limits: limits, isolation: stored.spec.isolation)
  }
}
