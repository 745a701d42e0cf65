// One function of the C library's mathematics.
import func Glibc.exp
import JarvisCore
import JarvisProtocol

/// Runs a workload under one strategy, with the scheduler, the machine's guard and the learner that the daemon runs.
///
/// A value without I/O, clock or chance of its own: the same workload, policy, strategy and seed give the same outcome.
public struct Simulation: Sendable {
  /// A simulated beginning; only differences count.
  static let epoch: Int64 = 1_800_000_000_000
  /// After so many steps for each task and each second of work a simulation is given up.
  static let stepsEach = 40
  /// Longest simulated time: a year.
  static let longest: Int64 = 366 * 86_400_000

  let workload: Workload
  var state: SchedulerState
  var model: MachineModel
  var learner: Learner
  var outcome: Outcome
  var now: Int64 = 0

  private let danger: (cpu: Double, ram: Double)
  private var arrivals = EventQueue<Int>()
  /// The first task's number of each batch, and the batch of each task.
  private var firstTask: [Int] = []
  private var batchOf: [Int32] = []
  /// Tasks of each batch that aren't over.
  private var left: [Int]
  private var activeOf: [Int]
  private var followers: [[Int]]
  private var startedOnce: [Bool]
  private var releasedAt: [Int64]
  private var waits: [Priority: [Double]] = [:]
  private var nextSample: Int64 = 0
  private var lastSample: (at: Int64, busy: Double) = (0, 0)
  private var pressure = (memory: 0.0, cpu: 0.0)
  private var firstArrival: Int64?
  private var lastEnd: Int64 = 0

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - workload: what there is to do, and on which machine.
  ///   - policy: the scheduler's, as the configuration says.
  ///   - strategy: who decides.
  ///   - seed: for the learner's luck only; the tasks are made up already.
  ///   - chooser: how the learner turns what it believes into a width.
  public init(
    _ workload: Workload, policy: SchedulerPolicy = SchedulerPolicy(), strategy: SimulatedStrategy, seed: UInt64 = 1,
    chooser: WidthChooser = WidthChooser()
  ) {
    self.workload = workload
    danger = (policy.zones.cpuDanger, policy.zones.ramDanger)
    let policy = strategy.policy(policy)
    state = SchedulerState(policy: policy)
    model = MachineModel(workload)
    learner = Learner(
      strategy, workload, policy: policy, chooser: chooser, seed: seed, at: Timestamp(milliseconds: Self.epoch))
    outcome = Outcome(strategy: strategy)
    left = workload.batches.map(\.tasks.count)
    activeOf = left.map { _ in 0 }
    followers = left.map { _ in [] }
    for (number, batch) in workload.batches.enumerated() {
      firstTask.append(batchOf.count)
      batchOf += batch.tasks.map { _ in Int32(number) }
      outcome.work += batch.tasks.reduce(0) { $0 + $1.work }
      outcome.batches.append(BatchSpan(source: batch.source, submitted: batch.at, ended: batch.at))
      if let before = batch.follows, before < number {
        followers[before].append(number)
      } else {
        arrivals.insert(number, at: Self.milliseconds(batch.at))
      }
    }
    startedOnce = batchOf.map { _ in false }
    releasedAt = batchOf.map { _ in 0 }
  }

  private static func milliseconds(_ seconds: Double) -> Int64 { Int64((max(0, min(1e9, seconds)) * 1000).rounded()) }

  private var time: Timestamp { Timestamp(milliseconds: Self.epoch + now) }
  private func seconds(_ milliseconds: Int64) -> Double { Double(milliseconds) / 1000 }

  /// Runs it to its end.
  public mutating func run() -> Outcome {
    let most = Self.stepsEach * (batchOf.count + Int(min(1e9, outcome.work))) + 1_000_000
    while let next = nextTime() {
      guard outcome.steps < most, next <= Self.longest else {
        outcome.isUnfinished = true
        break
      }
      outcome.steps += 1
      advance(to: next)
      endThoseDone()
      killForTheKernel()
      if now >= nextSample { sample() }
      while let batch = arrivals.pop(notAfter: now) { submit(batch) }
      carryOut()
      model.refresh()
    }
    finish()
    return outcome
  }

  // MARK: Time

  private func nextTime() -> Int64? {
    let arrival = arrivals.next
    guard state.counts.total > 0 else { return arrival.map { max(now, $0) } }
    var next = nextSample
    if let arrival { next = min(next, arrival) }
    if let end = model.firstEnd { next = min(next, now + end) }
    if let wake = state.nextWakeUp(now: time) {
      next = min(next, max(now + 1, wake.milliseconds - Self.epoch))
    }
    return max(now, next)
  }

  private mutating func advance(to next: Int64) {
    let length = next - now
    if length > 0 {
      let span = seconds(length)
      if state.counts.total > 0 {
        // Pressure as the kernel averages it, over ten seconds.
        let decay = exp(-span / 10)
        pressure.memory = pressure.memory * decay + model.thrashing * (1 - decay)
        pressure.cpu = pressure.cpu * decay + model.cpuPressure * (1 - decay)
        if model.ram > danger.ram { outcome.ramDangerSeconds += span }
        if model.coresInUse / model.machine.cores > danger.cpu { outcome.cpuDangerSeconds += span }
        outcome.ram += model.ram * span
        let point = Curve.Point(
          cpu: model.coresInUse / model.machine.cores, ram: model.ram, running: Double(model.counts.reduce(0, +)),
          waiting: Double(state.counts.waiting))
        outcome.curve.add(point, from: seconds(now), for: span)
      } else {
        // Nobody was there: the machine came to rest.
        outcome.ram += model.ram * span
        pressure = (0, 0)
      }
      model.advance(by: length)
      now = next
      model.refresh()
      outcome.ramMost = max(outcome.ramMost, model.ram)
      if state.counts.total == 0 {
        nextSample = now
        lastSample = (now - 1000, model.busySeconds - model.coresInUse)
      }
    }
  }

  private mutating func sample() {
    let passed = seconds(now - lastSample.at)
    let cpu = passed > 0 ? (model.busySeconds - lastSample.busy) / passed / model.machine.cores : 0
    lastSample = (now, model.busySeconds)
    var usage: [TaskID: ResourceCost] = [:]
    usage.reserveCapacity(model.agents.count)
    for agent in model.agents { usage[agent.id] = model.use(of: agent) }
    let machine = MachineState(
      at: time, cpu: min(1, passed > 0 ? cpu : model.machine.backgroundCPU), ram: model.ram, cores: model.machine.cores,
      memoryTotal: UInt64(model.machine.memory), memoryFullPSI: pressure.memory, ioFullPSI: 0,
      cpuSomePSI: pressure.cpu)
    state.observe(machine, usage: usage)
    nextSample = now + max(1, Self.milliseconds(model.machine.sampleSeconds))
  }

  // MARK: What happens

  private mutating func submit(_ number: Int) {
    let batch = workload.batches[number]
    guard !batch.tasks.isEmpty else { return }
    firstArrival = firstArrival ?? now
    let id = BatchID(UInt64(number) + 1)
    outcome.batches[number].submitted = seconds(now)
    let width = learner.begin(
      id, type: mainType(of: batch), tasks: batch.tasks.count, zone: state.zone, at: time)
    outcome.batches[number].width = width
    let first = firstTask[number]
    let others = batch.tasks.indices.filter { !batch.tasks[$0].isReduce }
    let entries = batch.tasks.enumerated().map { place, task in
      let type = workload.types[task.type]
      let declared = declaredCost(of: type)
      releasedAt[first + place] = now
      return TaskEntry(
        id: TaskID(UInt64(first + place) + 1), sequence: UInt64(first + place), priority: task.priority,
        submittedAt: time, expected: declared ?? learner.cost(of: type.name), expectedIsDeclared: declared != nil,
        after: task.isReduce ? others.map { Dependency(TaskID(UInt64(first + $0) + 1), .any) } : [])
    }
    outcome.submitted += entries.count
    let effects = state.add(
      batch: BatchEntry(
        id: id, session: SessionKey(batch.session), strategy: learner.strategy.strategy, widthLimit: width),
      tasks: entries)
    take(effects)
  }

  private func mainType(of batch: SimulatedBatch) -> String {
    var counts = [Int](repeating: 0, count: workload.types.count)
    for task in batch.tasks where !task.isReduce { counts[task.type] += 1 }
    let most = counts.max() ?? 0
    let type = counts.firstIndex(of: most) ?? 0
    return workload.types[type].name
  }

  private func declaredCost(of type: SimulatedType) -> ResourceCost? {
    guard type.declaredCPU != nil || type.declaredMemory != nil else { return nil }
    return ResourceCost(
      cpu: (type.declaredCPU ?? 0) / workload.machine.cores, ram: (type.declaredMemory ?? 0) / workload.machine.memory)
  }

  private mutating func endThoseDone() {
    var index = 0
    while index < model.agents.count {
      if !model.agents[index].isDone {
        index += 1
      } else {
        let agent = model.remove(at: index)
        end(agent, as: agent.task.fails ? .failed : .succeeded, cause: agent.task.fails ? "exit 1" : nil)
      }
    }
    model.refresh()
  }

  private mutating func killForTheKernel() {
    while model.isOutOfMemory,
      let index = model.agents.indices.max(by: {
        model.memory(of: model.agents[$0]) < model.memory(of: model.agents[$1])
      })
    {
      let agent = model.remove(at: index)
      outcome.killedByKernel += 1
      outcome.wasted += agent.done
      end(agent, as: .failed, cause: "signal 9")
      model.refresh()
    }
  }

  private mutating func end(_ agent: MachineModel.Agent, as terminal: TaskState, cause: String?) {
    let type = model.types[agent.task.type]
    let reading = learner.meter.end(agent.id, at: time, succeeded: terminal == .succeeded)
    var observation = Observation(
      type: type.name, width: reading?.width ?? 1, durationSeconds: max(0.001, reading?.seconds ?? 0),
      cpuSeconds: agent.done * type.cpu, peakMemoryBytes: model.memory(of: agent), outcome: terminal, cause: cause,
      at: time)
    observation.measure = reading?.wave.map { .wave($0) } ?? .nothing
    let effects = state.settle(agent.id, as: terminal)
    count(agent.id, terminal, observation)
    take(effects)
  }

  /// Counts a task that is over, whether it ran or not.
  private mutating func count(_ id: TaskID, _ terminal: TaskState, _ observation: Observation?) {
    outcome.ended[terminal, default: 0] += 1
    let number = Int(batchOf[Int(id.raw) - 1])
    if observation != nil { activeOf[number] -= 1 }
    left[number] -= 1
    lastEnd = now
    outcome.batches[number].ended = seconds(now)
    let batch = BatchID(UInt64(number) + 1)
    let width = learner.ended(
      batch, observation, zone: state.zone, width: outcome.batches[number].width,
      waiting: left[number] - activeOf[number], at: time)
    if left[number] > 0 {
      if width != outcome.batches[number].width {
        outcome.batches[number].width = width
        state.setWidth(batch: batch, limit: width)
      }
    } else {
      for next in followers[number] {
        arrivals.insert(next, at: now + Self.milliseconds(workload.batches[next].at))
      }
    }
  }

  private mutating func take(_ effects: Effects) {
    for settled in effects.settled { count(settled.id, settled.state, nil) }
    for released in effects.released { releasedAt[Int(released.raw) - 1] = now }
  }

  private mutating func carryOut() {
    // A decision can end agents, which lets others start; bounded by the agents there are.
    while true {
      let decisions = Scheduler.decide(&state, now: time)
      for decision in decisions {
        switch decision {
        case .start(let id, _): start(id)
        case .resume(let id, _):
          if let index = model.index(of: id) { model.thaw(at: index) }
          learner.meter.resume(id, at: time)
        case .relieve(let id, let action, let reason):
          if let index = model.index(of: id) { relieve(index, action, isKill: reason.relief?.isKill == true) }
        }
      }
      model.refresh()
      guard decisions.contains(where: { if case .relieve = $0 { true } else { false } }) else { return }
    }
  }

  private mutating func start(_ id: TaskID) {
    let place = Int(id.raw) - 1
    let number = Int(batchOf[place])
    let task = workload.batches[number].tasks[place - firstTask[number]]
    if !startedOnce[place] {
      startedOnce[place] = true
      waits[task.priority, default: []].append(seconds(now - releasedAt[place]))
    }
    activeOf[number] += 1
    outcome.batches[number].mostAtOnce = max(outcome.batches[number].mostAtOnce, activeOf[number])
    state.markRunning(id, at: time)
    model.start(id, task)
    learner.meter.begin(id, type: workload.types[task.type].name, at: time)
  }

  private mutating func relieve(_ index: Int, _ action: EmergencyAction, isKill: Bool) {
    if !isKill, action == .freeze {
      outcome.frozen += 1
      state.markPaused(model.agents[index].id)
      learner.meter.pause(model.agents[index].id, at: time)
      return model.freeze(at: index)
    }
    outcome.relieved += 1
    let agent = model.remove(at: index)
    outcome.wasted += agent.done
    if !isKill, action == .requeue {
      activeOf[Int(batchOf[Int(agent.id.raw) - 1])] -= 1
      _ = learner.meter.end(agent.id, at: time, succeeded: false)
      state.requeue(agent.id)
    } else {
      end(agent, as: isKill ? .killed : .cancelled, cause: isKill ? "machine" : nil)
    }
  }

  private mutating func finish() {
    outcome.delivered = model.delivered
    let span = seconds(lastEnd - (firstArrival ?? 0))
    outcome.makespan = max(0, span)
    for (priority, list) in waits { outcome.waits[priority] = Waits(list) }
    guard span > 0, now > 0 else { return }
    outcome.cpuOfAgents = model.agentSeconds / model.machine.cores / span
    outcome.cpu = model.busySeconds / model.machine.cores / seconds(now)
    outcome.ram /= seconds(now)
  }
}
