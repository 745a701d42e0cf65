import JarvisProtocol

/// A share of the machine's processors and memory.
public struct ResourceCost: Sendable, Equatable {
  /// Share of all processors, 0…1.
  public var cpu: Double
  /// Share of all memory, 0…1.
  public var ram: Double

  /// Takes shares, 0…1.
  public init(cpu: Double, ram: Double) {
    self.cpu = cpu
    self.ram = ram
  }

  /// Turns cores and bytes into shares of a machine with `cores` processors and `memoryTotal` bytes; what the machine
  /// says it has none of counts as nothing.
  public init(cores used: Double, bytes: UInt64, ofCores cores: Double, memoryTotal: UInt64) {
    cpu = cores > 0 ? used / cores : 0
    ram = memoryTotal > 0 ? Double(bytes) / Double(memoryTotal) : 0
  }

  /// Nothing.
  public static let none = ResourceCost(cpu: 0, ram: 0)

  static func + (a: ResourceCost, b: ResourceCost) -> ResourceCost {
    ResourceCost(cpu: a.cpu + b.cpu, ram: a.ram + b.ram)
  }

  /// What is left of `a` after `b`, never below nothing.
  static func excess(of a: ResourceCost, over b: ResourceCost) -> ResourceCost {
    ResourceCost(cpu: max(0, a.cpu - b.cpu), ram: max(0, a.ram - b.ram))
  }
}

/// One sample of the machine.
public struct MachineState: Sendable, Equatable {
  /// When it was taken.
  public var at: Timestamp
  /// Busy share of all processors since the sample before, 0…1; waiting for I/O is not busy.
  public var cpu: Double
  /// Used share of memory, 1 − available/total, 0…1.
  public var ram: Double
  /// How many processors there are (fractional under a cgroup's quota).
  public var cores: Double
  /// Bytes of memory.
  public var memoryTotal: UInt64
  /// Share of time (0…1) in which everything stood still for memory (PSI memory `full avg10` / 100), if known.
  public var memoryFullPSI: Double?
  /// The same for I/O.
  public var ioFullPSI: Double?
  /// Share of time (0…1) in which something waited for a processor (PSI cpu `some avg10` / 100), if known.
  public var cpuSomePSI: Double?
  /// Share of memory that the agents' own cgroup holds, file cache left out; nil where that can't be read.
  public var agentsRAM: Double?

  /// Takes a sample's values.
  public init(
    at: Timestamp, cpu: Double, ram: Double, cores: Double, memoryTotal: UInt64, memoryFullPSI: Double? = nil,
    ioFullPSI: Double? = nil, cpuSomePSI: Double? = nil, agentsRAM: Double? = nil
  ) {
    self.at = at
    self.cpu = cpu
    self.ram = ram
    self.cores = cores
    self.memoryTotal = memoryTotal
    self.memoryFullPSI = memoryFullPSI
    self.ioFullPSI = ioFullPSI
    self.cpuSomePSI = cpuSomePSI
    self.agentsRAM = agentsRAM
  }
}
