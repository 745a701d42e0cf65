import Glibc

/// A process by a name that is never used twice within one boot: its pid and the tick at which it started.
public struct ProcessIdentity: Sendable, Hashable, CustomStringConvertible {
  /// The process ID.
  public let pid: pid_t
  /// Clock ticks between boot and the process's start (proc(5), field 22 of `/proc/PID/stat`).
  public let startTicks: UInt64

  /// Wraps what was recorded about a process.
  public init(pid: pid_t, startTicks: UInt64) {
    self.pid = pid
    self.startTicks = startTicks
  }

  /// Whether this very process still runs; a zombie does not, and neither does another process with its pid.
  public var isAlive: Bool { ProcessTable().isAlive(self) }

  /// `pid@ticks`, for logs.
  public var description: String { "\(pid)@\(startTicks)" }
}

/// One line of `/proc/PID/stat` (proc(5)).
public struct ProcessStat: Sendable, Hashable {
  /// The process ID.
  public var pid: pid_t
  /// The command name, at most 15 bytes, any bytes that a program chose; U+FFFD for what is not UTF-8.
  public var name: String
  /// `R` running, `S` sleeping, `D` in the disk, `T` stopped, `Z` zombie, `X` dead.
  public var state: Character
  /// The parent, the process group and the session.
  public var parent, group, session: pid_t
  /// User and system time of its own threads; what its children used is not in it.
  public var cpuTicks: UInt64
  /// Number of threads.
  public var threads: Int
  /// Ticks between boot and its start.
  public var startTicks: UInt64
  /// Resident pages, shared ones included; the kernel keeps this number roughly.
  public var residentPages: UInt64

  /// CPU time in microseconds.
  public var cpuMicroseconds: UInt64 { cpuTicks &* (1_000_000 / Self.ticksPerSecond) }
  /// Resident memory in bytes.
  public var residentBytes: UInt64 { residentPages &* Self.pageSize }
  /// The process's name for all time of this boot.
  public var identity: ProcessIdentity { ProcessIdentity(pid: pid, startTicks: startTicks) }
  /// Whether it has ended and only waits to be reaped.
  public var isZombie: Bool { state == "Z" || state == "X" || state == "x" }

  static let ticksPerSecond = UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
  static let pageSize = UInt64(max(1, sysconf(Int32(_SC_PAGESIZE))))

  /// Reads the line; nil when it is not one.
  ///
  /// The name stands in parentheses and may hold blanks and parentheses: it ends at the last `)` of the line.
  init?(line bytes: [UInt8]) {
    guard let open = bytes.firstIndex(of: 0x28), let close = bytes.lastIndex(of: 0x29), open < close, open >= 2,
      let pid = ByteText.number(bytes[..<(open - 1)]).flatMap({ pid_t(exactly: $0) })
    else { return nil }
    // words[0] is field 3 of proc(5).
    let words = bytes[(close + 1)...].split { ByteText.isBlank($0) || $0 == 0x0A }
    guard words.count >= 22, let state = words[0].first else { return nil }
    func unsigned(_ field: Int) -> UInt64? { ByteText.number(words[field - 3]) }
    // Kernel threads, and processes of another pid namespace, have -1 or 0 in some of these.
    func process(_ field: Int) -> pid_t { unsigned(field).flatMap { pid_t(exactly: $0) } ?? 0 }
    guard let user = unsigned(14), let system = unsigned(15), let threads = unsigned(20), let start = unsigned(22)
    else { return nil }
    self.pid = pid
    name = ByteText.string(bytes[(open + 1)..<close])
    self.state = Character(UnicodeScalar(state))
    parent = process(4)
    group = process(5)
    session = process(6)
    cpuTicks = user &+ system
    self.threads = Int(clamping: threads)
    startTicks = start
    residentPages = unsigned(24) ?? 0
  }
}

/// What a set of processes uses.
public struct ProcessUsage: Sendable, Hashable {
  /// CPU time of those that are alive, in microseconds. It shrinks when one of them ends.
  public var cpuMicroseconds: UInt64 = 0
  /// The sum of their resident memory, in bytes. Pages that they share count once for each.
  public var residentBytes: UInt64 = 0
  /// How many processes were found, zombies left out.
  public var processes = 0
  /// How many threads they have: what the pids controller counts.
  public var threads = 0
  /// Bytes that they read from and wrote to disks; nil where that was not asked for or can't be read.
  public var diskBytes: UInt64?

  /// Nothing used.
  public init() {}

  /// Adds one process.
  mutating func add(_ stat: ProcessStat) {
    guard !stat.isZombie else { return }
    cpuMicroseconds &+= stat.cpuMicroseconds
    residentBytes &+= stat.residentBytes
    processes += 1
    threads += stat.threads
  }
}
