import Glibc
import Synchronization

/// Why a lock could not be had.
public enum FileLockError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Another process holds it; `holder` is the pid that it wrote into the file, when it did.
  case held(path: String, holder: pid_t?)
  /// The file could not be opened, locked or written.
  case failed(SystemError)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .held(let path, let holder):
      "\(path) is locked by "
        + (holder.map { "process \($0); stop that process, or use another folder" }
          ?? "another process; stop it (fuser -v \(path) names it), or use another folder")
    case .failed(let error): "\(error)"
    }
  }
}

/// A lock that one process holds on a file (flock(2)), given up when this is released, goes away, or the process dies.
///
/// The file holds the owner's pid for the message that others get; the pid proves nothing, the lock does. The file is
/// never deleted: two processes could then hold locks on two files of one name. It is no lock between threads that
/// share one `FileLock`, and none on network file systems that do not support flock.
public final class FileLock: Sendable {
  /// The locked file.
  public let path: String
  private let descriptor: Mutex<Int32>

  /// Takes the lock at once or not at all; the file is made, 0600, when it is missing.
  public init(path: String) throws(FileLockError) {
    let fd = retryingInterrupts { open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600) }
    guard fd >= 0 else { throw .failed(SystemError("open the lock", path)) }
    guard retryingInterrupts({ flock(fd, LOCK_EX | LOCK_NB) }) == 0 else {
      let error = SystemError("lock", path)
      close(fd)
      guard error.code == EWOULDBLOCK else { throw .failed(error) }
      let holder = (try? readFile(path, limit: 32)).flatMap { ByteText.single($0) }.flatMap { pid_t(exactly: $0) }
      throw .held(path: path, holder: holder)
    }
    let line = Array("\(getpid())\n".utf8)
    guard ftruncate(fd, 0) == 0, pwrite(fd, line, line.count, 0) == line.count else {
      let error = SystemError("write the pid into", path)
      close(fd)
      throw .failed(error)
    }
    self.path = path
    descriptor = Mutex(fd)
  }

  deinit { release() }

  /// Gives the lock up; a second call does nothing.
  public func release() {
    descriptor.withLock { fd in
      if fd >= 0 { close(fd) }
      fd = -1
    }
  }
}
