import Glibc
import JarvisConfig
import JarvisCore
import JarvisPolicy
import JarvisProtocol
import JarvisSimulator

/// What the command line names, read.
struct Inputs {
  var name = ""
  var workload: Workload
  var policy: SchedulerPolicy
  var seed: UInt64
  var strategies: [SimulatedStrategy]
  /// What deserves a word.
  var notes: [String] = []

  /// A line for people.
  var title: String {
    let machine = workload.machine
    let cores = machine.cores == machine.cores.rounded() ? "\(Int(machine.cores))" : "\(machine.cores)"
    let memory = (machine.memory / Double(1 << 30) * 10).rounded() / 10
    return "\(name): \(workload.taskCount) tasks in \(workload.batches.count) batches; \(cores) cores, \(memory) GiB; "
      + "seed \(seed)"
  }

  init(_ command: Simulate) throws {
    let file = try command.workload.map { try WorkloadFile.load(Self.path(of: $0)) }
    guard file != nil || command.trace != nil else {
      throw Refusal(
        message:
          "name a workload (a file, or one of those that are shipped: laptop-day, scenario-2, scenario-3, mixed), "
          + "or a recording with --trace FILE")
    }
    seed = command.seed ?? UInt64(file?.seed ?? 1)
    var config = file?.config ?? Config()
    if let named = command.config {
      config = try ConfigLoader.load(explicit: named, environment: [:]).config
    }
    policy = SchedulerPolicy(config)
    if let path = command.trace {
      let lines = try Files.lines(path)
      let trace: Trace
      do throws(TraceError) {
        trace = try Trace(lines: lines)
      } catch {
        throw Refusal(message: "\(path): \(error)")
      }
      name = file.map { "\(path) on the machine of \($0.name)" } ?? path
      workload = Workload(trace: trace, machine: file.map { SimulatedMachine($0.machine) })
      if trace.skipped > 0 { notes.append("\(trace.skipped) tasks that never ran, or are not over, are left out.") }
    } else if let file {
      name = file.name
      workload = Workload(file, seed: seed)
      if !file.description.isEmpty { notes.append(file.description) }
    } else {
      throw Refusal(message: "nothing to simulate")
    }
    let words = command.strategy.isEmpty ? file?.strategies ?? [] : command.strategy
    strategies = words.isEmpty ? SimulatedStrategy.usual : []
    for word in words {
      guard let strategy = SimulatedStrategy(word) else {
        throw Refusal(
          message:
            "\"\(word)\" is no strategy; expected \"fixed 5\", \"width 5\" (any number), sequential, parallel, auto "
            + "or adaptive")
      }
      strategies.append(strategy)
    }
  }

  /// What is no file's path is the name of a shipped workload.
  private static func path(of word: String) -> String {
    if word.contains("/") || access(word, F_OK) == 0 { return word }
    return WorkloadFile.path(named: word, executable: DataFolders.executable, environment: Files.environment) ?? word
  }
}

extension SimulatedMachine {
  init(_ file: WorkloadFile.Machine) {
    self.init(cores: file.cores, memory: Double(file.memory))
    backgroundCPU = file.backgroundCPU
    backgroundRAM = file.backgroundRAM
    thrashesFrom = file.thrashesFrom
    sampleSeconds = file.sample
  }
}

extension Workload {
  /// The tasks that a file describes.
  init(_ file: WorkloadFile, seed: UInt64) {
    let types = file.types.map { read in
      var type = SimulatedType(name: read.name, seconds: read.seconds)
      type.spread = read.spread
      type.cpu = read.cpu
      (type.sigma, type.kappa) = (read.sigma, read.kappa)
      type.memory = Double(read.memory ?? 0)
      type.memorySpread = read.memorySpread
      type.ramp = read.ramp
      type.server = read.server
      type.requests = read.requests
      type.failures = read.failures
      type.runaways = read.runaways
      type.runawayFactor = read.runawayFactor
      type.declaredCPU = read.declaredCPU
      type.declaredMemory = read.declaredMemory.map { Double($0) }
      type.taughtBenefit = read.taughtBenefit
      return type
    }
    let sources = file.sources.map { read in
      var source = Source(name: read.name, types: read.types)
      source.batches = read.batches
      source.tasks = read.tasks
      source.sessions = read.sessions
      source.reduce = read.reduce
      source.priority = Priority(rawValue: read.priority.rawValue) ?? .medium
      source.pattern = ArrivalPattern(rawValue: read.arrivals.rawValue) ?? .poisson
      source.from = read.from
      source.until = read.until
      source.pause = read.pause
      return source
    }
    self.init(
      machine: SimulatedMachine(file.machine), types: types,
      servers: file.servers.map { SimulatedServer(name: $0.name, rate: $0.rate) }, sources: sources, seed: seed)
  }
}
