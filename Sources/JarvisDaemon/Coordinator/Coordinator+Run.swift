import Glibc
import JarvisConfig
import JarvisCore
import JarvisLinux
import JarvisProtocol
import JarvisStore
import WardenProtocol

// The life of an attempt: decided, in the journal, requested, running, exited, judged.
extension Coordinator {
  // MARK: Starting

  /// The scheduler said: start. The store is told first.
  func begin(_ id: TaskID, _ reason: Reason) {
    if postpone(id) { return }
    guard var task = tasks[id] else { return }
    task.attempt += 1
    guard let key = RunKey(task.runKeyName) else { return }
    var run = LiveTask.Run(key: key, phase: .deciding)
    run.learned = learner.use(of: task.type)
    task.run = run
    task.startedAt = now()
    task.reason = reason.sentence + planNote(of: task.batch)
    change(&task, to: .starting)
    parcel.put(row(of: task))
    parcel.starts.append((id, key))
  }

  /// The decision is on its way into the journal: tell the warden.
  func requestStart(_ id: TaskID, _ key: RunKey) {
    guard var task = tasks[id], var run = task.run, run.key == key, run.phase == .deciding else { return }
    if isStopping { return putBack(id, "Jarvis is stopping") }
    if case .requeue(let why)? = run.stop { return putBack(id, why) }
    if let stop = run.stop {
      tasks[id]?.run?.phase = .exited
      return end(id, stop.stateWithoutRun, stop.sentenceWithoutRun)
    }
    guard wardenState.welcome != nil else { return putBack(id, "the warden went away before it started") }
    if wantsWorktree(task) { return prepareWorktree(of: id, key) }
    if wantsDigest(task) { return prepareDigest(of: task, key) }
    do throws(StartError) {
      let spec = try runSpec(of: task, key: key)
      run.phase = .requested
      task.run = run
      tasks[id] = task
      warden.send(.start(spec))
    } catch {
      tasks[id]?.run?.phase = .exited
      end(id, .failed, error.message)
    }
  }

  /// An attempt that never reached the warden does not count.
  func putBack(_ id: TaskID, _ why: String) {
    guard var task = tasks[id] else { return }
    task.attempt -= 1
    task.run = nil
    task.startedAt = nil
    task.reason = why
    change(&task, to: .queued)
    scheduler.requeue(id)
    parcel.put(row(of: task))
  }

  struct StartError: Error {
    let message: String
    /// Whether it is nothing of the task's, and the start only has to wait.
    var isPassing = false
  }

  private func runSpec(of task: LiveTask, key: RunKey) throws(StartError) -> RunSpec {
    let output = paths.output(of: task.id)
    if madeFolders.insert(output.folder).inserted {
      do throws(PrivateFolderError) {
        try ensurePrivateDirectory(output.folder)
      } catch {
        madeFolders.remove(output.folder)
        throw StartError(message: "its output has no place: \(error)")
      }
    }
    let values = try runnerValues(of: task, key: key.name)
    let line: [String]
    do throws(CommandError) {
      line = try published.withLock { $0.runners }.commandLine(of: task.stored, values)
    } catch {
      throw StartError(message: "it could not be started: \(error.message)")
    }
    let searchPath =
      task.stored.spec.env["PATH"] ?? task.environment.flatMap { environments[$0]?.values["PATH"] } ?? ""
    let executable: String
    do throws(ExecutableNotFound) {
      executable = try ExecutableFinder.find(line[0], path: searchPath, folder: task.folder)
    } catch {
      throw StartError(message: "it could not be started: \(error)")
    }
    var environment = environmentLines(of: task)
    environment += runnerVariables(of: task, values, without: environment)
    if streamFormat(of: task) != nil { try? ensurePrivateDirectory(artifacts(of: task.id)) }
    return RunSpec(
      key: key, executable: executable, arguments: line, environment: environment,
      workingDirectory: task.folder, stdoutPath: "\(output.folder)/\(key).out",
      stderrPath: "\(output.folder)/\(key).err", limits: runLimits(of: task))
  }

  /// The submitter's environment without what is dropped, the task's own variables, and who it is.
  private func environmentLines(of task: LiveTask) -> [String] {
    let own = task.stored.spec.env
    var lines = inheritedLines(of: task)
    if let place = task.run?.place { place.replaceVariables(in: &lines) }
    if !own.isEmpty { lines.removeAll { line in own[String(line.prefix { $0 != "=" })] != nil } }
    lines += own.filter { !Self.isIdentity($0.key) }.map { "\($0.key)=\($0.value)" }.sorted()
    lines.append("JARVIS_SOCKET=\(paths.socket)")
    lines.append("JARVIS_TASK_ID=\(task.id)")
    lines.append("JARVIS_BATCH_ID=\(task.batch)")
    if let branch = batches[task.batch]?.row.branch { lines.append("JARVIS_BRANCH=\(branch)") }
    if let path = task.run?.digest?.path { lines.append("JARVIS_DIGEST=\(path)") }
    return lines
  }

  /// Made once for all tasks of an environment and a runner: of the costs of a start, this would be the greatest.
  private func inheritedLines(of task: LiveTask) -> [String] {
    guard let id = task.environment, let entry = environments[id] else { return [] }
    let runner = task.stored.runner
    if let lines = entry.lines[runner] { return lines }
    let file = self.runner(of: task)
    let dropped = config.agents.dropEnvironment + (file?.dropEnvironment ?? [])
    let spared = file?.keepEnvironment ?? []
    let kept = entry.values.filter { name, _ in
      func isIn(_ patterns: [String]) -> Bool { patterns.contains { EnvironmentPattern.matches($0, name) } }
      return !Self.isIdentity(name) && (!isIn(dropped) || isIn(spared))
    }
    let lines = kept.map { "\($0.key)=\($0.value)" }.sorted()
    environments[id]?.lines[runner] = lines
    return lines
  }

  /// Variables that tell an agent who it is: every task gets its own.
  private static func isIdentity(_ name: String) -> Bool {
    [
      "JARVIS_SOCKET", "JARVIS_TASK_ID", "JARVIS_BATCH_ID", "JARVIS_BRANCH", "JARVIS_ARTIFACTS", "JARVIS_DIGEST",
      "JARVIS_WORKTREE",
    ].contains(name)
  }

  func runner(of task: LiveTask) -> RunnerFile? {
    published.withLock { $0.runners.files[task.stored.runner] }
  }

  // MARK: News from the warden

  /// Takes what the warden says, in order.
  func receive(_ news: WardenNews) {
    switch news {
    case .connected(let welcome, let runs): reconcile(welcome, runs)
    case .messages(let messages):
      for message in messages { receive(message) }
    case .disconnected(let why):
      wardenState = .away(why)
      // On the way down it is what was asked for.
      log.log(
        level: isStopping ? .debug : .warning, "the warden is away: \(why)",
        metadata: [MessageID.metadataKey: MessageID.wardenLost.metadata])
      note(.daemon, "the warden is away: \(why)")
    }
    endTurn()
  }

  private func receive(_ message: WardenMessage) {
    switch message {
    case .started(let report):
      adopt(report.key, pid: report.pid, ticks: report.startTicks, cgroup: report.cgroup, at: report.realtimeMs)
    case .startFailed(let failure):
      guard let id = task(of: failure.key), tasks[id]?.run?.phase == .requested else { return }
      if failure.stage == .admission, failure.errno == ESHUTDOWN, tasks[id]?.run?.stop == nil {
        // It is on its way out, and the next one takes what it refuses.
        wardenState = .away(failure.message)
        return putBack(id, failure.message)
      }
      tasks[id]?.run?.phase = .exited
      let stop = tasks[id]?.run?.stop
      if case .cancel? = stop, let stop {
        end(id, stop.stateWithoutRun, stop.sentenceWithoutRun)
      } else {
        settleOrRetry(id, .failed, "it could not be started: \(failure.message)", report: nil)
      }
    case .exited(let report):
      // It is on its way out, and would take a start with it.
      if report.isInterrupted { wardenState = .away("it is stopping") }
      exited(report)
    case .failed(let key, let message):
      log.warning("the warden could not do what it was told\(key.map { " for \($0)" } ?? ""): \(message)")
    case .welcome, .runs: break
    }
  }

  /// The task that a run key belongs to, if that attempt is the current one.
  func task(of key: RunKey) -> TaskID? {
    guard let id = TaskID(key.name.prefix { $0 != "-" }), tasks[id]?.run?.key == key else { return nil }
    return id
  }

  /// A process runs: one just started, or one found after a restart.
  func adopt(_ key: RunKey, pid: Int32, ticks: UInt64, cgroup: String, at milliseconds: Int64) {
    guard let id = task(of: key), var task = tasks[id], var run = task.run, run.phase != .exited else { return }
    let started = Timestamp(milliseconds: milliseconds)
    run.phase = .running
    run.pid = pid
    run.startTicks = ticks
    run.cgroup = cgroup.isEmpty ? nil : cgroup
    run.timeLimitAt = timeLimit(of: id).map { started + $0 + run.pausedSeconds }
    if run.overseer == nil { run.overseer = AgentOverseer(startedAt: started, pausedSeconds: run.pausedSeconds) }
    task.run = run
    task.startedAt = started
    if task.state != .running { change(&task, to: .running) } else { tasks[id] = task }
    scheduler.markRunning(id, at: started)
    learner.meter.begin(id, type: task.type, at: started)
    sampler.add(
      key,
      SampledAgent(
        pid: pid, startTicks: ticks, cgroup: run.cgroup, outputs: outputPaths(of: id, key),
        outputBound: limits(of: task).output))
    follow(id)
    if log.logLevel <= .info {
      log.info("\(id) started: \(redacted(task.commandText))", metadata: metadata(of: task, .taskStarted))
    }
    // A cancellation or a pause may have come while the process was being made.
    if let stop = run.stop {
      climb(id, stop)
    } else if let why = run.pauseWhenRunning {
      freeze(id, why)
    }
  }

  func exited(_ report: ExitReport) {
    guard let id = task(of: report.key), let run = tasks[id]?.run else {
      // An attempt that nobody waits for any more.
      return warden.send(.ack(report.key))
    }
    // It was told before, and is acknowledged when it is durable.
    guard run.phase != .exited else { return }
    tasks[id]?.run?.phase = .exited
    tasks[id]?.run?.peakMemory = max(run.peakMemory, report.peakMemoryBytes)
    if !waitForOutput(id, report) { judge(id, report) }
  }

  /// Decides what an exit means.
  func judge(_ id: TaskID, _ report: ExitReport) {
    guard let run = tasks[id]?.run else { return }
    let leftovers =
      report.leftoverKilled > 0 ? "; \(report.leftoverKilled) processes that it left behind were killed" : ""
    switch run.stop {
    case .cancel(let by)?: end(id, .cancelled, "cancelled \(by)", report: report)
    case .timeLimit(let seconds)?:
      settleOrRetry(id, .timedOut, "its time limit of \(Text.seconds(seconds)) passed", report: report)
    case .overseer(let stop)?: endOverseen(id, stop, report)
    case .requeue(let why)?: again(id, "queued again: \(why)", at: nil, report: report)
    case .lingering?:
      if let agent = run.agent { judge(id, agent, report, lingered: true) }
    case nil where report.isInterrupted:
      again(id, "queued again: the warden was stopped while it ran, and ended it", at: nil, report: report)
    case nil:
      if report.oomKills > 0 {
        if let why = killedForAll(id, report) {
          return endOverseen(id, OverseerStop(sentence: why, evidence: nil, grace: nil), report)
        }
        let limit = tasks[id].flatMap { limits(of: $0).memory }.map { " of \(Text.bytes($0))" } ?? ""
        let evidence = kernelEvidence(id, report)
        let details = evidence.map { "; \($0.sentence)" } ?? "; the peak was \(Text.bytes(report.peakMemoryBytes))"
        let why = "the kernel killed it, because it needed more memory than its limit\(limit)\(details)"
        return endOverseen(id, OverseerStop(sentence: why, evidence: evidence, grace: nil), report)
      }
      if let agent = run.agent { return judge(id, agent, report, lingered: false) }
      switch report.status {
      case .exited(0): end(id, .succeeded, "exited with status 0" + leftovers, report: report)
      case .exited(let code): settleOrRetry(id, .failed, "exited with status \(code)" + leftovers, report: report)
      case .signalled(let signal, let dumped):
        settleOrRetry(
          id, .failed, "ended by \(Text.signal(signal))" + (dumped ? " with a core dump" : "") + leftovers,
          report: report)
      }
    }
  }

  // MARK: Ends

  /// Ends the task, unless it has retries left.
  func settleOrRetry(_ id: TaskID, _ state: TaskState, _ why: String, report: ExitReport?) {
    guard let task = tasks[id], task.attempt - task.stored.parks <= task.stored.spec.retries,
      !isStopping || state != .lost
    else {
      return end(id, state, why, report: report)
    }
    // 1 s, 2 s, 4 s … a minute at most.
    let wait = min(60, Double(1 << min(max(0, task.attempt - task.stored.parks - 1), 6)))
    let left = task.stored.spec.retries - (task.attempt - task.stored.parks) + 1
    observeRun(id, state, report)
    again(
      id, "attempt \(task.attempt) \(state.rawValue) (\(why)); tries again in \(Text.seconds(wait)), \(left) left",
      at: now() + wait, report: report)
  }

  func again(_ id: TaskID, _ why: String, at time: Timestamp?, report: ExitReport?) {
    guard var task = tasks[id] else { return }
    _ = learner.meter.end(id, at: now(), succeeded: false)
    let key = task.run?.key
    forgetPauses(id)
    task.run = nil
    task.reason = why
    task.notBefore = time
    change(&task, to: .queued)
    scheduler.requeue(id, notBefore: time)
    parcel.put(row(of: task, report: report))
    if let key {
      sampler.remove(key)
      followers.removeValue(forKey: key)?.finish()
      if report != nil { parcel.effects.append(.acknowledge(key)) }
    }
    log.info("\(id): \(why)", metadata: metadata(of: task, .taskEnded))
  }

  /// Ends the task for good.
  func end(_ id: TaskID, _ state: TaskState, _ why: String, report: ExitReport? = nil) {
    record(id, state, why, report: report)
    apply(scheduler.settle(id, as: state))
  }

  /// Puts the end of a task into the parcel.
  private func record(_ id: TaskID, _ state: TaskState, _ why: String, report: ExitReport?) {
    guard var task = tasks[id], !task.state.isTerminal else { return }
    observeRun(id, state, report)
    replan(task.batch, after: task.type)
    oweDiff(of: task)
    if let key = task.run?.key {
      sampler.remove(key)
      followers.removeValue(forKey: key)?.finish()
    }
    forgetPauses(id)
    task.reason = why
    change(&task, to: state, tell: false)
    let ended = report.map { Timestamp(milliseconds: $0.endedRealtimeMs) } ?? now()
    let terminal = row(of: task, report: report, endedAt: max(ended, task.startedAt ?? ended))
    parcel.put(terminal)
    if let key = task.run?.key, report != nil { parcel.effects.append(.acknowledge(key)) }
    if case .cancel? = task.run?.stop { parcel.changes.append(.meta(key: Self.cancelKey(id), value: nil)) }
    parcel.effects.append(.ended(id, state))
    finished[id] = terminal
    let level: MessageID = state == .killed ? .taskKilled : .taskEnded
    log.log(
      level: state == .killed ? .warning : .info, "\(id) \(state.rawValue): \(why)", metadata: metadata(of: task, level)
    )
  }

  /// What the end of one task did to others.
  func apply(_ effects: Effects) {
    for settlement in effects.settled { record(settlement.id, settlement.state, settlement.reason, report: nil) }
    for id in effects.released {
      guard var task = tasks[id] else { continue }
      task.reason = "its dependencies have ended"
      change(&task, to: .queued)
      parcel.put(row(of: task))
      advance(id)
    }
  }

  /// The end is durable: tell everybody, and let go of the task.
  func forget(_ id: TaskID, _ state: TaskState) {
    guard let task = tasks[id] else { return }
    noteTask(id, from: nil)
    endedCounts[state, default: 0] += 1
    tasks.removeValue(forKey: id)
    finished.removeValue(forKey: id)
    childCounts.removeValue(forKey: id)
    if task.stored.parent != nil, let session = batches[task.batch]?.row.session {
      spawnedLive[session, default: 1] -= 1
      if spawnedLive[session] == 0 { spawnedLive.removeValue(forKey: session) }
    }
    if pins[id] != nil { pins[id]?.state = state }
    release(environment: task.environment)
    batches[task.batch]?.live -= 1
    if let live = batches[task.batch]?.live, live <= 0 {
      batches.removeValue(forKey: task.batch)
      batchIsOver(task.batch)
    }
    forgetSpending(of: id, task.batch)
    leaveWorktrees(task)
    waiters.ended(id)
  }

  // MARK: Stopping

  /// Begins to stop a running agent. The first cause stays.
  func stop(_ id: TaskID, _ cause: StopCause) {
    guard var task = tasks[id], var run = task.run, run.phase != .exited, run.stop == nil else { return }
    if run.preparation != nil { return stopPreparing(id, cause) }
    run.stop = cause
    task.run = run
    task.reason = cause.sentence
    tasks[id] = task
    if run.phase == .running { climb(id, cause) }
  }

  /// The kill ladder: the runner's polite signal to all of its processes, then, after the grace period, the whole
  /// cgroup. The overseer says how long the grace is, and whether there is any.
  private func climb(_ id: TaskID, _ cause: StopCause) {
    guard let task = tasks[id], let run = task.run else { return }
    var grace = config.limits.grace
    if case .overseer(let stop) = cause {
      guard let seconds = stop.grace else {
        tasks[id]?.run?.killAt = now() + 1
        return warden.send(.kill(run.key))
      }
      grace = seconds
    }
    tasks[id]?.run?.killAt = now() + grace
    let polite = runner(of: task)?.politeSignal.number ?? 15
    warden.send(.signal(run.key, signal: polite, scope: polite == 2 ? .main : .all))
    // Frozen processes would sleep through it.
    if run.pausedAt != nil || task.state == .paused { warden.send(.thaw(run.key)) }
  }

  func thaw(_ id: TaskID, _ reason: Reason) {
    guard var task = tasks[id], var run = task.run else { return }
    let time = now()
    if let paused = run.pausedAt {
      let pause = max(0, time - paused)
      run.pausedSeconds += pause
      run.timeLimitAt = run.timeLimitAt.map { $0 + pause }
    }
    run.pausedAt = nil
    learner.meter.resume(id, at: time)
    journalPauses(id, run)
    run.overseer?.resumed(at: time)
    task.run = run
    task.reason = reason.sentence
    change(&task, to: .running)
    scheduler.markResumed(id, at: time)
    warden.send(.thaw(run.key))
    parcel.put(row(of: task))
  }

  func freeze(_ id: TaskID, _ why: String) {
    guard var task = tasks[id], var run = task.run, run.phase == .running, task.state == .running else { return }
    run.pausedAt = now()
    run.wasPaused = true
    learner.meter.pause(id, at: now())
    run.overseer?.paused(at: now())
    journalPauses(id, run)
    task.run = run
    task.reason = why
    change(&task, to: .paused)
    scheduler.markPaused(id)
    warden.send(.freeze(run.key))
    parcel.put(row(of: task))
  }
}

extension StopCause {
  /// What a task is that was stopped before it had a process.
  var stateWithoutRun: TaskState {
    switch self {
    case .cancel, .requeue, .lingering: .cancelled
    case .timeLimit: .timedOut
    case .overseer: .killed
    }
  }

  var sentenceWithoutRun: String {
    switch self {
    case .cancel(let by): "cancelled \(by) before it ran"
    case .timeLimit, .overseer, .requeue, .lingering: sentence
    }
  }
}
