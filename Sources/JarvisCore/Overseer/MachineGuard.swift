import JarvisProtocol

/// Protects the machine as a whole: says when memory is running out, which agent makes room, and when nothing more may
/// be started because everything stands still.
///
/// Only memory makes an emergency. Processor time is compressible: too little of it makes tasks slow, and stopping some
/// would gain nothing that their weights don't give. Too little memory makes the kernel kill.
///
/// A value without clock or I/O. Each condition must hold for a time; one victim is chosen at a time, then there is a
/// pause to see the effect; what no agent causes is not cured by killing, and stops starts for a bounded time only.
public struct MachineGuard: Sendable, Equatable {
  /// How near the machine is to running out of memory.
  public private(set) var stage = GuardStage.calm
  /// What the stage turns on; nil when calm.
  public private(set) var cause: MachineCause?
  /// Since when, without a break.
  public private(set) var since: Timestamp?
  /// Why nothing may be started though there is memory; nil if it may.
  public private(set) var hold: MachineCause?
  /// Since when `hold` has been so.
  public private(set) var holdSince: Timestamp?
  /// Whether an emergency that nothing relieved was given up.
  public private(set) var isResigned = false

  private var short = Since()
  private var lacking = Since()
  private var severelyPressed = Since()
  private var ioHeld = Since()
  private var cpuHeld = Since()
  private var totalsPassed: [MachineCauseScope: Since] = [:]
  private var lastRelief: Timestamp?
  /// The last sample.
  private var machine: MachineState?

  /// Whether nothing may be started for want of memory, bounded progress included.
  public var isEmergency: Bool { stage >= .emergency && !isResigned }

  /// A machine that was never sampled.
  public init() {}

  // MARK: Samples

  /// Takes a sample.
  ///
  /// - Parameters:
  ///   - machine: the sample.
  ///   - inDanger: whether memory is in the danger zone, by the scheduler's hysteresis.
  ///   - policy: the scheduler's numbers, with the guard's.
  public mutating func observe(_ machine: MachineState, inDanger: Bool, policy: SchedulerPolicy) {
    let numbers = policy.machine
    let now = machine.at
    self.machine = machine
    guard policy.zones.ramDanger < 1 else { return turnOff() }
    observeHold(machine, policy)
    let found = stage(machine, inDanger, policy)
    if found.stage == .calm {
      stage = .calm
      cause = nil
      since = nil
      isResigned = false
      return
    }
    if found.stage > stage { isResigned = false }
    stage = found.stage
    cause = found.cause
    since = found.since
    // Nobody made room for a long time: whoever causes it, Jarvis can't end it.
    let quiet = now - max(found.since, lastRelief ?? found.since)
    if stage == .emergency, quiet >= numbers.longestHold { isResigned = true }
  }

  /// Only the totals of sessions and of Jarvis hold on: they are limits that somebody set.
  private mutating func turnOff() {
    let old = self
    self = MachineGuard()
    machine = old.machine
    totalsPassed = old.totalsPassed
    lastRelief = old.lastRelief
  }

  private typealias Found = (stage: GuardStage, cause: MachineCause?, since: Timestamp)

  private mutating func stage(_ machine: MachineState, _ inDanger: Bool, _ policy: SchedulerPolicy) -> Found {
    let numbers = policy.machine
    let now = machine.at
    let available = max(0, 1 - machine.ram)
    let memory = machine.memoryFullPSI ?? 0
    let io = machine.ioFullPSI ?? 0
    let gap = numbers.longestGap

    // What holds, and for how long. All are updated with every sample.
    // Three faces of one shortage: it lasts as long as one of them shows.
    let isPressed = memory > policy.emergencyMemoryPressure
    let isThrashing = io >= numbers.ioPressure && machine.ram >= policy.zones.ramSafe
    let shortFor = short.update(inDanger || isPressed || isThrashing, at: now, gap: gap)
    let lackLine = stage >= .severe ? numbers.severeAvailable + numbers.hysteresis : numbers.severeAvailable
    let lackFor = lacking.update(available < lackLine, at: now, gap: gap)
    let severeFor = severelyPressed.update(memory >= numbers.severePressure, at: now, gap: gap)

    let fallingLine = stage == .falling ? numbers.fallingAvailable + numbers.hysteresis : numbers.fallingAvailable
    if available < fallingLine {
      return (.falling, .available(available, line: numbers.fallingAvailable), lacking.begin ?? now)
    }
    if let lackFor, lackFor >= numbers.severeAvailableFor {
      return (.severe, .available(available, line: numbers.severeAvailable), lacking.begin ?? now)
    }
    if let severeFor, severeFor >= numbers.severePressureFor {
      return (.severe, .memoryPressure(memory, line: numbers.severePressure), severelyPressed.begin ?? now)
    }
    guard let shortFor, shortFor >= policy.emergencyAfterSeconds || stage >= .emergency else {
      return (.calm, nil, now)
    }
    let cause: MachineCause =
      inDanger
      ? .memory(used: machine.ram, danger: policy.zones.ramDanger)
      : isPressed
        ? .memoryPressure(memory, line: policy.emergencyMemoryPressure) : .ioPressure(io, line: numbers.ioPressure)
    return (.emergency, cause, short.begin ?? now)
  }

  private mutating func observeHold(_ machine: MachineState, _ policy: SchedulerPolicy) {
    let numbers = policy.machine
    let now = machine.at
    let io = machine.ioFullPSI ?? 0
    let cpu = machine.cpuSomePSI ?? 0
    let ioFor = ioHeld.update(io >= numbers.ioPressure, at: now, gap: numbers.longestGap)
    let cpuFor = cpuHeld.update(
      policy.zones.cpuDanger < 1 && cpu >= numbers.cpuPressure, at: now, gap: numbers.longestGap)
    func counts(_ held: Double?, _ after: Double) -> Bool {
      guard let held else { return false }
      return held >= after && held < after + numbers.longestHold
    }
    if counts(ioFor, numbers.ioPressureFor) {
      hold = .ioPressure(io, line: numbers.ioPressure)
      holdSince = ioHeld.begin
    } else if counts(cpuFor, numbers.cpuPressureFor) {
      hold = .cpuPressure(cpu, line: numbers.cpuPressure)
      holdSince = cpuHeld.begin
    } else {
      hold = nil
      holdSince = nil
    }
  }

  // MARK: Victims

  /// The agent that must make room now; nil if none must or none would help. It counts as chosen: the next one comes
  /// after the pause at the earliest.
  ///
  /// - Parameters:
  ///   - agents: all that have processes, in any order.
  ///   - now: the time.
  public mutating func relieve(_ agents: [AgentSummary], policy: SchedulerPolicy, now: Timestamp) -> Relief? {
    let numbers = policy.machine
    let totals = passedTotals(agents, policy, now: now)
    let pause = stage == .falling ? numbers.fallingPause : numbers.pause
    if let lastRelief, now - lastRelief < pause, lastRelief <= now { return nil }
    if stage >= .severe || (stage == .emergency && !isResigned), let cause, let since {
      let mayEnd = Self.victims(agents, stage: stage, policy)
      if let victim = mayEnd.first { return choose(victim, stage, cause, since: since, now: now) }
    }
    for (cause, since) in totals {
      let members = agents.filter { cause.session == nil || $0.session == cause.session }
      // A limit is a limit: nobody of those who share it is spared.
      let victims =
        cause.isOfProcesses ? Self.crowds(members) : Self.victims(members, stage: .falling, policy, least: 0)
      if let victim = victims.first {
        return choose(victim, .severe, cause, since: since, now: now)
      }
    }
    return nil
  }

  private mutating func choose(
    _ victim: AgentSummary, _ stage: GuardStage, _ cause: MachineCause, since: Timestamp, now: Timestamp
  ) -> Relief {
    lastRelief = now
    return Relief(
      task: victim.id, priority: victim.priority, stage: stage, cause: cause, seconds: max(0, now - since),
      memory: victim.memory, growth: victim.growth, processes: victim.processes)
  }

  /// Those who may be chosen, the first victim first: by priority, lowest first; then by what they will hold soon at
  /// their present growth; then youngest. Who weighs less than `least` (of the machine: the policy's) is none.
  static func victims(
    _ agents: [AgentSummary], stage: GuardStage, _ policy: SchedulerPolicy, least: Double? = nil
  ) -> [AgentSummary] {
    let numbers = policy.machine
    func weight(_ agent: AgentSummary) -> Double {
      agent.memory + (agent.isFrozen ? 0 : max(0, agent.growth) * numbers.horizon)
    }
    let critical = agents.filter { $0.priority == .critical && !$0.isEnding && !$0.isFrozen }
    let candidates = agents.filter { agent in
      guard !agent.isEnding, weight(agent) >= least ?? numbers.leastShare else { return false }
      switch stage {
      case .calm: return false
      case .emergency: return agent.priority == .low && !agent.isFrozen
      case .severe: return !(critical.count == 1 && agent.id == critical.first?.id)
      case .falling: return true
      }
    }
    return candidates.sorted { a, b in
      if a.priority != b.priority { return a.priority.rank > b.priority.rank }
      if weight(a) != weight(b) { return weight(a) > weight(b) }
      return a.startedAt != b.startedAt ? a.startedAt > b.startedAt : a.id > b.id
    }
  }

  /// Those who have processes, the most first: too many of them are nearly always one agent's.
  private static func crowds(_ agents: [AgentSummary]) -> [AgentSummary] {
    agents.filter { !$0.isEnding && $0.processes > 0 }.sorted { a, b in
      if a.processes != b.processes { return a.processes > b.processes }
      if a.priority != b.priority { return a.priority.rank > b.priority.rank }
      return a.startedAt != b.startedAt ? a.startedAt > b.startedAt : a.id > b.id
    }
  }

  // MARK: Totals of a session and of Jarvis

  private mutating func passedTotals(
    _ agents: [AgentSummary], _ policy: SchedulerPolicy, now: Timestamp
  ) -> [(MachineCause, Timestamp)] {
    let numbers = policy.machine
    guard let machine else { return [] }
    var held: [MachineCauseScope: (memory: Double, processes: Int)] = [:]
    for agent in agents.sorted(by: { $0.id < $1.id }) where !agent.isEnding {
      for scope in [MachineCauseScope.jarvis, .session(agent.session)] {
        held[scope, default: (0, 0)].memory += agent.memory
        held[scope, default: (0, 0)].processes += agent.processes
      }
    }
    var passed: [MachineCauseScope: Since] = [:]
    var found: [(MachineCause, Timestamp)] = []
    for (scope, sum) in held.sorted(by: { $0.key < $1.key }) {
      let totals = scope == .jarvis ? numbers.jarvis : numbers.session
      if let line = totals.pids.resolved(cores: machine.cores), sum.processes > line {
        found.append((.processes(scope.session, count: sum.processes, line: line), now))
      }
      // Memory that processes share is summed more than once, and groups count what they read from files; all of it is
      // never more than the agents' own group holds for good, nor than the machine has in use.
      let real = min(sum.memory, machine.ram, machine.agentsRAM ?? .infinity)
      guard let line = totals.memoryShare(of: machine.memoryTotal), real > line else { continue }
      var timer = totalsPassed[scope] ?? Since()
      let seconds = timer.update(true, at: now, gap: numbers.longestGap) ?? 0
      passed[scope] = timer
      guard seconds >= numbers.shareFor, let begin = timer.begin else { continue }
      switch scope {
      case .jarvis: found.append((.jarvis(held: real, line: line), begin))
      case .session(let session): found.append((.session(session, held: real, line: line), begin))
      }
    }
    totalsPassed = passed
    return found
  }
}

/// Whose share of memory.
enum MachineCauseScope: Sendable, Hashable, Comparable {
  case jarvis
  case session(SessionKey)

  var session: SessionKey? { if case .session(let session) = self { session } else { nil } }

  static func < (a: MachineCauseScope, b: MachineCauseScope) -> Bool {
    switch (a, b) {
    case (.jarvis, .session): true
    case (_, .jarvis): false
    case (.session(let a), .session(let b)): a.raw < b.raw
    }
  }
}
