/// How limits hold where the warden runs (DESIGN.md, tiers).
public enum WardenTier: String, Sendable, CaseIterable {
  /// cgroup v2 with memory, pids and cpu: the kernel enforces the limits.
  case kernel
  /// A writable cgroup v2 without those controllers: membership, kill, freeze and accounting.
  case sampled
  /// No usable cgroup v2: a subreaper for each agent, and its process tree from `/proc`.
  case tree
}

/// The warden's answer to `hello`.
public struct Welcome: Equatable, Sendable {
  /// The warden's version of the protocol.
  public var version: UInt32
  /// The warden's process.
  public var wardenPID: Int32
  /// The kernel's boot id: with another one, no earlier pid means anything.
  public var bootID: String
  /// How limits hold.
  public var tier: WardenTier
  /// The absolute path of the folder that holds one cgroup for each agent; empty in the tier `tree`.
  public var cgroupRoot: String
  /// The same group as `/proc/PID/cgroup` names it after `0::`; an agent's processes are in `<this>/<key>`.
  public var cgroupName: String
  /// The controllers that agents' groups have, such as `memory`.
  public var controllers: [String]
  /// Sentences that say why the tier is not a higher one; empty in the tier `kernel`.
  public var reasons: [String]
  /// Runs of a warden that died, found at this one's start and killed: their exit statuses are unknowable.
  public var leftovers: [RunKey]

  /// A welcome with these values.
  public init(
    version: UInt32, wardenPID: Int32, bootID: String, tier: WardenTier, cgroupRoot: String, cgroupName: String,
    controllers: [String], reasons: [String], leftovers: [RunKey]
  ) {
    self.version = version
    self.wardenPID = wardenPID
    self.bootID = bootID
    self.tier = tier
    self.cgroupRoot = cgroupRoot
    self.cgroupName = cgroupName
    self.controllers = controllers
    self.reasons = reasons
    self.leftovers = leftovers
  }
}

/// An agent runs: its program has replaced the warden's image (`execve` succeeded).
public struct StartReport: Equatable, Sendable {
  /// The attempt.
  public var key: RunKey
  /// The main process, leader of a session of its own.
  public var pid: Int32
  /// Field 22 of `/proc/PID/stat`: with the pid, the identity of the process.
  public var startTicks: UInt64
  /// The absolute path of its cgroup's folder; empty in the tier `tree`.
  public var cgroup: String
  /// When it was started: milliseconds since 1970, UTC.
  public var realtimeMs: Int64

  /// A report with these values.
  public init(key: RunKey, pid: Int32, startTicks: UInt64, cgroup: String, realtimeMs: Int64) {
    self.key = key
    self.pid = pid
    self.startTicks = startTicks
    self.cgroup = cgroup
    self.realtimeMs = realtimeMs
  }
}

/// The step at which a start failed.
public enum StartStage: UInt8, Sendable, CaseIterable {
  /// The key is in use, or the warden is leaving.
  case admission = 1
  /// Making the cgroup.
  case cgroup = 2
  /// Writing a limit into the cgroup.
  case limits = 3
  /// Opening the file for stdout.
  case stdout = 4
  /// Opening the file for stderr.
  case stderr = 5
  /// Making the process (`clone3`, `fork`).
  case clone = 6
  /// Making a session, or resetting signals, descriptors or priorities in the new process.
  case prepare = 7
  /// Entering the working folder.
  case workingDirectory = 8
  /// Replacing the image by the program (`execve`).
  case execute = 9
}

/// An agent could not be started. Nothing of it is left, and no `exited` follows.
public struct StartFailure: Error, Equatable, Sendable {
  /// The attempt.
  public var key: RunKey
  /// The step that failed.
  public var stage: StartStage
  /// The error number of the system call; 0 where there was none.
  public var errno: Int32
  /// What went wrong, with the path or limit concerned.
  public var message: String

  /// A failure with these values.
  public init(key: RunKey, stage: StartStage, errno: Int32, message: String) {
    self.key = key
    self.stage = stage
    self.errno = errno
    self.message = message
  }
}

/// What the warden says to `jarvisd`.
public enum WardenMessage: Equatable, Sendable {
  /// The answer to `hello`.
  case welcome(Welcome)
  /// An agent runs.
  case started(StartReport)
  /// An agent could not be started.
  case startFailed(StartFailure)
  /// An agent ended, and with it every process of its group. Held until `ack`; a new connection gets those
  /// that are held with `list`.
  case exited(ExitReport)
  /// The answer to `list`: every run, exits that are held included. Long answers come in several messages, all but
  /// the last with `isLast` false.
  case runs([RunInfo], isLast: Bool)
  /// A command could not be done; `key` is absent when the message itself was not understood.
  case failed(key: RunKey?, message: String)
}

extension WardenMessage {
  /// The body of a frame with this message.
  public func encode() -> [UInt8] {
    var writer = WireWriter()
    switch self {
    case .welcome(let welcome):
      writer.write(UInt8(1))
      writer.write(welcome.version)
      writer.write(welcome.wardenPID)
      writer.write(welcome.bootID)
      writer.write(welcome.tier.rawValue)
      writer.write(welcome.cgroupRoot)
      writer.write(welcome.cgroupName)
      writer.write(welcome.controllers)
      writer.write(welcome.reasons)
      writer.write(welcome.leftovers.map(\.name))
    case .started(let report):
      writer.write(UInt8(2))
      report.key.encode(into: &writer)
      writer.write(report.pid)
      writer.write(report.startTicks)
      writer.write(report.cgroup)
      writer.write(report.realtimeMs)
    case .startFailed(let failure):
      writer.write(UInt8(3))
      failure.key.encode(into: &writer)
      writer.write(failure.stage.rawValue)
      writer.write(failure.errno)
      writer.write(failure.message)
    case .exited(let report):
      writer.write(UInt8(4))
      report.encode(into: &writer)
    case .runs(let runs, let isLast):
      writer.write(UInt8(5))
      writer.write(isLast)
      writer.write(UInt32(clamping: runs.count))
      for run in runs { run.encode(into: &writer) }
    case .failed(let key, let message):
      writer.write(UInt8(6))
      writer.write(optional: key) { $1.encode(into: &$0) }
      writer.write(message)
    }
    return writer.bytes
  }

  /// Reads the body of a frame.
  ///
  /// - Throws: `WireError` when the bytes are not exactly one message; the sentence names the field.
  public init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = WireReader(bytes[...])
    switch try reader.read(UInt8.self, "the kind of message") {
    case 1: self = .welcome(try Welcome(from: &reader))
    case 2:
      self = .started(
        StartReport(
          key: try RunKey(from: &reader), pid: try reader.read(Int32.self, "the pid"),
          startTicks: try reader.read(UInt64.self, "the start ticks"), cgroup: try reader.readString("the cgroup"),
          realtimeMs: try reader.read(Int64.self, "the start time")))
    case 3:
      let key = try RunKey(from: &reader)
      let rawStage = try reader.read(UInt8.self, "the stage")
      guard let stage = StartStage(rawValue: rawStage) else {
        throw WireError("The stage is \(rawStage), expected 1 to \(StartStage.allCases.count).")
      }
      self = .startFailed(
        StartFailure(
          key: key, stage: stage, errno: try reader.read(Int32.self, "errno"),
          message: try reader.readString("the message")))
    case 4: self = .exited(try ExitReport(from: &reader))
    case 5:
      let isLast = try reader.readBool("isLast")
      let runs = try reader.readList("the runs", atLeast: 31) { (reader) throws(WireError) in
        try RunInfo(from: &reader)
      }
      self = .runs(runs, isLast: isLast)
    case 6:
      let key = try reader.readOptional("the key") { (reader) throws(WireError) in try RunKey(from: &reader) }
      self = .failed(key: key, message: try reader.readString("the message"))
    case let kind: throw WireError("A message of kind \(kind) from the warden, expected 1 to 6.")
    }
    try reader.finish()
  }
}

extension Welcome {
  init(from reader: inout WireReader) throws(WireError) {
    let version = try reader.read(UInt32.self, "the version")
    let pid = try reader.read(Int32.self, "the warden's pid")
    let bootID = try reader.readString("the boot id")
    let rawTier = try reader.readString("the tier")
    guard let tier = WardenTier(rawValue: rawTier) else {
      throw WireError("The tier is \"\(rawTier)\", expected kernel, sampled or tree.")
    }
    self.init(
      version: version, wardenPID: pid, bootID: bootID, tier: tier,
      cgroupRoot: try reader.readString("the cgroup root"), cgroupName: try reader.readString("the cgroup name"),
      controllers: try reader.readStrings("the controllers"), reasons: try reader.readStrings("the reasons"),
      leftovers: try reader.readList("the leftovers", atLeast: 5) { (reader) throws(WireError) in
        try RunKey(from: &reader)
      })
  }
}
