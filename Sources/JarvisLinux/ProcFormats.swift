/// Aggregate CPU time of `/proc/stat`, in ticks since boot (proc(5)).
struct CPUTicks: Equatable, Sendable {
  /// user + nice + system + irq + softirq + steal. Guest time is already inside user and nice.
  var busy: UInt64
  /// idle + iowait: a core that waits for a disk can run something else.
  var idle: UInt64
  /// How many `cpuN` lines there are; 0 when only the aggregate line is.
  var cores: Int

  var total: UInt64 { busy &+ idle }

  /// Busy share of everything since boot, 0…1; nil when no tick has passed.
  var shareSinceBoot: Double? { total == 0 ? nil : Double(busy) / Double(total) }

  /// Busy share between an `earlier` reading and this one; nil when nothing moved or a counter went back.
  func share(since earlier: CPUTicks) -> Double? {
    guard busy >= earlier.busy, idle >= earlier.idle, total > earlier.total else { return nil }
    return Double(busy - earlier.busy) / Double(total - earlier.total)
  }

  /// Reads `/proc/stat`; nil without an aggregate `cpu` line of at least four numbers.
  init?(stat bytes: [UInt8]) {
    var aggregate: [UInt64]?
    var cores = 0
    for line in ByteText.lines(bytes) {
      // The cpu lines come first, and what follows (interrupts) can be far longer than they are.
      guard ByteText.starts(line, with: "cpu") else { break }
      let words = ByteText.words(line)
      guard let name = words.first else { break }
      if name.count > 3 {
        cores += 1
      } else {
        let numbers = words.dropFirst().compactMap { ByteText.number($0) }
        guard numbers.count == words.count - 1, numbers.count >= 4 else { return nil }
        aggregate = numbers
      }
    }
    guard let ticks = aggregate else { return nil }
    func field(_ index: Int) -> UInt64 { index < ticks.count ? ticks[index] : 0 }
    busy = field(0) &+ field(1) &+ field(2) &+ field(5) &+ field(6) &+ field(7)
    idle = field(3) &+ field(4)
    self.cores = cores
  }
}

/// The lines of `/proc/meminfo` that Jarvis uses, in bytes.
struct MemoryInfo: Equatable, Sendable {
  var total: UInt64
  var available: UInt64
  var swapTotal: UInt64
  var swapFree: UInt64

  /// Reads `/proc/meminfo`; nil without MemTotal, or without both MemAvailable and MemFree.
  init?(meminfo bytes: [UInt8]) {
    var total: UInt64?
    var available: UInt64?
    var free: UInt64?
    swapTotal = 0
    swapFree = 0
    for line in ByteText.lines(bytes) {
      let words = ByteText.words(line)
      guard words.count >= 2, let kilobytes = ByteText.number(words[1]) else { continue }
      let (size, overflow) = kilobytes.multipliedReportingOverflow(by: 1024)
      guard !overflow else { continue }
      switch ByteText.string(words[0]) {
      case "MemTotal:": total = size
      case "MemAvailable:": available = size
      case "MemFree:": free = size
      case "SwapTotal:": swapTotal = size
      case "SwapFree:": swapFree = size
      default: break
      }
    }
    guard let total, let usable = available ?? free else { return nil }
    self.total = total
    self.available = min(usable, total)
  }
}

extension Pressure {
  /// Reads `some avg10=0.00 avg60=0.00 avg300=0.00 total=0` and its `full` twin; nil when neither line is there.
  init?(psi bytes: [UInt8]) {
    some = nil
    full = nil
    for line in ByteText.lines(bytes) {
      let words = ByteText.words(line).map { ByteText.string($0) }
      guard let kind = words.first else { continue }
      var values = PressureLine(avg10: 0, avg60: 0, avg300: 0, totalMicroseconds: 0)
      for word in words.dropFirst() {
        guard let equals = word.firstIndex(of: "=") else { continue }
        let text = word[word.index(after: equals)...]
        switch word[..<equals] {
        case "avg10": values.avg10 = Double(text) ?? 0
        case "avg60": values.avg60 = Double(text) ?? 0
        case "avg300": values.avg300 = Double(text) ?? 0
        case "total": values.totalMicroseconds = UInt64(text) ?? 0
        default: break
        }
      }
      if kind == "some" { some = values }
      if kind == "full" { full = values }
    }
    guard some != nil || full != nil else { return nil }
  }
}

extension LoadAverage {
  /// Reads `0.42 0.30 0.21 1/312 4711`; nil for anything else.
  init?(loadavg bytes: [UInt8]) {
    guard let line = ByteText.lines(bytes).first else { return nil }
    let numbers = ByteText.words(line).prefix(3).compactMap { Double(ByteText.string($0)) }
    guard numbers.count == 3 else { return nil }
    self.init(one: numbers[0], five: numbers[1], fifteen: numbers[2])
  }
}

/// The three pressure files of a folder: `/proc/pressure/{cpu,memory,io}`, or a cgroup's `*.pressure`.
struct PressureFiles: Sendable {
  private let cpu, memory, io: KeptFile

  init(cpu: String, memory: String, io: String, keepOpen: Bool) {
    self.cpu = KeptFile(cpu, keepOpen: keepOpen)
    self.memory = KeptFile(memory, keepOpen: keepOpen)
    self.io = KeptFile(io, keepOpen: keepOpen)
  }

  /// That of memory alone.
  func readMemory() -> Pressure? { memory.readIfPresent().flatMap { Pressure(psi: $0) } }

  /// Nil when none of the files can be read (a kernel without PSI, or booted with `psi=0`).
  func read() -> PressureReading? {
    let reading = PressureReading(
      cpu: cpu.readIfPresent().flatMap { Pressure(psi: $0) },
      memory: memory.readIfPresent().flatMap { Pressure(psi: $0) },
      io: io.readIfPresent().flatMap { Pressure(psi: $0) })
    return reading == PressureReading() ? nil : reading
  }
}
