import CLinux
import Glibc

/// A lock on a file (flock(2)) that the programs started under it hold too (`BoundedProgram.kept`): it is free when
/// its owner has given it up and all of them have ended, also those that outlived a killed daemon.
///
/// The file is never deleted: two processes could then hold locks on two files of one name.
public final class InheritedLock: Sendable {
  /// The locked file, as it was named.
  public let path: String
  /// What a program inherits.
  public let descriptor: Int32

  /// The number by which the programs have it (`jarvis_start_program`).
  private static let number: Int32 = 3

  /// Opens the file, made 0600 when it is missing, and locks nothing yet.
  public init(path: String) throws(SystemError) {
    let fd = retryingInterrupts { open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600) }
    guard fd >= 0 else { throw SystemError("open the lock", path) }
    defer { close(fd) }
    // Never the number by which others have it: a child of this process that has not loaded its program yet has all
    // that this process has, and is no holder.
    descriptor = fcntl(fd, F_DUPFD_CLOEXEC, Self.number + 1)
    guard descriptor >= 0 else { throw SystemError("open the lock", path) }
    self.path = path
  }

  deinit { close(descriptor) }

  /// Takes the lock, if it is free. After its owner let go of it that may take a moment: a child of the owner has it too
  /// until it has loaded its program.
  public func take() throws(SystemError) -> Bool {
    if retryingInterrupts({ flock(descriptor, LOCK_EX | LOCK_NB) }) == 0 { return true }
    guard errno == EWOULDBLOCK else { throw SystemError("lock", path) }
    return false
  }

  /// Sends a signal to the programs that inherited this lock from another process, this one's earlier life say. For a
  /// process that knows that it is the only one of its kind that uses the file.
  ///
  /// - Returns: How many got it.
  public func signalHolders(_ signal: Int32) -> Int {
    guard let real = realpath(path, nil) else { return 0 }
    defer { free(real) }
    let file = String(cString: real)
    var count = 0
    for pid in ProcessTable().all().map(\.pid) where pid != getpid() && Self.file(of: pid) == file {
      let pidfd = jarvis_pidfd_open(pid)
      guard pidfd >= 0 else { continue }
      defer { close(pidfd) }
      // Looked at again: the number may have become another process's before it was opened.
      if Self.file(of: pid) == file, jarvis_pidfd_send_signal(pidfd, signal) == 0 { count += 1 }
    }
    return count
  }

  private static func file(of pid: pid_t) -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes { raw in
      raw.baseAddress.map { readlink("/proc/\(pid)/fd/\(number)", $0, raw.count) } ?? -1
    }
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }
}
