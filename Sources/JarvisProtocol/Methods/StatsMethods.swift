/// The machine as the daemon sees it.
public struct Resources: WireObject, Hashable {
  public var cpu: Double
  public var ram: Double
  public var cores: Double
  public var memoryTotalBytes: Int
  public var memoryAvailableBytes: Int
  public var zone: Zone
  public var reservedCPU: Double
  public var reservedRAM: Double
  public var psi: [String: Double]
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
  public static let name = "stats.get"
  public static let summary = "The machine, the queue and the running agents: the specification's get_task_stats."
  public static let example: JSON = [:]

  /// How much detail.
  public struct Parameters: WireObject, Hashable {
    public var branchID: String?
    public var limit: Int

    /// All branches.
    public init(branchID: String? = nil, limit: Int = 50) {
      self.branchID = branchID
      self.limit = limit
    }

    public init(reading fields: inout ObjectReader) throws(WireError) {
      branchID = try fields.optional("branch_id", "list the tasks of this branch only")
      limit = try fields.defaulted(
        "limit", "how many running and how many queued tasks to list at most", 50,
        schema: .integer(minimum: 0, maximum: 1000))
      try fields.check("limit", (0...1000).contains(limit), "must be 0 to 1,000, found \(limit)")
    }

    public func write(_ fields: inout ObjectWriter) {
      fields.set("branch_id", branchID)
      fields.set("limit", limit)
    }
  }

  /// The answer.
  public struct Result: WireObject, Hashable {
    public var running: Int
    public var queued: Int
    public var blocked: Int
    public var paused: Int
    public var ended: [String: Int]
    public var resources: Resources
    public var level: Level
    public var tier: Tier
    public var draining: Bool
    public var limits: [String: Double]
    public var branches: [BranchCounts]
    public var runningTasks: [TaskView]
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
  public var branchID: String
  public var running: Int
  public var waiting: Int

  /// Counts.
  public init(branchID: String, running: Int, waiting: Int) {
    self.branchID = branchID
    self.running = running
    self.waiting = waiting
  }

  public init(reading fields: inout ObjectReader) throws(WireError) {
    branchID = try fields.required("branch_id", "the branch")
    running = try fields.required("running", "agents starting, running or paused")
    waiting = try fields.required("waiting", "tasks queued or blocked")
  }

  public func write(_ fields: inout ObjectWriter) {
    fields.set("branch_id", branchID)
    fields.set("running", running)
    fields.set("waiting", waiting)
  }
}
