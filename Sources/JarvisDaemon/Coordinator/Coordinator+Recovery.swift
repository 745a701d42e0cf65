import JarvisConfig
import JarvisCore
import JarvisLinux
import JarvisPolicy
import JarvisProtocol
import JarvisStore
import WardenProtocol

// Coming back: from the store at start-up, and with the warden at every connection.
extension Coordinator {
  /// Reads what lived when the last daemon ended. Called once, before anything else.
  func restore() async throws(RPC.Failure) {
    var loaded: [BatchID: [LiveTask]] = [:]
    var unreadable: [TaskID] = []
    let live: LiveState
    let cancels: [String: String]
    let pauses: [String: String]
    do throws(StoreError) {
      for row in try await store.worktrees(.there) { worktrees[row.task] = row }
      live = try store.loadLive { row in
        guard let stored = StoredSpec(stored: row.specJSON) else {
          unreadable.append(row.id)
          return
        }
        var task = LiveTask(
          id: row.id, batch: row.batch, sequence: row.seq, stored: stored, type: row.type, priority: row.priority,
          submittedAt: row.submittedAt, environment: row.environmentHash, state: row.state, reason: row.reason)
        task.attempt = row.attempt
        task.startedAt = row.startedAt
        task.notBefore = row.notBefore
        task.isHeld = row.notBefore == Self.never
        if self.isUntold(row.state, task) {
          task.attempt -= 1
          task.startedAt = nil
          task.state = .queued
        } else if row.state.isActive, let key = row.runKey.flatMap({ RunKey($0) }) {
          task.run = LiveTask.Run(key: key, phase: .requested)
          task.run?.pausedAt = row.state == .paused ? self.now() : nil
        }
        loaded[row.batch, default: []].append(task)
      }
      let problems = try learner.restore(
        store, meta: try await store.metas(prefix: "learn"), taught: try await store.latestLearned())
      for problem in problems { log.error("\(problem)") }
      for (state, n) in try await store.counts(days: 1).byState where state.isTerminal { endedCounts[state] = n }
      isDraining = try await store.meta("draining") != nil
      wardenInstance = try await store.meta("warden") ?? ""
      hive = HiveMap(try await store.branches(scope: nil))
      cancels = try await store.metas(prefix: "cancel/")
      pauses = try await store.metas(prefix: Self.pausesPrefix)
    } catch {
      throw RPC.Failure(.storage, error.description)
    }
    drawSeed()
    scheduler.isDraining = isDraining
    nextTask = live.nextTaskID.raw
    nextBatch = live.nextBatchID.raw
    nextFinding = live.nextFindingID
    for (hash, json) in live.environments {
      guard let parsed = try? JSON(parsing: json),
        let values = try? [String: String].read(parsed, at: .root("environment"))
      else { continue }
      environments[hash] = EnvironmentEntry(values: values, json: json, uses: 0)
    }
    var outside: Set<TaskID> = []
    for tasks in loaded.values {
      for task in tasks { outside.formUnion(task.stored.dependencies.compactMap { TaskID($0.task) }) }
    }
    let ended = try await stored { (store) throws(StoreError) in try await store.terminalStates(outside.sorted()) }
    for (batch, tasks) in loaded.sorted(by: { $0.key < $1.key }) {
      guard let row = live.batches[batch] else { continue }
      takeBack(tasks.sorted { $0.id < $1.id }, LiveBatch(row: row, live: tasks.count, childrenOf: nil), ended)
    }
    for (key, by) in cancels {
      guard let id = TaskID(key.dropFirst("cancel/".count)), tasks[id]?.run != nil else { continue }
      tasks[id]?.run?.stop = .cancel(by: by)
    }
    for (key, value) in pauses { restorePauses(key, value) }
    for id in unreadable {
      log.critical("the store holds a specification of task \(id) that can't be read; the task is left alone")
    }
    try await restoreAgents()
    try await restoreSkillRuns()
    try await restoreWorktrees()
    let count = tasks.count
    if count > 0 {
      log.debug("\(count) live tasks came back from the store, \(scheduler.counts.active) of them were running")
    }
    flush()
  }

  private func takeBack(_ list: [LiveTask], _ batch: LiveBatch, _ ended: [TaskID: TaskState]) {
    // The scheduler derives queued or blocked from the dependencies.
    insert(list, batch: batch, finished: ended)
    for task in list {
      countChildren(of: task.stored.parent, 1)
      if task.run != nil {
        scheduler.markStarting(task.id, at: task.startedAt ?? task.submittedAt)
      } else if var waiting = tasks[task.id], !waiting.state.isTerminal, let state = scheduler.state(of: task.id) {
        waiting.state = state
        tasks[task.id] = waiting
      }
    }
  }

  // MARK: The warden

  /// A connection stands: bring what the warden has and what the coordinator believes together.
  ///
  /// The same warden as before has forgotten nothing that was not acknowledged: an attempt that it does not know never
  /// reached it, and goes back into the queue. Another warden has killed what its predecessor left: such an attempt is
  /// lost, unless its exit was kept.
  func reconcile(_ welcome: Welcome, _ runs: [RunInfo]) {
    wardenState = .connected(welcome)
    tellTotals(anew: true)
    let instance = "\(welcome.bootID)/\(welcome.wardenPID)"
    let isSame = wardenInstance == instance
    if !isSame {
      wardenInstance = instance
      parcel.changes.append(.meta(key: "warden", value: instance))
    }
    note(.daemon, "the warden is there, tier \(welcome.tier.rawValue)")
    log.info("connected to the warden (process \(welcome.wardenPID), tier \(welcome.tier.rawValue))")
    for reason in welcome.reasons { log.debug("tier: \(reason)") }
    noteTakenOver(runs)
    var known: Set<RunKey> = []
    for run in runs {
      known.insert(run.key)
      guard let id = task(of: run.key) ?? takeUp(run.key, at: run.startedRealtimeMs) else {
        // Nobody waits for it: a task that was settled while the warden was away.
        warden.send(run.exit == nil ? .kill(run.key) : .ack(run.key))
        continue
      }
      if let exit = run.exit {
        tasks[id]?.startedAt = Timestamp(milliseconds: run.startedRealtimeMs)
        // No turn ends in between: what must go back into the queue is older than what would be started.
        exited(exit)
        continue
      }
      let wasPaused = tasks[id]?.state == .paused
      adopt(run.key, pid: run.pid, ticks: run.startTicks, cgroup: run.cgroup, at: run.startedRealtimeMs)
      if run.state == .frozen, wasPaused {
        freezeAgain(id)
      } else if run.state == .frozen {
        warden.send(.thaw(run.key))
      } else if let id = task(of: run.key) {
        tasks[id]?.run?.pausedAt = nil
      }
    }
    let leftovers = Set(welcome.leftovers)
    // Both died before the journal learned of these: they have run, and must not be started as if they had not.
    if !isSame {
      for key in welcome.leftovers where task(of: key) == nil { _ = takeUp(key, at: now().milliseconds) }
    }
    for id in scheduler.activeTasks {
      guard let run = tasks[id]?.run, !known.contains(run.key), run.phase == .requested || run.phase == .running
      else { continue }
      if isSame, run.phase == .requested {
        putBack(id, "its start did not reach the warden")
        continue
      }
      sampler.remove(run.key)
      tasks[id]?.run?.phase = .exited
      if let stop = run.stop, case .cancel = stop {
        end(id, .cancelled, "cancelled; the warden died meanwhile")
        continue
      }
      let what =
        leftovers.contains(run.key)
        ? "its processes were found by their cgroup and killed" : "nothing of it was found any more"
      settleOrRetry(id, .lost, "the warden that held it died, and its exit status with it; \(what)", report: nil)
    }
  }

  /// The task of a run that the warden was told to start a moment before the last jarvisd died, which the journal did
  /// not learn any more: the run is its next attempt.
  private func takeUp(_ key: RunKey, at milliseconds: Int64) -> TaskID? {
    guard let id = TaskID(key.name.prefix { $0 != "-" }), var task = tasks[id], task.run == nil, task.state == .queued
    else { return nil }
    task.attempt += 1
    guard task.runKeyName == key.name else { return nil }
    task.run = LiveTask.Run(key: key, phase: .requested)
    task.startedAt = Timestamp(milliseconds: milliseconds)
    task.reason = "started just before jarvisd was restarted"
    change(&task, to: .starting)
    scheduler.markStarting(id, at: Timestamp(milliseconds: milliseconds))
    parcel.put(row(of: task))
    return id
  }

  /// It was frozen before the restart, and still is.
  private func freezeAgain(_ id: TaskID) {
    guard var task = tasks[id] else { return }
    let since = task.run?.pausedAt ?? now()
    task.run?.pausedAt = since
    task.run?.wasPaused = true
    learner.meter.pause(id, at: now())
    task.run?.overseer?.paused(at: since)
    change(&task, to: .paused)
    scheduler.markPaused(id)
  }

  // MARK: Samples

  /// Takes a sample of the machine and of the agents; returns how long to wait for the next, in seconds: the nearer an
  /// agent is to a limit, the shorter.
  func observe(_ new: MachineSample, _ agents: AgentSamples, freeDisk: UInt64?) -> Double {
    sample = new
    if let freeDisk { self.freeDisk = freeDisk }
    published.withLock {
      $0.cores = new.cpuCapacity
      $0.memoryTotal = new.memoryTotal
    }
    var shares: [TaskID: ResourceCost] = [:]
    let base = config.monitor.interval
    var soonest = base
    var processes: [TaskID: Int] = [:]
    for (key, usage) in agents.usage {
      guard let id = task(of: key), let task = tasks[id] else { continue }
      tasks[id]?.run?.usage = usage
      tasks[id]?.run?.peakMemory = max(task.run?.peakMemory ?? 0, usage.memoryBytes, usage.peakBytes)
      noteSample(usage, of: id)
      shares[id] = ResourceCost(
        cores: usage.cores, bytes: usage.memoryBytes, ofCores: new.cpuCapacity, memoryTotal: new.memoryTotal)
      processes[id] = usage.processes
      soonest = min(soonest, oversee(id, usage, base: base))
    }
    var machine = MachineState(new)
    if new.memoryTotal > 0 { machine.agentsRAM = agents.memoryOfAll.map { Double($0) / Double(new.memoryTotal) } }
    scheduler.observe(machine, usage: shares, processes: processes)
    tellTotals()
    retryRefused()
    saveLearning()
    endTurn()
    return scheduler.counts.total == 0 ? base * 2 : soonest
  }

  /// Puts another configuration in force; returns the sections that changed, and those of them that need a restart.
  func reload(_ new: Config, _ runners: RunnerTable) -> (changed: [String], needRestart: [String]) {
    var changed: [String] = []
    var needRestart: [String] = []
    func compare<T: Equatable>(_ name: String, _ a: T, _ b: T, restart: Bool = false) {
      guard a != b else { return }
      changed.append(name)
      if restart { needRestart.append(name) }
    }
    compare("daemon", config.daemon, new.daemon, restart: true)
    compare("monitor", config.monitor, new.monitor)
    compare("zones", config.zones, new.zones)
    compare("scheduler", config.scheduler, new.scheduler)
    compare("limits", config.limits, new.limits)
    compare("overseer", config.overseer, new.overseer)
    compare("alerts", config.alerts, new.alerts)
    compare("agents", config.agents, new.agents)
    compare("budgets", config.budgets, new.budgets)
    compare("server", config.server, new.server)
    compare("learning", config.learning, new.learning)
    compare("store", config.store, new.store)
    compare("warden", config.warden, new.warden, restart: true)
    let oldLimit = config.limits.time
    config = new
    published.withLock {
      $0.config = new
      $0.runners = runners
    }
    scheduler.updatePolicy(SchedulerPolicy(new))
    overseerPolicy = OverseerPolicy(new)
    learner.configure(new.learning)
    enforceCaps()
    configureAgents()
    enforceLimits()
    for id in environments.keys { environments[id]?.lines = [:] }
    if oldLimit != new.limits.time { moveTimeLimits(from: oldLimit, to: new.limits.time) }
    note(.daemon, changed.isEmpty ? "reloaded; nothing changed" : "reloaded: \(changed.joined(separator: ", "))")
    endTurn()
    return (changed, needRestart)
  }

  /// Another default time limit, for running tasks that have none of their own; time they were paused stays uncounted.
  private func moveTimeLimits(from old: Double?, to new: Double?) {
    for id in scheduler.activeTasks {
      guard let task = tasks[id], var run = task.run, run.phase == .running, let started = task.startedAt,
        task.stored.spec.limits.time == nil
      else { continue }
      if let due = run.timeLimitAt, let old, let new {
        run.timeLimitAt = due + (new - old)
      } else {
        run.timeLimitAt = new.map { started + $0 }
      }
      tasks[id]?.run = run
    }
  }

  // MARK: Stopping

  /// Starts nothing more; submissions are refused from now on, waits are given up.
  func beginStopping() {
    isStopping = true
    worktreeWork.cancelAll()
    saveLearning(now: true)
    waiters.giveUpAll()
    flush()
  }

  /// Stops all agents and puts their tasks back into the queue. For a standalone daemon, whose warden goes with it.
  func interruptAll() {
    for id in scheduler.activeTasks {
      guard let task = tasks[id], let run = task.run else { continue }
      if run.phase == .deciding {
        putBack(id, "Jarvis was stopped before it started")
      } else {
        stop(id, .requeue("Jarvis was stopped while it ran"))
      }
    }
    endTurn()
  }

  /// One line for `systemctl status`.
  var statusLine: String {
    let counts = scheduler.counts
    return "\(counts.working) running, \(counts.waiting) waiting, zone \(scheduler.zone.rawValue)"
      + (isDraining ? ", draining" : "")
  }
}

extension MachineState {
  /// A sample in the scheduler's terms.
  init(_ sample: MachineSample) {
    func share(_ line: PressureLine?) -> Double? { line.map { $0.avg10 / 100 } }
    self.init(
      at: sample.at, cpu: sample.cpuBusy ?? 0, ram: sample.memoryUsed, cores: sample.cpuCapacity,
      memoryTotal: sample.memoryTotal, memoryFullPSI: share(sample.pressure?.memory?.full),
      ioFullPSI: share(sample.pressure?.io?.full), cpuSomePSI: share(sample.pressure?.cpu?.some))
  }
}
