import Glibc
import JarvisConfig
import JarvisCore
import JarvisLinux
import JarvisProtocol
import Logging
import WardenProtocol

/// Why the overseer ends an agent.
struct OverseerStop: Sendable, Equatable {
  /// For people, with figures.
  var sentence: String
  /// The limit that was broken; nil where the machine needed room.
  var evidence: Evidence?
  /// Seconds between the polite signal and the kill; nil: it is killed at once.
  var grace: Double?
}

// The overseer's hands: the pure core (`AgentOverseer`, `MachineGuard`) says what, this does it.
extension Coordinator {
  // MARK: Limits

  /// The machine's size as limits are scaled by.
  var machineSize: MachineSize {
    MachineSize(
      cores: sample?.cpuCapacity ?? 0, memory: sample?.memoryTotal ?? 0, swap: sample?.swapTotal ?? 0, disk: freeDisk)
  }

  /// What is in force for a task: its own limits (raised ones first), else its type's, else the defaults for a machine
  /// of this size; never above the session's, Jarvis's or the machine's.
  func limits(of task: LiveTask) -> AgentLimits {
    var own = AgentLimits(task.stored.spec.limits)
    if let raised = task.stored.raised {
      let more = AgentLimits(raised)
      for kind in LimitKind.allCases { if let value = more[kind] { own = own.setting(kind, to: value) } }
    }
    let type = config.limits.types[task.type].map { AgentLimits($0) } ?? AgentLimits()
    let size = machineSize
    return LimitSources(
      own: own, type: type, learned: task.run?.learned, defaults: DefaultLimits(config.limits),
      session: scheduler.policy.machine.session.limits(on: size),
      jarvis: scheduler.policy.machine.jarvis.limits(on: size)
    ).limits(on: size)
  }

  /// The same in the kernel's terms. A throttled agent's are lowered.
  func runLimits(of task: LiveTask, throttle: Throttle = Throttle()) -> RunLimits {
    let effective = limits(of: task)
    var limits = RunLimits()
    if let memory = effective.memory {
      limits.memoryMax = memory
      // Reclaim begins a little before the wall, so that a task near its limit is slowed before it is killed.
      limits.memoryHigh = throttle.memoryHigh ?? overseerPolicy.memoryHigh(for: memory)
      limits.swapMax = effective.swap ?? 0
    }
    limits.pidsMax = effective.pids.map(UInt64.init)
    limits.cpuMaxCores = effective.cpu.map { max(0.01, $0) }
    let weight: Double =
      switch task.priority {
      case .critical: 400
      case .high: 200
      case .medium: 100
      case .low: 25
      }
    limits.ioWeight = effective.ioWeight.map(UInt32.init) ?? UInt32(weight)
    limits.cpuWeight = UInt32(max(1, (weight * (throttle.cpuWeight ?? 1)).rounded()))
    return limits
  }

  // MARK: Samples

  /// Judges one agent by what it uses; returns after how many seconds it must be looked at again.
  func oversee(_ id: TaskID, _ usage: AgentUsage, base: Double) -> Double {
    guard let task = tasks[id], var run = task.run, var overseer = run.overseer else { return base }
    switch run.stop {
    case nil, .overseer?: break
    // Somebody else is ending it.
    default: return base
    }
    let reading = AgentReading(
      memoryBytes: usage.memoryBytes, peakBytes: usage.peakBytes, processes: usage.processes, cpuCores: usage.cores,
      outputBytes: usage.outputBytes, lastOutputAt: usage.lastOutputAt, memoryHighEvents: usage.memoryHighEvents,
      memoryStallShare: usage.memoryStallShare, oomKills: usage.oomKills)
    var limits = limits(of: task)
    // It has a timer of its own, which is exact.
    limits.time = nil
    let actions = overseer.observe(
      reading, limits: limits, tier: tier, policy: overseerPolicy, isMachineInDanger: scheduler.stage >= .severe,
      now: now())
    run.overseer = overseer
    tasks[id]?.run = run
    for action in actions { act(id, action) }
    return overseer.nextInterval(base: base)
  }

  /// An agent has written more than its limit, learned between two samples.
  func outputPassed(_ key: RunKey, _ bytes: UInt64) {
    guard let id = task(of: key), let task = tasks[id], var run = task.run, var overseer = run.overseer,
      run.phase == .running
    else { return sampler.bindOutput(key, [], nil) }
    switch run.stop {
    case nil, .overseer?: break
    default: return sampler.bindOutput(key, [], nil)
    }
    var limits = limits(of: task)
    limits.time = nil
    guard let bound = limits.output, bytes > bound else {
      // The limit was another when it began to be watched.
      return sampler.bindOutput(key, outputPaths(of: id, key), limits.output)
    }
    let actions = overseer.observeOutput(
      bytes, limits: limits, tier: tier, policy: overseerPolicy, isMachineInDanger: scheduler.stage >= .severe,
      now: now())
    run.overseer = overseer
    run.usage?.outputBytes = bytes
    tasks[id]?.run = run
    for action in actions { act(id, action) }
    if !actions.isEmpty { endTurn() }
  }

  private func act(_ id: TaskID, _ action: OverseerAction) {
    guard let task = tasks[id], let run = task.run else { return }
    let evidence = action.evidence
    let sentence = evidence.sentence
    switch action {
    case .alert:
      tell(id, .alert, "\(id) is near a limit", sentence, evidence)
    case .allClear:
      tell(id, nil, "\(id) is clear of its limit again", sentence, evidence)
    case .throttle(let throttle, _), .relax(let throttle, _):
      guard canThrottle else { return }
      warden.send(.setLimits(run.key, runLimits(of: task, throttle: throttle)))
      let word = throttle.isEmpty ? "no longer throttled" : "throttled"
      tell(id, throttle.isEmpty ? nil : .throttle, "\(id) is \(word)", sentence, evidence)
    case .freeze:
      warden.send(.freeze(run.key))
      tell(id, .freeze, "\(id) is frozen", sentence, evidence)
    case .thaw:
      // A person may have paused it meanwhile.
      if task.state == .running { warden.send(.thaw(run.key)) }
      tell(id, nil, "\(id) goes on", sentence, evidence)
    case .terminate(_, let grace):
      tell(id, .kill, "\(id) is being stopped", sentence, evidence)
      stop(id, .overseer(OverseerStop(sentence: sentence, evidence: evidence, grace: grace)))
    case .kill:
      if run.stop == nil {
        tell(id, .kill, "\(id) is killed", sentence, evidence)
        stop(id, .overseer(OverseerStop(sentence: sentence, evidence: evidence, grace: nil)))
      } else {
        warden.send(.kill(run.key))
      }
    case .kernelKilled:
      tell(id, .kill, "the kernel killed a part of \(id)", sentence, evidence)
    }
  }

  /// What the kernel's OOM killer did to an agent that has ended.
  func kernelEvidence(_ id: TaskID, _ report: ExitReport) -> Evidence? {
    guard let task = tasks[id], var overseer = task.run?.overseer else { return nil }
    let reading = AgentReading(
      memoryBytes: report.peakMemoryBytes, peakBytes: report.peakMemoryBytes, oomKills: report.oomKills)
    let actions = overseer.observe(
      reading, limits: limits(of: task), tier: tier, policy: overseerPolicy, now: now())
    for case .kernelKilled(let evidence) in actions { return evidence }
    return nil
  }

  /// Ends a task that the overseer stopped, or gives it another try with a raised limit, once.
  func endOverseen(_ id: TaskID, _ stop: OverseerStop, _ report: ExitReport) {
    guard var task = tasks[id], let evidence = stop.evidence else {
      return end(id, .killed, stop.sentence, report: report)
    }
    let raised = RaisedLimit.after(
      evidence, retriesLeft: task.stored.spec.retries - task.attempt + 1, wasRaised: task.stored.raised != nil,
      machine: machineSize, policy: overseerPolicy)
    guard let raised else { return end(id, .killed, stop.sentence, report: report) }
    observeRun(id, .killed, report)
    var limits = TaskLimits()
    switch raised.limit {
    case .memory: limits.memory = ByteSize(UInt64(raised.to))
    case .pids: limits.pids = Int(raised.to)
    case .output: limits.output = ByteSize(UInt64(raised.to))
    case .time: limits.time = TimeSpan(raised.to)
    case .cpu: limits.cpu = raised.to
    case .swap, .ioWeight, .silence: return end(id, .killed, stop.sentence, report: report)
    }
    task.stored.raised = limits
    tasks[id] = task
    parcel.changes.append(.spec(id: id, specJSON: task.stored.json.text, priority: task.priority))
    again(id, "killed (\(stop.sentence)); \(raised.sentence)", at: now() + 1, report: report)
  }

  // MARK: The machine

  func relieve(_ id: TaskID, _ action: EmergencyAction, _ reason: Reason) {
    tell(id, .machine, "\(id) makes room for the machine", reason.sentence, nil)
    if let relief = reason.relief, relief.isKill {
      let grace = relief.isUrgent ? nil : config.limits.grace
      return stop(id, .overseer(OverseerStop(sentence: reason.sentence, evidence: nil, grace: grace)))
    }
    switch action {
    case .cancel: stop(id, .cancel(by: "to relieve the machine: \(reason.relief?.sentence ?? reason.sentence)"))
    case .requeue: stop(id, .requeue("the machine needs room: \(reason.relief?.sentence ?? reason.sentence)"))
    case .freeze: freeze(id, reason.sentence)
    }
  }

  /// A lowered cap holds for what runs, too.
  func enforceCaps() {
    let running = scheduler.activeTasks.compactMap { id -> CappedAgent? in
      guard let task = tasks[id], task.state == .running, let session = batches[task.batch]?.row.session else {
        return nil
      }
      return CappedAgent(
        id: id, session: SessionKey(session), priority: task.priority, startedAt: task.startedAt ?? task.submittedAt,
        parent: task.stored.parent, depth: task.stored.depth)
    }
    for over in SpawnGuard.overCap(spawn: SpawnPolicy(config), scheduler: scheduler.policy, running: running) {
      tell(over.id, nil, "\(over.id) is over a lowered cap", over.sentence, nil)
      guard over.action == .freeze else { continue }
      freeze(over.id, over.sentence)
      // It goes on by itself when there is room.
      scheduler.requestResume(over.id)
    }
  }

  // MARK: Telling people

  /// What is done with an agent now, and how near a limit it is; nil while there is nothing to say.
  func oversight(of task: LiveTask, _ run: LiveTask.Run, _ limits: AgentLimits) -> String? {
    switch run.stop {
    case .cancel?, .requeue?, .timeLimit?, .lingering?: return "told to end"
    case .overseer(let stop)? where stop.evidence == nil: return "told to end, to make room"
    case nil where task.state == .paused: return "frozen"
    case nil, .overseer?: return run.overseer?.standing(limits: limits, policy: overseerPolicy)
    }
  }

  /// An event and a log line, and an alert where `kind` is one.
  func tell(_ id: TaskID, _ kind: AlertKind?, _ title: String, _ text: String, _ evidence: Evidence?) {
    guard let task = tasks[id] else { return }
    var metadata = metadata(of: task, .overseerActed)
    if let evidence {
      for (name, value) in evidence.numbers { metadata[name] = "\(value)" }
      // The journal's JARVIS_LIMIT is which limit; JARVIS_BOUND is the figure that the event has as `limit`.
      metadata["bound"] = metadata["limit"]
      metadata["limit"] = "\(evidence.limit.rawValue)"
    }
    log.log(level: kind == nil ? .info : .warning, "\(title): \(text)", metadata: metadata)
    if events.hasSubscribers {
      var event = Event(sequence: 0, at: now(), kind: .overseer, message: "\(title): \(text)")
      event.task = view(of: task)
      event.numbers = evidence.map { Dictionary($0.numbers) { first, _ in first } }
      events.publish { event }
    }
    if let kind {
      alerter.raise(Alert(kind: kind, task: id, title: title, text: text), config.alerts, now: now())
    }
  }
}
