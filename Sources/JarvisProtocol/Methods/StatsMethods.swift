/// The machine as the daemon sees it.
public struct Resources: WireObject, Hashable {
  /// Busy share of all cores, 0 to 1.
  public var cpu: Double
  /// 1 − MemAvailable/MemTotal.
  public var ram: Double
  /// Cores of the machine, or of the daemon's own limit.
  public var cores: Double
  /// Memory of the machine, or of the daemon's own limit.
  public var memoryTotalBytes: Int
  /// What is left of it.
  public var memoryAvailableBytes: Int
  /// How loaded the machine is.
  public var zone: Zone
  /// Share promised to agents that just started.
  public var reservedCPU: Double
  /// Share promised to agents that just started.
  public var reservedRAM: Double
  /// Pressure stall shares over 10 s, such as memory_full; 0 to 1.
  public var psi: [String: Double]
  /// When.
  public var sampledAt: Timestamp?

  /// Nothing sampled yet.
  public init(zone: Zone) {
    self.zone = zone
    cpu = 0
    ram = 0
    cores = 0
    memoryTotalBytes = 0
    memoryAvailableBytes = 0
    reservedCPU = 0
    reservedRAM = 0
    psi = [:]
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    cpu = try fields.required("cpu", "busy share of all cores, 0 to 1")
    ram = try fields.required("ram", "1 − MemAvailable/MemTotal")
    cores = try fields.required("cores", "cores of the machine, or of the daemon's own limit")
    memoryTotalBytes = try fields.required("memory_total_bytes", "memory of the machine, or of the daemon's own limit")
    memoryAvailableBytes = try fields.required("memory_available_bytes", "what is left of it")
    zone = try fields.required("zone", "how loaded the machine is")
    reservedCPU = try fields.required("reserved_cpu", "share promised to agents that just started")
    reservedRAM = try fields.required("reserved_ram", "share promised to agents that just started")
    psi = try fields.required("psi", "pressure stall shares over 10 s, such as memory_full; 0 to 1")
    sampledAt = try fields.optional("sampled_at", "when")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("cpu", cpu)
    fields.set("ram", ram)
    fields.set("cores", cores)
    fields.set("memory_total_bytes", memoryTotalBytes)
    fields.set("memory_available_bytes", memoryAvailableBytes)
    fields.set("zone", zone)
    fields.set("reserved_cpu", reservedCPU)
    fields.set("reserved_ram", reservedRAM)
    fields.set("psi", psi)
    fields.set("sampled_at", sampledAt)
  }
}

/// `stats.get`
public enum StatsGet: Method {
  /// As on the wire.
  public static let name = "stats.get"
  /// What it does.
  public static let summary = "The machine, the queue and the running agents: the specification's get_task_stats."
  /// Parameters that a test reads.
  public static let example: JSON = [:]

  /// How much detail.
  public struct Parameters: WireObject, Hashable {
    /// List the tasks of this branch only.
    public var branchID: String?
    /// How many running and how many queued tasks to list at most.
    public var limit: Int

    /// All branches.
    public init(branchID: String? = nil, limit: Int = 50) {
      self.branchID = branchID
      self.limit = limit
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      branchID = try fields.optional("branch_id", "list the tasks of this branch only")
      limit = try fields.defaulted(
        "limit", "how many running and how many queued tasks to list at most", 50,
        schema: .integer(minimum: 0, maximum: 1000))
      try fields.check("limit", (0...1000).contains(limit), "must be 0 to 1,000, found \(limit)")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("branch_id", branchID)
      fields.set("limit", limit)
    }
  }

  /// The answer.
  public struct Result: WireObject, Hashable {
    /// Agents starting or running.
    public var running: Int
    /// Tasks that wait for their turn, for resources or for a time.
    public var queued: Int
    /// Tasks that wait for other tasks.
    public var blocked: Int
    /// Agents that are frozen.
    public var paused: Int
    /// Tasks in the history, by state.
    public var ended: [String: Int]
    /// The machine.
    public var resources: Resources
    /// How much of its service Jarvis can give.
    public var level: Level
    /// How limits are enforced on this machine.
    public var tier: Tier
    /// Whether nothing new is started.
    public var draining: Bool
    /// Thresholds and caps in force.
    public var limits: [String: Double]
    /// Live tasks by branch.
    public var branches: [BranchCounts]
    /// The running agents.
    public var runningTasks: [TaskView]
    /// The first tasks that wait, each with its reason.
    public var queuedTasks: [TaskView]

    /// The state of the daemon.
    public init(
      running: Int, queued: Int, blocked: Int, paused: Int, ended: [String: Int], resources: Resources, level: Level,
      tier: Tier, draining: Bool, limits: [String: Double], branches: [BranchCounts], runningTasks: [TaskView],
      queuedTasks: [TaskView]
    ) {
      self.running = running
      self.queued = queued
      self.blocked = blocked
      self.paused = paused
      self.ended = ended
      self.resources = resources
      self.level = level
      self.tier = tier
      self.draining = draining
      self.limits = limits
      self.branches = branches
      self.runningTasks = runningTasks
      self.queuedTasks = queuedTasks
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      running = try fields.required("running", "agents starting or running")
      queued = try fields.required("queued", "tasks that wait for their turn, for resources or for a time")
      blocked = try fields.required("blocked", "tasks that wait for other tasks")
      paused = try fields.required("paused", "agents that are frozen")
      ended = try fields.required("ended", "tasks in the history, by state")
      resources = try fields.required("resources", "the machine")
      level = try fields.required("level", "how much of its service Jarvis can give")
      tier = try fields.required("tier", "how limits are enforced on this machine")
      draining = try fields.required("draining", "whether nothing new is started")
      limits = try fields.required("limits", "thresholds and caps in force")
      branches = try fields.required("branches", "live tasks by branch")
      runningTasks = try fields.required("running_tasks", "the running agents")
      queuedTasks = try fields.required("queued_tasks", "the first tasks that wait, each with its reason")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("running", running)
      fields.set("queued", queued)
      fields.set("blocked", blocked)
      fields.set("paused", paused)
      fields.set("ended", ended)
      fields.set("resources", resources)
      fields.set("level", level)
      fields.set("tier", tier)
      fields.set("draining", draining)
      fields.set("limits", limits)
      fields.set("branches", branches)
      fields.set("running_tasks", runningTasks)
      fields.set("queued_tasks", queuedTasks)
    }
  }
}

/// Live tasks of one branch.
public struct BranchCounts: WireObject, Hashable {
  /// The branch.
  public var branchID: String
  /// Agents starting, running or paused.
  public var running: Int
  /// Tasks queued or blocked.
  public var waiting: Int

  /// Counts.
  public init(branchID: String, running: Int, waiting: Int) {
    self.branchID = branchID
    self.running = running
    self.waiting = waiting
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    branchID = try fields.required("branch_id", "the branch")
    running = try fields.required("running", "agents starting, running or paused")
    waiting = try fields.required("waiting", "tasks queued or blocked")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("branch_id", branchID)
    fields.set("running", running)
    fields.set("waiting", waiting)
  }
}
