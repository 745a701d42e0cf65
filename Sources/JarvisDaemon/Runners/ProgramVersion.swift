import CLinux
import Dispatch
import Glibc
import Synchronization

/// Asks programs for their version, each at most once in this daemon's life and for 10 seconds.
enum ProgramVersion {
  private static let known = Mutex<[String: String]>([:])

  /// The first line that `program` with `arguments` prints; nil: it can't be asked, or does not answer.
  static func ask(_ program: String, _ arguments: [String]) async -> String? {
    guard !arguments.isEmpty else { return nil }
    var status = stat()
    guard stat(program, &status) == 0 else { return nil }
    // Another file at the same path is another version.
    let key = "\(program)\u{0}\(status.st_ino)\u{0}\(status.st_mtim.tv_sec)"
    if let version = known.withLock({ $0[key] }) { return version }
    let version = await withCheckedContinuation { continuation in
      DispatchQueue.global(qos: .utility).async { continuation.resume(returning: run(program, arguments)) }
    }
    if let version { known.withLock { $0[key] = version } }
    return version
  }

  private static func run(_ program: String, _ arguments: [String]) -> String? {
    var name = Array("/tmp/jarvis-version-XXXXXX".utf8CString)
    let file = mkstemp(&name)
    guard file >= 0 else { return nil }
    defer {
      unlink(name)
      close(file)
    }
    var argv: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    let variables = ProcessEnvironment.values.map { strdup("\($0.key)=\($0.value)") }
    var envp: [UnsafeMutablePointer<CChar>?] = variables + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    let pid = jarvis_start_service(program, &argv, &envp, name)
    guard pid > 0 else { return nil }
    let watchdog = Watchdog(pid)
    DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + 10) { watchdog.fire() }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    watchdog.disarm()
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = pread(file, &buffer, buffer.count, 0)
    guard status == 0, count > 0 else { return nil }
    let line = String(decoding: buffer[..<count], as: UTF8.self).split(whereSeparator: \.isNewline).first
    return line.map { String($0.prefix(80)) }
  }

  /// Kills a program that takes too long, unless it was reaped: its number may be somebody else's then.
  private final class Watchdog: Sendable {
    private let pid: Mutex<Int32?>
    init(_ pid: Int32) { self.pid = Mutex(pid) }
    func disarm() { pid.withLock { $0 = nil } }
    func fire() { pid.withLock { if let pid = $0 { kill(pid, SIGKILL) } } }
  }
}
