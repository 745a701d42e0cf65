import Glibc
import JarvisConfig
import JarvisLinux

/// Tells when the files of skills have changed, by inotify(7): prompts are made of them, and clients of MCP that have
/// read the list want to know. It costs nothing before somebody does.
actor SkillWatch {
  /// What of a file says that it is another one now.
  private struct Mark: Equatable {
    let inode: UInt64
    let size: Int
    let seconds: Int
    let nanoseconds: Int
  }

  private let folders: [String]
  private let tell: @Sendable () async -> Void
  private var work: Task<Void, Never>?

  /// - Parameters:
  ///   - folders: where skills are; they need not exist.
  ///   - tell: called when what is in them is something else than before.
  init(folders: [String], tell: @escaping @Sendable () async -> Void) {
    self.folders = folders
    self.tell = tell
  }

  deinit { work?.cancel() }

  /// Begins to watch, once. Where inotify can't be had, nobody is told anything.
  func start() {
    guard work == nil, let watcher = try? InotifyWatcher(maximumWatches: 16) else { return }
    let (folders, tell) = (folders, tell)
    // What was changed before this is in the list that the client reads now.
    let known = Self.marks(folders)
    work = Task { await Self.run(watcher, folders, known, tell) }
  }

  private static func run(
    _ watcher: InotifyWatcher, _ folders: [String], _ first: [String: Mark], _ tell: @Sendable () async -> Void
  ) async {
    var known = first
    while !Task.isCancelled {
      // Watched before they are looked at, so that nothing falls between. Folders may have come or gone.
      let streams = Set(folders.compactMap(nearest)).compactMap { try? watcher.watchFolder($0) }
      let now = marks(folders)
      if now != known {
        known = now
        await tell()
      }
      guard !streams.isEmpty else { return }
      await withTaskGroup(of: Void.self) { group in
        for stream in streams { group.addTask { for await _ in stream { return } } }
        await group.next()
        group.cancelAll()
      }
      // A file is written in several steps, and the folder above may be a busy one.
      try? await Task.sleep(for: .milliseconds(100), clock: .continuous)
    }
  }

  /// The folder, or the nearest one above that exists: there it will appear.
  private static func nearest(_ folder: String) -> String? {
    var folder = folder
    while true {
      if Folder.isFolder(folder, followingLinks: true) { return folder }
      guard folder != "/", let cut = folder.lastIndex(of: "/") else { return nil }
      folder = cut == folder.startIndex ? "/" : String(folder[..<cut])
    }
  }

  private static func marks(_ folders: [String]) -> [String: Mark] {
    var found: [String: Mark] = [:]
    for folder in folders {
      for name in Folder.names(in: folder) {
        var status = stat()
        let path = "\(folder)/\(name)"
        guard name.hasSuffix(".toml"), !name.hasPrefix("."), stat(path, &status) == 0 else { continue }
        found[path] = Mark(
          inode: UInt64(status.st_ino), size: Int(status.st_size), seconds: status.st_mtim.tv_sec,
          nanoseconds: status.st_mtim.tv_nsec)
      }
    }
    return found
  }
}
