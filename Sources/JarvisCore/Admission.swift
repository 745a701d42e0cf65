import JarvisProtocol

/// The gate: the one place that says whether a process may be started (first, again, after a crash) or thawed.
enum Admission {
  /// How a task would come to use the machine.
  enum Path { case start, resume }

  /// What a refusal says about others.
  enum Scope {
    /// Nothing else may start either.
    case everything
    /// Nothing else of the same session may.
    case session
    /// Nothing else of the same runner, or on the same budget, may.
    case runner
    /// A smaller task may.
    case candidate
  }

  enum Verdict {
    case admitted(Reason.Kind)
    case refused(Reason.Kind, Scope)
  }
}

extension SchedulerState {
  /// Asks the gate. `reserved` is what warming agents are expected to use and don't use yet.
  func admit(
    _ task: LiveTask, _ path: Admission.Path, reserved: ResourceCost, now: Timestamp
  ) -> Admission.Verdict {
    guard let machine else { return .refused(.noSample, .everything) }
    if path == .start, isDraining { return .refused(.draining, .everything) }
    if guarding.isEmergency {
      return .refused(.emergency(ram: machine.ram, memoryPressure: machine.memoryFullPSI), .everything)
    }
    // One that was frozen for being over a lowered cap goes on when that leaves room for it.
    if path == .resume, counts.working >= policy.maxAgents {
      return .refused(.agentCap(active: counts.working, limit: policy.maxAgents), .everything)
    }
    if path == .start {
      if let lastStart, policy.startGapSeconds > 0, now < lastStart + policy.startGapSeconds, lastStart <= now {
        return .refused(.startGap(seconds: lastStart + policy.startGapSeconds - now), .everything)
      }
      if counts.active >= policy.maxAgents {
        return .refused(.agentCap(active: counts.active, limit: policy.maxAgents), .everything)
      }
    }
    if let full = sessionIsFull(task.session, path) { return .refused(full, .session) }
    if path == .start, let refusal = agentRefusal(task, now: now) { return .refused(refusal, .runner) }

    let expected = path == .start ? task.expected ?? policy.defaultCost : resumeCost(of: task)
    let zones = policy.zones
    let isDeclared = task.expected != nil && task.expectedIsDeclared
    if let passed = passedTotal(task, expected, isDeclared, machine, now: now) { return .refused(passed, .candidate) }
    let cpu = ProjectedUse(
      sampled: machine.cpu, reserved: reserved.cpu, expected: expected.cpu, isDeclared: isDeclared,
      danger: zones.cpuDanger)
    let ram = ProjectedUse(
      sampled: machine.ram, reserved: reserved.ram, expected: expected.ram, isDeclared: isDeclared,
      danger: zones.ramDanger)
    if tracker.zone != .danger, guarding.hold == nil, cpu.fits, ram.fits {
      switch path {
      case .start:
        let strategy = batches[task.batch]?.strategy ?? .auto
        return .admitted(.started(zone: tracker.zone, cpu: cpu, ram: ram, strategy: strategy))
      case .resume: return .admitted(.resumed(zone: tracker.zone, cpu: cpu, ram: ram))
      }
    }
    // Bounded progress: what others do to the machine, or a task bigger than the room there ever is, must not stop
    // Jarvis's work for good. Frozen agents don't count: they make no progress.
    if counts.working == 0 { return .admitted(.boundedProgress(zone: tracker.zone, cpu: cpu, ram: ram)) }
    if tracker.zone == .danger { return .refused(danger(of: machine), .everything) }
    if let hold = guarding.hold {
      let seconds = guarding.holdSince.map { max(0, now - $0) } ?? 0
      return .refused(.stalled(hold, seconds: seconds), .everything)
    }
    return .refused(ram.fits ? .cpuProjection(cpu) : .ramProjection(ram), .candidate)
  }

  /// Whether a session has as many agents as it may. A task to be resumed counts already; it must only not be one too
  /// many to work.
  func sessionIsFull(_ session: Int32, _ path: Admission.Path) -> Reason.Kind? {
    guard let counts = sessions[Int(session)]?.counts else { return nil }
    let active = path == .start ? counts.active : counts.working
    if active >= policy.maxAgentsPerSession {
      return .sessionCap(active: active, limit: policy.maxAgentsPerSession)
    }
    let limit = policy.sessionCap(in: tracker.zone)
    return active >= limit ? .warningCap(active: active, limit: limit) : nil
  }

  /// What the agents of the task's session, or all agents, may use together and would pass with it; nil if it fits. As
  /// with the machine itself, one always may run.
  private func passedTotal(
    _ task: LiveTask, _ expected: ResourceCost, _ isDeclared: Bool, _ machine: MachineState, now: Timestamp
  ) -> Reason.Kind? {
    let session = sessions[Int(task.session)]?.counts.working ?? 0
    for (scope, totals, working) in [
      (GroupScope.session, policy.machine.session, session), (.jarvis, policy.machine.jarvis, counts.working),
    ] {
      let memory = totals.memoryShare(of: machine.memoryTotal)
      let cores = totals.cpu.flatMap { machine.cores > 0 ? $0 / machine.cores : nil }
      // What all may hold of memory is mostly above the danger zone, which is the tighter bound then.
      guard working > 0, cores != nil || (memory ?? 1) < (scope == .session ? 1 : policy.zones.ramDanger) else {
        continue
      }
      let members = agents.all.keys.filter { scope == .jarvis || tasks[$0]?.session == task.session }.sorted()
      let sum = agents.use(of: members, now: now, warmUp: policy.warmUpSeconds)
      func use(_ part: (ResourceCost) -> Double, _ line: Double) -> ProjectedUse {
        ProjectedUse(
          sampled: part(sum.used), reserved: part(sum.reserved), expected: part(expected), isDeclared: isDeclared,
          danger: line)
      }
      if let memory {
        let use = use({ $0.ram }, memory)
        if !use.fits { return .groupTotal(scope, .ram, use) }
      }
      if let cores {
        let use = use({ $0.cpu }, cores)
        if !use.fits { return .groupTotal(scope, .cpu, use) }
      }
    }
    return nil
  }

  private func danger(of machine: MachineState) -> Reason.Kind {
    let zones = policy.zones
    return tracker.ram == .danger
      ? .zoneDanger(
        .ram, used: machine.ram, danger: zones.ramDanger, leavesBelow: zones.ramDanger - zones.hysteresis)
      : .zoneDanger(
        .cpu, used: machine.cpu, danger: zones.cpuDanger, leavesBelow: zones.cpuDanger - zones.hysteresis)
  }
}
