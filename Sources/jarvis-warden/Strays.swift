import CLinux
import Glibc
import WardenProtocol

/// Without cgroups, processes of a dead warden's agents are known by the variables that it gave them.
///
/// Their stubs kill them when the warden dies; this is for the case that somebody killed the stubs as well.
enum Strays {
  /// Kills what an earlier warden of the same identity left, for at most 5 seconds. Returns the runs' keys.
  static func kill(identity: String) -> [RunKey] {
    var keys: Set<RunKey> = []
    let deadline = Clock.boottimeNs + .seconds(5)
    while true {
      let found = find(identity)
      for process in found {
        if let key = process.key { keys.insert(key) }
        _ = jarvis_pidfd_send_signal(process.pidfd, SIGKILL)
        close(process.pidfd)
      }
      guard !found.isEmpty, Clock.boottimeNs < deadline else { break }
      usleep(2000)
    }
    return keys.sorted { $0.name < $1.name }
  }

  private static func find(_ identity: String) -> [(pidfd: Int32, key: RunKey?)] {
    let mark = Array("JARVIS_WARDEN_ID=\(identity)".utf8)
    let keyMark = Array("JARVIS_RUN_KEY=".utf8)
    var found: [(pidfd: Int32, key: RunKey?)] = []
    for name in SmallFile.names(in: "/proc") {
      guard let pid = pid_t(name), pid != getpid() else { continue }
      // Opened first: whatever is read afterwards was of this process or of one that the pidfd does not reach.
      let pidfd = jarvis_pidfd_open(pid)
      guard pidfd >= 0 else { continue }
      let ticks = startTicks(of: pid)
      let variables = SmallFile.read("/proc/\(name)/environ")?.split(separator: 0) ?? []
      guard variables.contains(where: { $0.elementsEqual(mark) }), startTicks(of: pid) == ticks else {
        close(pidfd)
        continue
      }
      let key = variables.first { $0.starts(with: keyMark) }
      found.append((pidfd, key.flatMap { RunKey(String(decoding: $0.dropFirst(keyMark.count), as: UTF8.self)) }))
    }
    return found
  }
}
