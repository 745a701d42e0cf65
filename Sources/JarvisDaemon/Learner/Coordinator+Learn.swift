import JarvisConfig
import JarvisCore
import JarvisLinux
import JarvisProtocol
import JarvisStore
import WardenProtocol

// What the learner sees of each run, and what is done with what it knows.
extension Coordinator {
  // MARK: What is seen

  /// An attempt has ended in `state`. To be called while the task still has its run, once for each attempt.
  func observeRun(_ id: TaskID, _ state: TaskState, _ report: ExitReport?) {
    guard let task = tasks[id], let run = task.run, let started = task.startedAt else { return }
    let ended = report.map { Timestamp(milliseconds: $0.endedRealtimeMs) } ?? now()
    let reading = learner.meter.end(id, at: ended, succeeded: state == .succeeded)
    guard learner.isEnabled, report != nil || state != .cancelled else { return }
    let duration = report.map { Double($0.durationNs) / 1e9 } ?? 0
    // Pauses don't count. Of a run that was taken over only the end was watched.
    let paused = reading.map { max(0, min(duration, (ended - started) - $0.seconds)) } ?? 0
    var observation = Observation(
      type: task.type, branch: batches[task.batch]?.row.branch ?? "main", runner: task.stored.runner,
      width: reading?.width ?? 1, queueSeconds: max(0, started - task.submittedAt),
      durationSeconds: run.wasPaused ? duration - paused : duration, outcome: state, at: ended)
    observation.measure = reading?.wave.map { .wave($0) } ?? .nothing
    if state != .succeeded { observation.cause = OutcomeCause.words(state, run.stop, report) }
    if let report {
      observation.cpuSeconds = Double(report.cpuUserUs + report.cpuSystemUs) / 1e6
      observation.peakMemoryBytes = Double(max(run.peakMemory, report.peakMemoryBytes))
    }
    if case .overseer(let stop)? = run.stop, let evidence = stop.evidence, evidence.limit == .memory,
      let enough = evidence.sufficient
    {
      // Or a type that outgrew its learned limit could never grow out of it.
      observation.peakMemoryBytes = max(observation.peakMemoryBytes ?? 0, enough)
    }
    // The end knows more than the last sample; but of a tier without groups, and of a group that is gone, only that.
    observation.ioBytes = [report?.account?.ioBytes, run.ioBytes].compactMap(\.self).max().map { Double($0) }
    observation.stalls = (StallTotals(report?.account, at: ended) ?? run.stalls)?.shares(since: started)
    if let activity = activity(of: task) {
      observation.cost = activity.cost
      observation.tokens = Double(activity.inputTokens + activity.outputTokens)
    }
    take(observation)
  }

  /// Takes an observation in, and puts it into the parcel that has its task's end.
  private func take(_ observation: Observation) {
    let (row, hasChanged) = learner.take(observation)
    parcel.changes.append(.observation(row))
    if hasChanged {
      let why = learner.profiles[observation.type]?.change.map { ": \($0.words)" } ?? ""
      let message = "\(observation.type) no longer behaves as it did\(why); its durations are learned anew"
      log.info("\(message)")
      note(.daemon, message)
    }
    saveLearning()
  }

  /// Puts the profiles that changed into the parcel, when it is time.
  func saveLearning(now isNow: Bool = false) {
    let time = now()
    guard isNow || learner.isSnapshotDue(time) else { return }
    parcel.changes += learner.snapshot(time)
  }

  /// What a sample saw of a run.
  func noteSample(_ usage: AgentUsage, of id: TaskID) {
    guard var run = tasks[id]?.run else { return }
    if let bytes = usage.ioBytes { run.ioBytes = max(run.ioBytes ?? 0, bytes) }
    if let stalls = usage.stalls { run.stalls = stalls }
    tasks[id]?.run = run
  }

  /// Draws what all batches' luck comes from, once for each store: the same choices can be made anew from what it has.
  func drawSeed() {
    guard learner.seed == 0 else { return }
    learner.seed = UInt64.random(in: 1...UInt64.max)
    parcel.changes.append(.meta(key: Learner.seedKey, value: "\(learner.seed)"))
  }

  /// Runs that began before this daemon did are beside each other, too, those included that have ended meanwhile.
  func noteTakenOver(_ runs: [RunInfo]) {
    let known = runs.filter { task(of: $0.key) != nil }.sorted { $0.startedRealtimeMs < $1.startedRealtimeMs }
    for run in known {
      guard let id = task(of: run.key), let task = tasks[id] else { continue }
      learner.meter.begin(id, type: task.type, at: Timestamp(milliseconds: run.startedRealtimeMs))
    }
  }

  // MARK: Widths

  /// What the learner makes of a new batch; nil where it has no say.
  func plan(_ batch: BatchRow, _ live: [LiveTask]) -> BatchPlan? {
    guard learner.isEnabled, batch.strategy == .auto || batch.strategy == .adaptive else { return nil }
    var remaining: [String: Int] = [:]
    for task in live { remaining[task.type, default: 0] += 1 }
    var plan = BatchPlan(
      strategy: batch.strategy, luck: WidthChooser.luck(seed: learner.seed, batch: batch.id.raw),
      remaining: remaining)
    choose(&plan, for: batch.id)
    return plan
  }

  /// One of a batch's tasks is over: the width may be another from now on.
  func replan(_ batch: BatchID, after type: String) {
    guard var plan = batches[batch]?.plan else { return }
    plan.ended(type)
    if plan.isDue {
      let before = plan.width
      choose(&plan, for: batch)
      if plan.width != before { scheduler.setWidth(batch: batch, limit: plan.width) }
    }
    batches[batch]?.plan = plan
  }

  private func choose(_ plan: inout BatchPlan, for batch: BatchID) {
    let before = plan.width
    plan.choose(learner.chooser, learner.profiles, at: now()) {
      BatchPlan.Room(cap: agentCap, memory: freeMemory(for: batch))
    }
    if plan.width != before || plan.finished == 0 {
      log.debug("\(batch): \(plan.width.map { "at most \($0) at once" } ?? "no width of its own"); \(plan.reason)")
    }
  }

  /// How many agents of one session may run at once now.
  private var agentCap: Int {
    let policy = scheduler.policy
    let cap = scheduler.zone == .safe ? policy.maxAgentsPerSession : policy.maxAgentsPerSessionInWarning
    return max(1, min(cap, policy.maxAgents))
  }

  /// Bytes that a batch may use: what is free below danger, and what its own tasks hold already.
  private func freeMemory(for batch: BatchID) -> Double? {
    guard let machine = scheduler.machine, machine.memoryTotal > 0 else { return nil }
    let room = max(0, min(1, scheduler.policy.zones.ramDanger) - machine.ram) * Double(machine.memoryTotal)
    let own = scheduler.activeTasks.reduce(0.0) { sum, id in
      guard let task = tasks[id], task.batch == batch else { return sum }
      return sum + Double(task.run?.usage?.memoryBytes ?? 0)
    }
    return room + own
  }

  /// A batch's width in words, to follow a reason; empty where it has none.
  func planNote(of batch: BatchID) -> String {
    guard let plan = batches[batch]?.plan, !plan.reason.isEmpty else { return "" }
    return "; \(plan.reason)"
  }
}
