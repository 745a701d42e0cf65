import JarvisConfig
import JarvisCore
import JarvisGit
import JarvisLinux
import JarvisPolicy
import JarvisProtocol
import JarvisStore
import Logging
import NIOCore
import Synchronization
import WardenProtocol

/// Holds the queue and all that runs, and makes everything happen: the only place where a task changes its state.
///
/// Every change goes the same way. It is applied in memory, put into the current `Parcel`, and handed to the store at
/// the end of the turn (`flush`), when the warden is also told what to start. What must not happen before the change is
/// durable (acknowledging an exit, telling those who wait) is an `Effect` of the parcel, performed when the store says
/// that it is on the disk. The scheduler is asked after every turn (`pump`); nothing polls.
public actor Coordinator {
  /// A batch that has tasks which are not over.
  struct LiveBatch: Sendable {
    let row: BatchRow
    var live: Int
    var childrenOf: TaskID?
    /// What the learner says to its width; nil where it has no say.
    var plan: BatchPlan?
  }

  /// Where the warden is.
  enum WardenState: Sendable {
    case away(String)
    case connected(Welcome)

    var welcome: Welcome? { if case .connected(let welcome) = self { welcome } else { nil } }
  }

  /// What submissions are checked against, for readers outside the actor.
  struct Published: Sendable {
    var config: Config
    var runners: RunnerTable
    var cores: Double = 0
    var memoryTotal: UInt64 = 0
  }

  let store: Store
  let paths: Paths
  let events = EventHub()
  let log: Logger
  let warden: any WardenPort
  nonisolated let git: GitWorktrees
  nonisolated let published: Mutex<Published>
  nonisolated let sampler = AgentSampler()
  /// Wakes the resource monitor, which sleeps longer while there is nothing to look after.
  nonisolated let alarm: Alarm
  /// Wakes those who follow an output; nil where inotify can't be had (then they are woken by the task's end only).
  nonisolated let watcher = try? InotifyWatcher()
  let now: @Sendable () -> Timestamp
  private let loop: any EventLoop
  private let executor: any SerialExecutor

  var config: Config
  var scheduler: SchedulerState
  var tasks: [TaskID: LiveTask] = [:]
  var batches: [BatchID: LiveBatch] = [:]
  var environments: [Int64: EnvironmentEntry] = [:]
  /// The one that was interned last.
  var lastEnvironment: (values: [String: String], json: String, hash: Int64)?
  /// Tasks that a submission on its way to the store depends on: how they end must not be forgotten before.
  var pins: [TaskID: Pin] = [:]
  /// The last rows of tasks that are over, until the store has them.
  var finished: [TaskID: StateRow] = [:]
  var waiters = Waiters()
  /// Tasks that an agent and its descendants have spawned.
  var childCounts: [TaskID: Int] = [:]
  /// Live tasks that agents of a session spawned.
  var spawnedLive: [String: Int] = [:]
  var spawnGuard = SpawnGuard()
  /// Who reads the output of which attempt.
  var followers: [RunKey: AgentFollower] = [:]
  /// Where the last daemon was in the streams of agents that are not taken over yet.
  var savedAgents: [TaskID: SavedAgent] = [:]
  /// What tasks that are not over spent on `spentDay`.
  var spentToday: [TaskID: Spending] = [:]
  var spentDay = 0
  var overseerPolicy: OverseerPolicy
  /// Bytes free where output goes, as of a while ago.
  var freeDisk: UInt64?
  /// What the warden was told last that all agents may use together.
  var toldTotals: RunLimits?
  let alerter: Alerter
  var learner = Learner()
  var endedCounts: [TaskState: Int] = [:]
  var madeFolders: Set<String> = []
  /// Runs of skills that are not over.
  var openRuns: Set<BatchID> = []
  /// Steps of skills that are being prepared.
  var preparing: Set<TaskID> = []
  /// Those whose tasks have no room in the queue yet, and how many they are.
  var roomWanted: [TaskID: Int] = [:]
  /// Worktrees that are there, by the task that they were made for, and what is under way with them.
  var worktrees: [TaskID: WorktreeRow] = [:]
  var worktreeWork = WorktreeWork()

  var nextTask: UInt64 = 1
  var nextBatch: UInt64 = 1
  var nextFinding: Int64 = 1
  var hive = HiveMap()
  /// Tasks that are accepted but not yet in memory, for the bound of the queue.
  var arriving = 0

  var parcel = Parcel()
  private var lastFlush = NIODeadline.distantPast
  private var isFlushSet = false
  /// The parcel that the store could not take; nothing starts, and later changes wait behind it, until it can.
  var refused: Parcel?
  var wardenState = WardenState.away("it has not been reached yet")
  /// Boot and process of the warden that was connected last; also in the store.
  var wardenInstance = ""
  var sample: MachineSample?
  var lastZone = Zone.safe
  var isStopping = false
  var isDraining = false
  var timer: (at: Timestamp, scheduled: Scheduled<Void>)?
  /// Those who wait until no agent runs and everything is durable.
  var whenIdle: [Int: CheckedContinuation<Bool, Never>] = [:]
  var idleNumber = 0
  /// Whether the store has not answered a parcel yet.
  var isStoring = false
  /// Counts turns, so that the watchdog can see that the coordinator is alive.
  var heartbeat: UInt64 = 0

  let deliveries: AsyncStream<Delivery>
  let deliver: AsyncStream<Delivery>.Continuation

  struct EnvironmentEntry: Sendable {
    let values: [String: String]
    let json: String
    var uses: Int
    /// A task that lives has it, so the store has it too.
    var isStored = false
    /// By runner: `NAME=value` lines without what is dropped and what each task gets anew.
    var lines: [String: [String]] = [:]
  }

  struct Pin: Sendable {
    var count: Int
    var state: TaskState?
  }

  init(
    store: Store, config: Config, runners: RunnerTable, paths: Paths, warden: any WardenPort, loop: any EventLoop,
    log: Logger, now: @escaping @Sendable () -> Timestamp = { SystemClock.now() }
  ) {
    self.store = store
    self.config = config
    self.paths = paths
    self.warden = warden
    self.loop = loop
    alarm = Alarm(loop)
    executor = loop.executor
    self.log = log
    self.now = now
    git = GitWorktrees(root: paths.worktrees, environment: ProcessEnvironment.values, log: log)
    published = Mutex(Published(config: config, runners: runners))
    scheduler = SchedulerState(policy: SchedulerPolicy(config))
    overseerPolicy = OverseerPolicy(config)
    learner.configure(config.learning)
    alerter = Alerter(environment: ProcessEnvironment.values, logFile: paths.state + "/alerts.log", log: log)
    (deliveries, deliver) = AsyncStream.makeStream(of: Delivery.self)
  }

  /// The event loop that the sockets are read on: a message reaches the actor without a switch between threads.
  nonisolated public var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// Performs what follows from durable changes, until cancelled.
  func run() async {
    sampler.onOutput { [weak self, loop] key, bytes in
      loop.execute { [weak self] in self?.assumeIsolated { $0.outputPassed(key, bytes) } }
    }
    for await delivery in deliveries { delivered(delivery) }
  }

  // MARK: Turns

  /// Ends a turn: asks the scheduler, hands the changes to the store, sets the timer.
  func endTurn() {
    heartbeat &+= 1
    pump()
    flush()
    tellStarts()
    setTimer()
    noteMachine()
    if !roomWanted.isEmpty { advanceWithRoom() }
    if !whenIdle.isEmpty, isIdle {
      for (_, continuation) in whenIdle { continuation.resume(returning: true) }
      whenIdle = [:]
    }
  }

  /// Does what the scheduler decides, as long as the warden is there and the store takes changes.
  private func pump() {
    guard wardenState.welcome != nil, refused == nil, !isStopping else { return }
    for decision in Scheduler.decide(&scheduler, now: now()) {
      switch decision {
      case .start(let id, let reason): begin(id, reason)
      case .resume(let id, let reason): thaw(id, reason)
      case .relieve(let id, let action, let reason): relieve(id, action, reason)
      }
    }
  }

  /// Hands the changes to the store: one parcel at a time, so that none is stored while one before it was refused.
  /// What changes meanwhile goes with the next, in one wait for the disk.
  func flush() {
    guard !isStoring, refused == nil, !parcel.isEmpty, isFlushTime() else { return }
    let full = parcel
    parcel = Parcel()
    lastFlush = .now()
    post(full)
    for start in full.starts { requestStart(start.id, start.key) }
  }

  /// Whether the disk may be asked to wait for: for a caller at once, for the end of a short task at most every two
  /// milliseconds, so that thousands of them a second share their waits. When it is too early, the flush is set up.
  private func isFlushTime() -> Bool {
    let next = lastFlush + .milliseconds(2)
    if parcel.isAwaited || NIODeadline.now() >= next { return true }
    if !isFlushSet {
      isFlushSet = true
      loop.scheduleTask(deadline: next) { [weak self] in
        self?.assumeIsolated { coordinator in
          coordinator.isFlushSet = false
          coordinator.flush()
        }
      }
    }
    return false
  }

  /// Tells the warden what was decided, without waiting for the journal: when jarvisd dies before that has it, the
  /// warden knows what it was told, and the next jarvisd takes the run up (`reconcile`). Only a power cut in these
  /// milliseconds makes a task start anew that had just begun. A disk that hangs holds starts up.
  private func tellStarts() {
    guard !parcel.starts.isEmpty, refused == nil, !isStoring || NIODeadline.now() < lastFlush + .milliseconds(50) else {
      return
    }
    let starts = parcel.starts
    parcel.starts = []
    for start in starts { requestStart(start.id, start.key) }
  }

  /// Whether no agent runs and everything is durable.
  private var isIdle: Bool { scheduler.counts.active == 0 && parcel.isEmpty && !isStoring && refused == nil }

  /// Returns true when no agent runs and everything is durable, false when the time was up before.
  func idle(within seconds: Double) async -> Bool {
    if isIdle { return true }
    idleNumber += 1
    let number = idleNumber
    let timeout = Task { [weak self] in
      do { try await Task.sleep(for: .seconds(seconds), clock: .continuous) } catch { return }
      await self?.giveUpIdle(number)
    }
    defer { timeout.cancel() }
    return await withCheckedContinuation { whenIdle[number] = $0 }
  }

  private func giveUpIdle(_ number: Int) {
    whenIdle.removeValue(forKey: number)?.resume(returning: false)
  }

  private func post(_ parcel: Parcel) {
    isStoring = true
    store.enqueue(parcel.changes) { [deliver] result in
      deliver.yield(Delivery(parcel: parcel, result: result))
    }
  }

  private func delivered(_ delivery: Delivery) {
    isStoring = false
    switch delivery.result {
    case .success:
      refused = nil
      for effect in delivery.parcel.effects { perform(effect) }
    case .failure(let error) where error.isAboutTheChange:
      // Trying again would fail again. The memory is right and the warden waits: go on, and say so loudly.
      log.critical("the store refused a change: \(error)")
      refused = nil
      for effect in delivery.parcel.effects { perform(effect) }
    case .failure(let error):
      if refused == nil {
        log.critical("the store can't write, nothing new is started until it can: \(error)")
        note(.daemon, "the store can't write: \(error)")
      }
      var again = delivery.parcel
      again.answerConfirmations(error)
      parcel.answerConfirmations(error)
      refused = again
    }
    endTurn()
  }

  /// Offers again what the store could not take; called with each sample.
  func retryRefused() {
    if let refused, !isStoring { post(refused) }
  }

  private func perform(_ effect: Effect) {
    switch effect {
    case .acknowledge(let key): warden.send(.ack(key))
    case .ended(let id, let state): forget(id, state)
    case .confirm(let continuation): continuation.resume(returning: nil)
    }
  }

  /// Ends the turn and returns when everything changed so far is on the disk: what a caller was told must survive.
  func confirm() async throws(RPC.Failure) {
    guard refused == nil else {
      endTurn()
      throw RPC.Failure(.storage, "the store can't write now, so this is not durable yet; see `jarvisctl doctor`")
    }
    let error = await withCheckedContinuation { continuation in
      parcel.effects.append(.confirm(continuation))
      parcel.isAwaited = true
      endTurn()
    }
    if let error { throw RPC.Failure(.storage, "\(error) It holds until Jarvis restarts, and is tried again.") }
  }

  // MARK: Time

  private func setTimer() {
    var times: [Timestamp] = []
    let time = now()
    if wardenState.welcome != nil, !isStopping, let wake = scheduler.nextWakeUp(now: time) { times.append(wake) }
    for id in scheduler.activeTasks {
      guard let run = tasks[id]?.run, run.phase != .exited else { continue }
      if let at = run.killAt { times.append(at) }
      if run.stop == nil, run.pausedAt == nil, let at = run.timeLimitAt { times.append(at) }
      if run.stop == nil, let at = run.agent?.endBy { times.append(at) }
      if let at = run.agent?.tellAt { times.append(at) }
    }
    guard let earliest = times.min() else {
      timer?.scheduled.cancel()
      timer = nil
      return
    }
    if let timer, timer.at == earliest { return }
    timer?.scheduled.cancel()
    // Never a busy loop, even if a due time can't be acted on.
    let wait = max(0.005, earliest - time)
    timer = (
      earliest,
      loop.scheduleTask(in: .nanoseconds(Int64(min(wait, 1e9) * 1e9))) { [weak self] in
        self?.assumeIsolated { $0.timerFired() }
      }
    )
  }

  private func timerFired() {
    timer = nil
    let time = now()
    for id in scheduler.activeTasks {
      guard let run = tasks[id]?.run, run.phase != .exited else { continue }
      tellLateProgress(id, at: time)
      if let at = run.killAt, at <= time {
        tasks[id]?.run?.killAt = time + 1
        warden.send(.kill(run.key))
      } else if run.stop == nil, run.pausedAt == nil, let at = run.timeLimitAt, at <= time {
        stop(id, .timeLimit(seconds: timeLimit(of: id) ?? 0))
      } else if run.stop == nil, let at = run.agent?.endBy, at <= time {
        stop(id, .lingering)
      }
    }
    endTurn()
  }

  /// The task's own limit, else the configuration's.
  func timeLimit(of id: TaskID) -> Double? {
    guard let task = tasks[id] else { return nil }
    return task.stored.raised?.time?.seconds ?? task.stored.spec.limits.time?.seconds
      ?? config.limits.types[task.type]?.time ?? config.limits.time
  }

  // MARK: Events and log

  func note(_ kind: EventKind, _ message: String) {
    guard events.hasSubscribers else { return }
    let event = Event(sequence: 0, at: now(), kind: kind, message: message)
    events.publish { event }
  }

  /// Tells that a task changed its state.
  func noteTask(_ id: TaskID, from previous: TaskState?) {
    guard events.hasSubscribers, let task = tasks[id] else { return }
    var event = Event(
      sequence: 0, at: now(), kind: .task, message: "\(id) is \(task.state.rawValue): \(task.reason)")
    event.task = view(of: task)
    event.previousState = previous
    events.publish { event }
  }

  private func noteMachine() {
    if scheduler.zone != lastZone, let machine = scheduler.machine {
      let message =
        "zone \(lastZone.rawValue) → \(scheduler.zone.rawValue): CPU \(Self.percent(machine.cpu)), "
        + "RAM \(Self.percent(machine.ram))"
      lastZone = scheduler.zone
      log.info("\(message)", metadata: [MessageID.metadataKey: MessageID.zoneChanged.metadata])
      publishMachine(message, ["cpu": machine.cpu, "ram": machine.ram])
    }
    if let change = scheduler.takeLevelChange() {
      var metadata: Logger.Metadata = [MessageID.metadataKey: MessageID.levelChanged.metadata]
      for (name, value) in change.numbers { metadata[name] = "\(value)" }
      log.log(level: change.to == .emergency ? .warning : .info, "\(change.sentence)", metadata: metadata)
      publishMachine(change.sentence, Dictionary(change.numbers) { first, _ in first })
      if change.to == .emergency {
        alerter.raise(
          Alert(kind: .machine, title: "the machine runs out of memory", text: change.sentence), config.alerts,
          now: now())
      }
    }
  }

  private func publishMachine(_ message: String, _ numbers: [String: Double]) {
    guard events.hasSubscribers else { return }
    var event = Event(sequence: 0, at: now(), kind: .machine, message: message)
    event.zone = scheduler.zone
    event.level = scheduler.level
    event.numbers = numbers
    events.publish { event }
  }

  static func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
}

extension StoreError {
  /// Whether the same change would be refused again, however well the store is.
  var isAboutTheChange: Bool {
    switch self {
    case .duplicateRequest, .duplicateFinding, .missingTask, .missingEnvironment, .refused, .revision, .bound: true
    default: false
    }
  }
}
