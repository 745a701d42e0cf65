import Glibc

/// A line for a person on stderr, whatever the log goes to.
public enum TerminalLine {
  /// Writes one line with one system call.
  public static func write(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    _ = Glibc.write(2, bytes, bytes.count)
  }
}
