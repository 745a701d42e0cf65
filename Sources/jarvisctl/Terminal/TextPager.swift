import Glibc
import JarvisClient

/// Shows a long text on a terminal.
enum TextPager {
  /// Through `GIT_PAGER`, else `PAGER`, else `less` (which ends at once where all fits, and keeps colours); without one,
  /// or where it can't be run, the text is printed.
  static func show(_ text: String, isAllowed: Bool) {
    guard isAllowed, let stream = popen(command, "w") else { return put(text) }
    // A reader that was quit before the end is no fault.
    signal(SIGPIPE, SIG_IGN)
    var text = text
    text.withUTF8 { bytes in _ = fwrite(bytes.baseAddress, 1, bytes.count, stream) }
    let status = pclose(stream)
    // The shell's own status for a program that it did not find or can't run (POSIX, 2.8.2).
    if status >= 0, [126, 127].contains((status >> 8) & 0xFF) { put(text) }
  }

  private static var command: String {
    let named = ["GIT_PAGER", "PAGER"].compactMap { environmentValue($0) }.first
    return named ?? "LESS=\"${LESS-FRX}\" less 2>/dev/null"
  }
}

/// A patch for people.
enum PatchText {
  /// With colours as git has them; what would drive the terminal is written out.
  static func coloured(_ patch: String, on screen: Screen) -> String {
    var out = ""
    for line in patch.split(separator: "\n", omittingEmptySubsequences: false).dropLast(patch.hasSuffix("\n") ? 1 : 0) {
      let text = line.split(separator: "\t", omittingEmptySubsequences: false).map { escaped(String($0)) }
        .joined(separator: "\t")
      out += screen.paint(text, style(of: line)) + "\n"
    }
    return out
  }

  private static func style(of line: Substring) -> Style? {
    if ["diff ", "index ", "--- ", "+++ ", "new file", "deleted file"].contains(where: { line.hasPrefix($0) }) {
      return .bold
    }
    return switch line.first {
    case "+": .green
    case "-": .red
    case "@": .cyan
    default: nil
    }
  }
}
