import CLinux
import Glibc

/// Deletes `name` (a folder with all that is in it, a file, or a symbolic link itself) from the folder `parent`.
///
/// Nothing outside of it is touched: links in it are deleted, not followed, and it does not go where something else is
/// mounted. Names may be any bytes, folders any depth, and folders that forbid their owner to write are deleted too.
/// What is not there is no failure.
///
/// - Throws: `SystemError` with the first thing that could not be deleted; the rest may be gone.
public func removeFolder(_ name: String, in parent: String) throws(SystemError) {
  let fd = retryingInterrupts { open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
  guard fd >= 0 else {
    if errno == ENOENT { return }
    throw SystemError("open the folder", parent)
  }
  defer { close(fd) }
  try FolderRemoval(path: "\(parent)/\(name)").remove(Array(name.utf8CString), from: fd)
}

/// One removal.
private final class FolderRemoval {
  private let path: String
  private var top: Int32 = -1
  private var device: dev_t = 0
  private var moved = 0

  /// Descriptors that are open at once; what lies deeper is first moved up to the top.
  private static let deepest = 64

  init(path: String) { self.path = path }

  func remove(_ name: [CChar], from parent: Int32) throws(SystemError) {
    if unlinkat(parent, name, 0) == 0 || errno == ENOENT { return }
    guard errno == EISDIR || errno == EPERM else { throw SystemError("delete", path) }
    let fd = try openFolder(name, in: parent)
    var status = stat()
    guard fstat(fd, &status) == 0 else {
      let error = SystemError("look at", path)
      close(fd)
      throw error
    }
    top = fd
    device = status.st_dev
    defer { close(fd) }
    try empty(fd, depth: 0)
    guard unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT else { throw SystemError("delete", path) }
  }

  /// Deletes what is in a folder, whose descriptor stays open.
  private func empty(_ folder: Int32, depth: Int) throws(SystemError) {
    // Once more while something was found: entries may be passed over while others are deleted, and the top gets more.
    var found = true
    while found {
      found = false
      let copy = jarvis_openat(folder, ".", O_RDONLY | O_DIRECTORY, 0)
      guard copy >= 0, let stream = fdopendir(copy) else { throw SystemError("read a folder in", path) }
      defer { closedir(stream) }
      while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
          Array(raw.bindMemory(to: CChar.self).prefix { $0 != 0 }) + [0]
        }
        if name == Self.dot || name == Self.dotdot { continue }
        found = true
        if unlinkat(folder, name, 0) == 0 || errno == ENOENT { continue }
        guard errno == EISDIR || errno == EPERM else { throw SystemError("delete", shown(name)) }
        try removeFolder(name, in: folder, depth: depth + 1)
      }
    }
  }

  private func removeFolder(_ name: [CChar], in folder: Int32, depth: Int) throws(SystemError) {
    if unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT { return }
    let fd = try openFolder(name, in: folder)
    defer { close(fd) }
    var status = stat()
    guard fstat(fd, &status) == 0 else { throw SystemError("look at", shown(name)) }
    guard status.st_dev == device else {
      throw SystemError("delete", shown(name), code: EBUSY, advice: "something is mounted there; unmount it")
    }
    if depth >= Self.deepest { return try moveUp(name, from: folder) }
    try empty(fd, depth: depth)
    guard unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT else { throw SystemError("delete", shown(name)) }
  }

  private func moveUp(_ name: [CChar], from folder: Int32) throws(SystemError) {
    // A folder may replace an empty one; any other that has the name is passed over.
    repeat {
      moved += 1
      if renameat(folder, name, top, ".jarvis-deep-\(moved)") == 0 { return }
    } while [ENOTEMPTY, EEXIST, ENOTDIR].contains(errno)
    throw SystemError("move up", shown(name))
  }

  /// Opens a folder (never through a link) and makes it one that its owner can empty.
  private func openFolder(_ name: [CChar], in folder: Int32) throws(SystemError) -> Int32 {
    var fd = jarvis_openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0)
    if fd == -EACCES {
      // glibc (2.32) sees to it that a link is not followed.
      if fchmodat(folder, name, 0o700, AT_SYMLINK_NOFOLLOW) == 0 {
        fd = jarvis_openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0)
      }
    }
    guard fd >= 0 else { throw SystemError("open the folder", shown(name), code: -fd) }
    var status = stat()
    if fstat(fd, &status) == 0, status.st_mode & 0o700 != 0o700 { fchmod(fd, 0o700) }
    return fd
  }

  private func shown(_ name: [CChar]) -> String {
    "\(String(decoding: name.dropLast().map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)) in \(path)"
  }

  private static let dot = Array(".".utf8CString)
  private static let dotdot = Array("..".utf8CString)
}
