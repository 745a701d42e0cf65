import ArgumentParser
import Glibc
import JarvisClient

/// When to use colour.
enum ColorChoice: String, CaseIterable, ExpressibleByArgument {
  case auto, always, never
}

/// What stdout can show.
struct Screen {
  /// Columns where stdout is a terminal; nil where it is a file or a pipe: then nothing is cut and nothing drawn.
  let width: Int?
  let hasColor: Bool

  /// Looks at stdout, `TERM`, `NO_COLOR` (any text that is not empty turns colour off) and `COLUMNS`.
  init(color: ColorChoice) {
    let isTerminal = isatty(1) == 1
    width = isTerminal ? terminalWidth(1) : nil
    switch color {
    case .always: hasColor = true
    case .never: hasColor = false
    case .auto:
      hasColor = isTerminal && environmentValue("NO_COLOR") == nil && environmentValue("TERM") != "dumb"
    }
  }

  /// The text in a style, where there is colour.
  func paint(_ text: String, _ style: Style?) -> String {
    guard hasColor, let style, !text.isEmpty else { return text }
    return "\u{1b}[\(style.rawValue)m\(text)\u{1b}[0m"
  }
}

/// SGR numbers of ECMA-48.
enum Style: Int {
  case bold = 1
  case dim = 2
  case red = 31
  case green = 32
  case yellow = 33
  case cyan = 36
}

/// Columns of the terminal at a descriptor: from the kernel (TIOCGWINSZ), else `COLUMNS`, else 80; at least 20.
func terminalWidth(_ descriptor: Int32) -> Int {
  var size = winsize()
  if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return max(20, Int(size.ws_col)) }
  return max(20, environmentValue("COLUMNS").flatMap { Int($0) } ?? 80)
}
