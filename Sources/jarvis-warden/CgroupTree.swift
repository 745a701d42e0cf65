import CLinux
import Glibc
import WardenProtocol

/// The folder of a cgroup v2 file system that holds one group for each agent. Opened once; all else is relative to it.
final class CgroupTree {
  /// How much of a group's usage there is to read.
  struct Usage {
    var userUs: UInt64?
    var systemUs: UInt64?
    var peakBytes: UInt64?
    var oomKills: UInt64 = 0
  }

  /// The absolute path.
  let path: String
  private let directory: Int32

  init(path: String) throws(SystemError) {
    self.path = path
    directory = jarvis_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0)
    guard directory >= 0 else { throw SystemError("The cgroup \(path) can't be opened", code: -directory) }
  }

  /// Makes a group. Returns 0 or errno.
  func make(_ name: String) -> Int32 {
    mkdirat(directory, name, 0o755) == 0 ? 0 : errno
  }

  /// Opens a group to start a child in it. Returns the descriptor or -errno.
  func open(_ name: String) -> Int32 {
    jarvis_openat(directory, name, O_RDONLY | O_DIRECTORY, 0)
  }

  /// Writes a file of a group. Returns 0 or errno.
  func write(_ value: String, to file: StaticString, of name: String) -> Int32 {
    SmallFile.write(value, to: "\(name)/\(file)", in: directory)
  }

  /// Opens `cgroup.events` of a group, which polls as changed. Returns the descriptor or -errno.
  func openEvents(_ name: String) -> Int32 {
    jarvis_openat(directory, name + "/cgroup.events", O_RDONLY, 0)
  }

  /// Whether an open `cgroup.events` says that a process is left in the group or below it.
  static func isPopulated(events: Int32) -> Bool {
    guard lseek(events, 0, SEEK_SET) == 0, let content = SmallFile.read(events) else { return false }
    return SmallFile.value(of: "populated", in: content) != 0
  }

  /// The processes in the group and below it.
  func members(of name: String) -> [pid_t] {
    let own = SmallFile.text(name + "/cgroup.procs", in: directory)?.split(separator: "\n").compactMap { pid_t($0) }
    return children(of: name).reduce(own ?? []) { $0 + members(of: $1) }
  }

  /// Removes a group and what its processes made below it. Returns 0 or errno; EBUSY while a process is left.
  func remove(_ name: String) -> Int32 {
    if unlinkat(directory, name, AT_REMOVEDIR) == 0 { return 0 }
    let code = errno
    guard code == EBUSY || code == ENOTEMPTY else { return code == ENOENT ? 0 : code }
    let below = children(of: name)
    guard !below.isEmpty else { return code }
    for child in below {
      let code = remove(child)
      if code != 0 { return code }
    }
    return unlinkat(directory, name, AT_REMOVEDIR) == 0 ? 0 : errno
  }

  /// Groups directly in this folder.
  var groups: [String] { children(of: nil) }

  private func children(of name: String?) -> [String] {
    let folder = name.map { "\(path)/\($0)" } ?? path
    return SmallFile.names(in: folder).filter { entry in
      var info = stat()
      return lstat("\(folder)/\(entry)", &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }.map { entry in name.map { "\($0)/\(entry)" } ?? entry }
  }

  /// What the group used; `memory` says whether there is a memory controller to ask.
  func usage(of name: String, memory: Bool) -> Usage {
    var usage = Usage()
    if let content = SmallFile.read(name + "/cpu.stat", in: directory) {
      usage.userUs = SmallFile.value(of: "user_usec", in: content)
      usage.systemUs = SmallFile.value(of: "system_usec", in: content)
    }
    if memory {
      if let content = SmallFile.read(name + "/memory.peak", in: directory) {
        usage.peakBytes = SmallFile.number(content[...])
      }
      if let content = SmallFile.read(name + "/memory.events", in: directory) {
        usage.oomKills = SmallFile.value(of: "oom_kill", in: content) ?? 0
      }
    }
    return usage
  }

  /// What the group stalled and moved; nil where the kernel tells nothing of it.
  func account(of name: String) -> GroupAccount? {
    func stall(_ file: StaticString) -> UInt64? {
      SmallFile.read("\(name)/\(file)", in: directory).flatMap { SmallFile.stall(in: $0) }
    }
    let account = GroupAccount(
      cpuStallUs: stall("cpu.pressure"), memoryStallUs: stall("memory.pressure"), ioStallUs: stall("io.pressure"),
      ioBytes: SmallFile.read(name + "/io.stat", in: directory).map { SmallFile.moved(in: $0) })
    return account == GroupAccount() ? nil : account
  }

  /// Kills every process of a group and removes it, waiting at most until `deadline`: for the warden's start only,
  /// before anything is served. Returns whether it is gone.
  func destroy(_ name: String, until deadline: UInt64) -> Bool {
    _ = write("1", to: "cgroup.kill", of: name)
    let events = openEvents(name)
    defer { if events >= 0 { close(events) } }
    while true {
      if remove(name) == 0 { return true }
      guard events >= 0, Clock.boottimeNs < deadline else { return false }
      if Self.isPopulated(events: events) {
        var item = pollfd(fd: events, events: Int16(POLLPRI), revents: 0)
        poll(&item, 1, 100)
      } else {
        // Empty, but a dying process may still be on its way out of the group.
        usleep(1000)
      }
    }
  }
}
