import Glibc

/// Reads which branch a folder is on from git's files, without running git (gitrepository-layout(5)).
///
/// GIT_DIR and the like are not looked at. Nothing found in a repository is executed or trusted as configuration.
public enum GitBranch {
  /// The branch checked out in the work tree that holds `folder`: `main`, `feature/x`, also before its first commit.
  /// Nil outside of a repository and for a detached HEAD.
  public static func current(of folder: String) -> String? {
    guard let git = gitDirectory(of: folder), let head = firstLine("\(git)/HEAD"), head.hasPrefix("ref: refs/heads/")
    else { return nil }
    let name = head.dropFirst(16)
    return name.isEmpty ? nil : String(name)
  }

  /// The git folder that all work trees of the repository share: one project's name, wherever it is checked out.
  /// Nil outside of a repository.
  public static func commonDirectory(of folder: String) -> String? {
    guard let git = gitDirectory(of: folder) else { return nil }
    guard let common = firstLine("\(git)/commondir") else { return git }
    return resolved(common, from: git)
  }

  /// The git folder of the work tree that holds `folder`: the nearest `.git` upwards, or what a `.git` file points to
  /// (`gitdir: …`, in linked work trees and submodules).
  private static func gitDirectory(of folder: String) -> String? {
    guard var current = resolved(folder, from: "/") else { return nil }
    while true {
      let candidate = current == "/" ? "/.git" : "\(current)/.git"
      var status = stat()
      if stat(candidate, &status) == 0 {
        if status.st_mode & S_IFMT == S_IFDIR {
          // An empty .git folder is not a repository; git looks further up then, and so do we.
          if access("\(candidate)/HEAD", F_OK) == 0 { return candidate }
        } else if let line = firstLine(candidate), line.hasPrefix("gitdir: ") {
          return resolved(String(line.dropFirst(8)), from: current)
        }
      }
      guard current != "/", let slash = current.lastIndex(of: "/") else { return nil }
      current = slash == current.startIndex ? "/" : String(current[..<slash])
    }
  }

  private static func firstLine(_ path: String) -> String? {
    guard let bytes = try? readFile(path, limit: 4096), let line = ByteText.lines(bytes).first else { return nil }
    return ByteText.string(line.last == 0x0D ? line.dropLast() : line)
  }

  private static func resolved(_ path: String, from folder: String) -> String? {
    Folder.resolved(path.hasPrefix("/") ? path : "\(folder)/\(path)")
  }
}
