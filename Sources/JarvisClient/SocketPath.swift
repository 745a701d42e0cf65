import Glibc

/// Where the daemon's socket is.
public enum SocketPath {
  /// The path named on the command line, else `$JARVIS_SOCKET`, else `$XDG_RUNTIME_DIR/jarvis/jarvis.sock`, else
  /// `/run/user/UID/jarvis/jarvis.sock`. An empty text counts as not given.
  public static func find(named option: String? = nil) -> String {
    if let option, !option.isEmpty { return option }
    if let named = environmentValue("JARVIS_SOCKET") { return named }
    return (environmentValue("XDG_RUNTIME_DIR") ?? "/run/user/\(getuid())") + "/jarvis/jarvis.sock"
  }
}

/// A variable of the environment; nil where it is unset or empty.
public func environmentValue(_ name: String) -> String? {
  guard let value = getenv(name), value.pointee != 0 else { return nil }
  return String(cString: value)
}
