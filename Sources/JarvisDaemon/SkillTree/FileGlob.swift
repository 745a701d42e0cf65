import Glibc
import JarvisConfig

/// Files that match a pattern with `*`, `?`, `[…]` in a name and `**` for any folders. Hidden files match only where the
/// pattern names their dot (as in a shell); symbolic links to folders are not followed by `**`.
struct FileGlob {
  /// Folders are looked at until so many entries were seen.
  private static let mostEntries = 200_000

  private let most: Int
  private var seen = 0
  private var found: [String] = []

  /// The paths of regular files and folders that match, absolute and sorted.
  /// - Parameters:
  ///   - folder: what a relative pattern begins at.
  ///   - most: more matches than this are refused.
  static func find(_ pattern: String, in folder: String, most: Int) throws(SkillError) -> [String] {
    let whole = pattern.hasPrefix("/") ? pattern : "\(folder)/\(pattern)"
    let parts = whole.split(separator: "/").filter { $0 != "." }.map(String.init)
    guard !pattern.isEmpty, !parts.isEmpty else { throw SkillError("the pattern for files is empty") }
    var glob = FileGlob(most: most)
    try glob.walk("", parts[...], pattern)
    // `a/**/**/b` finds a file on several ways.
    return Set(glob.found).sorted()
  }

  private init(most: Int) { self.most = most }

  private mutating func walk(_ folder: String, _ parts: ArraySlice<String>, _ pattern: String) throws(SkillError) {
    guard let part = parts.first else { return try add(folder, pattern) }
    let rest = parts.dropFirst()
    if part == "**" {
      try walk(folder, rest, pattern)
      for name in try entries(of: folder, pattern) where !name.hasPrefix(".") {
        let path = "\(folder)/\(name)"
        if Self.kind(path, follow: false) == S_IFDIR { try walk(path, parts, pattern) }
      }
      return
    }
    guard part.contains(where: { "*?[\\".contains($0) }) else {
      let path = "\(folder)/\(part)"
      if Self.kind(path, follow: true) != nil { try walk(path, rest, pattern) }
      return
    }
    for name in try entries(of: folder, pattern) where fnmatch(part, name, FNM_PERIOD) == 0 {
      let path = "\(folder)/\(name)"
      if rest.isEmpty || Self.kind(path, follow: true) == S_IFDIR { try walk(path, rest, pattern) }
    }
  }

  private mutating func add(_ path: String, _ pattern: String) throws(SkillError) {
    guard let kind = Self.kind(path, follow: true), kind == S_IFREG || kind == S_IFDIR else { return }
    found.append(path)
    guard found.count <= 2 * most + 64 else {
      throw SkillError("more than \(most) files match \(pattern); narrow it, or raise the step's max")
    }
  }

  private mutating func entries(of folder: String, _ pattern: String) throws(SkillError) -> [String] {
    guard let stream = opendir(folder.isEmpty ? "/" : folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      seen += 1
      guard seen <= Self.mostEntries else {
        throw SkillError("more than \(Self.mostEntries) files had to be looked at for \(pattern); narrow it")
      }
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        // NUL-terminated by readdir(3).
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  private static func kind(_ path: String, follow: Bool) -> mode_t? {
    var status = stat()
    guard (follow ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
    return status.st_mode & S_IFMT
  }
}
