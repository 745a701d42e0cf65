import Glibc

/// Files that tasks leave for whoever reads their result.
enum Artifacts {
  /// The regular files in a folder and the folders in it, at most 200, by path. Links are not followed.
  static func list(in folder: String) -> [String] {
    var files: [String] = []
    var folders = [folder]
    var seen = 0
    while let next = folders.popLast(), files.count < 200, seen < 10_000 {
      for name in names(in: next) {
        seen += 1
        var status = stat()
        let path = "\(next)/\(name)"
        guard lstat(path, &status) == 0 else { continue }
        switch status.st_mode & S_IFMT {
        case S_IFREG where files.count < 200: files.append(path)
        case S_IFDIR where folders.count < 1000: folders.append(path)
        default: break
        }
      }
    }
    return files.sorted()
  }

  /// Takes a folder with all in it away; links are removed and not followed.
  static func remove(_ folder: String, depth: Int = 0) {
    guard depth < 64 else { return }
    for name in names(in: folder) {
      var status = stat()
      let path = "\(folder)/\(name)"
      guard lstat(path, &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFDIR { remove(path, depth: depth + 1) } else { unlink(path) }
    }
    rmdir(folder)
  }

  private static func names(in folder: String) -> [String] {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0, let stream = fdopendir(descriptor) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while names.count < 10_000, let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}
