import JarvisAgents
import JarvisCore
import JarvisProtocol
import JarvisStore
import WardenProtocol

/// What a task was asked to be, with everything resolved that depended on its submitter: what the store keeps of it.
struct StoredSpec: WireObject, Hashable {
  var spec: TaskSpec
  /// Absolute.
  var cwd: String
  /// Resolved name.
  var runner: String
  /// Dependencies by id.
  var dependencies: [After]
  /// The agent that submitted it, where one did.
  var parent: TaskID?
  /// 0 for tasks that no agent submitted.
  var depth: Int
  /// A limit that was raised after it killed the task, once.
  var raised: TaskLimits?
  /// The conversation of its program that it goes on with.
  var session: String?
  /// US dollars that this had cost before.
  var costBefore: Double?
  /// Tokens that it had taken before, where its program tells those of all.
  var tokensBefore: TokenCount?
  /// How often its API, and not it, was the reason that an attempt ended.
  var parks = 0
  /// What it is of a skill's step, where it can't just run.
  var step: StoredStep?
  /// The task whose worktree it works in, where it goes on with another one's work.
  var worktree: TaskID?
  /// The git folder of the submitter's repository; empty outside of one. Findings belong to it and the branch.
  var scope: String

  init(
    spec: TaskSpec, cwd: String, runner: String, dependencies: [After], parent: TaskID?, depth: Int, scope: String
  ) {
    self.scope = scope
    self.spec = spec
    self.cwd = cwd
    self.runner = runner
    self.dependencies = dependencies
    self.parent = parent
    self.depth = depth
  }

  init(reading fields: inout ObjectReader) throws(JarvisProtocol.WireError) {
    spec = try fields.required("spec", "as asked for")
    cwd = try fields.required("cwd", "the folder")
    runner = try fields.required("runner", "the runner")
    dependencies = try fields.defaulted("after", "by id", [])
    parent = try fields.optional("parent", "the agent that submitted it")
    depth = try fields.defaulted("depth", "how many agents above it", 0)
    scope = try fields.defaulted("scope", "the repository", "")
    raised = try fields.optional("raised", "a limit that was raised after it killed the task")
    session = try fields.optional("session", "the conversation that it goes on with")
    costBefore = try fields.optional("cost_before", "what that had cost before")
    tokensBefore = try fields.optional("tokens_before", "tokens that it had taken before")
    parks = try fields.defaulted("parks", "how often its API ended an attempt", 0)
    step = try fields.optional("step", "what it is of a skill's step")
    worktree = try fields.optional("worktree", "the task whose worktree it works in")
  }

  func write(_ fields: inout ObjectWriter) {
    fields.set("spec", spec)
    fields.set("cwd", cwd)
    fields.set("runner", runner)
    if !dependencies.isEmpty { fields.set("after", dependencies) }
    fields.set("parent", parent)
    if depth != 0 { fields.set("depth", depth) }
    fields.set("raised", raised)
    fields.set("session", session)
    fields.set("cost_before", costBefore)
    fields.set("tokens_before", tokensBefore)
    if parks != 0 { fields.set("parks", parks) }
    fields.set("step", step)
    fields.set("worktree", worktree)
    if !scope.isEmpty { fields.set("scope", scope) }
  }
}

/// Why a running agent is being stopped; it decides what its exit means.
enum StopCause: Sendable, Equatable {
  case cancel(by: String)
  case timeLimit(seconds: Double)
  /// A limit was broken, or the machine needs room.
  case overseer(OverseerStop)
  /// It goes back into the queue: a clean stop of a standalone daemon, or an emergency.
  case requeue(String)
  /// Its agent said that it was done, and went on.
  case lingering

  var sentence: String {
    switch self {
    case .cancel(let by): "is being cancelled \(by)"
    case .timeLimit(let seconds): "is being stopped: its time limit of \(Text.seconds(seconds)) has passed"
    case .overseer(let stop): "is being killed: \(stop.sentence)"
    case .requeue(let why): "is being stopped and queued again: \(why)"
    case .lingering: "its agent is done; its process is being ended"
    }
  }
}

/// A task that is not over, as the coordinator holds it.
struct LiveTask: Sendable {
  let id: TaskID
  let batch: BatchID
  let sequence: Int
  let type: String
  var priority: Priority
  let submittedAt: Timestamp
  var environment: Int64?
  var state: TaskState
  var reason: String
  var attempt = 0
  var startedAt: Timestamp?
  var notBefore: Timestamp?
  /// A queued task that a person holds back.
  var isHeld = false
  /// Whether the outputs that it asks for lie in its folder.
  var isPrepared = false

  // In places of their own: a hash table of 100,000 of these has free room for 160,000 more.
  private var storedBox: Box<StoredSpec>
  private var runBox: Box<Run>?

  var stored: StoredSpec {
    get { storedBox.value }
    set { storedBox = Box(newValue) }
  }

  var run: Run? {
    get { runBox?.value }
    set { runBox = newValue.map { Box($0) } }
  }

  init(
    id: TaskID, batch: BatchID, sequence: Int, stored: StoredSpec, type: String, priority: Priority,
    submittedAt: Timestamp, environment: Int64?, state: TaskState, reason: String
  ) {
    self.id = id
    self.batch = batch
    self.sequence = sequence
    self.type = type
    self.priority = priority
    self.submittedAt = submittedAt
    self.environment = environment
    self.state = state
    self.reason = reason
    storedBox = Box(stored)
  }

  /// One attempt, from the decision to start it until its exit is durable.
  struct Run: Sendable {
    let key: RunKey
    var phase: Phase
    var pid: Int32?
    var startTicks: UInt64?
    var cgroup: String?
    var stop: StopCause?
    /// When the whole cgroup is killed, unless it ends before.
    var killAt: Timestamp?
    /// When its time limit passes.
    var timeLimitAt: Timestamp?
    var pausedAt: Timestamp?
    /// Seconds of pauses that are over: they count for no time limit.
    var pausedSeconds = 0.0
    /// Why it is to be frozen as soon as there are processes.
    var pauseWhenRunning: String?
    var usage: AgentUsage?
    var peakMemory: UInt64 = 0
    /// Which preparation of a worktree it waits for.
    var preparation: Int?
    /// Where it works, where that is a worktree of its own; nil until that is there.
    var place: TaskPlace?
    /// What it is told of its branch's findings; nil until they were looked for.
    var digest: Digest?
    /// Watches it, from its start on.
    var overseer: AgentOverseer?
    /// What was known of its type when it started; its limits don't move while it runs.
    var learned: LearnedUse?
    /// Bytes read and written, as far as samples saw.
    var ioBytes: UInt64?
    var stalls: StallTotals?
    var wasPaused = false
    /// What it says, where its output is a stream of events.
    var agent: AgentRun?

    enum Phase: Sendable, Hashable {
      /// Decided; the journal does not have it yet, and the warden was not told.
      case deciding
      /// The warden was told.
      case requested
      case running
      /// Its exit was seen and is on its way into the journal.
      case exited
    }
  }

  /// The folder that it works in.
  var folder: String { run?.place?.folder ?? stored.cwd }

  var runKeyName: String { attempt <= 1 ? id.description : "\(id)-\(attempt)" }
}

/// A value in a place of its own.
private final class Box<Value: Sendable>: Sendable {
  let value: Value

  init(_ value: Value) { self.value = value }
}

/// What one agent uses now.
struct AgentUsage: Sendable, Hashable {
  var cpuMicroseconds: UInt64 = 0
  /// Cores in use since the sample before.
  var cores: Double = 0
  var memoryBytes: UInt64 = 0
  var processes = 0
  var outputBytes: UInt64 = 0
  /// When it last wrote; nil if it never did.
  var lastOutputAt: Timestamp?
  /// What only the kernel's controllers tell.
  var peakBytes: UInt64 = 0
  var memoryHighEvents: UInt64?
  var memoryStallShare: Double?
  var oomKills: UInt64?
  /// Bytes read from and written to disks; nil where that can't be read.
  var ioBytes: UInt64?
  /// Only cgroups have them.
  var stalls: StallTotals?
  var sampledAt: Timestamp?
}

/// Wording of figures for people.
enum Text {
  /// `90 s`, `2.5 s`, `10 min`.
  static func seconds(_ s: Double) -> String {
    if s >= 120, s.truncatingRemainder(dividingBy: 60) == 0 { return "\(Int(s / 60)) min" }
    return s == s.rounded() ? "\(Int(s)) s" : "\((s * 10).rounded() / 10) s"
  }

  /// `512 MiB`.
  static func bytes(_ n: UInt64) -> String {
    var value = Double(n)
    var unit = 0
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1024, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    let rounded = (value * 10).rounded() / 10
    return (unit == 0 || rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)") + " \(units[unit])"
  }

  /// `SIGTERM (15)`.
  static func signal(_ n: Int32) -> String {
    let names: [Int32: String] = [
      1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL",
      5: "SIGTRAP", 10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
      24: "SIGXCPU", 25: "SIGXFSZ", 31: "SIGSYS",
    ]
    return names[n].map { "\($0) (\(n))" } ?? "signal \(n)"
  }
}
