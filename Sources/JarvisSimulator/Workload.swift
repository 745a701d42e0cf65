import JarvisProtocol

/// The machine on which a simulation runs.
public struct SimulatedMachine: Sendable, Equatable {
  /// Processors.
  public var cores: Double
  /// Bytes of memory.
  public var memory: Double
  /// What others use of the processors all the time, as a share, 0…1.
  public var backgroundCPU = 0.0
  /// What others use of the memory all the time, as a share, 0…1.
  public var backgroundRAM = 0.0
  /// From this share of used memory on the machine reclaims instead of working, the more the fuller it is.
  public var thrashesFrom = 0.92
  /// Seconds between two samples.
  public var sampleSeconds = 1.0

  /// A machine on which nothing else runs.
  public init(cores: Double, memory: Double) {
    self.cores = cores
    self.memory = memory
  }
}

/// A server outside, which serves so much and no more. Those who wait for it share it evenly.
public struct SimulatedServer: Sendable, Equatable {
  /// Its name.
  public var name: String
  /// Requests that it serves each second.
  public var rate: Double

  /// A server.
  public init(name: String, rate: Double) {
    self.name = name
    self.rate = rate
  }
}

/// How tasks of one type behave.
public struct SimulatedType: Sendable, Equatable {
  /// The type's name.
  public var name: String
  /// Median seconds of a task that runs alone on an idle machine.
  public var seconds: Double
  /// The standard deviation of ln(seconds).
  public var spread = 0.2
  /// Processors that a task uses on average while it runs alone: below 1 it waits for the rest of its time, above 1 it
  /// has as many threads.
  public var cpu = 1.0
  /// The Universal Scalability Law among tasks of this type: contention and crosstalk.
  public var sigma = 0.0, kappa = 0.0
  /// Median of the most memory that a task holds, bytes, and the standard deviation of its logarithm.
  public var memory = 0.0, memorySpread = 0.0
  /// The share of its work after which it holds all of its memory, 0…1; before, its memory grows evenly.
  public var ramp = 0.3
  /// Which of the workload's servers it waits for; nil for none.
  public var server: Int?
  /// Requests each second that a task alone makes of it.
  public var requests = 1.0
  /// Share of tasks that fail at their end, 0…1.
  public var failures = 0.0
  /// Share of tasks that run away: their memory is `runawayFactor` of what it should be.
  public var runaways = 0.0, runawayFactor = 10.0
  /// What submitters declare (`limits`): processors and bytes; nil for nothing.
  public var declaredCPU: Double?, declaredMemory: Double?
  /// What somebody taught of its benefit, 0…1; nil for nothing.
  public var taughtBenefit: Double?

  /// Tasks that compute all the time and need no memory to speak of, unless told otherwise.
  public init(name: String, seconds: Double) {
    self.name = name
    self.seconds = seconds
  }
}

/// From some time on a type or a server is another than it was.
public struct SimulatedChange: Sendable, Equatable {
  /// Seconds from the simulation's beginning; it counts from the next step on, a sample's distance later at most.
  public var at: Double
  /// Which of the workload's types changes, and how many times as long each of its tasks takes from then on.
  public var type: Int?, slower = 1.0
  /// What its tasks compute from then on, as `SimulatedType.cpu`; nil for the same.
  public var cpu: Double?
  /// Which of the workload's servers changes, and how many requests it serves each second from then on.
  public var server: Int?, rate = 1.0

  /// A time, at which nothing changes yet.
  public init(at: Double) { self.at = at }
}

/// One task to come.
public struct SimulatedTask: Sendable, Equatable {
  /// Which of the workload's types.
  public var type: Int
  /// Seconds that it takes alone on an idle machine.
  public var work: Double
  /// The most memory it will hold, bytes.
  public var peak: Double
  /// Whether it will fail at its end.
  public var fails = false
  /// Whether it waits for all the other tasks of its batch (the reduce step).
  public var isReduce = false
  /// How urgent it is.
  public var priority: Priority
}

/// Tasks that are submitted together.
public struct SimulatedBatch: Sendable, Equatable {
  /// Which of the workload's sources it comes from.
  public var source: Int
  /// Whose it is.
  public var session: String
  /// Seconds from the simulation's beginning (of those that follow another: after that one's end).
  public var at: Double
  /// The batch whose end it follows; nil if the clock alone decides.
  public var follows: Int?
  /// Its tasks, in the order given.
  public var tasks: [SimulatedTask]
}

/// A machine, and what there is to do on it.
public struct Workload: Sendable, Equatable {
  /// The machine.
  public var machine: SimulatedMachine
  /// The types of tasks.
  public var types: [SimulatedType]
  /// What they wait for outside.
  public var servers: [SimulatedServer]
  /// The names of the sources of tasks.
  public var sources: [String]
  /// All batches. A batch that follows another comes after it.
  public var batches: [SimulatedBatch]
  /// What changes meanwhile, in the order of time.
  public var changes: [SimulatedChange] = []

  /// Takes all of it.
  public init(
    machine: SimulatedMachine, types: [SimulatedType], servers: [SimulatedServer] = [], sources: [String],
    batches: [SimulatedBatch]
  ) {
    self.machine = machine
    self.types = types
    self.servers = servers
    self.sources = sources
    self.batches = batches
  }

  /// How many tasks there are.
  public var taskCount: Int { batches.reduce(0) { $0 + $1.tasks.count } }
}
