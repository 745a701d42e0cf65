import Glibc
import JarvisLinux

/// Files that tasks leave for whoever reads their result.
enum Artifacts {
  /// The regular files in a folder and the folders in it, at most 200, by path. Links are not followed.
  static func list(in folder: String) -> [String] {
    var files: [String] = []
    var folders = [folder]
    var seen = 0
    while let next = folders.popLast(), files.count < 200, seen < 10_000 {
      for name in Folder.names(in: next, most: 10_000, followingLinks: false) {
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
}
