import CSystemd
import Glibc
import JarvisProtocol

/// Samples the machine from a proc folder.
///
/// On a kernel's procfs the files stay open between samples. Any other folder (made-up files in tests and acceptance
/// runs) is read by name each time, since its files are replaced, and counters that stand still mean what they say:
/// a fixed `/proc/stat` that is 75 % busy since boot reads as 75 % busy now.
///
/// It does not smooth, does not judge (zones are the core's) and has no timer. Files that a proc folder may lack
/// (`pressure/*`, `loadavg`) are simply absent from the sample. After an error, keep the last good sample: a made-up
/// file can be read in the moment between being emptied and being written.
public struct ProcReader: Sendable {
  /// The proc folder in use.
  public let folder: String
  /// Whether the folder is a kernel's procfs (statfs(2), PROC_SUPER_MAGIC), and not files that somebody wrote.
  public let isKernel: Bool

  private let stat, memory, load: KeptFile
  private let pressure: PressureFiles
  private let container: ContainerLimits?
  private var last: CPUTicks?
  private var lastBusy: Double?
  private var lastGroup: (cpuMicroseconds: UInt64, nanoseconds: UInt64)?

  /// Prepares to read; nothing is opened yet, and a folder that is missing shows in the first sample.
  public init(folder: String = "/proc") {
    let isKernel = jarvis_filesystem_type(folder) == 0x9fa0
    self.init(folder: folder, isKernel: isKernel, container: isKernel ? ContainerLimits(procFolder: folder) : nil)
  }

  /// For tests: the limits of a made-up cgroup.
  init(folder: String, isKernel: Bool, container: ContainerLimits?) {
    self.folder = folder
    self.isKernel = isKernel
    self.container = container
    stat = KeptFile("\(folder)/stat", keepOpen: isKernel)
    memory = KeptFile("\(folder)/meminfo", keepOpen: isKernel)
    load = KeptFile("\(folder)/loadavg", keepOpen: isKernel)
    pressure = PressureFiles(
      cpu: "\(folder)/pressure/cpu", memory: "\(folder)/pressure/memory", io: "\(folder)/pressure/io",
      keepOpen: isKernel)
  }

  /// Reads everything once. `now` is stamped on the sample and used for nothing else. It may be called at any rate: on
  /// a kernel's procfs the busy share is renewed at most every tenth of a second.
  ///
  /// - Throws: `ProcError` when `stat` or `meminfo` is missing or is not what proc(5) describes.
  public mutating func sample(now: Timestamp) throws(ProcError) -> MachineSample {
    let ticks = try parse(stat, "a line `cpu` with at least four numbers") { CPUTicks(stat: $0) }
    let info = try parse(memory, "MemTotal and MemAvailable, in kB") { MemoryInfo(meminfo: $0) }
    let cores = ticks.cores > 0 ? ticks.cores : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    var sample = MachineSample(
      at: now, cpuBusy: busyShare(ticks), cores: cores, memoryTotal: info.total, memoryAvailable: info.available,
      swapTotal: info.swapTotal, swapFree: info.swapFree,
      load: load.readIfPresent(limit: 256).flatMap { LoadAverage(loadavg: $0) }, pressure: pressure.read())
    apply(container, to: &sample)
    return sample
  }

  private func parse<T>(_ file: KeptFile, _ expected: String, _ read: ([UInt8]) -> T?) throws(ProcError) -> T {
    let bytes: [UInt8]
    do { bytes = try file.read(limit: 1 << 18) } catch { throw .unreadable(error) }
    guard let value = read(bytes) else { throw .malformed(path: file.path, expected: "expected \(expected)") }
    return value
  }

  private mutating func busyShare(_ ticks: CPUTicks) -> Double? {
    guard isKernel else {
      defer { last = ticks }
      return last.flatMap { ticks.share(since: $0) } ?? ticks.shareSinceBoot
    }
    // Over a few ticks the share is all or nothing: samples that follow closely repeat the last one that was not.
    if let last, ticks.total >= last.total, ticks.total - last.total < 10 * UInt64(max(1, ticks.cores)) {
      return lastBusy
    }
    // iowait can go back by a little (proc(5)); such a sample says nothing.
    lastBusy = last.flatMap { ticks.share(since: $0) } ?? lastBusy
    last = ticks
    return lastBusy
  }

  private mutating func apply(_ container: ContainerLimits?, to sample: inout MachineSample) {
    guard let container else { return }
    if let memory = container.memory(), memory.limit < sample.memoryTotal {
      sample.memoryTotal = memory.limit
      sample.memoryAvailable = min(sample.memoryAvailable, memory.limit - min(memory.limit, memory.used))
      sample.memoryIsLimited = true
    }
    guard let cpu = container.cpu(), cpu.cores < Double(sample.cores) else {
      lastGroup = nil
      return
    }
    sample.cpuCapacity = cpu.cores
    let nanoseconds = SystemClock.monotonicNanoseconds()
    if let lastGroup, nanoseconds > lastGroup.nanoseconds, cpu.usedMicroseconds >= lastGroup.cpuMicroseconds {
      let used = Double(cpu.usedMicroseconds - lastGroup.cpuMicroseconds) * 1000
      let share = min(1, used / (Double(nanoseconds - lastGroup.nanoseconds) * cpu.cores))
      // Others on the machine can be in the way too: the tighter of the two counts.
      sample.cpuBusy = max(share, sample.cpuBusy ?? 0)
    }
    lastGroup = (cpu.usedMicroseconds, nanoseconds)
  }
}
