import Glibc
import JarvisClient
import JarvisProtocol

/// What can be seen without a daemon: the socket, its folder, the systemd user manager and the units.
struct ClientInspection {
  private typealias Check = DaemonDoctor.Check
  let socket: String

  /// The checks, in the order in which a fault of one explains those after it.
  func checks() -> [DaemonDoctor.Check] { [runtimeFolder(), socketFile(), programs(), manager(), units()] }

  /// How to start a daemon here.
  var howToStart: String {
    hasManager && !installedUnits.isEmpty
      ? "start it: systemctl --user start jarvis.target" : "start it in the foreground: jarvisd --standalone"
  }

  private func runtimeFolder() -> Check {
    let folder = String(socket[..<(socket.lastIndex(of: "/") ?? socket.startIndex)])
    guard let status = Self.status(folder) else {
      return Check(
        subject: "socket folder", status: .warning, found: "\(folder): \(systemMessage(errno))",
        advice: "the daemon makes it; where XDG_RUNTIME_DIR is unset, set it for both, or use --socket")
    }
    if status.st_uid != getuid() {
      return Check(
        subject: "socket folder", status: .problem, found: "\(folder) belongs to user \(status.st_uid)",
        advice: "use a folder of your own: set XDG_RUNTIME_DIR or JARVIS_SOCKET")
    }
    if status.st_mode & 0o022 != 0 {
      return Check(
        subject: "socket folder", status: .problem, found: "\(folder) can be written to by others",
        advice: "chmod 700 \(folder)")
    }
    return Check(subject: "socket folder", status: .ok, found: folder)
  }

  private func socketFile() -> Check {
    guard let status = Self.status(socket) else {
      return Check(subject: "socket", status: .problem, found: "\(socket): \(systemMessage(errno))", advice: howToStart)
    }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      return Check(
        subject: "socket", status: .problem, found: "\(socket) is no socket",
        advice: "move it away; the daemon makes its socket there")
    }
    guard access(socket, R_OK | W_OK) == 0 else {
      return Check(
        subject: "socket", status: .problem, found: "\(socket) may not be used: \(systemMessage(errno))",
        advice: "only the user who runs the daemon may use it")
    }
    return Check(subject: "socket", status: .ok, found: socket)
  }

  private func programs() -> Check {
    let missing = ["jarvisd", "jarvis-warden"].filter { !SiblingProgram.path(of: $0).contains("/") && !isInPath($0) }
    if missing.isEmpty { return Check(subject: "programs", status: .ok, found: "jarvisd and jarvis-warden are there") }
    return Check(
      subject: "programs", status: .warning,
      found: "\(missing.joined(separator: " and ")): neither beside jarvisctl nor in PATH", advice: "run `make install`"
    )
  }

  private func manager() -> Check {
    if hasManager { return Check(subject: "systemd", status: .ok, found: "a user manager is running") }
    return Check(
      subject: "systemd", status: .warning, found: "no systemd user manager",
      advice: "without one, agents end with the login session: `loginctl enable-linger`, or use jarvisd --standalone")
  }

  private func units() -> Check {
    let found = installedUnits
    if found.isEmpty {
      return Check(
        subject: "units", status: .warning, found: "the systemd units are not installed", advice: "run `make install`")
    }
    let missing = Self.unitNames.filter { !found.contains($0) }
    if missing.isEmpty { return Check(subject: "units", status: .ok, found: found.joined(separator: ", ")) }
    return Check(
      subject: "units", status: .warning, found: "missing: \(missing.joined(separator: ", "))",
      advice: "run `make install` again")
  }

  private static let unitNames = [
    "jarvis.target", "jarvis.slice", "jarvisd.socket", "jarvisd.service", "jarvis-warden.service",
  ]

  private var hasManager: Bool {
    Self.status((environmentValue("XDG_RUNTIME_DIR") ?? "/run/user/\(getuid())") + "/systemd/private") != nil
  }

  /// The units that are in one of the folders that systemd.unit(5) names for the user manager.
  private var installedUnits: [String] {
    let home = environmentValue("HOME") ?? ""
    let folders = [
      (environmentValue("XDG_CONFIG_HOME") ?? home + "/.config") + "/systemd/user",
      (environmentValue("XDG_DATA_HOME") ?? home + "/.local/share") + "/systemd/user",
      "/etc/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user",
    ]
    return Self.unitNames.filter { name in folders.contains { Self.status("\($0)/\(name)") != nil } }
  }

  private func isInPath(_ program: String) -> Bool {
    (environmentValue("PATH") ?? "").split(separator: ":").contains { access("\($0)/\(program)", X_OK) == 0 }
  }

  private static func status(_ path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }
}
