import Glibc

/// The files of one kind from all folders, by name.
public struct LoadedFiles<File: Sendable & Equatable>: Sendable, Equatable {
  /// The usable ones. A name that stands in two folders is that of the later folder.
  public var files: [String: File] = [:]
  /// What is wrong with the others; they are left out, those they would override too.
  public var diagnostics: [Diagnostic] = []
}

/// Reads every `*.toml` of `folders`, of which later ones override earlier ones; folders need not exist.
func loadFiles<File>(_ folders: [String], _ read: (TOMLDocument) throws(ConfigError) -> File) -> LoadedFiles<File> {
  var result = LoadedFiles<File>()
  for folder in folders {
    let (names, problem) = tomlNames(in: folder)
    if let problem { result.diagnostics.append(problem) }
    for name in names {
      let path = DataFolders.join(folder, name)
      let stem = String(name.dropLast(".toml".count))
      do throws(ConfigError) {
        result.files[stem] = try read(TOMLDocument(fileAt: path))
      } catch {
        // To fall back on the overridden file would run something else than the user has written down.
        result.files[stem] = nil
        result.diagnostics += error.diagnostics
      }
    }
  }
  return result
}

extension TOMLDocument {
  /// Reads and parses the file at `path`, which must exist.
  init(fileAt path: String) throws(ConfigError) {
    guard let text = try FileText.contents(path) else {
      throw ConfigError([Diagnostic(file: path, message: "there is no such file")])
    }
    try self.init(text, file: path)
  }

  /// The file's name without folder and extension.
  var stem: String {
    let name = file.split(separator: "/").last.map(String.init) ?? file
    return name.hasSuffix(".toml") ? String(name.dropLast(5)) : name
  }
}

/// The names of the TOML files in a folder, sorted, hidden ones left out.
private func tomlNames(in folder: String) -> ([String], Diagnostic?) {
  guard let stream = opendir(folder) else {
    let code = errno
    switch FileText.failure(code, folder) {
    case .missing: return ([], nil)
    case .unusable(let message): return ([], Diagnostic(.warning, file: folder, message: message))
    }
  }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      // NUL-terminated by readdir(3).
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name.hasSuffix(".toml"), !name.hasPrefix("."), name.count > 5 { names.append(name) }
  }
  return (names.sorted(), nil)
}

extension TableReader {
  /// The `name` key, which must be the file's own name: it is what others refer to.
  mutating func fileName(into target: inout String) {
    let stem = problems.document.stem
    target = stem
    guard has("name") else {
      _ = value("name")
      return add("the key is missing; expected \"\(stem)\", the file's name without .toml", at: "name")
    }
    string("name", into: &target) { name in
      badName(name) ?? (name == stem ? nil : "found \"\(name)\"; expected \"\(stem)\", the file's name without .toml")
    }
  }
}
