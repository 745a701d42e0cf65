/// What a type spends its time on.
public enum Bottleneck: String, Sendable, Hashable, CaseIterable {
  /// It computes, or waits for a processor.
  case cpu
  /// It waits for memory to be freed or read back.
  case memory
  /// It waits for disks.
  case io
  /// It waits on something outside: a server, a lock, a clock.
  case waiting
}

/// The bottleneck and its evidence: shares of the tasks' time, 0…1, which needn't sum up to 1.
public struct BottleneckEvidence: Sendable, Equatable {
  /// The largest of the shares.
  public var bottleneck: Bottleneck
  /// Computing, at most 1 however many cores were busy.
  public var computing: Double
  /// Standing still for a processor; nil where no stalls were measured, as with the next two.
  public var cpuStall: Double?
  /// Standing still for memory.
  public var memoryStall: Double?
  /// Standing still for I/O.
  public var ioStall: Double?
  /// The rest: waiting on something outside.
  public var waiting: Double
  /// How many observations it rests on, at most about 64.
  public var observations: Double

  /// The bottleneck's own share.
  public var share: Double {
    switch bottleneck {
    case .cpu: min(1, computing + (cpuStall ?? 0))
    case .memory: memoryStall ?? 0
    case .io: ioStall ?? 0
    case .waiting: waiting
    }
  }

  /// "waits on something outside 94 % of its time"
  public var phrase: String {
    let share = "\(Words.percent(share)) of its time"
    switch bottleneck {
    case .cpu: return "computes or waits for a processor \(share)"
    case .memory: return "stands still for memory \(share)"
    case .io: return "stands still for I/O \(share)"
    case .waiting:
      let what = ioStall == nil ? "waits on something outside or on I/O" : "waits on something outside"
      return "\(what) \(share)"
    }
  }
}

/// The means from which the bottleneck is told.
struct TimeShares: Sendable, Equatable {
  var computing = RunningMean()
  var cpuStall = RunningMean()
  var memoryStall = RunningMean()
  var ioStall = RunningMean()

  mutating func add(_ observation: Observation) {
    guard let cpu = observation.cpuSeconds, observation.durationSeconds > 0 else { return }
    computing.add(max(0, min(1, cpu / observation.durationSeconds)))
    guard let stalls = observation.stalls else { return }
    cpuStall.add(max(0, min(1, stalls.cpu)))
    memoryStall.add(max(0, min(1, stalls.memory)))
    if let io = stalls.io { ioStall.add(max(0, min(1, io))) }
  }

  mutating func fade(to share: Double) {
    computing.fade(to: share)
    cpuStall.fade(to: share)
    memoryStall.fade(to: share)
    ioStall.fade(to: share)
  }

  /// Nil while no processor time is known.
  var evidence: BottleneckEvidence? {
    guard let computing = computing.value else { return nil }
    let (cpu, memory, io) = (cpuStall.value, memoryStall.value, ioStall.value)
    let waiting = max(0, 1 - computing - (cpu ?? 0) - (memory ?? 0) - (io ?? 0))
    let shares: [(Bottleneck, Double)] = [
      (.cpu, computing + (cpu ?? 0)), (.memory, memory ?? 0), (.io, io ?? 0), (.waiting, waiting),
    ]
    let largest = shares.max { $0.1 < $1.1 }?.0 ?? .cpu
    return BottleneckEvidence(
      bottleneck: largest, computing: computing, cpuStall: cpu, memoryStall: memory, ioStall: io, waiting: waiting,
      observations: Double(self.computing.weight))
  }
}
