import Glibc

/// Looks processes up in a proc folder (proc(5)).
///
/// Every answer is of the moment: a process can end, and its pid be used again, before the caller acts on it. Compare
/// `ProcessIdentity`, or hold a pidfd, before signalling. Nothing is kept open and nothing is remembered.
public struct ProcessTable: Sendable {
  /// The proc folder.
  public let folder: String

  /// Uses a proc folder; nothing is read yet.
  public init(folder: String = "/proc") { self.folder = folder }

  /// One process; nil when it is gone.
  public func stat(of pid: pid_t) -> ProcessStat? {
    guard pid > 0, let line = try? readFile("\(folder)/\(pid)/stat", limit: 4096) else { return nil }
    return ProcessStat(line: line)
  }

  /// When a process started, in ticks since boot (`ProcessStat.startTicks`); nil when it is gone. Cheaper than `stat`.
  public func startTicks(of pid: pid_t) -> UInt64? {
    guard pid > 0, let line = try? readFile("\(folder)/\(pid)/stat", limit: 4096),
      let name = line.lastIndex(of: UInt8(ascii: ")"))
    else { return nil }
    // Field 22 of proc_pid_stat(5); the name is the second, and a blank stands before each.
    var blanks = 0
    var begin: Int?
    for at in line[name...].indices where line[at] == 0x20 {
      blanks += 1
      if let begin { return ByteText.number(line[begin..<at]) }
      if blanks == 20 { begin = at + 1 }
    }
    return nil
  }

  /// All processes that could be read, in no order.
  public func all() -> [ProcessStat] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var found: [ProcessStat] = []
    while let entry = readdir(directory) {
      // Process folders are named by nothing but digits.
      let pid = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { name in
          name[0] >= 0x31 && name[0] <= 0x39 ? pid_t(String(cString: name)) : nil
        }
      }
      if let pid, let stat = stat(of: pid) { found.append(stat) }
    }
    return found
  }

  /// What these processes use together; those that are gone count nothing.
  public func sumUsage(pids: some Sequence<pid_t>) -> ProcessUsage {
    var usage = ProcessUsage()
    for pid in pids {
      if let stat = stat(of: pid) { usage.add(stat) }
    }
    return usage
  }

  /// The children of a process, their children, and so on, parents before children; `pid` itself is not among them.
  ///
  /// One pass over the folder. A process whose parent ended has been given to the nearest subreaper or to pid 1, and is
  /// no descendant any more: where that matters, look at the session too (`members(ofSession:)`), or use a cgroup.
  public func descendants(of pid: pid_t) -> [ProcessStat] {
    let children = Dictionary(grouping: all(), by: \.parent)
    var found: [ProcessStat] = []
    var seen: Set<pid_t> = [pid]
    var next = [pid]
    while let parent = next.popLast() {
      for child in children[parent] ?? [] where seen.insert(child.pid).inserted {
        found.append(child)
        next.append(child.pid)
      }
    }
    return found
  }

  /// The processes of a session (setsid(2)), its leader included, in no order. One pass over the folder.
  public func members(ofSession session: pid_t) -> [ProcessStat] { all().filter { $0.session == session } }

  /// The parents of a process, the nearest first, as far as they can be seen; at most 256.
  public func parentChain(of pid: pid_t) -> [pid_t] {
    var chain: [pid_t] = []
    var current = pid
    while chain.count < 256, let parent = stat(of: current)?.parent, parent > 0, !chain.contains(parent) {
      chain.append(parent)
      current = parent
    }
    return chain
  }

  /// The session of a process (getsid(2), as `/proc/PID/stat` has it); nil when the process is gone.
  public func sessionID(of pid: pid_t) -> pid_t? { stat(of: pid)?.session }

  /// The pid and start of a process; nil when it is gone.
  public func identity(of pid: pid_t) -> ProcessIdentity? { stat(of: pid)?.identity }

  /// Whether this very process still runs; a zombie does not.
  public func isAlive(_ identity: ProcessIdentity) -> Bool {
    guard let stat = stat(of: identity.pid) else { return false }
    return stat.startTicks == identity.startTicks && !stat.isZombie
  }

  /// A variable of the environment that a process was started with; nil when it has none, or may not be read.
  ///
  /// What the process itself changed since is not seen, and it may have written anything over it: a hint, not proof.
  /// At most `limit` bytes of the environment are looked at.
  public func environmentVariable(_ name: String, of pid: pid_t, limit: Int = 1 << 20) -> String? {
    guard pid > 0, !name.isEmpty, let bytes = try? readFile("\(folder)/\(pid)/environ", limit: limit) else {
      return nil
    }
    let prefix = Array("\(name)=".utf8)
    for entry in bytes.split(separator: 0) where entry.starts(with: prefix) {
      // An entry that the limit cut is not the whole value.
      guard entry.endIndex < bytes.endIndex || bytes.count < limit else { return nil }
      return ByteText.string(entry.dropFirst(prefix.count))
    }
    return nil
  }
}
