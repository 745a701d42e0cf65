import Glibc

/// Where the shipped files (`runners/`, `skills/`, `jarvis.toml`) and the user's own are.
public enum DataFolders {
  /// The path of the running program, from `/proc/self/exe`; nil where there is no `/proc`.
  public static var executable: String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes { raw in
      raw.baseAddress.map { readlink("/proc/self/exe", $0, raw.count) } ?? 0
    }
    guard count > 0, count < buffer.count else { return nil }
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  /// Where the shipped files can be, best first: `$JARVIS_DATA_DIR`, `share/jarvis` of where the program is installed,
  /// `etc/jarvis` of the source tree that it was built in, `$XDG_DATA_HOME/jarvis`, `/usr/share/jarvis`. They need not
  /// exist.
  public static func candidates(executable: String?, environment: [String: String]) -> [String] {
    var folders: [String] = []
    if let named = environment["JARVIS_DATA_DIR"], !named.isEmpty { folders.append(named) }
    if let executable, let bin = parent(of: executable) {
      if let prefix = parent(of: bin) { folders.append(join(prefix, "share/jarvis")) }
      if let tree = sourceTree(above: bin) { folders.append(tree) }
    }
    if let data = base("XDG_DATA_HOME", ".local/share", environment) { folders.append(join(data, "jarvis")) }
    folders.append("/usr/share/jarvis")
    var seen: Set<String> = []
    return folders.filter { seen.insert($0).inserted }
  }

  /// The candidate that is used: the first that has runners or skills.
  public static func shipped(executable: String?, environment: [String: String]) -> String? {
    candidates(executable: executable, environment: environment)
      .first { isFolder(join($0, "runners")) || isFolder(join($0, "skills")) }
  }

  /// The folders named `kind` (`runners` or `skills`), those that override last: the shipped one, `/etc/jarvis/KIND`,
  /// `$XDG_CONFIG_HOME/jarvis/KIND`. They need not exist.
  public static func search(_ kind: String, executable: String?, environment: [String: String]) -> [String] {
    var folders = shipped(executable: executable, environment: environment).map { [$0] } ?? []
    folders += configuration(environment: environment).reversed().filter { !folders.contains($0) }
    return folders.map { join($0, kind) }
  }

  /// The folders for configuration, the user's first.
  static func configuration(environment: [String: String]) -> [String] {
    let own = base("XDG_CONFIG_HOME", ".config", environment).map { [join($0, "jarvis")] } ?? []
    return own + ["/etc/jarvis"]
  }

  /// A base folder of the XDG specification, which says that relative ones are to be ignored.
  private static func base(_ name: String, _ fallback: String, _ environment: [String: String]) -> String? {
    if let named = environment[name], named.hasPrefix("/") { return named }
    guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
    return join(home, fallback)
  }

  /// `etc/jarvis` of the nearest folder above that has one. It decides which commands run, so one that another user
  /// has put there (above a binary under `/tmp`, say) doesn't count.
  private static func sourceTree(above folder: String) -> String? {
    var folder: String? = folder
    while let current = folder {
      let candidate = join(current, "etc/jarvis")
      var status = stat()
      if stat(join(candidate, "jarvis.toml"), &status) == 0, status.st_uid == geteuid() || status.st_uid == 0 {
        return candidate
      }
      folder = parent(of: current)
    }
    return nil
  }

  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  static func join(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }

  /// nil above `/` and for relative paths.
  private static func parent(of path: String) -> String? {
    guard path.hasPrefix("/"), path != "/", let cut = path.lastIndex(of: "/") else { return nil }
    return cut == path.startIndex ? "/" : String(path[..<cut])
  }
}
