import Glibc

/// The daemon's own environment.
public enum ProcessEnvironment {
  /// All variables that are UTF-8.
  public static var values: [String: String] {
    var values: [String: String] = [:]
    var at = environ
    while let entry = at.pointee {
      let text = String(cString: entry)
      if let equals = text.firstIndex(of: "=") {
        values[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      at += 1
    }
    return values
  }
}

/// The daemon's own process id.
func getpidNow() -> Int32 { getpid() }
