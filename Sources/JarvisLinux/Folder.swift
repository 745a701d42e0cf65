import Glibc

/// Questions about folders.
public enum Folder {
  /// Whether there is a folder; a link to one counts only if links are followed.
  public static func isFolder(_ path: String, followingLinks: Bool = false) -> Bool {
    var status = stat()
    let result = followingLinks ? stat(path, &status) : lstat(path, &status)
    return result == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether there is anything of that name, a link that leads nowhere included.
  public static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// The path without links and dots; nil when it does not exist (realpath(3)).
  public static func resolved(_ path: String) -> String? {
    guard let text = realpath(path, nil) else { return nil }
    defer { free(text) }
    return String(cString: text)
  }

  /// What is in a folder, in no order and without `.` and `..`; nothing where it can't be read. Bytes that are not UTF-8
  /// are replaced, so such a name leads nowhere.
  ///
  /// - Parameters:
  ///   - most: names at most.
  ///   - followingLinks: false: a link to a folder has nothing in it.
  public static func names(in folder: String, most: Int = .max, followingLinks: Bool = true) -> [String] {
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (followingLinks ? 0 : O_NOFOLLOW)
    let descriptor = open(folder, flags)
    guard descriptor >= 0 else { return [] }
    guard let stream = fdopendir(descriptor) else {
      close(descriptor)
      return []
    }
    defer { closedir(stream) }
    var names: [String] = []
    while names.count < most, let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}
