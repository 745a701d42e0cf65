import JarvisProtocol

// The steps of the ladder, from the hardest to the softest.
extension AgentOverseer {
  struct Breach {
    var kind: LimitKind
    var cause: Evidence.Cause
    var since: Timestamp
  }

  // MARK: Ends

  /// What a broken limit leads to; nil while none is.
  mutating func breach(_ scene: Scene) -> [OverseerAction]? {
    if let far = farBreach(scene) { return kill(far.kind, far.cause, far.since, scene) }
    for kind in Self.judged {
      guard let rule = scene.policy[kind], let found = breach(kind, rule, scene) else { continue }
      switch rule.response {
      case .freezeAndKill: return kill(kind, found.cause, found.since, scene)
      case .terminate: return terminate(kind, found.cause, found.since, grace: rule.grace, scene)
      // Only a limit of cores is answered so, and only its own clock makes it an end.
      case .throttle: return terminate(kind, found.cause, found.since, grace: scene.policy.time.grace, scene)
      }
    }
    return nil
  }

  /// Whether a limit is broken, long and often enough.
  private mutating func breach(_ kind: LimitKind, _ rule: LimitRule, _ scene: Scene) -> Breach? {
    guard let share = share(kind, scene) else {
      gauges[kind]?.breaking = Since()
      return nil
    }
    let isKernels = scene.tier == .kernel
    if isKernels, kind == .memory {
      guard let since = stalling.begin, scene.now - since >= scene.policy.throttledFor else { return nil }
      return Breach(kind: kind, cause: .sustainedThrottling, since: since)
    }
    // The kernel lets nobody above pids.max: whoever sits at it wants more.
    let isOver = share > 1 || (isKernels && kind == .pids && share >= 1)
    guard let held = gauges[kind]?.breaking.update(isOver, at: scene.now) else { return nil }
    let since = gauges[kind]?.breaking.begin ?? scene.now
    let breach = Breach(kind: kind, cause: .over, since: since)
    switch kind {
    case .cpu:
      guard !isKernels, let after = scene.policy.cpuKillAfter, held >= after else { return nil }
      return breach
    case .pids where isKernels:
      return held >= scene.policy.pidsHeldFor ? breach : nil
    case .time, .silence:
      return held >= rule.breachFor ? breach : nil
    default:
      // Seen by as many samples as the rule asks for.
      guard (gauges[kind]?.overCount ?? 0) >= rule.confirmations || scene.isMachineInDanger else { return nil }
      return held >= rule.breachFor ? breach : nil
    }
  }

  /// A breach that is given no grace: by far, or of a limit that hurts others while the machine is in danger, or
  /// of the processes' limit by an agent that was told to end already.
  func farBreach(_ scene: Scene) -> Breach? {
    for kind in Self.judged {
      guard let rule = scene.policy[kind], let gauge = gauges[kind], let share = share(kind, scene) else { continue }
      if scene.tier == .kernel, kind == .memory || kind == .pids || kind == .cpu { continue }
      let since = gauge.breaking.begin ?? scene.now
      if rule.killAt != nil, gauge.farCount >= max(1, rule.confirmations) {
        return Breach(kind: kind, cause: .farOver, since: since)
      }
      if kind == .memory, share > 1, scene.isMachineInDanger {
        return Breach(kind: kind, cause: .overInDanger, since: since)
      }
      if kind == .pids, isCondemned, gauge.overCount > 0 { return Breach(kind: kind, cause: .over, since: since) }
    }
    if case .terminating(let kind, let since, _) = phase, scene.isMachineInDanger {
      return Breach(kind: kind, cause: .overInDanger, since: since)
    }
    return nil
  }

  private mutating func terminate(
    _ kind: LimitKind, _ cause: Evidence.Cause, _ since: Timestamp, grace: Double, _ scene: Scene
  ) -> [OverseerAction] {
    let evidence = evidence(kind, cause, since: since, scene)
    var actions: [OverseerAction] = [.terminate(evidence, grace: grace)]
    // Frozen processes would sleep through the signal.
    if case .frozen = phase {
      resumed(at: scene.now)
      actions.append(.thaw(evidence))
    }
    phase = .terminating(kind, since: since, killAt: scene.now + grace)
    return actions
  }

  mutating func kill(
    _ kind: LimitKind, _ cause: Evidence.Cause, _ since: Timestamp, _ scene: Scene
  ) -> [OverseerAction] {
    let evidence = evidence(kind, cause, since: since, scene)
    // A group that forks faster than it is counted is stopped first, so that nothing of it escapes the kill.
    var freezes = scene.policy[kind]?.response == .freezeAndKill
    if case .frozen = phase { freezes = false }
    phase = .killing(kind, cause, since: since, againAt: scene.now + scene.policy.killAgain)
    return freezes ? [.freeze(evidence), .kill(evidence)] : [.kill(evidence)]
  }

  // MARK: Reversible steps

  /// Freezes growth that no sample could catch in time; nil if there is none.
  mutating func growthFreeze(_ scene: Scene) -> [OverseerAction]? {
    guard scene.isSample, scene.tier != .kernel else { return nil }
    for kind in Self.judged {
      guard let rule = scene.policy[kind], rule.freezesFastGrowth, let gauge = gauges[kind],
        let limit = scene.limits[kind], gauge.growth > 0, gauge.value <= limit,
        gauge.growth * scene.policy.interval >= limit * scene.policy.fastGrowth,
        gauge.value + gauge.growth * scene.policy.fastest > limit, gauge.freezes < scene.policy.growthFreezes
      else { continue }
      gauges[kind]?.freezes += 1
      phase = .frozen(until: scene.now + scene.policy.growthFreeze, kind)
      paused(at: scene.now)
      return [.freeze(evidence(kind, .growth, since: scene.now, scene))]
    }
    return nil
  }

  /// Alerts and throttles, and takes them back.
  mutating func steps(_ scene: Scene) -> [OverseerAction] {
    var actions: [OverseerAction] = []
    var changed: LimitKind?
    var isMore = false
    for kind in Self.judged {
      guard let rule = scene.policy[kind] else { continue }
      guard let share = share(kind, scene), !(kind == .cpu && scene.tier == .kernel) else {
        // The limit was lifted.
        let gauge = gauges[kind] ?? Gauge()
        if gauge.isAlerted { actions.append(.allClear(evidence(kind, .receded, since: scene.now, scene))) }
        if gauge.isThrottled { changed = kind }
        gauges[kind]?.unbind()
        continue
      }
      if let action = alert(kind, rule, share, scene) { actions.append(action) }
      if let on = throttled(kind, rule, share, scene) {
        changed = kind
        isMore = isMore || on
      }
    }
    guard let kind = changed else { return actions }
    throttle = currentThrottle(scene)
    let since = gauges[kind]?.throttling.begin ?? scene.now
    actions.append(
      isMore
        ? .throttle(throttle, evidence(kind, .near, since: since, scene))
        : .relax(throttle, evidence(kind, .receded, since: scene.now, scene)))
    return actions
  }

  private mutating func alert(
    _ kind: LimitKind, _ rule: LimitRule, _ share: Double, _ scene: Scene
  ) -> OverseerAction? {
    guard let line = rule.alertAt, var gauge = gauges[kind] else { return nil }
    defer { gauges[kind] = gauge }
    if gauge.isAlerted {
      guard share < line - scene.policy.hysteresis || isOnlyCache(kind, scene, lifting: true) else { return nil }
      gauge.isAlerted = false
      gauge.alerting = Since()
      gauge.freezes = 0
      return .allClear(evidence(kind, .receded, since: scene.now, scene))
    }
    let holds = share >= line && !isOnlyCache(kind, scene, lifting: false)
    guard let held = gauge.alerting.update(holds, at: scene.now), held >= rule.alertFor else { return nil }
    gauge.isAlerted = true
    return .alert(evidence(kind, .near, since: gauge.alerting.begin ?? scene.now, scene))
  }

  /// True if it was throttled now, false if that was lifted, nil if nothing changed.
  private mutating func throttled(_ kind: LimitKind, _ rule: LimitRule, _ share: Double, _ scene: Scene) -> Bool? {
    guard let line = rule.throttleAt, var gauge = gauges[kind] else { return nil }
    defer { gauges[kind] = gauge }
    if gauge.isThrottled {
      let isBelow = share < line - scene.policy.hysteresis || isOnlyCache(kind, scene, lifting: true)
      guard let held = gauge.relaxing.update(isBelow, at: scene.now), held >= rule.throttleFor else { return nil }
      gauge.isThrottled = false
      gauge.relaxing = Since()
      gauge.throttling = Since()
      return false
    }
    let holds = share >= line && !isOnlyCache(kind, scene, lifting: false)
    guard let held = gauge.throttling.update(holds, at: scene.now), held >= rule.throttleFor else { return nil }
    gauge.isThrottled = true
    return true
  }

  /// In the kernel tier a group's memory holds what it read from files, which makes room by itself. Only an agent that
  /// stands still for memory is near its limit.
  private func isOnlyCache(_ kind: LimitKind, _ scene: Scene, lifting: Bool) -> Bool {
    guard scene.tier == .kernel, kind == .memory, let stallShare else { return false }
    return stallShare < (lifting ? scene.policy.pressingStall / 2 : scene.policy.pressingStall)
  }

  /// What is lowered, given which limits throttle.
  private func currentThrottle(_ scene: Scene) -> Throttle {
    var throttle = Throttle()
    if let memory = gauges[.memory], memory.isThrottled, let limit = scene.limits.memory {
      throttle.cpuWeight = scene.policy.throttledWeight
      if scene.tier == .kernel {
        // Never below what it holds: a steady agent is not to be choked, only a growing one.
        let line = max(memory.value, Double(limit) * (scene.policy.memory.throttleAt ?? 1))
        throttle.memoryHigh = min(UInt64(max(0, line)), scene.policy.memoryHigh(for: limit))
      }
    }
    if gauges[.cpu]?.isThrottled == true { throttle.cpuWeight = scene.policy.throttledWeight }
    return throttle
  }
}
