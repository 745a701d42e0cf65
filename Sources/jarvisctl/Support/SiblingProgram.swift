import Glibc
import JarvisClient

/// Runs another of Jarvis's programs: the one beside this one, else the one in `PATH`.
enum SiblingProgram {
  /// Replaces this process. It returns only when that is not possible, and then why.
  static func become(_ name: String, _ arguments: [String]) -> Failure {
    let path = path(of: name)
    var words = ([path] + arguments).map { strdup($0) } + [nil]
    defer { words.forEach { free($0) } }
    signal(SIGPIPE, SIG_DFL)
    execvp(path, &words)
    return missing(name)
  }

  /// Runs it to its end and collects what it writes to stdout and stderr.
  static func output(of name: String, _ arguments: [String]) throws -> (bytes: [UInt8], status: Int32) {
    let path = path(of: name)
    let words = ([path] + arguments).map { strdup($0) } + [nil]
    defer { words.forEach { free($0) } }
    var pipes: [Int32] = [-1, -1]
    guard pipe(&pipes) == 0 else { throw Failure(status: 1, message: systemMessage(errno)) }
    for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(pipes[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 1)
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 2)
    var child: pid_t = 0
    let failure = posix_spawnp(&child, path, &actions, nil, words, environ)
    close(pipes[1])
    guard failure == 0 else { throw missing(name) }
    let bytes = (try? contents(of: "/dev/fd/\(pipes[0])")) ?? []
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    // WEXITSTATUS and WTERMSIG are macros.
    return (bytes, status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + (status & 0x7F))
  }

  /// The path of a program beside this one where there is one, else its bare name.
  static func path(of name: String) -> String {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes { raw in
      raw.baseAddress.map { readlink("/proc/self/exe", $0, raw.count) } ?? 0
    }
    let own = String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    guard let slash = own.lastIndex(of: "/") else { return name }
    let beside = own[...slash] + name
    return access(String(beside), X_OK) == 0 ? String(beside) : name
  }

  private static func missing(_ name: String) -> Failure {
    Failure(status: 1, message: "can't run \(name): it is neither beside jarvisctl nor in PATH")
  }
}
