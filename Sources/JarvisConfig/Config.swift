import JarvisProtocol

/// Everything that can be configured. The defaults are those of the shipped `etc/jarvis/jarvis.toml`, which documents
/// each key. Durations are seconds, sizes bytes, shares of the machine 0 to 1.
public struct Config: Sendable, Equatable {
  /// `[daemon]`: the process itself.
  public var daemon = Daemon()
  /// `[monitor]`: how the machine is sampled.
  public var monitor = Monitor()
  /// `[zones]`: when the machine counts as loaded.
  public var zones = Zones()
  /// `[scheduler]`: how many tasks run and in which order.
  public var scheduler = Scheduler()
  /// `[limits]`: what each task may use when it doesn't say itself.
  public var limits = Limits()
  /// `[overseer]`: when an agent, or the machine, is protected from an agent.
  public var overseer = Overseer()
  /// `[alerts]`: how people learn of it.
  public var alerts = Alerts()
  /// `[agents]`: how agents are started and what they may spawn.
  public var agents = Agents()
  /// `[budgets]`: what agents may spend.
  public var budgets = Budgets()
  /// `[server]`: what one client may ask of the socket.
  public var server = Server()
  /// `[learning]`: what is learned from tasks that have ended.
  public var learning = Learning()
  /// `[store]`: how long finished tasks are kept.
  public var store = Store()
  /// `[hive]`: what agents share.
  public var hive = Hive()
  /// `[warden]`: where the agents' cgroups live.
  public var warden = Warden()

  /// The shipped defaults.
  public init() {}
}

extension Config {
  /// Where messages of the daemon go.
  public enum LogTarget: String, Sendable, CaseIterable {
    /// The journal when systemd started the daemon, else stderr.
    case auto
    case journal, stderr
  }

  /// The least severe message that is logged. The names are swift-log's.
  public enum LogLevel: String, Sendable, CaseIterable {
    case trace, debug, info, notice, warning, error, critical
  }

  /// `[daemon]`
  public struct Daemon: Sendable, Equatable {
    /// Absolute path of the socket; empty: `$XDG_RUNTIME_DIR/jarvis/jarvis.sock`.
    public var socket = ""
    /// Absolute path of the folder for the database and the output files; empty: `$XDG_STATE_HOME/jarvis`.
    public var stateDirectory = ""
    /// The least severe message that is logged.
    public var logLevel = LogLevel.info
    /// Where messages go.
    public var logTarget = LogTarget.auto
    /// Seconds that SIGTERM waits for running agents in standalone mode, before they are stopped and requeued.
    public var drain: Double = 5
    /// Users who may use the socket beside its owner.
    public var allowedUIDs: [UInt32] = []

    /// The shipped defaults.
    public init() {}
  }

  /// `[monitor]`
  public struct Monitor: Sendable, Equatable {
    /// Absolute path of the folder that is read as `/proc`.
    public var procfs = "/proc"
    /// Seconds between two samples, 0.1 to 60.
    public var interval: Double = 1

    /// The shipped defaults.
    public init() {}
  }

  /// `[zones]`: shares of the machine, 0 to 1, safe ≤ danger. 1 turns a gate off.
  public struct Zones: Sendable, Equatable {
    /// CPU below this is safe.
    public var cpuSafe = 0.60
    /// CPU above this is danger.
    public var cpuDanger = 0.80
    /// Memory below this is safe.
    public var ramSafe = 0.70
    /// Memory above this is danger.
    public var ramDanger = 0.85
    /// How far the load must fall below a threshold before the calmer zone is entered again.
    public var hysteresis = 0.03

    /// The shipped defaults.
    public init() {}
  }

  /// What happens to `low` tasks in an emergency.
  public enum EmergencyAction: String, Sendable, CaseIterable {
    /// They end as `cancelled`.
    case cancel
    /// They are stopped and start anew later.
    case requeue
    /// Their processes are frozen until the emergency is over.
    case freeze
  }

  /// `[scheduler]`
  public struct Scheduler: Sendable, Equatable {
    /// Agents of one session that may run at once in the safe zone.
    public var maxAgentsPerSession = 5
    /// The same in the warning zone.
    public var maxAgentsPerSessionWarning = 2
    /// Agents of all sessions that may run at once.
    public var maxAgents = 64
    /// Share of the machine's CPU that a task is expected to use when nothing is known of its type.
    public var defaultCPU = 0.02
    /// Share of the machine's memory that a task is expected to use when nothing is known of its type.
    public var defaultRAM = 0.02
    /// Seconds after its start during which an agent's expected use is reserved.
    public var warmUp: Double = 10
    /// Seconds of danger after which it is an emergency.
    public var emergencyAfter: Double = 30
    /// What happens to `low` tasks then.
    public var emergencyAction = EmergencyAction.cancel
    /// Least seconds between two starts.
    public var startGap: Double = 0
    /// Tasks behind a waiting one that are looked at for one that fits.
    public var backfillLimit = 32
    /// Seconds that the first waiting task can be overtaken; then nothing starts before it.
    public var backfillPatience: Double = 60
    /// Waiting tasks are ranked by when they were submitted plus this.
    public var patience = Patience()

    /// The shipped defaults.
    public init() {}
  }

  /// `[scheduler.patience]`: seconds.
  public struct Patience: Sendable, Equatable {
    /// Of no effect: there is no higher priority.
    public var critical: Double = 0
    /// high to critical.
    public var high: Double = 5 * 60
    /// medium to high.
    public var medium: Double = 15 * 60
    /// low to medium.
    public var low: Double = 45 * 60

    /// The shipped defaults.
    public init() {}

    /// Seconds for one priority.
    public subscript(priority: Priority) -> Double {
      switch priority {
      case .critical: critical
      case .high: high
      case .medium: medium
      case .low: low
      }
    }
  }

  /// A limit that can scale with the machine.
  public enum Amount: Sendable, Equatable {
    /// No limit.
    case none
    /// As much as suits the machine.
    case automatic
    /// So many bytes or processes.
    case amount(Int)
    /// A share of what the machine has, 0…1.
    case share(Double)
  }

  /// `[limits]`: what each task may use when neither it nor its type says so; nil means no limit.
  public struct Limits: Sendable, Equatable {
    /// Bytes of memory, or a share of the machine's.
    public var memory = Amount.share(0.5)
    /// Cores.
    public var cpu: Double?
    /// Processes and threads; automatic: 1,024 a core, 2,048 at least.
    public var pids = Amount.automatic
    /// Weight for the disks, 1 to 10,000.
    public var ioWeight: Int?
    /// Seconds of wall-clock time.
    public var time: Double?
    /// Bytes of stdout and stderr together, or a share of the free disk.
    public var output = Amount.share(0.05)
    /// Seconds without output, for runners that stream.
    public var silence: Double?
    /// Seconds between the polite signal and the kill.
    public var grace: Double = 5
    /// `[limits.session]`: what the agents of one session may use together.
    public var session = Totals()
    /// `[limits.jarvis]`: what all agents may use together.
    public var jarvis = Totals(memory: .share(0.9), pids: .automatic)
    /// `[limits.types.NAME]`
    public var types: [String: TypeLimits] = [:]

    /// The shipped defaults.
    public init() {}
  }

  /// `[limits.session]`, `[limits.jarvis]`: what agents may use together; nil means no limit.
  public struct Totals: Sendable, Equatable {
    /// Bytes of memory, or a share of the machine's.
    public var memory: Amount
    /// Cores.
    public var cpu: Double?
    /// Processes and threads; automatic: eight times what one agent gets.
    public var pids: Amount

    /// No limits, unless told otherwise.
    public init(memory: Amount = .none, cpu: Double? = nil, pids: Amount = .none) {
      self.memory = memory
      self.cpu = cpu
      self.pids = pids
    }
  }

  /// `[limits.types.NAME]`: what a task of one type may use; nil: the default holds.
  public struct TypeLimits: Sendable, Equatable {
    /// Bytes of memory.
    public var memory: Int?
    /// Cores.
    public var cpu: Double?
    /// Processes and threads.
    public var pids: Int?
    /// Weight for the disks, 1 to 10,000.
    public var ioWeight: Int?
    /// Seconds of wall-clock time.
    public var time: Double?
    /// Bytes of stdout and stderr together.
    public var output: Int?
    /// Seconds without output.
    public var silence: Double?

    /// Nothing is said.
    public init() {}
  }

  /// `[overseer]`: how a single agent is kept within its limits.
  public struct Overseer: Sendable, Equatable {
    /// Share of a limit from which people are alerted.
    public var alertAt = 0.8
    /// Share of the memory limit from which an agent is throttled (kernel tier).
    public var throttleAt = 0.9
    /// Share of a limit, above 1, from which there is no grace.
    public var killAt = 1.25
    /// Seconds between the polite signal and the kill for a breach of memory.
    public var memoryGrace = 2.0
    /// Seconds of throttling without a break that count as a breach of the memory limit.
    public var throttledFor = 30.0
    /// Seconds above the limit of cores after which an agent is stopped; nil: never.
    public var cpuKillAfter: Double?
    /// Whether a retry after a kill gets a raised limit, once.
    public var raiseLimit = true
    /// `[overseer.machine]`
    public var machine = Machine()

    /// The shipped defaults.
    public init() {}
  }

  /// `[overseer.machine]`: when agents must make room for the machine. Shares are 0…1.
  public struct Machine: Sendable, Equatable {
    /// Seconds after one victim before the next.
    public var pause = 15.0
    /// Below this share of available memory any task may have to make room.
    public var severeAvailable = 0.05
    /// The same by pressure: share of time in which everything stood still for memory ...
    public var severePressure = 0.6
    /// ... for so many seconds.
    public var severePressureFor = 30.0
    /// Below this share of available memory the machine is about to fall.
    public var fallingAvailable = 0.02
    /// Share of time in which everything stood still for the disks, from which nothing is started ...
    public var ioPressure = 0.6
    /// ... for so many seconds.
    public var ioPressureFor = 10.0
    /// The same for processors: share of time in which something waited for one.
    public var cpuPressure = 0.95
    /// ... for so many seconds.
    public var cpuPressureFor = 30.0
    /// Seconds after which starts that are held for pressure are held no more.
    public var longestHold = 600.0

    /// The shipped defaults.
    public init() {}
  }

  /// `[alerts]`: how people learn of what the overseer does, beside events and the log.
  public struct Alerts: Sendable, Equatable {
    /// A command that is run for each alert, with `JARVIS_ALERT_*` in its environment; empty: none.
    public var command: [String] = []
    /// Whether a desktop notification is shown where there is a session bus.
    public var desktop = true
    /// Seconds between two alerts of the same kind about the same task.
    public var every = 60.0

    /// The shipped defaults.
    public init() {}
  }

  /// What is done with agents that a lowered cap makes too many.
  public enum CapAction: String, Sendable, CaseIterable {
    /// They end by themselves, and nothing new starts until there is room.
    case drain
    /// They are frozen, and go on when there is room.
    case freeze
  }

  /// `[agents]`
  public struct Agents: Sendable, Equatable {
    /// Runner of tasks that have only a description; empty: the first installed of `Config.knownRunners`.
    public var runner = ""
    /// How deep agents may spawn agents; 0: not at all.
    public var maxDepth = 3
    /// Tasks that one agent and its descendants may spawn.
    public var maxChildren = 50
    /// Tasks spawned by agents of one session that may be live at once; 0: no limit.
    public var maxLivePerSession = 500
    /// Tasks that the agents of one session may spawn in any minute; 0: no limit.
    public var maxPerMinute = 120
    /// What happens to agents that a lowered cap makes too many.
    public var whenOverCap = CapAction.drain
    /// Variables (`*` at the end: all that begin so) that agents don't inherit.
    public var dropEnvironment = ["CLAUDECODE", "CLAUDE_CODE_*"]
    /// Seconds that an agent may go on after its terminal event, before it is ended as done.
    public var linger: Double = 30
    /// Where agents work whose task does not say: in their folder, or in a git worktree of their own.
    public var isolation = Isolation.shared

    /// The shipped defaults.
    public init() {}
  }

  /// `[budgets]`: US dollars, as far as programs tell them, and tokens without those from a cache; nil: no bound.
  public struct Budgets: Sendable, Equatable {
    /// For each task that names none in its limits.
    public var taskCost: Double?
    /// The same.
    public var taskTokens: Int?
    /// For all tasks of one batch together.
    public var batchCost: Double?
    /// The same.
    public var batchTokens: Int?
    /// For all tasks of one session.
    public var sessionCost: Double?
    /// The same.
    public var sessionTokens: Int?
    /// For all tasks of one branch.
    public var branchCost: Double?
    /// The same.
    public var branchTokens: Int?
    /// For all tasks on one day (UTC).
    public var dayCost: Double?
    /// The same.
    public var dayTokens: Int?

    /// The shipped defaults.
    public init() {}
  }

  /// Agent programs in the order in which they are looked for when `[agents] runner` is empty.
  public static let knownRunners = ["claude", "codex", "gemini", "opencode"]

  /// `[server]`
  public struct Server: Sendable, Equatable {
    /// Longest line of a request, in bytes.
    public var maxLine = 16 << 20
    /// Connections of all clients.
    public var maxConnections = 4096
    /// Connections of one process.
    public var maxConnectionsPerProcess = 256
    /// Tasks of one batch.
    public var maxBatch = 10_000
    /// Tasks that may wait at once.
    public var maxQueued = 200_000
    /// Requests of one connection that may be unanswered at once.
    public var maxRequestsInFlight = 64
    /// An MCP client that can ask confirms a submission of more tasks than this first; 0: never.
    public var confirmAbove = 0

    /// The shipped defaults.
    public init() {}
  }

  /// `[learning]`
  public struct Learning: Sendable, Equatable {
    /// Whether finished tasks are observed, and what is known of their types is used.
    public var enabled = true
    /// Seconds in which half of what was learned fades, an hour or more.
    public var halfLife: Double = 14 * 86_400
    /// A width is only tried out if it is expected to take at most this share longer than the best, 0 to 1.
    public var exploration = 0.1

    /// The shipped defaults.
    public init() {}
  }

  /// `[store]`
  public struct Store: Sendable, Equatable {
    /// Seconds that a finished task is remembered.
    public var history: Double = 30 * 86_400
    /// Seconds that its output files are kept.
    public var outputHistory: Double = 7 * 86_400

    /// The shipped defaults.
    public init() {}
  }

  /// `[hive]`
  public struct Hive: Sendable, Equatable {
    /// Bytes of findings that an agent gets at its start, up to 64 KiB; 0: none.
    public var digestBytes = 4096
    /// Longest text of a finding, in bytes.
    public var maxFinding = 262_144
    /// Findings of one task.
    public var maxPerTask = 500
    /// Findings of one branch.
    public var maxPerBranch = 1_000_000

    /// The shipped defaults.
    public init() {}
  }

  /// Where the agents' cgroups are made.
  public enum CgroupRoot: Sendable, Equatable {
    /// The cgroup that systemd delegated, or the one the daemon was started in.
    case auto
    /// Use no cgroups, even where there are some.
    case none
    /// A writable cgroup v2 folder.
    case path(String)
  }

  /// `[warden]`
  public struct Warden: Sendable, Equatable {
    /// Where the agents' cgroups are made.
    public var cgroupRoot = CgroupRoot.auto

    /// The shipped defaults.
    public init() {}
  }
}
