/// What the kernel shall hold an agent to. What is absent is not limited. Only the tier `kernel` enforces all of
/// them; in the others the overseer watches in their place.
public struct RunLimits: Equatable, Sendable {
  /// Bytes above which the kernel throttles and reclaims (`memory.high`).
  public var memoryHigh: UInt64?
  /// Bytes above which the kernel kills the group (`memory.max`).
  public var memoryMax: UInt64?
  /// Bytes of swap (`memory.swap.max`).
  public var swapMax: UInt64?
  /// Processes and threads (`pids.max`).
  public var pidsMax: UInt64?
  /// Share of the CPU against siblings, 1 to 10000, the kernel's default is 100 (`cpu.weight`).
  public var cpuWeight: UInt32?
  /// Cores that may be used at most, above 0 (`cpu.max`).
  public var cpuMaxCores: Double?
  /// Share of the disks against siblings, 1 to 10000, the kernel's default is 100 (`io.weight`).
  public var ioWeight: UInt32?

  /// Limits as given; none by default.
  public init(
    memoryHigh: UInt64? = nil, memoryMax: UInt64? = nil, swapMax: UInt64? = nil, pidsMax: UInt64? = nil,
    cpuWeight: UInt32? = nil, cpuMaxCores: Double? = nil, ioWeight: UInt32? = nil
  ) {
    self.memoryHigh = memoryHigh
    self.memoryMax = memoryMax
    self.swapMax = swapMax
    self.pidsMax = pidsMax
    self.cpuWeight = cpuWeight
    self.cpuMaxCores = cpuMaxCores
    self.ioWeight = ioWeight
  }

  /// Refuses values that the kernel has no meaning for.
  ///
  /// - Throws: `WireError` naming the limit, the value and the range.
  public func validate() throws(WireError) {
    for (name, weight) in [("cpu.weight", cpuWeight), ("io.weight", ioWeight)] {
      if let weight, !(1...10_000).contains(weight) {
        throw WireError("\(name) is \(weight), expected 1 to 10000.")
      }
    }
    if let cpuMaxCores, !(cpuMaxCores >= 0.01 && cpuMaxCores <= 65_536) {
      throw WireError("The limit of cores is \(cpuMaxCores), expected 0.01 to 65536.")
    }
  }
}

extension RunLimits {
  func encode(into writer: inout WireWriter) {
    for bytes in [memoryHigh, memoryMax, swapMax, pidsMax] { writer.write(optional: bytes) { $0.write($1) } }
    writer.write(optional: cpuWeight) { $0.write($1) }
    writer.write(optional: cpuMaxCores) { $0.write($1) }
    writer.write(optional: ioWeight) { $0.write($1) }
  }

  init(from reader: inout WireReader) throws(WireError) {
    func amount(_ field: String) throws(WireError) -> UInt64? {
      try reader.readOptional(field) { (reader) throws(WireError) in try reader.read(UInt64.self, field) }
    }
    func weight(_ field: String) throws(WireError) -> UInt32? {
      try reader.readOptional(field) { (reader) throws(WireError) in try reader.read(UInt32.self, field) }
    }
    self.init()
    memoryHigh = try amount("memory.high")
    memoryMax = try amount("memory.max")
    swapMax = try amount("memory.swap.max")
    pidsMax = try amount("pids.max")
    cpuWeight = try weight("cpu.weight")
    cpuMaxCores = try reader.readOptional("the limit of cores") { (reader) throws(WireError) in
      try reader.readDouble("the limit of cores")
    }
    ioWeight = try weight("io.weight")
  }
}
