import Glibc

/// Why a folder is not fit to keep a socket or state in.
public struct PrivateFolderError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A sentence: the folder, what is wrong with it, what to do.
  public let description: String
}

/// Makes sure that `path` is a folder of this user's that nobody else can write to; makes it, and the folders above it
/// that are missing, with mode 0700.
///
/// A symbolic link in the last place is refused, wherever it leads; links higher up are followed. An existing folder
/// that others may read is taken as it is.
///
/// - Throws: `PrivateFolderError`: it cannot be made, is no folder, is a link, is another user's, or is writable by
///   its group or by all.
public func ensurePrivateDirectory(_ path: String) throws(PrivateFolderError) {
  // With a slash at the end, O_NOFOLLOW would follow a link after all.
  if path.hasSuffix("/"), path.utf8.count > 1 { return try ensurePrivateDirectory(String(path.dropLast())) }
  try makeFolders(path)
  // Looked at through one descriptor, so that it is one and the same folder from check to check.
  let fd = retryingInterrupts { open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
  guard fd >= 0 else {
    let code = errno
    var status = stat()
    if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK {
      throw PrivateFolderError(
        description: "\(path) is a symbolic link, which another user could turn elsewhere; remove it, or name the "
          + "folder that it leads to")
    }
    if code == ENOTDIR {
      throw PrivateFolderError(description: "\(path) is a file where a folder is needed; move it out of the way")
    }
    throw PrivateFolderError(description: SystemError("open the folder", path, code: code).description)
  }
  defer { close(fd) }
  var status = stat()
  guard fstat(fd, &status) == 0 else {
    throw PrivateFolderError(description: SystemError("look at the folder", path).description)
  }
  guard status.st_uid == geteuid() else {
    throw PrivateFolderError(
      description: "\(path) belongs to uid \(status.st_uid), and this is uid \(geteuid()); remove it, or use another "
        + "folder")
  }
  guard status.st_mode & 0o022 == 0 else {
    throw PrivateFolderError(
      description: "\(path) can be written to by others (mode \(String(status.st_mode & 0o7777, radix: 8))); run: "
        + "chmod go-w \(path)")
  }
}

private func makeFolders(_ path: String) throws(PrivateFolderError) {
  if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
  guard errno == ENOENT, let slash = path.lastIndex(of: "/"),
    slash > path.startIndex
  else { throw PrivateFolderError(description: SystemError("make the folder", path).description) }
  try makeFolders(String(path[..<slash]))
  guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
    throw PrivateFolderError(description: SystemError("make the folder", path).description)
  }
}

/// Makes the entries of a folder durable: after a file in it was made, renamed or removed (fsync(2)).
public func fsyncDirectory(_ path: String) throws(SystemError) {
  let fd = retryingInterrupts { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
  guard fd >= 0 else { throw SystemError("open the folder", path) }
  defer { close(fd) }
  guard retryingInterrupts({ fsync(fd) }) == 0 else { throw SystemError("make durable the folder", path) }
}

/// Raises the soft limit on open files to the hard one (getrlimit(2), RLIMIT_NOFILE) and returns what is in force.
///
/// Programs started afterwards inherit it: those that use select(2) break above 1024, so start agents elsewhere.
@discardableResult
public func raiseFileLimit() throws(SystemError) -> UInt64 {
  var limit = rlimit()
  guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
    throw SystemError("read", "the limit on open files")
  }
  guard limit.rlim_cur < limit.rlim_max else { return UInt64(limit.rlim_cur) }
  limit.rlim_cur = limit.rlim_max
  guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
    throw SystemError("raise", "the limit on open files")
  }
  return UInt64(limit.rlim_cur)
}
