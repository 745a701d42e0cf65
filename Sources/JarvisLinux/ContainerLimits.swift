import Glibc

/// The limits of the cgroups that this process runs under: what a container or a slice leaves of the machine.
///
/// Each level from the process's own cgroup up to the mount is looked at, and the smallest limit counts. The
/// `jarvisd.service` level itself is passed over: a limit on it is the coordinator's own, and agents do not live there.
struct ContainerLimits: Sendable {
  /// One cgroup on the way up, version 2 or version 1.
  fileprivate struct Level: Sendable {
    let limit, current, stat: KeptFile
    /// `memory.stat`'s name of file cache that is dropped first, of the whole subtree.
    let inactiveKey: StaticString
    let cpuMax, cpuStat: KeptFile?
  }

  private let levels: [Level]

  /// Finds the cgroups of process `self`; nil when none of their folders can be seen.
  init?(procFolder: String) {
    var levels: [Level] = []
    if let mount = CgroupMount.version2(procFolder: procFolder),
      let path = CgroupMount.path(of: "self", controller: "", procFolder: procFolder)
    {
      // The root, and folders without these controllers, bound nothing.
      levels += Self.folders(mount, path).filter { folder in
        access("\(folder)/memory.max", F_OK) == 0 || access("\(folder)/cpu.max", F_OK) == 0
      }.map { Level(version2: $0) }
    }
    if let mount = CgroupMount.version1("memory", procFolder: procFolder),
      let path = CgroupMount.path(of: "self", controller: "memory", procFolder: procFolder)
    {
      levels += Self.folders(mount, path).map { Level(version1: $0) }
    }
    guard !levels.isEmpty else { return nil }
    self.levels = levels
  }

  /// For tests: version 2 folders, the innermost first.
  init(version2Folders: [String]) { levels = version2Folders.map { Level(version2: $0) } }

  /// For tests: version 1 folders, the innermost first.
  init(version1Folders: [String]) { levels = version1Folders.map { Level(version1: $0) } }

  /// The smallest memory limit on the way up, with the bytes in use there that cannot simply be dropped.
  func memory() -> (limit: UInt64, used: UInt64)? {
    var tightest: (limit: UInt64, level: Level)?
    for level in levels {
      // `max` is not a number; version 1 writes a huge one instead, which no machine has.
      guard let bytes = level.limit.readIfPresent(limit: 64), let limit = ByteText.single(bytes) else { continue }
      if limit < tightest?.limit ?? UInt64.max { tightest = (limit, level) }
    }
    guard let tightest, tightest.limit < 1 << 60, let bytes = tightest.level.current.readIfPresent(limit: 64),
      let current = ByteText.single(bytes)
    else { return nil }
    let inactive = tightest.level.stat.readIfPresent().flatMap {
      ByteText.value(of: tightest.level.inactiveKey, in: $0)
    }
    return (tightest.limit, current - min(current, inactive ?? 0))
  }

  /// The smallest `cpu.max` on the way up, in cores, with the CPU time used there.
  func cpu() -> (cores: Double, usedMicroseconds: UInt64)? {
    var tightest: (cores: Double, level: Level)?
    for level in levels {
      guard let line = level.cpuMax?.readIfPresent(limit: 64).flatMap({ ByteText.lines($0).first }) else { continue }
      let words = ByteText.words(line)
      guard words.count == 2, let quota = ByteText.number(words[0]), let period = ByteText.number(words[1]), period > 0
      else { continue }
      let cores = Double(quota) / Double(period)
      if cores > 0, cores < tightest?.cores ?? .infinity { tightest = (cores, level) }
    }
    guard let tightest, let bytes = tightest.level.cpuStat?.readIfPresent(),
      let used = ByteText.value(of: "usage_usec", in: bytes)
    else { return nil }
    return (tightest.cores, used)
  }

  private static func folders(_ mount: CgroupMount, _ path: String) -> [String] {
    var folders: [String] = []
    var rest = mount.relative(path).split(separator: "/")
    if rest.last == "jarvisd.service" { rest.removeLast() }
    while true {
      folders.append(([mount.point] + rest.map(String.init)).joined(separator: "/"))
      if rest.popLast() == nil { return folders }
    }
  }
}

extension ContainerLimits.Level {
  init(version2 folder: String) {
    limit = KeptFile("\(folder)/memory.max", keepOpen: true)
    current = KeptFile("\(folder)/memory.current", keepOpen: true)
    stat = KeptFile("\(folder)/memory.stat", keepOpen: true)
    inactiveKey = "inactive_file"
    cpuMax = KeptFile("\(folder)/cpu.max", keepOpen: true)
    cpuStat = KeptFile("\(folder)/cpu.stat", keepOpen: true)
  }

  init(version1 folder: String) {
    limit = KeptFile("\(folder)/memory.limit_in_bytes", keepOpen: true)
    current = KeptFile("\(folder)/memory.usage_in_bytes", keepOpen: true)
    stat = KeptFile("\(folder)/memory.stat", keepOpen: true)
    inactiveKey = "total_inactive_file"
    cpuMax = nil
    cpuStat = nil
  }
}
