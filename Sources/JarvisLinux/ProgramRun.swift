import CLinux
import Glibc

/// A program that was started, as the one thread sees it that waits for it.
final class ProgramRun {
  private let program: BoundedProgram
  private let bell: GroupBell
  private let pid: pid_t
  /// Tells of the program's end; -1 on a kernel that has none, where the end is looked for every 50 ms.
  private let pidfd: Int32
  /// The ends that are read; -1 once they are at their end.
  private var output: Int32
  private var errors: Int32
  private var ended = BoundedProgram.Ended()
  /// When the group was asked to end.
  private var askedAt: UInt64?
  private var wasKilled = false
  private var isReaped = false
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  /// From the question to end to SIGKILL: time to remove lock files in.
  private static let grace: UInt64 = 2_000_000_000
  /// How long after its end, or after SIGKILL, somebody may still hold its pipes, or it may be in the kernel.
  private static let patience: UInt64 = 2_000_000_000

  init(_ program: BoundedProgram, _ bell: GroupBell) throws(SystemError) {
    self.program = program
    self.bell = bell
    var out: [Int32] = [-1, -1]
    var err: [Int32] = [-1, -1]
    var failure = jarvis_pipe(&out)
    if failure == 0, !program.joinsErrors { failure = jarvis_pipe(&err) }
    guard failure == 0 else {
      for fd in out where fd >= 0 { close(fd) }
      throw SystemError("make a pipe for", program.executable, code: -failure)
    }
    var argv: [UnsafeMutablePointer<CChar>?] = ([program.executable] + program.arguments).map { strdup($0) } + [nil]
    let variables = program.environment.map { strdup("\($0.key)=\($0.value)") }
    var envp: [UnsafeMutablePointer<CChar>?] = variables + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    let started = program.executable.withCString { path in
      program.folder.withCString { folder in
        argv.withUnsafeMutableBufferPointer { argv in
          envp.withUnsafeMutableBufferPointer { envp in
            var request = jarvis_program(
              path: path, argv: argv.baseAddress, envp: envp.baseAddress, cwd: folder, stdout_fd: out[1],
              stderr_fd: program.joinsErrors ? out[1] : err[1], kept_fd: program.kept ?? -1)
            return jarvis_start_program(&request)
          }
        }
      }
    }
    close(out[1])
    if err[1] >= 0 { close(err[1]) }
    guard started > 0 else {
      close(out[0])
      if err[0] >= 0 { close(err[0]) }
      throw SystemError("run", program.executable, code: -started)
    }
    pid = started
    let descriptor = jarvis_pidfd_open(started)
    pidfd = max(-1, descriptor)
    output = out[0]
    errors = err[0]
    for fd in [output, errors] where fd >= 0 { _ = fcntl(fd, F_SETFL, O_NONBLOCK) }
    bell.begin(started)
  }

  deinit {
    for fd in [output, errors, pidfd] where fd >= 0 { close(fd) }
  }

  /// Reads until the program and its output are at their end, or nothing more is to be waited for.
  func finish() -> BoundedProgram.Ended {
    let (seconds, attoseconds) = program.timeout.components
    let allowed = UInt64(clamping: seconds) &* 1_000_000_000 &+ UInt64(clamping: attoseconds / 1_000_000_000)
    let deadline = SystemClock.monotonicNanoseconds() &+ allowed
    var endedAt: UInt64?
    while true {
      let now = SystemClock.monotonicNanoseconds()
      if endedAt == nil, hasEnded() {
        endedAt = now
        // Who was asked to end has time to tidy up; else nobody has any business here any more.
        if askedAt == nil { killGroup() }
      }
      if endedAt != nil, output < 0, errors < 0 { break }
      if askedAt == nil, endedAt == nil, now >= deadline {
        ended.timedOut = true
        ask(now)
      }
      var wakeUp = askedAt == nil && endedAt == nil ? deadline : UInt64.max
      if let askedAt, !wasKilled {
        if now >= askedAt + Self.grace { killGroup() } else { wakeUp = askedAt + Self.grace }
      }
      if wasKilled {
        let last = (askedAt.map { $0 + Self.grace } ?? endedAt ?? now) + Self.patience
        if now >= last { break }
        wakeUp = last
      }
      wait(until: wakeUp, from: now, watchingEnd: endedAt == nil)
      read(now)
    }
    killGroup()
    if endedAt != nil { reap() }
    return ended
  }

  /// Takes the program's status, and its number back to the kernel. It waits for one that even SIGKILL didn't end.
  func reap() {
    guard !isReaped else { return }
    bell.end()
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    isReaped = true
    // WIFEXITED and WEXITSTATUS are macros.
    if status & 0x7F == 0 { ended.status = status >> 8 & 0xFF }
  }

  /// Whether the leader has ended. It is not reaped: its number, which is the group's, stays its own until then.
  private func hasEnded() -> Bool {
    var info = siginfo_t()
    let result = waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT)
    return result != 0 ? errno != EINTR : info.si_signo != 0
  }

  private func ask(_ now: UInt64) {
    guard askedAt == nil else { return }
    askedAt = now
    kill(-pid, SIGTERM)
  }

  private func killGroup() {
    wasKilled = true
    kill(-pid, SIGKILL)
  }

  private func wait(until wakeUp: UInt64, from now: UInt64, watchingEnd: Bool) {
    var milliseconds = wakeUp == .max ? Int32.max : Int32(clamping: (wakeUp &- now) / 1_000_000 + 1)
    if watchingEnd, pidfd < 0 { milliseconds = min(milliseconds, 50) }
    var watched = [
      pollfd(fd: output, events: Int16(POLLIN), revents: 0), pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
      pollfd(fd: watchingEnd ? pidfd : -1, events: Int16(POLLIN), revents: 0),
    ]
    poll(&watched, nfds_t(watched.count), milliseconds)
  }

  private func read(_ now: UInt64) {
    output = readAll(output) { bytes in
      let room = max(0, program.outputLimit - ended.outputBytes)
      let kept = bytes.prefix(room)
      if ended.writeFailure == nil {
        switch program.destination {
        case .memory: ended.output += kept
        case .file(let fd): ended.writeFailure = Self.write(kept, fd)
        }
        if ended.writeFailure == nil { ended.outputBytes += kept.count }
      }
      if bytes.count > room { ended.isCut = true }
    }
    errors = readAll(errors) { bytes in ended.errors += bytes.prefix(max(0, program.errorLimit - ended.errors.count)) }
    if ended.isCut || ended.writeFailure != nil { ask(now) }
  }

  /// Reads what is there. Returns the descriptor, or -1 when it was at its end and is closed.
  private func readAll(_ fd: Int32, _ body: (ArraySlice<UInt8>) -> Void) -> Int32 {
    guard fd >= 0 else { return -1 }
    // Not for ever: the time is looked at in between.
    for _ in 0..<16 {
      let count = Glibc.read(fd, &buffer, buffer.count)
      if count > 0 {
        body(buffer[..<count])
      } else if count < 0, errno == EINTR {
        continue
      } else if count < 0, errno == EAGAIN {
        return fd
      } else {
        close(fd)
        return -1
      }
    }
    return fd
  }

  /// The error number of a write that failed.
  private static func write(_ bytes: ArraySlice<UInt8>, _ fd: Int32) -> Int32? {
    bytes.withUnsafeBytes { raw in
      var done = 0
      while done < raw.count, let start = raw.baseAddress {
        let count = retryingInterrupts { Glibc.write(fd, start + done, raw.count - done) }
        guard count > 0 else { return count == 0 ? EIO : errno }
        done += count
      }
      return nil
    }
  }
}
