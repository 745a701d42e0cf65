import Glibc
import JarvisClient

/// Where the handler writes to.
private enum Pipe {
  nonisolated(unsafe) static var writeEnd: Int32 = -1
}

/// Signals as bytes of a pipe, so that one poll(2) waits for everything.
struct SignalPipe {
  /// Signals that end the program, after the terminal was put back.
  static let deadly = [SIGTERM, SIGINT, SIGHUP, SIGQUIT]
  private static let others = [SIGWINCH, SIGTSTP, SIGCONT]

  /// Readable when a signal has come.
  let descriptor: Int32

  /// Takes the signals over.
  init() throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw Failure(status: 1, message: systemMessage(errno)) }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    descriptor = ends[0]
    Pipe.writeEnd = ends[1]
    for number in Self.deadly + Self.others { Self.catches(number) }
  }

  /// The signals that came since the last call.
  func take() -> [Int32] {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    return count > 0 ? bytes[..<count].map(Int32.init) : []
  }

  /// Does what the signal does by itself: stops the process (and goes on after SIGCONT), or ends it.
  func letHappen(_ number: Int32) {
    signal(number, SIG_DFL)
    raise(number)
    Self.catches(number)
  }

  /// Gives the signals back.
  func close() {
    for number in Self.deadly + Self.others { signal(number, SIG_DFL) }
    Glibc.close(Pipe.writeEnd)
    Glibc.close(descriptor)
    Pipe.writeEnd = -1
  }

  private static func catches(_ number: Int32) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { number in
      let code = errno
      var byte = UInt8(truncatingIfNeeded: number)
      _ = write(Pipe.writeEnd, &byte, 1)
      errno = code
    }
    // Without SA_RESTART: a signal must get through a terminal that takes nothing more.
    sigaction(number, &action, nil)
  }
}
