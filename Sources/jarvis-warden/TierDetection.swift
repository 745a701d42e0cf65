import CLinux
import Glibc
import WardenProtocol

/// Where agents' groups live and what the kernel does for them. Found once, at start.
struct Placement {
  var tier: WardenTier
  /// Nil in the tier `tree`.
  var groups: CgroupTree?
  /// The groups' folder as `/proc/PID/cgroup` names it.
  var cgroupName = ""
  var controllers: [String] = []
  /// Why the tier is not a higher one.
  var reasons: [String] = []
  /// Groups of a warden that died, killed and removed.
  var leftovers: [RunKey] = []
  /// Folders to remove when the warden leaves, innermost first.
  var ownFolders: [String] = []
}

/// Finds the best tier that this machine allows.
///
/// `auto` takes the cgroup that the warden was started in. When that group is the warden's alone (systemd's
/// `Delegate=yes`), the warden moves into a leaf of it, `warden/`, since a cgroup v2 group with controllers may hold
/// no processes itself, and agents get `agents/`. Otherwise strangers may live there, who are left alone: everything
/// goes into a folder of its own below, named after the user and the socket so that two wardens never meet.
struct TierDetection {
  let identity: String
  private var reasons: [String] = []

  init(identity: String) {
    self.identity = identity
  }

  /// Looks, makes the folders, cleans up after a dead predecessor and tries a start.
  ///
  /// - Throws: `SystemError` only for a folder that was asked for by name and can't be used.
  static func run(_ root: Options.CgroupRoot, identity: String) throws(SystemError) -> Placement {
    var detection = TierDetection(identity: identity)
    switch root {
    case .none:
      detection.reasons.append("Cgroups were turned off with --cgroup-root none.")
    case .path(let path):
      guard jarvis_is_cgroup2(path) == 1 else {
        throw SystemError("--cgroup-root \(path) is not a folder of a cgroup v2 file system", code: EINVAL)
      }
      guard let placement = detection.place(below: path, name: nil) else {
        throw SystemError(
          "--cgroup-root \(path) can't be used. \(detection.reasons.joined(separator: " "))", code: EACCES)
      }
      return placement
    case .auto:
      if let (path, name) = detection.ownGroup(), let placement = detection.place(below: path, name: name) {
        return placement
      }
    }
    return Placement(tier: .tree, reasons: detection.reasons)
  }

  // MARK: Finding

  /// The folder of the warden's own cgroup, and its name as `/proc` has it.
  private mutating func ownGroup() -> (path: String, name: String)? {
    let own = SmallFile.text("/proc/self/cgroup")?.split(separator: "\n").first { $0.hasPrefix("0::") }
    guard let name = own.map({ String($0.dropFirst(3)) }) else {
      reasons.append("The kernel has no cgroup v2: /proc/self/cgroup has no line that begins with 0::.")
      return nil
    }
    let mounts = SmallFile.text("/proc/self/mountinfo") ?? ""
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count, fields[dash + 1] == "cgroup2" else {
        continue
      }
      // A mount may show only a part of the hierarchy; its root is that part's name.
      let root = Self.unescape(fields[3]), point = Self.unescape(fields[4])
      if root == "/" || name == root || name.hasPrefix(root + "/") {
        let rest = root == "/" ? Substring(name) : name.dropFirst(root.count)
        return (rest == "/" ? point : point + rest, name)
      }
    }
    reasons.append("No cgroup v2 file system is mounted that shows the group \(name).")
    return nil
  }

  /// mountinfo writes space, tab, newline and backslash as a backslash and three octal digits.
  private static func unescape(_ field: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = field.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), let value = UInt8(String(rest.prefix(3)) ?? "", radix: 8) {
        bytes.append(value)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  // MARK: Making

  private mutating func place(below base: String, name: String?) -> Placement? {
    let isDelegated = name != nil && name != "/" && enterLeaf(of: base)
    let home = isDelegated ? base : "\(base)/jarvis-\(getuid())-\(identity)"
    let agents = home + "/agents"
    for folder in isDelegated ? [agents] : [home, agents] where mkdir(folder, 0o755) != 0 && errno != EEXIST {
      reasons.append(
        "The cgroup \(folder) can't be made (\(errorText(errno))): "
          + "run the warden as a systemd service with Delegate=yes, or give a writable group with --cgroup-root.")
      return nil
    }
    guard let groups = try? CgroupTree(path: agents) else {
      reasons.append("The cgroup \(agents) can't be opened (\(errorText(errno))).")
      return nil
    }
    let leftovers = removeLeftovers(of: groups)
    let controllers = enableControllers(base: base, path: isDelegated ? [base, agents] : [base, home, agents])
    guard isUsable(groups) else { return nil }

    let missing = ["memory", "pids", "cpu"].filter { !controllers.contains($0) }
    if !missing.isEmpty {
      reasons.append("Limits are watched instead of enforced: without \(missing.joined(separator: ", ")) of cgroup v2.")
    }
    let prefix = name.map { ($0 == "/" ? "" : $0) + home.dropFirst(base.count) + "/agents" }
    return Placement(
      tier: missing.isEmpty ? .kernel : .sampled, groups: groups,
      cgroupName: prefix ?? Self.nameInProc(of: agents), controllers: controllers,
      reasons: missing.isEmpty ? [] : reasons, leftovers: leftovers,
      ownFolders: isDelegated ? [agents] : [agents, home])
  }

  /// Moves the warden into `warden/` when its group holds nobody else. Returns whether the group is its own now.
  private func enterLeaf(of base: String) -> Bool {
    let members = SmallFile.text(base + "/cgroup.procs")?.split(separator: "\n").compactMap { pid_t($0) }
    guard members == [getpid()] else { return false }
    let leaf = base + "/warden"
    guard mkdir(leaf, 0o755) == 0 || errno == EEXIST else { return false }
    return SmallFile.write("\(getpid())", to: leaf + "/cgroup.procs") == 0
  }

  /// Turns controllers on from the base down, one at a time, so that a refused one takes no other with it. Returns
  /// those that agents' groups have.
  private mutating func enableControllers(base: String, path: [String]) -> [String] {
    func words(_ file: String) -> [String] {
      (SmallFile.text(file) ?? "").split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init)
    }
    let offered = words(base + "/cgroup.controllers")
    for controller in ["memory", "pids", "cpu", "io"] {
      guard offered.contains(controller) else {
        reasons.append("The cgroup \(base) is not offered the controller \(controller).")
        continue
      }
      for folder in path where !words(folder + "/cgroup.subtree_control").contains(controller) {
        let code = SmallFile.write("+\(controller)", to: folder + "/cgroup.subtree_control")
        guard code != 0 else { continue }
        let why = code == EBUSY ? "it holds processes itself" : errorText(code)
        reasons.append("The controller \(controller) can't be turned on in \(folder): \(why).")
        break
      }
    }
    return words((path.last ?? base) + "/cgroup.subtree_control")
  }

  /// Kills and removes what a warden of the same name left when it died. At most 10 seconds for all.
  private mutating func removeLeftovers(of groups: CgroupTree) -> [RunKey] {
    let deadline = Clock.boottimeNs + .seconds(10)
    var keys: [RunKey] = []
    let names = groups.groups
    for name in names { _ = groups.write("1", to: "cgroup.kill", of: name) }
    for name in names {
      if let key = RunKey(name) { keys.append(key) }
      if !groups.destroy(name, until: deadline) {
        log("the group \(groups.path)/\(name) of a dead warden stays behind")
      }
    }
    return keys
  }

  /// Starts a child in a group of its own for a trial: whether the kernel can (5.7), may, and can kill groups (5.14).
  private mutating func isUsable(_ groups: CgroupTree) -> Bool {
    // No run key has an underscore.
    let name = "_trial"
    var code = groups.make(name)
    guard code == 0 else {
      reasons.append("No group can be made in \(groups.path) (\(errorText(code))).")
      return false
    }
    defer { _ = groups.destroy(name, until: Clock.boottimeNs + .seconds(1)) }
    code = groups.write("1", to: "cgroup.kill", of: name)
    guard code == 0 else {
      reasons.append("The kernel can't kill a whole group (cgroup.kill, Linux 5.14): \(errorText(code)).")
      return false
    }
    let group = groups.open(name)
    defer { close(group) }
    var spawn = jarvis_spawn()
    spawn.cgroup_fd = group
    var child = jarvis_spawned()
    code = -jarvis_start(&spawn, &child)
    guard code == 0 else {
      reasons.append("No process can be started in the group \(groups.path)/\(name) (\(errorText(code))).")
      return false
    }
    waitpid(child.pid, nil, 0)
    return true
  }

  private static func nameInProc(of path: String) -> String {
    let mounts = SmallFile.text("/proc/self/mountinfo") ?? ""
    for line in mounts.split(separator: "\n") where line.contains(" - cgroup2 ") {
      let fields = line.split(separator: " ")
      let root = unescape(fields[3]), point = unescape(fields[4])
      if path.hasPrefix(point + "/") { return (root == "/" ? "" : root) + path.dropFirst(point.count) }
    }
    return ""
  }
}
