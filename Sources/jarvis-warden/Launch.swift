import CLinux
import Glibc
import WardenProtocol

/// Turns a specification into what `jarvis_start` takes, for as long as `body` runs.
struct Launcher {
  /// Names this warden in its agents' environment, so that a later one recognises what this one left.
  let identity: String
  /// /dev/null, the agents' stdin.
  private let null: Int32
  /// The soft limit of open files that agents get: the warden's before it raised its own.
  private let fileLimit: UInt64?

  /// Agents are the first that the kernel takes when memory runs out, before the services that started them.
  private static let oomScore: Int32 = 500

  init(identity: String, fileLimit: UInt64?) throws(SystemError) {
    self.identity = identity
    self.fileLimit = fileLimit
    null = jarvis_openat(AT_FDCWD, "/dev/null", O_RDWR, 0)
    guard null >= 0 else { throw SystemError("/dev/null can't be opened", code: -null) }
  }

  /// Opens the output files and calls `body`, which starts the child.
  func withSpawn<Result>(
    _ spec: RunSpec, _ body: (inout jarvis_spawn) throws(StartFailure) -> Result
  ) throws(StartFailure) -> Result {
    let stdout = try open(spec.stdoutPath, .stdout, spec.key)
    defer { close(stdout) }
    let isShared = spec.stderrPath == spec.stdoutPath
    let stderr = isShared ? stdout : try open(spec.stderrPath, .stderr, spec.key)
    defer { if !isShared { close(stderr) } }

    let arguments = CStrings(spec.arguments)
    defer { arguments.free() }
    let environment = CStrings(Self.environment(of: spec, identity))
    defer { environment.free() }
    let paths = CStrings([spec.executable, spec.workingDirectory])
    defer { paths.free() }
    let limit = UnsafeMutablePointer<jarvis_rlimit>.allocate(capacity: 1)
    defer { limit.deallocate() }
    limit.initialize(to: jarvis_rlimit(resource: Int32(RLIMIT_NOFILE.rawValue), soft: fileLimit ?? 0))

    var spawn = jarvis_spawn()
    spawn.executable = UnsafePointer(paths.pointer[0])
    spawn.argv = UnsafePointer(arguments.pointer)
    spawn.envp = UnsafePointer(environment.pointer)
    spawn.cwd = UnsafePointer(paths.pointer[1])
    spawn.cwd_fd = -1
    spawn.stdin_fd = null
    spawn.stdout_fd = stdout
    spawn.stderr_fd = stderr
    spawn.cgroup_fd = -1
    spawn.oom_score_adj = Self.oomScore
    spawn.rlimits = UnsafePointer(limit)
    spawn.rlimit_count = fileLimit == nil ? 0 : 1
    return try body(&spawn)
  }

  /// What was asked for, and the warden's marks instead of those that a submitting agent handed down.
  private static func environment(of spec: RunSpec, _ identity: String) -> [String] {
    spec.environment.filter { !$0.hasPrefix("JARVIS_WARDEN_ID=") && !$0.hasPrefix("JARVIS_RUN_KEY=") }
      + ["JARVIS_WARDEN_ID=\(identity)", "JARVIS_RUN_KEY=\(spec.key.name)"]
  }

  private func open(_ path: String, _ stage: StartStage, _ key: RunKey) throws(StartFailure) -> Int32 {
    // Without O_NONBLOCK a FIFO put in the place of the file would hold the warden up for ever.
    let flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK
    let fd = jarvis_openat(AT_FDCWD, path, flags, 0o600)
    guard fd < 0 else { return fd }
    throw StartFailure(
      key: key, stage: stage, errno: -fd,
      message: "The \(stage) file \(path) can't be opened: "
        + (fd == -ELOOP ? "it is a symbolic link, which is never followed." : "\(errorText(-fd))."))
  }

  /// A sentence for a child that could not be started.
  static func failure(_ child: jarvis_spawned, of spec: RunSpec) -> StartFailure {
    let why = errorText(child.error)
    let stage: StartStage
    let message: String
    switch Int(child.stage) {
    case Int(JARVIS_STAGE_CWD.rawValue):
      stage = .workingDirectory
      message = "The working folder \(spec.workingDirectory) can't be entered: \(why)."
    case Int(JARVIS_STAGE_EXEC.rawValue):
      stage = .execute
      message = "The program \(spec.executable) can't be run: \(why)."
    case Int(JARVIS_STAGE_PREPARE.rawValue):
      stage = .prepare
      message = "The new process can't be set up: \(why)."
    default:
      stage = .clone
      message = "No process can be made: \(why)."
    }
    return StartFailure(key: spec.key, stage: stage, errno: child.error, message: message)
  }
}

/// A null-ended array of C strings in memory of its own.
private struct CStrings {
  let pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ strings: [String]) {
    count = strings.count
    pointer = .allocate(capacity: count + 1)
    for (index, string) in strings.enumerated() { (pointer + index).initialize(to: strdup(string)) }
    (pointer + count).initialize(to: nil)
  }

  func free() {
    for index in 0..<count { Glibc.free(pointer[index]) }
    pointer.deallocate()
  }
}
