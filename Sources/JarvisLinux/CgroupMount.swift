import Glibc

/// Where a cgroup hierarchy is mounted, and which of its cgroups a process is in (cgroups(7)).
///
/// The mount is found, never assumed: `/sys/fs/cgroup`, `/sys/fs/cgroup/unified` (hybrid), or elsewhere.
public struct CgroupMount: Sendable, Hashable {
  /// The folder that it is mounted on.
  public let point: String
  /// Which cgroup of the hierarchy is at `point`: `/`, or a container's own.
  public let root: String

  /// Wraps a mount that is known.
  public init(point: String, root: String = "/") {
    self.point = point
    self.root = root
  }

  /// The cgroup2 mount of this process's mount namespace; one that shows the whole hierarchy before one that does not.
  public static func version2(procFolder: String = "/proc") -> CgroupMount? {
    mounts(procFolder) { type, _ in type == "cgroup2" }
  }

  /// The mount of a version 1 controller.
  static func version1(_ controller: String, procFolder: String) -> CgroupMount? {
    mounts(procFolder) { type, options in type == "cgroup" && options.split(separator: ",").contains(controller[...]) }
  }

  /// The version 2 path of a process as its `/proc/PID/cgroup` gives it, starting with `/`; nil when it is gone.
  public static func path(of pid: pid_t, procFolder: String = "/proc") -> String? {
    path(of: String(pid), controller: "", procFolder: procFolder)
  }

  /// The folder of a process's cgroup; nil when the process is gone or its cgroup is outside of the mount.
  public func folder(of pid: pid_t, procFolder: String = "/proc") -> String? {
    Self.path(of: pid, procFolder: procFolder).map { folder(path: $0) }
  }

  /// The folder of a path as `/proc/PID/cgroup` gives it.
  public func folder(path: String) -> String {
    let relative = relative(path)
    return relative == "/" ? point : point + relative
  }

  /// `path` as seen from the mount's root; starts with `/`.
  func relative(_ path: String) -> String {
    guard root != "/" else { return path }
    if path == root { return "/" }
    return path.hasPrefix(root + "/") ? String(path.dropFirst(root.count)) : path
  }

  /// The path in one hierarchy of `/proc/PROCESS/cgroup`: lines of `id:controllers:path`, no controllers in version 2.
  static func path(of process: String, controller: String, procFolder: String) -> String? {
    guard let bytes = try? readFile("\(procFolder)/\(process)/cgroup") else { return nil }
    for line in ByteText.lines(bytes) {
      let parts = line.split(separator: 0x3A, maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let controllers = ByteText.string(parts[1])
      guard controllers == controller || controllers.split(separator: ",").contains(controller[...]) else { continue }
      var path = ByteText.string(parts[2])
      // The kernel marks a cgroup that was removed under a process that still has it.
      if path.hasSuffix(" (deleted)") { path.removeLast(10) }
      return path.hasPrefix("/") ? path : nil
    }
    return nil
  }

  /// proc(5), mountinfo: `id parent major:minor ROOT POINT options [tags] - TYPE source SUPER-OPTIONS`.
  private static func mounts(_ procFolder: String, _ matches: (_ type: String, _ options: String) -> Bool)
    -> CgroupMount?
  {
    guard let bytes = try? readFile("\(procFolder)/self/mountinfo", limit: 1 << 22) else { return nil }
    var found: CgroupMount?
    for line in ByteText.lines(bytes) {
      let words = ByteText.words(line)
      guard words.count >= 9, let dash = words.dropFirst(6).firstIndex(where: { $0.elementsEqual([0x2D]) }),
        words.count > dash + 3, matches(ByteText.string(words[dash + 1]), ByteText.string(words[dash + 3]))
      else { continue }
      let mount = CgroupMount(point: unescaped(words[4]), root: unescaped(words[3]))
      if mount.root == "/" { return mount }
      found = found ?? mount
    }
    return found
  }

  /// Blanks and backslashes are written as three octal digits.
  private static func unescaped(_ word: ArraySlice<UInt8>) -> String {
    var result: [UInt8] = []
    var at = word.startIndex
    while at < word.endIndex {
      let digits = word[(at + 1)...].prefix(3)
      if word[at] == 0x5C, digits.count == 3, let code = UInt8(ByteText.string(digits), radix: 8) {
        result.append(code)
        at += 4
      } else {
        result.append(word[at])
        at += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
