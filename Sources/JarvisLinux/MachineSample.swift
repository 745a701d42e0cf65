import JarvisProtocol

/// Why the machine could not be sampled.
public enum ProcError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A file that every Linux has could not be read.
  case unreadable(SystemError)
  /// A file was read, and is not what proc(5) describes.
  case malformed(path: String, expected: String)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .unreadable(let error):
      "\(error); check `procfs` in the [monitor] section of the configuration"
    case .malformed(let path, let expected):
      "\(path) is not as proc(5) describes it: \(expected)"
    }
  }
}

/// What the machine was doing at one moment.
///
/// Where the daemon runs under a cgroup limit that is smaller than the machine, the limit is the machine.
public struct MachineSample: Sendable, Hashable {
  /// When the sample was taken.
  public var at: Timestamp
  /// Busy share of all cores since the previous sample, 0…1; waiting for a disk is not busy. Nil in the
  /// first tenth of a second of a real procfs, where one look cannot tell.
  public var cpuBusy: Double?
  /// Number of cores that are online, 1 or more.
  public var cores: Int
  /// How many cores may be used: `cores`, or fewer (and fractions) under a cgroup's `cpu.max`.
  public var cpuCapacity: Double
  /// Bytes of memory that exist, or that the limit allows.
  public var memoryTotal: UInt64
  /// Bytes that can be taken without swapping (MemAvailable), at most `memoryTotal`.
  public var memoryAvailable: UInt64
  /// Bytes of swap; 0 without one.
  public var swapTotal: UInt64
  /// Unused bytes of swap.
  public var swapFree: UInt64
  /// The load averages; nil where `/proc/loadavg` is missing.
  public var load: LoadAverage?
  /// Pressure stall information; nil where the kernel has none.
  public var pressure: PressureReading?
  /// Whether a cgroup limit, and not the hardware, set `memoryTotal`.
  public var memoryIsLimited: Bool

  /// Used share of the memory, 0…1.
  public var memoryUsed: Double {
    memoryTotal == 0 ? 0 : 1 - Double(min(memoryAvailable, memoryTotal)) / Double(memoryTotal)
  }

  /// Puts a sample together, for tests and simulations.
  public init(
    at: Timestamp, cpuBusy: Double?, cores: Int, cpuCapacity: Double? = nil, memoryTotal: UInt64,
    memoryAvailable: UInt64, swapTotal: UInt64 = 0, swapFree: UInt64 = 0, load: LoadAverage? = nil,
    pressure: PressureReading? = nil, memoryIsLimited: Bool = false
  ) {
    self.at = at
    self.cpuBusy = cpuBusy
    self.cores = cores
    self.cpuCapacity = cpuCapacity ?? Double(cores)
    self.memoryTotal = memoryTotal
    self.memoryAvailable = memoryAvailable
    self.swapTotal = swapTotal
    self.swapFree = swapFree
    self.load = load
    self.pressure = pressure
    self.memoryIsLimited = memoryIsLimited
  }
}

/// `/proc/loadavg`: runnable and uninterruptible tasks, averaged (proc(5)).
public struct LoadAverage: Sendable, Hashable {
  /// Over 1, 5 and 15 minutes.
  public var one, five, fifteen: Double

  /// Wraps the three averages.
  public init(one: Double, five: Double, fifteen: Double) {
    self.one = one
    self.five = five
    self.fifteen = fifteen
  }
}

/// One line of a pressure file: how much of the time tasks stalled for want of a resource.
public struct PressureLine: Sendable, Hashable {
  /// Percent of the last 10, 60 and 300 seconds, 0…100, as the kernel writes them.
  public var avg10, avg60, avg300: Double
  /// Microseconds stalled since boot (or since the cgroup was made).
  public var totalMicroseconds: UInt64

  /// Wraps one line's values.
  public init(avg10: Double, avg60: Double, avg300: Double, totalMicroseconds: UInt64) {
    self.avg10 = avg10
    self.avg60 = avg60
    self.avg300 = avg300
    self.totalMicroseconds = totalMicroseconds
  }
}

/// One resource's pressure.
public struct Pressure: Sendable, Hashable {
  /// At least one task stalled.
  public var some: PressureLine?
  /// All tasks that were not idle stalled at once. The machine's cpu has none that means something.
  public var full: PressureLine?

  /// Wraps the two lines.
  public init(some: PressureLine?, full: PressureLine?) {
    self.some = some
    self.full = full
  }
}

/// Pressure stall information of a machine or a cgroup (the kernel's Documentation/accounting/psi.rst).
public struct PressureReading: Sendable, Hashable {
  /// Nil where the file is missing.
  public var cpu, memory, io: Pressure?

  /// Wraps what was found.
  public init(cpu: Pressure? = nil, memory: Pressure? = nil, io: Pressure? = nil) {
    self.cpu = cpu
    self.memory = memory
    self.io = io
  }
}
