import Glibc
import Synchronization

/// What a cgroup uses.
public struct CgroupUsage: Sendable, Hashable {
  /// CPU time of all processes that ever were in it, in microseconds (`cpu.stat`).
  public var cpuMicroseconds: UInt64
  /// Bytes of memory: `memory.current` where the controller is there (page cache included), else the sum of the
  /// members' resident memory. Nil when neither could be read.
  public var memoryBytes: UInt64?
  /// The most that `memoryBytes` ever was (`memory.peak`, Linux 5.19); nil without it: keep the maximum of the samples.
  public var peakMemoryBytes: UInt64?
  /// Number of tasks, threads included: `pids.current`, else the members' threads.
  public var pids: Int?
  /// The processes in it and in the cgroups below it.
  public var members: [pid_t]
  /// Whether a live process is in it or below it (`cgroup.events`). Zombies do not count.
  public var isPopulated: Bool
  /// How often the kernel's OOM killer took one of its processes (`memory.events`, oom_kill); nil without the controller.
  public var oomKills: UInt64?
  /// How often the kernel throttled its processes because they were over `memory.high` (`memory.events`, high).
  public var memoryHighEvents: UInt64?
  /// Bytes read from and written to block devices (`io.stat`); nil without the controller.
  public var ioReadBytes, ioWrittenBytes: UInt64?
  /// Whether memory and pids were summed over the members because the controllers are not there.
  public var isSampled: Bool
}

/// Reads one cgroup of version 2 through files that it keeps open (the kernel's Documentation/admin-guide/cgroup-v2.rst).
///
/// It only reads: making, limiting, freezing and killing cgroups is the warden's. Which controllers are there is looked
/// at once, when it is made. The open files do not keep the cgroup from being removed; after that `usage` throws.
public final class CgroupReader: Sendable {
  /// The cgroup's folder.
  public let folder: String
  /// Whether the kernel counts the cgroup's memory and tasks (`memory.current`, `pids.current`).
  public let hasMemory, hasPids: Bool

  private let cpuStat, cgroupStat, events, procs: KeptFile
  private let memoryCurrent, memoryPeak, memoryEvents, pidsCurrent, ioStat: KeptFile?
  private let pressureFiles: PressureFiles
  private let processes: ProcessTable
  /// Files of the members, where the kernel does not count for it. A file that is open belongs to its very process.
  private let memberFiles = Mutex<[pid_t: KeptProcess]>([:])
  /// Of a fork bomb not every file is kept.
  private static let mostMembers = 256

  /// Prepares to read the cgroup at `folder`.
  ///
  /// - Throws: `SystemError` when there is no cgroup of version 2 at `folder`.
  public init(folder: String, processes: ProcessTable = ProcessTable()) throws(SystemError) {
    guard access("\(folder)/cgroup.procs", F_OK) == 0 else {
      throw SystemError("find a cgroup at", folder, advice: "it was removed, or is not in a cgroup2 file system")
    }
    func present(_ name: String) -> KeptFile? {
      access("\(folder)/\(name)", F_OK) == 0 ? KeptFile("\(folder)/\(name)", keepOpen: true) : nil
    }
    self.folder = folder
    self.processes = processes
    cpuStat = KeptFile("\(folder)/cpu.stat", keepOpen: true)
    cgroupStat = KeptFile("\(folder)/cgroup.stat", keepOpen: true)
    events = KeptFile("\(folder)/cgroup.events", keepOpen: true)
    procs = KeptFile("\(folder)/cgroup.procs", keepOpen: true)
    memoryCurrent = present("memory.current")
    memoryPeak = present("memory.peak")
    memoryEvents = present("memory.events")
    pidsCurrent = present("pids.current")
    ioStat = present("io.stat")
    hasMemory = memoryCurrent != nil
    hasPids = pidsCurrent != nil
    pressureFiles = PressureFiles(
      cpu: "\(folder)/cpu.pressure", memory: "\(folder)/memory.pressure", io: "\(folder)/io.pressure", keepOpen: true)
  }

  /// Reads what the cgroup uses now.
  ///
  /// - Parameter population: whether to ask for `isPopulated`; without, members count as alive.
  /// - Throws: `SystemError` when the cgroup was removed.
  public func usage(population: Bool = true) throws(SystemError) -> CgroupUsage {
    let cpu = try cpuStat.read(limit: 4096)
    let members = try members()
    let populated =
      population ? events.readIfPresent(limit: 4096).flatMap { ByteText.value(of: "populated", in: $0) } : nil
    let memory = memoryEvents?.readIfPresent(limit: 4096)
    var usage = CgroupUsage(
      cpuMicroseconds: ByteText.value(of: "usage_usec", in: cpu) ?? 0, memoryBytes: number(memoryCurrent),
      peakMemoryBytes: number(memoryPeak), pids: number(pidsCurrent).map { Int(clamping: $0) }, members: members,
      // The root cgroup has no cgroup.events.
      isPopulated: populated.map { $0 != 0 } ?? !members.isEmpty,
      oomKills: memory.flatMap { ByteText.value(of: "oom_kill", in: $0) },
      memoryHighEvents: memory.flatMap { ByteText.value(of: "high", in: $0) },
      ioReadBytes: nil, ioWrittenBytes: nil, isSampled: !hasMemory || !hasPids)
    if usage.isSampled {
      let sum = sum(of: members)
      if !hasMemory { usage.memoryBytes = sum.residentBytes }
      if !hasPids { usage.pids = sum.threads }
    }
    if let io = ioStat?.readIfPresent() { (usage.ioReadBytes, usage.ioWrittenBytes) = Self.ioBytes(io) }
    return usage
  }

  /// Share of the last 10 seconds (0…1) in which all of it stood still for memory; nil without PSI.
  public func memoryStall() -> Double? { pressureFiles.readMemory()?.full.map { $0.avg10 / 100 } }

  /// The cgroup's own pressure; nil without PSI.
  public func pressure() -> PressureReading? { pressureFiles.read() }

  /// The processes in the cgroup and in the cgroups below it; a process that moves meanwhile may be missed.
  ///
  /// - Throws: `SystemError` when the cgroup was removed.
  public func members() throws(SystemError) -> [pid_t] {
    var found = Self.pids(try procs.read(limit: 1 << 22))
    // Agents rarely make cgroups of their own: ask before walking folders.
    let below = cgroupStat.readIfPresent(limit: 4096).flatMap { ByteText.value(of: "nr_descendants", in: $0) }
    if below != 0 { collect(below: folder, depth: 0, into: &found) }
    return found
  }

  private func collect(below folder: String, depth: Int, into found: inout [pid_t]) {
    guard depth < 64, let directory = opendir(folder) else { return }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      guard entry.pointee.d_type == UInt8(DT_DIR) else { continue }
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name != ".", name != ".." else { continue }
      let child = "\(folder)/\(name)"
      if let bytes = try? readFile("\(child)/cgroup.procs", limit: 1 << 22) { found += Self.pids(bytes) }
      collect(below: child, depth: depth + 1, into: &found)
    }
  }

  /// What the members use together.
  private func sum(of members: [pid_t]) -> ProcessUsage {
    memberFiles.withLock { files in
      if files.count > members.count {
        let present = Set(members)
        files = files.filter { present.contains($0.key) }
      }
      var usage = ProcessUsage()
      for pid in members {
        let file =
          files[pid]
          ?? KeptProcess(folder: processes.folder, pid: pid, keepOpen: files.count < Self.mostMembers)
        guard let line = file.stat.readIfPresent(limit: 4096), let stat = ProcessStat(line: line) else {
          files[pid] = nil
          continue
        }
        files[pid] = file
        usage.add(stat)
      }
      return usage
    }
  }

  /// Bytes that the members of the last `usage` read from and wrote to disks, where the kernel does not count for the
  /// group; nil when that can't be read.
  public func memberDiskBytes() -> UInt64? {
    memberFiles.withLock { files in
      files.values.reduce(nil) { sum, file in file.diskBytes().map { (sum ?? 0) &+ $0 } ?? sum }
    }
  }

  private func number(_ file: KeptFile?) -> UInt64? {
    file?.readIfPresent(limit: 64).flatMap { ByteText.single($0) }
  }

  /// One pid a line; 0 is a process of another pid namespace.
  private static func pids(_ bytes: [UInt8]) -> [pid_t] {
    ByteText.lines(bytes).compactMap { ByteText.number($0).flatMap { pid_t(exactly: $0) } }.filter { $0 > 0 }
  }

  /// `8:0 rbytes=1 wbytes=2 rios=…` lines, one a device.
  private static func ioBytes(_ bytes: [UInt8]) -> (read: UInt64, written: UInt64) {
    var read: UInt64 = 0
    var written: UInt64 = 0
    for word in bytes.split(whereSeparator: { ByteText.isBlank($0) || $0 == 0x0A }) {
      if ByteText.starts(word, with: "rbytes=") { read &+= ByteText.number(word.dropFirst(7)) ?? 0 }
      if ByteText.starts(word, with: "wbytes=") { written &+= ByteText.number(word.dropFirst(7)) ?? 0 }
    }
    return (read, written)
  }
}

/// Reads how much memory a cgroup holds for good, through files that it keeps open.
public final class GroupMemoryReader: Sendable {
  /// The cgroup's folder.
  public let folder: String
  private let hasMemory: Bool
  private let current, stat: KeptFile

  /// Looks once whether there is the controller.
  public init(folder: String) {
    self.folder = folder
    hasMemory = access("\(folder)/memory.current", F_OK) == 0
    current = KeptFile("\(folder)/memory.current", keepOpen: true)
    stat = KeptFile("\(folder)/memory.stat", keepOpen: true)
  }

  /// `memory.current` without file cache; nil without the controller.
  public func bytes() -> UInt64? {
    guard hasMemory, let all = current.readIfPresent(limit: 64).flatMap({ ByteText.single($0) }),
      let stat = stat.readIfPresent()
    else { return nil }
    let cache =
      (ByteText.value(of: "inactive_file", in: stat) ?? 0) + (ByteText.value(of: "active_file", in: stat) ?? 0)
    return all - min(all, cache)
  }
}
