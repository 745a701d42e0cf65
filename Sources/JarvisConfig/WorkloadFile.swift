/// A machine, the tasks that come to it, and how they behave: what `jarvis-simulate` runs.
///
/// It holds what is written in the file; the simulator has the meaning of each number.
public struct WorkloadFile: Sendable, Equatable {
  /// When a source's batches come.
  public enum Pattern: String, Sendable, CaseIterable { case burst, regular, poisson, day, closed }

  /// How urgent tasks are.
  public enum Priority: String, Sendable, CaseIterable { case critical, high, medium, low }

  /// `[machine]`
  public struct Machine: Sendable, Equatable {
    /// Processors.
    public var cores = 8.0
    /// Bytes.
    public var memory = 16 << 30
    /// What others use, as shares of the machine.
    public var backgroundCPU = 0.0, backgroundRAM = 0.0
    /// From this share of used memory on the machine reclaims instead of working.
    public var thrashesFrom = 0.92
    /// Seconds between two samples.
    public var sample = 1.0
  }

  /// `[[server]]`: something outside that serves so much and no more.
  public struct Server: Sendable, Equatable {
    /// What types call it.
    public var name = ""
    /// Requests a second.
    public var rate = 1.0
  }

  /// `[[type]]`
  public struct TaskType: Sendable, Equatable {
    /// Its name.
    public var name = ""
    /// Median seconds alone, and the standard deviation of the logarithm.
    public var seconds = 1.0, spread = 0.2
    /// Processors on average, alone.
    public var cpu = 1.0
    /// The Universal Scalability Law.
    public var sigma = 0.0, kappa = 0.0
    /// Median of the peak in bytes, the standard deviation of the logarithm, and the share of work until it is there.
    public var memory: Int? = nil
    /// See `memory`.
    public var memorySpread = 0.0, ramp = 0.3
    /// The place in `servers` of what it waits for; and requests a second that a task alone makes.
    public var server: Int?
    /// See `server`.
    public var requests = 1.0
    /// Shares of tasks that fail, and whose memory runs away to so many times its size.
    public var failures = 0.0, runaways = 0.0, runawayFactor = 10.0
    /// What submitters declare: processors, bytes.
    public var declaredCPU: Double?, declaredMemory: Int?
    /// What was taught.
    public var taughtBenefit: Double?
  }

  /// `[[source]]`
  public struct Source: Sendable, Equatable {
    /// Its name.
    public var name = ""
    /// Places in `types`, in turn.
    public var types: [Int] = []
    /// How many batches, of how many tasks, from how many sessions.
    public var batches = 1, tasks = 1, sessions = 1
    /// The place in `types` of a last task that waits for all the others.
    public var reduce: Int?
    /// How urgent they are.
    public var priority = Priority.medium
    /// When they come.
    public var arrivals = Pattern.poisson
    /// Seconds from the beginning between which they come; between one's end and the next (`closed`).
    public var from = 0.0, until = 0.0, pause = 0.0
  }

  /// The most tasks that a file may make.
  public static let mostTasks = 2_000_000

  /// The same as the file's.
  public var name = ""
  /// A sentence for people.
  public var description = ""
  /// What chance begins with.
  public var seed = 1
  /// What is run side by side: `fixed N`, `width N`, `sequential`, `parallel`, `auto`, `adaptive`; empty for the usual.
  public var strategies: [String] = []
  /// The machine.
  public var machine = Machine()
  /// What there is outside.
  public var servers: [Server] = []
  /// The types of tasks; names differ.
  public var types: [TaskType] = []
  /// Where tasks come from.
  public var sources: [Source] = []
  /// `[zones]`, `[scheduler]` and `[overseer]`, as in `jarvis.toml`; everything else is at its default.
  public var config = Config()

  /// Reads the file at `path`.
  public static func load(_ path: String) throws(ConfigError) -> WorkloadFile {
    try WorkloadFile(document: TOMLDocument(fileAt: path))
  }

  /// Reads a text; `file` is its name in the diagnostics, and gives the workload's name.
  public static func parse(_ text: String, file: String) throws(ConfigError) -> WorkloadFile {
    try WorkloadFile(document: TOMLDocument(text, file: file))
  }

  /// The shipped workload of a name, or one of the user's own; nil if there is none.
  public static func path(named name: String, executable: String?, environment: [String: String]) -> String? {
    guard badName(name) == nil else { return nil }
    let folders = DataFolders.search("workloads", executable: executable, environment: environment)
    let paths = folders.reversed().map { DataFolders.join($0, "\(name).toml") }
    return paths.first { (try? FileText.read($0)) != nil }
  }
}
