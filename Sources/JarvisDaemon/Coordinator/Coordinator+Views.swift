import JarvisCore
import JarvisLinux
import JarvisProtocol
import JarvisStore
import Logging
import WardenProtocol

// How tasks look from outside, and as rows.
extension Coordinator {
  /// Sets a state in memory and tells subscribers (an end is told when it is durable).
  func change(_ task: inout LiveTask, to state: TaskState, tell: Bool = true) {
    let previous = task.state
    task.state = state
    tasks[task.id] = task
    if tell, previous != state { noteTask(task.id, from: previous) }
  }

  /// The columns that change. `report` adds how the attempt ended.
  func row(of task: LiveTask, report: ExitReport? = nil, endedAt: Timestamp? = nil) -> StateRow {
    StateRow(
      id: task.id, state: task.state, reason: task.reason, attempt: task.attempt, startedAt: task.startedAt,
      endedAt: endedAt, exitCode: report?.exitCode, signal: report?.signal,
      usageJSON: report == nil && endedAt == nil ? nil : usage(of: task, report: report, endedAt: endedAt).json.text,
      runKey: task.run?.key.name, notBefore: task.notBefore)
  }

  func usage(of task: LiveTask, report: ExitReport? = nil, endedAt: Timestamp? = nil) -> TaskUsage {
    var usage = TaskUsage()
    let time = endedAt ?? now()
    if let started = task.startedAt {
      usage.queueSeconds = max(0, started - task.submittedAt)
      usage.durationSeconds = max(0, time - started)
    } else {
      usage.queueSeconds = max(0, time - task.submittedAt)
    }
    if let report {
      usage.cpuSeconds = Double(report.cpuUserUs + report.cpuSystemUs) / 1e6
      usage.durationSeconds = Double(report.durationNs) / 1e9
    }
    if let live = task.run?.usage {
      if report == nil {
        usage.cpuSeconds = Double(live.cpuMicroseconds) / 1e6
        usage.memoryBytes = Int(live.memoryBytes)
        usage.processes = live.processes
        usage.sampledAt = live.sampledAt
      }
      usage.outputBytes = Int(live.outputBytes)
    }
    let spent = scheduler.budgets.spent(by: task.id)
    if spent.cost > 0 { usage.cost = spent.cost }
    if spent.tokens > 0 { usage.tokens = spent.tokens }
    if let run = task.run {
      let peak = max(run.peakMemory, report?.peakMemoryBytes ?? 0)
      if peak > 0 { usage.peakMemoryBytes = Int(peak) }
      if report != nil { usage.outputBytes = Int(Output.size(outputPaths(of: task.id, run.key))) }
    }
    return usage
  }

  func outputPaths(of id: TaskID, _ key: RunKey) -> [String] {
    let folder = paths.output(of: id).folder
    return ["\(folder)/\(key).out", "\(folder)/\(key).err"]
  }

  /// A live task as clients see it. `explained` asks the scheduler for the reason of a waiting one.
  func view(of task: LiveTask, explained: Bool = false) -> TaskView {
    let batch = batches[task.batch]?.row
    var view = TaskView(
      id: task.id, batchID: task.batch, branchID: batch?.branch ?? "", sessionID: batch?.session ?? "",
      type: task.type, priority: task.priority, state: task.state, reason: task.reason, runner: task.stored.runner,
      submittedAt: task.submittedAt)
    view.fill(from: task.stored)
    view.worktree = worktreePath(of: task.stored, task.id)
    if task.run?.preparation != nil { view.reason = "its worktree is being made" }
    view.attempt = task.attempt
    view.startedAt = task.startedAt
    view.notBefore = task.notBefore == Self.unprepared ? nil : task.notBefore
    view.pid = task.run?.phase == .running ? task.run?.pid.map(Int.init) : nil
    view.cgroup = task.run?.phase == .running ? task.run?.cgroup : nil
    view.usage = usage(of: task)
    view.activity = activity(of: task)
    if let run = task.run, run.phase == .running, !task.state.isTerminal {
      let limits = limits(of: task)
      view.effectiveLimits = TaskLimits(limits)
      view.oversight = oversight(of: task, run, limits)
    }
    if let last = finished[task.id] {
      view.exitCode = last.exitCode.map(Int.init)
      view.signal = last.signal.map(Int.init)
      view.endedAt = last.endedAt
      if let usage = last.usageJSON.flatMap(TaskUsage.init(stored:)) { view.usage = usage }
    } else if explained, task.state.isWaiting {
      view.reason = waitingReason(of: task).sentence
    }
    return view
  }

  /// Why a waiting task waits, as of now.
  func waitingReason(of task: LiveTask) -> (sentence: String, kind: String, numbers: [String: Double]) {
    if task.isHeld { return ("held back by a person; `jarvisctl resume \(task.id)` lets it go on", "held", [:]) }
    if task.isUnprepared, task.state == .queued {
      if let count = roomWanted[task.id] { return (noRoom(for: count), "queue_full", [:]) }
      return (task.isGroup ? "its tasks are being made or counted" : "its inputs are being laid out", "prepared", [:])
    }
    if case .away(let why) = wardenState { return ("waits: the warden is away (\(why))", "warden_away", [:]) }
    if refused != nil { return ("waits: the store can't write; see `jarvisctl doctor`", "store", [:]) }
    guard let reason = scheduler.explain(task.id, now: now()) else { return (task.reason, task.state.rawValue, [:]) }
    // A task that is to be tried again says why, beside until when it waits.
    let prefix = task.attempt > 0 && task.state == .queued ? task.reason + "; " : ""
    // Who waits for the batch's width is told where that comes from.
    let plan = reason.code == "width_limit" ? planNote(of: task.batch) : ""
    return (prefix + reason.sentence + plan, reason.code, Dictionary(reason.numbers) { first, _ in first })
  }

  func metadata(of task: LiveTask, _ message: MessageID) -> Logger.Metadata {
    [
      "task": "\(task.id)", "batch": "\(task.batch)", "branch": "\(batches[task.batch]?.row.branch ?? "")",
      "session": "\(batches[task.batch]?.row.session ?? "")", MessageID.metadataKey: message.metadata,
    ]
  }
}

extension TaskView {
  /// Fills in what a task was asked to be.
  mutating func fill(from stored: StoredSpec) {
    name = stored.spec.name
    group = stored.spec.group
    description = stored.spec.description
    command = stored.spec.command
    cwd = stored.cwd
    isolation = stored.spec.isolation == .worktree ? .worktree : nil
    retries = stored.spec.retries
    after = AfterList(stored.dependencies)
    limits = stored.spec.limits
  }

  /// A task from its row in the store.
  init(_ row: TaskRow) {
    self.init(
      id: row.id, batchID: row.batch, branchID: row.branch, sessionID: row.session, type: row.type,
      priority: row.priority, state: row.state, reason: row.reason, runner: "command", submittedAt: row.submittedAt)
    if let stored = StoredSpec(stored: row.specJSON) {
      fill(from: stored)
      runner = stored.runner
    }
    name = row.name
    group = row.group
    attempt = row.attempt
    exitCode = row.exitCode.map(Int.init)
    signal = row.signal.map(Int.init)
    startedAt = row.startedAt
    endedAt = row.endedAt
    notBefore = row.notBefore
    if let usage = row.usageJSON.flatMap(TaskUsage.init(stored:)) { self.usage = usage }
  }
}

extension WireObject {
  /// Reads what the daemon itself has stored; nil if that can't be.
  init?(stored text: String) {
    guard let json = try? JSON(parsing: text), let value = try? Self.read(json, at: .root("stored")) else { return nil }
    self = value
  }
}

extension LiveTask {
  /// The command on one line, for logs.
  var commandText: String { stored.spec.command?.text ?? stored.spec.description ?? "" }
}
