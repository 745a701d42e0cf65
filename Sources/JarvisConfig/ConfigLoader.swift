/// A configuration and where it came from.
public struct LoadedConfig: Sendable, Equatable {
  /// What is in force.
  public var config: Config
  /// The file; nil: there is none, these are the defaults.
  public var source: String?
  /// What deserves a word, though the file could be used.
  public var warnings: [Diagnostic]
}

/// Finds and reads `jarvis.toml`.
public enum ConfigLoader {
  /// Reads the first that exists of `explicit` (`--config`), `$XDG_CONFIG_HOME/jarvis/jarvis.toml` (by default under
  /// `~/.config`) and `/etc/jarvis/jarvis.toml`; the defaults when there is none. An `explicit` file must exist. A file
  /// that exists and can't be used is an error, never passed over.
  /// - Parameter environment: `XDG_CONFIG_HOME` and `HOME` are looked at.
  public static func load(explicit: String?, environment: [String: String]) throws(ConfigError) -> LoadedConfig {
    if let explicit {
      guard let loaded = try read(explicit) else {
        throw ConfigError([Diagnostic(file: explicit, message: "there is no such file; it was named with --config")])
      }
      return loaded
    }
    for path in paths(environment: environment) {
      if let loaded = try read(path) { return loaded }
    }
    return LoadedConfig(config: Config(), source: nil, warnings: [])
  }

  /// The files that are looked for when none is named, the first that exists wins.
  public static func paths(environment: [String: String]) -> [String] {
    DataFolders.configuration(environment: environment).map { $0 + "/jarvis.toml" }
  }

  /// Reads the text of a configuration; `file` is its name in the diagnostics.
  public static func parse(_ text: String, file: String) throws(ConfigError) -> Config {
    try Config(document: TOMLDocument(text, file: file))
  }

  private static func read(_ path: String) throws(ConfigError) -> LoadedConfig? {
    guard let text = try FileText.contents(path) else { return nil }
    let config = try parse(text, file: path)
    var warnings: [Diagnostic] = []
    if FileText.isWritableByOthers(path) {
      warnings.append(
        Diagnostic(.warning, file: path, message: "others than its owner may write to this file (chmod go-w mends it)"))
    }
    return LoadedConfig(config: config, source: path, warnings: warnings)
  }
}
