import JarvisCore
import JarvisProtocol

/// The made-up machine while it runs agents.
///
/// An agent goes as fast as the slowest thing lets it: the law among those of its type, its share of the processors, or
/// the server that it waits for. Processors are shared by demand, with what others use: when more is wanted than there
/// is, everybody's computing is stretched by the same factor. A machine whose memory is almost used up slows all down,
/// and when more is held than there is, the kernel kills whoever holds most.
struct MachineModel: Sendable {
  /// An agent that runs or is frozen.
  struct Agent: Sendable {
    let id: TaskID
    let task: SimulatedTask
    /// Seconds of work that are left.
    var left: Double
    var isFrozen = false

    var done: Double { task.work - left }

    /// Whether all of its work is done, but for what rounding leaves.
    var isDone: Bool { left <= 1e-9 }
  }

  let machine: SimulatedMachine
  private(set) var types: [SimulatedType]
  private(set) var servers: [SimulatedServer]
  /// How many times as long as at first each type's tasks take.
  private var slower: [Double]
  /// What changes later, and what time it is, in milliseconds.
  private var changes: ArraySlice<SimulatedChange>
  private var clock: Int64 = 0
  private let laws: [ScalabilityLaw]

  /// In the order of their starts.
  private(set) var agents: [Agent] = []
  /// How many of each type run.
  private(set) var counts: [Int]
  /// How much of its work an agent of each type does each second.
  private(set) var speeds: [Double]
  /// Processors that agents use, and that all use.
  private(set) var coresOfAgents = 0.0, coresInUse = 0.0
  /// Share of the wanted processor time that is missing, as pressure shows it: 0 nobody waits, 1 always somebody does.
  private(set) var cpuPressure = 0.0
  /// Bytes that agents hold.
  private(set) var held = 0.0
  /// Seconds of work that were done, also of those that were killed later.
  private(set) var delivered = 0.0
  /// Processor seconds of agents, and of everything.
  private(set) var agentSeconds = 0.0, busySeconds = 0.0

  init(_ workload: Workload) {
    machine = workload.machine
    types = workload.types
    servers = workload.servers
    laws = types.map { ScalabilityLaw(sigma: $0.sigma, kappa: $0.kappa) }
    counts = [Int](repeating: 0, count: types.count)
    speeds = [Double](repeating: 1, count: types.count)
    slower = speeds
    changes = workload.changes[...]
    refresh()
  }

  /// Used share of memory.
  var ram: Double { min(1, machine.backgroundRAM + held / machine.memory) }

  /// Whether more is held than there is.
  var isOutOfMemory: Bool { machine.backgroundRAM * machine.memory + held > machine.memory * (1 + 1e-12) }

  /// Share of time that is lost to want of memory.
  var thrashing: Double {
    guard machine.thrashesFrom < 1 else { return 0 }
    return 0.9 * max(0, min(1, (ram - machine.thrashesFrom) / (1 - machine.thrashesFrom)))
  }

  /// Bytes that an agent holds.
  func memory(of agent: Agent) -> Double {
    let ramp = types[agent.task.type].ramp
    let share = ramp > 0 ? min(1, agent.done / agent.task.work / ramp) : 1
    return agent.task.peak * share
  }

  /// Shares of the machine that an agent uses.
  func use(of agent: Agent) -> ResourceCost {
    let type = agent.task.type
    return ResourceCost(
      cpu: agent.isFrozen ? 0 : types[type].cpu * speeds[type] / machine.cores, ram: memory(of: agent) / machine.memory)
  }

  // MARK: Changes

  mutating func start(_ id: TaskID, _ task: SimulatedTask) {
    agents.append(Agent(id: id, task: task, left: task.work))
    counts[task.type] += 1
  }

  mutating func remove(at index: Int) -> Agent {
    let agent = agents.remove(at: index)
    if !agent.isFrozen { counts[agent.task.type] -= 1 }
    return agent
  }

  func index(of id: TaskID) -> Int? { agents.firstIndex { $0.id == id } }

  mutating func freeze(at index: Int) {
    guard !agents[index].isFrozen else { return }
    agents[index].isFrozen = true
    counts[agents[index].task.type] -= 1
  }

  mutating func thaw(at index: Int) {
    guard agents[index].isFrozen else { return }
    agents[index].isFrozen = false
    counts[agents[index].task.type] += 1
  }

  // MARK: Time

  /// Lets so many milliseconds pass at the present speeds.
  mutating func advance(by milliseconds: Int64) {
    guard milliseconds > 0 else { return }
    clock += milliseconds
    let seconds = Double(milliseconds) / 1000
    for index in agents.indices where !agents[index].isFrozen {
      let progress = min(agents[index].left, speeds[agents[index].task.type] * seconds)
      agents[index].left -= progress
      delivered += progress
    }
    agentSeconds += coresOfAgents * seconds
    busySeconds += coresInUse * seconds
  }

  /// In how many milliseconds, 1 or more, the first agent ends at the present speeds; nil if none does. An agent ends at
  /// the first millisecond at which all of its work is done.
  var firstEnd: Int64? {
    var first: Double?
    for agent in agents where !agent.isFrozen {
      let seconds = agent.left / speeds[agent.task.type]
      first = min(first ?? seconds, seconds)
    }
    // Beyond any simulation's end, and small enough to be added to a time.
    return first.map { Int64(max(1, min(1e15, ($0 * 1000 - 1e-6).rounded(.up)))) }
  }

  /// Reckons anew how fast everything goes. To be called after every change and whenever time has passed.
  mutating func refresh() {
    while let change = changes.first, change.at * 1000 <= Double(clock) {
      take(change)
      changes.removeFirst()
    }
    held = 0
    for agent in agents { held += memory(of: agent) }
    let slowest = 1 - thrashing
    var demands = [Double](repeating: 0, count: servers.count)
    for (type, count) in counts.enumerated() where count > 0 {
      if let server = types[type].server { demands[server] += Double(count) * types[type].requests }
    }
    // What the law and the servers allow, before anybody shares processors.
    var bounds = [Double](repeating: 1, count: types.count)
    for (type, count) in counts.enumerated() where count > 0 {
      bounds[type] = 1 / laws[type].slowdown(Double(count))
      if let server = types[type].server, demands[server] > servers[server].rate {
        bounds[type] = min(bounds[type], servers[server].rate / demands[server])
      }
    }
    let background = machine.backgroundCPU * machine.cores
    func speed(_ type: Int, _ share: Double) -> Double {
      let computing = min(1, types[type].cpu)
      return min(bounds[type], 1 / (computing / share + 1 - computing)) * slowest / slower[type]
    }
    func wanted(_ share: Double) -> Double {
      var sum = 0.0
      for (type, count) in counts.enumerated() where count > 0 {
        sum += Double(count) * types[type].cpu * speed(type, share)
      }
      return sum
    }
    var share = 1.0
    let all = wanted(1) + background
    if all > machine.cores {
      // The share of what each computing wants and gets: the sum falls with it, so halving finds it.
      var (low, high) = (0.0, 1.0)
      for _ in 0..<40 {
        let middle = (low + high) / 2
        if wanted(middle) + background * middle > machine.cores { high = middle } else { low = middle }
      }
      share = max(low, 1e-9)
    }
    for type in types.indices { speeds[type] = speed(type, share) }
    coresOfAgents = wanted(share)
    coresInUse = min(machine.cores, coresOfAgents + background * share)
    cpuPressure = max(0, min(1, all / machine.cores - 1))
  }

  private mutating func take(_ change: SimulatedChange) {
    if let type = change.type, types.indices.contains(type) {
      slower[type] = max(1e-3, change.slower)
      types[type].cpu = change.cpu ?? types[type].cpu
    }
    if let server = change.server, servers.indices.contains(server) { servers[server].rate = max(1e-3, change.rate) }
  }
}
