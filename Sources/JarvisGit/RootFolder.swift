import Glibc
import JarvisLinux

/// The folder of all worktrees. Names in it that begin with a dot are this module's own.
struct RootFolder: Sendable {
  /// The folder as it was named.
  let path: String
  /// One deletes at a time.
  private let deleting = Gate(places: 1)

  init(path: String) { self.path = path }

  /// The folder of locks, one for each repository.
  private var locks: String { "\(path)/.locks" }
  /// What is being deleted.
  private var trash: String { "\(path)/.trash" }
  /// One empty file for each worktree that is being made; what was made so far is worth nothing.
  private var unfinished: String { "\(path)/.unfinished" }
  /// Temporary index files.
  private var scratch: String { "\(path)/.scratch" }

  /// Makes the folder where it is missing, and returns its path without links: git writes it like that.
  func ready() throws(GitFailure) -> String {
    for folder in [path, locks, trash, unfinished, scratch] {
      do throws(PrivateFolderError) {
        try ensurePrivateDirectory(folder)
      } catch {
        throw GitFailure(.refused, "the folder of worktrees can't be used: \(error)")
      }
    }
    guard let real = Folder.resolved(path) else {
      throw GitFailure(.other, SystemError("look at the folder of worktrees", path).description)
    }
    return real
  }

  /// The lock of a repository. Two repositories may come to share one, which costs only time.
  func lock(of common: String) throws(GitFailure) -> InheritedLock {
    // FNV-1a: the same in every run, as Swift's own hash is not.
    let hash = common.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    do throws(SystemError) {
      return try InheritedLock(path: "\(locks)/\(String(hash, radix: 16))")
    } catch {
      throw GitFailure(.other, "\(error)")
    }
  }

  /// Notes that a worktree is being made, for whoever comes after a crash.
  func begin(_ name: String) throws(GitFailure) {
    let file = "\(unfinished)/\(name)"
    let fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard fd >= 0 else {
      throw GitFailure(errno == ENOSPC ? .diskFull : .other, SystemError("make", file).description)
    }
    close(fd)
  }

  /// Notes that it is finished, or gone.
  func finish(_ name: String) { unlink("\(unfinished)/\(name)") }

  /// Whether the making of it was interrupted.
  func isUnfinished(_ name: String) -> Bool { Folder.exists("\(unfinished)/\(name)") }

  /// Takes a name away at once, whatever it is; a link itself. `emptyTrash` deletes it.
  func discard(_ name: String) throws(GitFailure) {
    for attempt in 0..<1000 {
      if rename("\(path)/\(name)", "\(trash)/\(name).\(attempt)") == 0 || errno == ENOENT { return }
      // To move a folder, one must be allowed to write to it.
      if errno == EACCES, fchmodat(AT_FDCWD, "\(path)/\(name)", 0o700, AT_SYMLINK_NOFOLLOW) == 0 { continue }
      guard errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR || errno == EISDIR else { break }
    }
    throw GitFailure(.other, SystemError("move away", "\(path)/\(name)").description)
  }

  /// Deletes what was discarded; the first thing that can't be deleted is told.
  func emptyTrash() async throws(GitFailure) {
    let trash = trash
    let error = try await deleting.pass { () async throws(GitFailure) -> SystemError? in
      try await Self.away { () -> SystemError? in
        var first: SystemError?
        for name in Folder.names(in: trash, most: 10_000) {
          do throws(SystemError) { try removeFolder(name, in: trash) } catch { first = first ?? error }
        }
        return first
      }
    }
    if let error { throw GitFailure(.other, "a removed worktree's files could not all be deleted: \(error)") }
  }

  /// Runs `body` with the name of a new folder, which is deleted afterwards.
  func scratching<Value: Sendable>(
    _ body: (String) async throws(GitFailure) -> Value
  ) async throws(GitFailure) -> Value {
    var template = Array("\(scratch)/XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw GitFailure(errno == ENOSPC ? .diskFull : .other, SystemError("make a folder in", scratch).description)
    }
    let name = String(decoding: template.dropLast().suffix(6).map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
    let result: Result<Value, GitFailure>
    do throws(GitFailure) { result = .success(try await body("\(scratch)/\(name)")) } catch { result = .failure(error) }
    try await Self.delete(name, in: scratch)
    return try result.get()
  }

  /// Deletes the scratch folders that a killed daemon left. Nobody may be at work with one.
  func emptyScratch() async throws(GitFailure) {
    for name in Folder.names(in: scratch, most: 10_000) { try await Self.delete(name, in: scratch) }
  }

  /// Copies a file with its time; false: there is none.
  ///
  /// An index without its time would be wrong: git reads a file anew that is as young as the index, since it may have
  /// been written after git had looked (git's "racy git problem").
  static func copy(_ file: String, to copy: String) async throws(GitFailure) -> Bool {
    let result = try await away { () -> Result<Bool, SystemError> in
      let from = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      guard from >= 0 else { return errno == ENOENT ? .success(false) : .failure(SystemError("open", file)) }
      defer { close(from) }
      let to = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      guard to >= 0 else { return .failure(SystemError("make", copy)) }
      defer { close(to) }
      var status = stat()
      guard fstat(from, &status) == 0 else { return .failure(SystemError("look at", file)) }
      while true {
        // In the kernel, at most 1 GiB at a time.
        let count = sendfile(to, from, nil, 1 << 30)
        if count == 0 { break }
        if count < 0, errno != EINTR { return .failure(SystemError("copy", file)) }
      }
      guard futimens(to, [status.st_atim, status.st_mtim]) == 0 else { return .failure(SystemError("copy", file)) }
      return .success(true)
    }
    do throws(SystemError) {
      return try result.get()
    } catch {
      throw GitFailure(error.code == ENOSPC ? .diskFull : .other, "\(error)")
    }
  }

  /// Makes a written file durable.
  static func sync(_ descriptor: Int32) async throws(GitFailure) {
    let code = try await away { fsync(descriptor) == 0 ? 0 : errno }
    guard code == 0 else {
      throw GitFailure(
        code == ENOSPC ? .diskFull : .other, "a patch can't be written: \(String(cString: strerror(code)))")
    }
  }

  /// Deletes one folder of another folder.
  static func delete(_ name: String, in folder: String) async throws(GitFailure) {
    let error = try await away { () -> SystemError? in
      do throws(SystemError) { try removeFolder(name, in: folder) } catch { return error }
      return nil
    }
    if let error { throw GitFailure(.other, "\(error)") }
  }

  /// Runs what waits for disks beside the common pool.
  private static func away<Value: Sendable>(
    _ body: @escaping @Sendable () -> Value
  ) async throws(GitFailure) -> Value {
    do throws(SystemError) {
      return try await onOwnThread("jarvis-disk", body)
    } catch {
      throw GitFailure(.other, "\(error)")
    }
  }

  /// Free bytes for this user on the disk of the folder, and free inodes; nil: not known (statvfs(3)).
  func free() -> (bytes: UInt64, inodes: UInt64)? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    // Some file systems (btrfs) count no inodes.
    return (
      UInt64(status.f_bavail) &* UInt64(status.f_frsize), status.f_files == 0 ? .max : UInt64(status.f_favail)
    )
  }
}
