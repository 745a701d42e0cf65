import JarvisConfig
import JarvisProtocol
import JarvisStore

// A skill becomes a batch.
extension Coordinator {
  /// Submits a skill's tasks; answers when they and the record of the run are durable.
  nonisolated func runSkill(
    _ run: SkillRun.Parameters, _ caller: Caller, _ inspector: PeerInspector
  ) async throws(RPC.Failure) -> TaskSpawn.Result {
    let context = await inheritingContext(caller, inspector)
    let batchID = await reserveBatch()
    let expanded = try SkillLibrary.expand(
      run, folder: run.cwd ?? context.cwd, inputs: paths.inputs(of: batchID), most: context.config.server.maxBatch)
    var batch = TaskSpawn.Parameters(tasks: expanded.plan.map { TaskSpec($0.task) })
    batch.branchID = run.branchID ?? expanded.skill.branch
    batch.strategy = run.strategy ?? expanded.skill.strategy ?? .auto
    batch.cwd = run.cwd
    var prepared = try Self.prepare(batch, expanded.plan, context, run: batchID)
    prepared.strategy = batch.strategy
    try await checkIsolation(of: prepared)
    let sources = expanded.tree.mapValues { JSON.string($0.source) }
    let row = SkillRunRow(
      batch: batchID, skill: expanded.skill.name, parametersJSON: expanded.values.mapValues(\.json).json.text,
      sourcesJSON: sources.json.text, startedAt: now())
    let session = caller.agent?.session ?? run.sessionID ?? caller.session
    return try await submit(
      prepared, session: session, name: expanded.skill.name, requestKey: run.requestKey, agent: caller.agent,
      skillRun: row)
  }

  /// The tasks that a run would submit.
  nonisolated func planSkill(
    _ run: SkillRun.Parameters, _ caller: Caller, _ inspector: PeerInspector
  ) throws(RPC.Failure) -> SkillPlan.Result {
    let context = submissionContext(caller, inspector)
    let expanded = try SkillLibrary.expand(
      run, folder: run.cwd ?? context.cwd, inputs: "OUTPUTS", most: context.config.server.maxBatch)
    return SkillPlan.Result(
      tasks: expanded.plan.map { TaskSpec($0.task) }, strategy: run.strategy ?? expanded.skill.strategy ?? .auto)
  }

  /// Checks planned tasks like any submission, and says what they are to each other.
  nonisolated static func prepare(
    _ batch: TaskSpawn.Parameters, _ plan: [PlannedTask], _ context: SubmissionContext, run: BatchID
  ) throws(RPC.Failure) -> PreparedBatch {
    var check = SubmissionCheck(context)
    var prepared: PreparedBatch
    do throws(WireError) {
      for spec in batch.tasks { _ = try TaskSpec.read(spec.json, at: .root("task \(spec.name ?? "")")) }
      prepared = try check.prepare(batch)
    } catch {
      throw RPC.Failure(error)
    }
    for (i, task) in plan.enumerated() {
      let all = prepared.tasks[i].after.map(\.target)
      switch task.kind {
      case .work:
        guard let folder = task.inputs else { continue }
        prepared.tasks[i].step = StoredStep(inputs: folder)
        prepared.tasks[i].sources = all
      case .group:
        prepared.tasks[i].step = StoredStep(group: .group, of: run)
        prepared.tasks[i].sources = all
      case .expansion(let step):
        prepared.tasks[i].step = StoredStep(group: .expansion, of: run, step: step)
        let place = task.task.after.firstIndex { $0.task == step.producer }
        prepared.tasks[i].sources = place.map { [all[$0]] } ?? []
      }
    }
    return prepared
  }

  /// A number for a batch that is yet to be submitted. Numbers that are not used leave a gap.
  private func reserveBatch() -> BatchID {
    defer { nextBatch += 1 }
    return BatchID(nextBatch)
  }
}
