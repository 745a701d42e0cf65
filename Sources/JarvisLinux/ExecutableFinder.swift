import Glibc

/// A program that cannot be started, and why.
public struct ExecutableNotFound: Error, Sendable, Hashable, CustomStringConvertible {
  /// Why it cannot be started.
  public enum Reason: Sendable, Hashable {
    /// There is no such file; for a bare name, not in any folder of PATH.
    case missing
    /// There is a file, and this user may not execute it.
    case notExecutable
    /// There is a folder of that name.
    case isFolder
  }

  /// The name as it was given.
  public let name: String
  /// Why it cannot be started.
  public let reason: Reason
  /// The file or folder that was found; for `missing`, where it was looked for.
  public let place: String

  /// A sentence for people.
  public var description: String {
    switch reason {
    case .missing where name.isEmpty: "the command is empty; name a program"
    case .missing where name.contains("/"): "the command \(name) does not exist (\(place))"
    case .missing: "the command \(name) is not in PATH (\(place)); install it, or give its full path"
    case .notExecutable: "the command \(name) is not executable (\(place)); run: chmod +x \(place)"
    case .isFolder: "the command \(name) is a folder (\(place)); name a program in it"
    }
  }
}

/// Finds programs as a shell does, with a PATH and a folder that are not this process's own.
public enum ExecutableFinder {
  /// The full path of the program that `name` would start.
  ///
  /// A name with a slash is a path, relative to `folder`; any other is looked for along `path`, where an empty element
  /// is `folder` too (execvp(3)). Whether the file is something that the kernel can run (a script's interpreter, the
  /// architecture) is not looked at.
  ///
  /// - Throws: `ExecutableNotFound` with what stood in the way; along `path`, the first thing that did.
  public static func find(_ name: String, path: String, folder: String) throws(ExecutableNotFound) -> String {
    guard !name.isEmpty, !name.utf8.contains(0) else {
      throw ExecutableNotFound(name: name, reason: .missing, place: path)
    }
    if name.contains("/") {
      let file = absolute(name, folder)
      if let reason = obstacle(file) { throw ExecutableNotFound(name: name, reason: reason, place: file) }
      return file
    }
    var first: ExecutableNotFound?
    for element in path.split(separator: ":", omittingEmptySubsequences: false) {
      let file = absolute(element.isEmpty ? name : "\(element)/\(name)", folder)
      guard let reason = obstacle(file) else { return file }
      if reason != .missing, first == nil { first = ExecutableNotFound(name: name, reason: reason, place: file) }
    }
    throw first ?? ExecutableNotFound(name: name, reason: .missing, place: path)
  }

  private static func absolute(_ path: String, _ folder: String) -> String {
    if path.hasPrefix("/") { return path }
    return folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
  }

  private static func obstacle(_ file: String) -> ExecutableNotFound.Reason? {
    var status = stat()
    guard stat(file, &status) == 0 else { return errno == EACCES ? .notExecutable : .missing }
    if status.st_mode & S_IFMT == S_IFDIR { return .isFolder }
    guard status.st_mode & S_IFMT == S_IFREG, faccessat(AT_FDCWD, file, X_OK, AT_EACCESS) == 0 else {
      return .notExecutable
    }
    return nil
  }
}
