import JarvisLinux

/// What a repository knows of one linked worktree: a folder in `.git/worktrees` (gitrepository-layout(5)).
///
/// It is read from the files, since git itself stumbles over one that another git has half made, or was killed over.
struct Registration: Sendable, Hashable {
  /// The folder in `.git/worktrees`, which is the worktree's git folder.
  let directory: String
  /// What its HEAD says: `ref: refs/heads/x`, or a commit; empty: it can't be read.
  let head: String
  /// Whether `git worktree add` has not finished it: it holds a lock of its own until then.
  let isUnfinished: Bool

  /// The branch that is checked out there.
  var branch: String? { head.hasPrefix("ref: refs/heads/") ? String(head.dropFirst(16)) : nil }

  /// The registrations of a worktree folder, `name` in `root` (without links). More than one where it was made anew
  /// beside remains.
  static func of(_ name: String, in root: String, common: String) -> [Registration] {
    all(common).filter { $0.place.map { $0.name == name && $0.parent == root } ?? false }.map(\.registration)
  }

  /// Whether a branch is checked out in a work tree of the repository other than those registered in `except`.
  static func isCheckedOut(_ branch: String, common: String, except: [Registration]) -> Bool {
    if line("\(common)/HEAD") == "ref: refs/heads/\(branch)" { return true }
    return all(common).contains { entry in
      entry.registration.branch == branch && !except.contains { $0.directory == entry.registration.directory }
    }
  }

  /// The folders that a repository has registered, the last part and the folder above it without links.
  private static func all(
    _ common: String
  ) -> [(registration: Registration, place: (name: String, parent: String)?)] {
    folders("\(common)/worktrees").map { id in
      let directory = "\(common)/worktrees/\(id)"
      let registration = Registration(
        directory: directory, head: line("\(directory)/HEAD") ?? "",
        isUnfinished: line("\(directory)/locked") == "initializing")
      return (registration, line("\(directory)/gitdir").flatMap { place($0, from: directory) })
    }
  }

  /// The worktree of a `gitdir` file: the path of its `.git`, which newer versions of git may write relative to here.
  private static func place(_ gitdir: String, from directory: String) -> (name: String, parent: String)? {
    guard gitdir.hasSuffix("/.git") else { return nil }
    let path = gitdir.hasPrefix("/") ? gitdir.dropLast(5) : ("\(directory)/\(gitdir)").dropLast(5)
    guard let slash = path.lastIndex(of: "/"), let parent = Folder.resolved(String(path[..<slash])) else { return nil }
    return (String(path[path.index(after: slash)...]), parent)
  }

  private static func line(_ path: String) -> String? {
    guard let bytes = try? readFile(path, limit: 8192) else { return nil }
    return GitText.line(bytes)
  }

  /// The folders in a folder, hidden ones left out; at most 10,000.
  static func folders(_ folder: String) -> [String] {
    Folder.names(in: folder, most: 10_000).filter { !$0.hasPrefix(".") && Folder.isFolder("\(folder)/\($0)") }.sorted()
  }
}
