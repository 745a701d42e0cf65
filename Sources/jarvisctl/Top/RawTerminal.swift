import Glibc
import JarvisClient

/// What puts the terminal back, kept where a signal handler can reach it.
private enum Saved {
  nonisolated(unsafe) static var settings = termios()
  nonisolated(unsafe) static var isRaw = false

  /// Only calls that are allowed in a signal handler (signal-safety(7)).
  static func restore() {
    guard isRaw else { return }
    isRaw = false
    // Synchronized output off, plain look, wrapping on, cursor shown, main screen.
    let leave: StaticString = "\u{1b}[?2026l\u{1b}[0m\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"
    _ = write(1, leave.utf8Start, leave.utf8CodeUnitCount)
    tcsetattr(0, TCSANOW, &settings)
  }
}

/// The terminal at stdin and stdout as a screen: no echo, keys at once, the alternate screen, no cursor.
///
/// Ctrl-C and Ctrl-Z stay signals, so that they work whatever this program does.
enum RawTerminal {
  /// Signals that a fault of this program raises.
  private static let faults = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV]

  /// Takes the terminal. Also right where it is taken already: after another program changed it.
  /// - Throws: where stdin is no terminal that can be set up.
  static func enter() throws {
    if !Saved.isRaw {
      guard tcgetattr(0, &Saved.settings) == 0 else {
        throw Failure(status: 1, message: "can't read the terminal's settings: \(systemMessage(errno))")
      }
    }
    var raw = Saved.settings
    raw.c_iflag &= ~tcflag_t(IXON | ICRNL | INLCR | IGNCR | ISTRIP)
    raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ECHONL | IEXTEN)
    Saved.isRaw = true
    for fault in faults {
      signal(fault) { number in
        Saved.restore()
        signal(number, SIG_DFL)
        raise(number)
      }
    }
    guard tcsetattr(0, TCSANOW, &raw) == 0 else {
      let cause = systemMessage(errno)
      Saved.restore()
      throw Failure(status: 1, message: "can't set the terminal up: \(cause)")
    }
    _ = write(Array("\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l".utf8))
  }

  /// Gives the terminal back as it was.
  static func leave() {
    Saved.restore()
    for fault in faults { signal(fault, SIG_DFL) }
  }

  /// What became of writing.
  enum Writing {
    case done
    /// A signal came in the middle; what the terminal shows is unknown.
    case interrupted
    /// The terminal is gone.
    case gone
  }

  /// Writes all bytes, in one call where the terminal takes them at once.
  static func write(_ bytes: [UInt8]) -> Writing {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(1, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        var entry = pollfd(fd: 1, events: Int16(POLLOUT), revents: 0)
        guard poll(&entry, 1, -1) > 0 else { return .interrupted }
      } else {
        return errno == EINTR ? .interrupted : .gone
      }
    }
    return .done
  }

  /// Columns and rows of the terminal at stdout, else those of `COLUMNS` and `LINES`, else 80 by 24.
  static var size: (columns: Int, rows: Int) {
    var size = winsize()
    if ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 {
      return (Int(size.ws_col), Int(size.ws_row))
    }
    func named(_ name: String) -> Int? { environmentValue(name).flatMap { Int($0) }.map { min(max($0, 1), 1000) } }
    return (named("COLUMNS") ?? 80, named("LINES") ?? 24)
  }
}
