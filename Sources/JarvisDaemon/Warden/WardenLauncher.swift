import CLinux
import Glibc
import JarvisConfig
import JarvisLinux
import JarvisProtocol
import Synchronization

/// Starts `jarvis-warden` for a standalone daemon: in a session of its own, so that it and its agents outlive a
/// `kill -9` of the daemon.
final class WardenLauncher: Sendable {
  struct LaunchError: Error { let message: String }

  private let paths: Paths
  private let root: Config.CgroupRoot
  private let child = Mutex<pid_t?>(nil)

  init(paths: Paths, root: Config.CgroupRoot) {
    self.paths = paths
    self.root = root
  }

  /// Starts the program unless the last one started still runs (then it is about to listen).
  func launch() throws(LaunchError) {
    let running = child.withLock { pid -> Bool in
      guard let known = pid else { return false }
      // A child that has ended is reaped here; nobody else waits for it.
      if waitpid(known, nil, WNOHANG) == 0 { return true }
      pid = nil
      return false
    }
    if running { return }
    let program = try find()
    do throws(PrivateFolderError) { try ensurePrivateDirectory(paths.wardenState) } catch {
      throw LaunchError(message: error.description)
    }
    let cgroup: String =
      switch root {
      case .auto: "auto"
      case .none: "none"
      case .path(let path): path
      }
    let line = [
      program, "--socket", paths.wardenSocket, "--state-dir", paths.wardenState, "--cgroup-root", cgroup, "--linger",
      "10",
    ]
    let pid = try spawn(line)
    child.withLock { $0 = pid }
  }

  /// Beside this program, else in PATH.
  private func find() throws(LaunchError) -> String {
    if let own = DataFolders.executable, let cut = own.lastIndex(of: "/") {
      let sibling = own[..<cut] + "/jarvis-warden"
      if access(String(sibling), X_OK) == 0 { return String(sibling) }
    }
    do throws(ExecutableNotFound) {
      return try ExecutableFinder.find("jarvis-warden", path: ProcessEnvironment.values["PATH"] ?? "", folder: "/")
    } catch {
      throw LaunchError(message: "the warden can't be started: jarvis-warden stands neither beside jarvisd nor in PATH")
    }
  }

  private func spawn(_ line: [String]) throws(LaunchError) -> pid_t {
    let variables = ProcessEnvironment.values.filter { name, _ in
      // The notification socket is the daemon's.
      !["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"].contains(name)
    }
    var argv: [UnsafeMutablePointer<CChar>?] = line.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    let pid = jarvis_start_service(line[0], &argv, &envp, paths.state + "/warden.log")
    guard pid > 0 else {
      throw LaunchError(message: "the warden can't be started: \(line[0]): \(String(cString: strerror(-pid)))")
    }
    return pid
  }
}
