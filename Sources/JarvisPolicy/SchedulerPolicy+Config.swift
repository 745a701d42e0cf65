import JarvisConfig
import JarvisCore

// The configuration in the terms of the pure scheduler: for the daemon, and for the simulator, which must not differ.

extension SchedulerPolicy {
  /// The policy that a configuration asks for.
  public init(_ config: Config) {
    self.init()
    zones = ZoneThresholds(
      cpuSafe: config.zones.cpuSafe, cpuDanger: config.zones.cpuDanger, ramSafe: config.zones.ramSafe,
      ramDanger: config.zones.ramDanger, hysteresis: config.zones.hysteresis)
    let s = config.scheduler
    maxAgentsPerSession = s.maxAgentsPerSession
    maxAgentsPerSessionInWarning = s.maxAgentsPerSessionWarning
    maxAgents = s.maxAgents
    defaultCost = ResourceCost(cpu: s.defaultCPU, ram: s.defaultRAM)
    warmUpSeconds = s.warmUp
    patience = Patience(
      critical: s.patience.critical, high: s.patience.high, medium: s.patience.medium, low: s.patience.low)
    emergencyAfterSeconds = s.emergencyAfter
    emergencyAction =
      switch s.emergencyAction {
      case .cancel: .cancel
      case .requeue: .requeue
      case .freeze: .freeze
      }
    backfillLimit = s.backfillLimit
    backfillPatienceSeconds = s.backfillPatience
    startGapSeconds = s.startGap
    machine = MachineGuardPolicy(config)
  }
}

extension MachineGuardPolicy {
  /// The guard's numbers that a configuration asks for.
  public init(_ config: Config) {
    self.init()
    let m = config.overseer.machine
    pause = m.pause
    severeAvailable = m.severeAvailable
    severePressure = m.severePressure
    severePressureFor = m.severePressureFor
    fallingAvailable = m.fallingAvailable
    ioPressure = m.ioPressure
    ioPressureFor = m.ioPressureFor
    cpuPressure = m.cpuPressure
    cpuPressureFor = m.cpuPressureFor
    longestHold = m.longestHold
    session = GroupTotals(config.limits.session)
    jarvis = GroupTotals(config.limits.jarvis)
  }
}

extension GroupTotals {
  /// The totals that a configuration asks for.
  public init(_ totals: Config.Totals) {
    let pids: CountDefault =
      switch totals.pids {
      case .none, .share: .none
      case .automatic: .automatic
      case .amount(let count): .amount(count)
      }
    self.init(memory: LimitDefault(totals.memory), cpu: totals.cpu, pids: pids)
  }
}

extension LimitDefault {
  /// The default that a configuration asks for.
  public init(_ amount: Config.Amount) {
    switch amount {
    case .none, .automatic: self = .none
    case .amount(let amount): self = .amount(Double(amount))
    case .share(let share): self = .share(share)
    }
  }
}
