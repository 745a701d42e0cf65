import CLinux
import Glibc
import Synchronization

/// One run of a helper program (not an agent) that ends: in time, and in what it writes.
///
/// It runs as the leader of a session of its own with `/dev/null` as stdin. Its end is its whole process group's end:
/// what it left running is killed. A thread of the run's own waits, so no thread of the common pool does.
public struct BoundedProgram: Sendable {
  /// Where the output goes.
  public enum Destination: Sendable, Hashable {
    /// Into `Ended.output`.
    case memory
    /// Into an open file, whose owner keeps it open until the run is over.
    case file(Int32)
  }

  /// Absolute path of the program.
  public var executable: String
  /// What follows its name.
  public var arguments: [String]
  /// All variables that it gets.
  public var environment: [String: String]
  /// Its working folder.
  public var folder: String
  /// After this long its group is asked to end (SIGTERM), and 2 s later killed.
  public var timeout: Duration
  /// Most bytes of stdout; a program that writes more is ended like one that takes too long.
  public var outputLimit: Int
  /// Most bytes of stderr; what comes after them is dropped.
  public var errorLimit = 16 << 10
  /// Where stdout goes.
  public var destination = Destination.memory
  /// Whether stderr goes the way of stdout, in the order in which it was written.
  public var joinsErrors = false
  /// A descriptor that the program and its children inherit as number 3; its owner keeps it open until the run is over.
  public var kept: Int32?

  /// A run with its stdout in memory; the rest can be set afterwards.
  public init(
    _ executable: String, _ arguments: [String], environment: [String: String], folder: String, timeout: Duration,
    outputLimit: Int
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.folder = folder
    self.timeout = timeout
    self.outputLimit = outputLimit
  }

  /// How a run ended.
  public struct Ended: Sendable, Hashable {
    /// Its exit status; nil: a signal ended it, or it could not even be killed (a disk or network that hangs).
    public var status: Int32?
    /// What it wrote to stdout, for `memory`.
    public var output: [UInt8] = []
    /// Bytes of stdout that were kept, in memory or in the file.
    public var outputBytes = 0
    /// What it wrote to stderr, at most `errorLimit` bytes.
    public var errors: [UInt8] = []
    /// Whether it wrote more to stdout than was wanted and was ended for that.
    public var isCut = false
    /// Whether it took too long and was ended for that.
    public var timedOut = false
    /// The error number of a write to the file that failed, and it was ended for that (ENOSPC, say).
    public var writeFailure: Int32?
  }

  /// Runs it to its end. When the task is cancelled its group is asked to end (SIGTERM), which is an end by a signal.
  ///
  /// - Throws: `SystemError` when it can't be started.
  public func run() async throws(SystemError) -> Ended {
    let bell = GroupBell()
    let result: Result<Ended, SystemError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        do throws(SystemError) {
          try startServiceThread("program") {
            do throws(SystemError) {
              let run = try ProgramRun(self, bell)
              let ended = run.finish()
              continuation.resume(returning: .success(ended))
              run.reap()
            } catch {
              continuation.resume(returning: .failure(error))
            }
          }
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    } onCancel: {
      bell.ring()
    }
    return try result.get()
  }
}

/// Asks a process group to end, if that is still wanted when there is one, and as long as its number is its own.
final class GroupBell: Sendable {
  private let state = Mutex((group: nil as pid_t?, hasRung: false))

  func ring() {
    state.withLock {
      $0.hasRung = true
      if let group = $0.group { kill(-group, SIGTERM) }
    }
  }

  func begin(_ group: pid_t) {
    state.withLock {
      $0.group = group
      if $0.hasRung { kill(-group, SIGTERM) }
    }
  }

  func end() { state.withLock { $0.group = nil } }
}

/// Runs a function that waits for disks on a thread of its own.
///
/// - Throws: `SystemError` when there can be no more threads.
public func onOwnThread<Value: Sendable>(
  _ name: String, _ body: @escaping @Sendable () -> Value
) async throws(SystemError) -> Value {
  let result: Result<Value, SystemError> = await withCheckedContinuation { continuation in
    do throws(SystemError) {
      try startServiceThread(name) { continuation.resume(returning: .success(body())) }
    } catch {
      continuation.resume(returning: .failure(error))
    }
  }
  return try result.get()
}
