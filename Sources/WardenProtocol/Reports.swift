/// How an agent's main process ended.
public enum ExitStatus: Equatable, Sendable {
  /// It called `exit` with this code, 0 to 255.
  case exited(code: Int32)
  /// A signal ended it.
  case signalled(signal: Int32, coreDumped: Bool)
}

/// How an agent ended and what it used. The warden holds it until `ack`.
public struct ExitReport: Equatable, Sendable {
  /// The attempt.
  public var key: RunKey
  /// The main process, gone by now.
  public var pid: Int32
  /// How the main process ended.
  public var status: ExitStatus
  /// When the main process had ended: milliseconds since 1970, UTC.
  public var endedRealtimeMs: Int64
  /// From start to end in nanoseconds, suspend included (`CLOCK_BOOTTIME`).
  public var durationNs: UInt64
  /// CPU time in user mode, microseconds: of the whole cgroup (`cpu.stat`) or, in the tier `tree`, of every
  /// descendant that was waited for.
  public var cpuUserUs: UInt64
  /// CPU time in the kernel, microseconds; same source.
  public var cpuSystemUs: UInt64
  /// The most memory used at once, bytes: the whole cgroup (`memory.peak`) where the kernel has it, else the
  /// largest single process (`ru_maxrss`, which is never below the warden's own few megabytes).
  public var peakMemoryBytes: UInt64
  /// Kills for want of memory as the kernel counts them (`memory.events`, `oom_kill`): above 0 says that it
  /// happened; the number may exceed that of the processes. 0 where unknown.
  public var oomKills: UInt64
  /// Processes still alive in the group when the main process ended; they were killed.
  public var leftoverKilled: UInt32
  /// Whether the warden ended it because it was told to stop itself (SIGTERM): the agent did no wrong, and was not done.
  public var isInterrupted: Bool

  /// What else the group's files had to tell at the end; nil where there is no group, or the run was too short.
  public var account: GroupAccount?

  /// A report with these values.
  public init(
    key: RunKey, pid: Int32, status: ExitStatus, endedRealtimeMs: Int64, durationNs: UInt64, cpuUserUs: UInt64,
    cpuSystemUs: UInt64, peakMemoryBytes: UInt64, oomKills: UInt64, leftoverKilled: UInt32,
    isInterrupted: Bool = false, account: GroupAccount? = nil
  ) {
    self.key = key
    self.pid = pid
    self.status = status
    self.endedRealtimeMs = endedRealtimeMs
    self.durationNs = durationNs
    self.cpuUserUs = cpuUserUs
    self.cpuSystemUs = cpuSystemUs
    self.peakMemoryBytes = peakMemoryBytes
    self.oomKills = oomKills
    self.leftoverKilled = leftoverKilled
    self.isInterrupted = isInterrupted
    self.account = account
  }

  // In the kind of exit; without them the bytes are those of versions 1 and 2, which a spool may still hold.
  private static let interrupted: UInt8 = 16
  private static let accounted: UInt8 = 32

  /// The exit code, or nil when a signal ended the process.
  public var exitCode: Int32? {
    if case .exited(let code) = status { code } else { nil }
  }

  /// The signal that ended the process, or nil when it exited by itself.
  public var signal: Int32? {
    if case .signalled(let signal, _) = status { signal } else { nil }
  }

  /// Whether a core was dumped.
  public var coreDumped: Bool {
    if case .signalled(_, let dumped) = status { dumped } else { false }
  }
}

/// What a cgroup had stalled and moved when it ended, from its start on.
public struct GroupAccount: Equatable, Sendable {
  /// Microseconds in which some of its tasks stood still for a processor (`cpu.pressure`, `some`, `total`); this and the
  /// next two nil without PSI.
  public var cpuStallUs: UInt64?
  /// For memory (`memory.pressure`).
  public var memoryStallUs: UInt64?
  /// For a disk (`io.pressure`).
  public var ioStallUs: UInt64?
  /// Bytes read from and written to block devices (`io.stat`); nil without the controller.
  public var ioBytes: UInt64?

  /// An account with these values.
  public init(
    cpuStallUs: UInt64? = nil, memoryStallUs: UInt64? = nil, ioStallUs: UInt64? = nil, ioBytes: UInt64? = nil
  ) {
    self.cpuStallUs = cpuStallUs
    self.memoryStallUs = memoryStallUs
    self.ioStallUs = ioStallUs
    self.ioBytes = ioBytes
  }

  func encode(into writer: inout WireWriter) {
    for value in [cpuStallUs, memoryStallUs, ioStallUs, ioBytes] {
      writer.write(optional: value) { $0.write($1) }
    }
  }

  init(from reader: inout WireReader) throws(WireError) {
    func next(_ what: String, _ reader: inout WireReader) throws(WireError) -> UInt64? {
      try reader.readOptional(what) { (reader) throws(WireError) in try reader.read(UInt64.self, what) }
    }
    cpuStallUs = try next("the stall for processors", &reader)
    memoryStallUs = try next("the stall for memory", &reader)
    ioStallUs = try next("the stall for disks", &reader)
    ioBytes = try next("the bytes moved", &reader)
  }
}

/// Where an attempt is, as the warden knows it.
public enum RunState: UInt8, Sendable, CaseIterable {
  /// Its main process runs, or what it left behind is just being killed.
  case running = 1
  /// Stopped by `freeze`.
  case frozen = 2
  /// Ended; the exit is held until `ack`.
  case exited = 3
}

/// One attempt in the answer to `list`.
public struct RunInfo: Equatable, Sendable {
  /// The attempt.
  public var key: RunKey
  /// Where it is.
  public var state: RunState
  /// The main process.
  public var pid: Int32
  /// Field 22 of `/proc/PID/stat`: with the pid, the identity of the process. 0 in the state `exited`.
  public var startTicks: UInt64
  /// The absolute path of its cgroup's folder; empty in the tier `tree` and in the state `exited`.
  public var cgroup: String
  /// When it was started: milliseconds since 1970, UTC.
  public var startedRealtimeMs: Int64
  /// The exit that is held, in the state `exited`.
  public var exit: ExitReport?

  /// Information with these values.
  public init(
    key: RunKey, state: RunState, pid: Int32, startTicks: UInt64, cgroup: String, startedRealtimeMs: Int64,
    exit: ExitReport? = nil
  ) {
    self.key = key
    self.state = state
    self.pid = pid
    self.startTicks = startTicks
    self.cgroup = cgroup
    self.startedRealtimeMs = startedRealtimeMs
    self.exit = exit
  }
}

extension ExitReport {
  /// The bytes of the report alone, as the warden's spool keeps it.
  public func encode() -> [UInt8] {
    var writer = WireWriter()
    encode(into: &writer)
    return writer.bytes
  }

  /// Reads what `encode()` gave.
  ///
  /// - Throws: `WireError` when the bytes are anything else.
  public init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = WireReader(bytes[...])
    self = try ExitReport(from: &reader)
    try reader.finish()
  }

  func encode(into writer: inout WireWriter) {
    key.encode(into: &writer)
    writer.write(pid)
    let flag = (isInterrupted ? Self.interrupted : 0) | (account == nil ? 0 : Self.accounted)
    switch status {
    case .exited(let code):
      writer.write(1 | flag)
      writer.write(code)
    case .signalled(let signal, let coreDumped):
      writer.write((coreDumped ? 3 : 2) | flag)
      writer.write(signal)
    }
    writer.write(endedRealtimeMs)
    for value in [durationNs, cpuUserUs, cpuSystemUs, peakMemoryBytes, oomKills] { writer.write(value) }
    writer.write(leftoverKilled)
    account?.encode(into: &writer)
  }

  init(from reader: inout WireReader) throws(WireError) {
    let key = try RunKey(from: &reader)
    let pid = try reader.read(Int32.self, "the pid")
    let kind = try reader.read(UInt8.self, "the kind of exit")
    let number = try reader.read(Int32.self, "the exit code or signal")
    let status: ExitStatus
    switch kind & ~(Self.interrupted | Self.accounted) {
    case 1: status = .exited(code: number)
    case 2: status = .signalled(signal: number, coreDumped: false)
    case 3: status = .signalled(signal: number, coreDumped: true)
    default: throw WireError("The kind of exit is \(kind), expected 1 to 3, or 16, 32 or 48 more.")
    }
    self.init(
      key: key, pid: pid, status: status, endedRealtimeMs: try reader.read(Int64.self, "the end time"),
      durationNs: try reader.read(UInt64.self, "the duration"),
      cpuUserUs: try reader.read(UInt64.self, "the user CPU time"),
      cpuSystemUs: try reader.read(UInt64.self, "the system CPU time"),
      peakMemoryBytes: try reader.read(UInt64.self, "the peak memory"),
      oomKills: try reader.read(UInt64.self, "the count of OOM kills"),
      leftoverKilled: try reader.read(UInt32.self, "the count of leftovers"),
      isInterrupted: kind & Self.interrupted != 0)
    if kind & Self.accounted != 0 { account = try GroupAccount(from: &reader) }
  }
}

extension RunInfo {
  func encode(into writer: inout WireWriter) {
    key.encode(into: &writer)
    writer.write(state.rawValue)
    writer.write(pid)
    writer.write(startTicks)
    writer.write(cgroup)
    writer.write(startedRealtimeMs)
    writer.write(optional: exit) { $1.encode(into: &$0) }
  }

  init(from reader: inout WireReader) throws(WireError) {
    let key = try RunKey(from: &reader)
    let rawState = try reader.read(UInt8.self, "the state of \(key)")
    guard let state = RunState(rawValue: rawState) else {
      throw WireError("The state of \(key) is \(rawState), expected 1 to 3.")
    }
    self.init(
      key: key, state: state, pid: try reader.read(Int32.self, "the pid"),
      startTicks: try reader.read(UInt64.self, "the start ticks"), cgroup: try reader.readString("the cgroup"),
      startedRealtimeMs: try reader.read(Int64.self, "the start time"),
      exit: try reader.readOptional("the exit") { (reader) throws(WireError) in try ExitReport(from: &reader) })
  }
}
