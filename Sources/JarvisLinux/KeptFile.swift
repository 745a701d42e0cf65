import Glibc
import Synchronization

/// A file of a kernel file system (procfs, cgroup2) that is read from its start again and again.
///
/// With `keepOpen`, the descriptor stays open and each read is a `pread` at 0, which makes these file systems write
/// the text anew; without it, each read opens the file by its name, as regular files that are replaced need it.
/// It does not watch the file and does not notice that a kept-open regular file was replaced.
final class KeptFile: Sendable {
  let path: String
  private let keepOpen: Bool
  private let descriptor = Mutex<Int32>(-1)

  /// How many are kept open, of all files. Half of what the process may open is left to connections and the rest.
  private static let kept = Atomic<Int>(0)
  private static let most = Int(clamping: currentFileLimit() / 2)

  init(_ path: String, keepOpen: Bool) {
    self.path = path
    self.keepOpen = keepOpen
  }

  deinit {
    let fd = descriptor.withLock { $0 }
    if fd >= 0 {
      close(fd)
      Self.kept.subtract(1, ordering: .relaxed)
    }
  }

  /// The file's bytes, at most `limit` of them.
  ///
  /// A kept descriptor on which the read fails (the object behind it is gone) is closed and the file opened once more.
  func read(limit: Int = 1 << 16) throws(SystemError) -> [UInt8] {
    guard keepOpen else { return try readFile(path, limit: limit) }
    return try descriptor.withLock { (kept) throws(SystemError) -> [UInt8] in
      if kept >= 0 {
        if let bytes = try? readAll(kept, path: path, limit: limit) { return bytes }
        close(kept)
        kept = -1
        Self.kept.subtract(1, ordering: .relaxed)
      }
      let opened = try openForReading(path)
      do throws(SystemError) {
        let bytes = try readAll(opened, path: path, limit: limit)
        if Self.kept.load(ordering: .relaxed) < Self.most {
          kept = opened
          Self.kept.add(1, ordering: .relaxed)
        } else {
          close(opened)
        }
        return bytes
      } catch {
        close(opened)
        throw error
      }
    }
  }

  /// Like `read`, and nil when the file is missing or unreadable.
  func readIfPresent(limit: Int = 1 << 16) -> [UInt8]? { try? read(limit: limit) }
}

/// How many files the process may have open (getrlimit(2)).
private func currentFileLimit() -> UInt64 {
  var limit = rlimit()
  return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? UInt64(limit.rlim_cur) : 1024
}

/// Opens, reads and closes a file; at most `limit` bytes of it.
public func readFile(_ path: String, limit: Int = 1 << 16) throws(SystemError) -> [UInt8] {
  let fd = try openForReading(path)
  defer { close(fd) }
  return try readAll(fd, path: path, limit: limit)
}

private func openForReading(_ path: String) throws(SystemError) -> Int32 {
  // O_NONBLOCK: a FIFO put where a file was expected must not stop the daemon.
  let fd = retryingInterrupts { open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) }
  guard fd >= 0 else { throw SystemError("open", path) }
  return fd
}

/// Reads from offset 0 to the end, or to `limit` bytes.
private func readAll(_ fd: Int32, path: String, limit: Int) throws(SystemError) -> [UInt8] {
  var failure: Int32 = 0
  var capacity = min(limit, 4096)
  while true {
    let wanted = capacity
    let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
      while count < wanted, let start = buffer.baseAddress {
        let already = count
        let n = retryingInterrupts { pread(fd, start + already, wanted - already, off_t(already)) }
        if n < 0 { failure = errno }
        if n <= 0 { break }
        count += n
      }
    }
    guard failure == 0 else { throw SystemError("read", path, code: failure) }
    // A full buffer may have cut the text: take a larger one, from the start, so that the text is of one moment.
    if bytes.count < capacity || capacity == limit { return bytes }
    capacity = min(limit, capacity * 4)
  }
}
