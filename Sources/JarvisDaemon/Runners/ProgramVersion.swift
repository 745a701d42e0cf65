import Glibc
import JarvisLinux
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
    var run = BoundedProgram(
      program, arguments, environment: ProcessEnvironment.values, folder: "/", timeout: .seconds(10), outputLimit: 4096)
    run.joinsErrors = true
    guard let ended = try? await run.run(), ended.status == 0 || ended.isCut else { return nil }
    guard let line = String(decoding: ended.output, as: UTF8.self).split(whereSeparator: \.isNewline).first else {
      return nil
    }
    let version = String(line.prefix(80))
    known.withLock { $0[key] = version }
    return version
  }
}
