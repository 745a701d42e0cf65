import Glibc

/// What the processes below each of some subreapers (the warden's stubs) use, read again and again.
///
/// A process that was born below a subreaper stays below it for life (prctl(2), PR_SET_CHILD_SUBREAPER), so its place is
/// looked for once; after that, one listing of the proc folder tells who is new, and of the rest only the members' files
/// are read, through descriptors that stay open. Strangers are looked at anew from time to time, since their numbers are
/// used again. Not to be used from two threads at once.
public struct ProcessTrees: ~Copyable {
  private struct Member {
    let root: pid_t
    let startTicks: UInt64
    let files: KeptProcess
  }

  private static let listingsUntilForgotten = 16

  private let folder: String
  private let directory: OpaquePointer?
  private var members: [pid_t: Member] = [:]
  /// Their parents.
  private var strangers: [pid_t: pid_t] = [:]
  private var roots: Set<pid_t> = []
  private var listings = 0

  /// Opens a proc folder.
  public init(folder: String = "/proc") {
    self.folder = folder
    directory = opendir(folder)
  }

  deinit { if let directory { closedir(directory) } }

  /// What is used below each of `roots`, these themselves left out; `disks` asks for `diskBytes` as well.
  public mutating func usage(below roots: Set<pid_t>, disks: Bool = false) -> [pid_t: ProcessUsage] {
    guard !roots.isEmpty else {
      members = [:]
      strangers = [:]
      self.roots = []
      return [:]
    }
    let present = list()
    members = members.filter { present.contains($0.key) && roots.contains($0.value.root) }
    strangers = strangers.filter { present.contains($0.key) }
    listings += 1
    if listings % Self.listingsUntilForgotten == 0 { strangers = [:] }
    let new = roots.subtracting(self.roots)
    self.roots = roots
    if !new.isEmpty {
      // What was seen below a root before that was known is no stranger.
      let below = strangers.keys.filter { leads($0, to: new) }
      for pid in below { strangers[pid] = nil }
    }
    place(present.filter { members[$0] == nil && strangers[$0] == nil })

    var usage: [pid_t: ProcessUsage] = [:]
    for (pid, member) in members {
      guard let line = member.files.stat.readIfPresent(limit: 4096), let stat = ProcessStat(line: line),
        stat.startTicks == member.startTicks
      else {
        members[pid] = nil
        continue
      }
      var sum = usage[member.root] ?? ProcessUsage()
      sum.add(stat)
      if disks, let bytes = member.files.diskBytes() { sum.diskBytes = (sum.diskBytes ?? 0) &+ bytes }
      usage[member.root] = sum
    }
    return usage
  }

  private func list() -> Set<pid_t> {
    guard let directory else { return [] }
    rewinddir(directory)
    var found: Set<pid_t> = []
    while let entry = readdir(directory) {
      // Process folders are named by nothing but digits.
      let pid = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: UInt8.self, capacity: 256) { name -> pid_t? in
          var number: pid_t = 0
          var at = 0
          while at < 10, name[at] >= 0x30, name[at] <= 0x39 {
            number = number &* 10 &+ pid_t(name[at] - 0x30)
            at += 1
          }
          return at > 0 && name[at] == 0 ? number : nil
        }
      }
      if let pid { found.insert(pid) }
    }
    return found
  }

  private func leads(_ pid: pid_t, to roots: Set<pid_t>) -> Bool {
    var current = pid
    for _ in 0..<256 {
      guard let parent = strangers[current] else { return false }
      if roots.contains(parent) { return true }
      current = parent
    }
    return false
  }

  /// Finds where newcomers belong.
  private mutating func place(_ newcomers: Set<pid_t>) {
    var unplaced: [pid_t: ProcessStat] = [:]
    var files: [pid_t: KeptProcess] = [:]
    for pid in newcomers {
      let file = KeptProcess(folder: folder, pid: pid, keepOpen: true)
      guard let line = file.stat.readIfPresent(limit: 4096), let stat = ProcessStat(line: line) else { continue }
      unplaced[pid] = stat
      files[pid] = file
    }
    // Parents before children, however deep: each round places at least one, or none that is left can be placed now.
    while true {
      var placed: [pid_t] = []
      for (pid, stat) in unplaced {
        if roots.contains(stat.parent) || members[stat.parent] != nil, let files = files[pid] {
          let root = members[stat.parent]?.root ?? stat.parent
          members[pid] = Member(root: root, startTicks: stat.startTicks, files: files)
        } else if stat.parent == 0 || strangers[stat.parent] != nil {
          strangers[pid] = stat.parent
        } else {
          continue
        }
        placed.append(pid)
      }
      if placed.isEmpty { return }
      for pid in placed { unplaced[pid] = nil }
    }
  }
}
