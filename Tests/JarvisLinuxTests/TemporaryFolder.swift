import Glibc
import JarvisLinux
import Testing

/// A folder of a test's own, removed with all that is in it when the test lets go of it.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/jarvis-linux-XXXXXX".utf8CString)
    path = String(cString: try #require(mkdtemp(&template)))
  }

  deinit {
    Self.removeAll(path)
  }

  private static func removeAll(_ path: String) {
    // Links are removed, not followed: opendir would follow, rmdir and unlink do not.
    if unlink(path) == 0 { return }
    guard let directory = opendir(path) else { return }
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { removeAll("\(path)/\(name)") }
    }
    closedir(directory)
    rmdir(path)
  }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file, with the folders above it.
  @discardableResult
  func write(_ name: String, _ text: String, mode: mode_t = 0o644) throws -> String {
    if let slash = name.lastIndex(of: "/") { try folder(String(name[..<slash])) }
    let file = self(name)
    let fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    try #require(fd >= 0, "open \(file): \(errno)")
    defer { close(fd) }
    let bytes = Array(text.utf8)
    try #require(Glibc.write(fd, bytes, bytes.count) == bytes.count)
    return file
  }

  /// Replaces a file by renaming a new one over it.
  func replace(_ name: String, _ text: String) throws {
    let new = try write(name + ".new", text)
    try #require(rename(new, self(name)) == 0)
  }

  @discardableResult
  func folder(_ name: String, mode: mode_t = 0o755) throws -> String {
    var made = path
    for part in name.split(separator: "/") {
      made += "/\(part)"
      try #require(mkdir(made, mode) == 0 || errno == EEXIST, "mkdir \(made): \(errno)")
    }
    return made
  }
}

/// A child process that sleeps until it is killed.
struct Sleeper {
  let pid: pid_t

  /// Starts `/bin/sh -c SCRIPT`; by default one that only waits.
  init(_ script: String = "exec sleep 300", environment: [String] = []) throws {
    func copied(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] { texts.map { strdup($0) } + [nil] }
    var arguments = copied(["/bin/sh", "-c", script])
    var variables = copied(["PATH=/usr/bin:/bin"] + environment)
    defer { for text in arguments + variables { free(text) } }
    var pid: pid_t = 0
    try #require(posix_spawn(&pid, "/bin/sh", nil, nil, &arguments, &variables) == 0)
    self.pid = pid
  }

  func kill() { _ = Glibc.kill(pid, SIGKILL) }

  func reap() {
    kill()
    var status: Int32 = 0
    _ = waitpid(pid, &status, 0)
  }
}

/// Asks again and again, for at most ten seconds, giving the processor away between the questions.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  let deadline = SystemClock.monotonicNanoseconds() + 10_000_000_000
  while SystemClock.monotonicNanoseconds() < deadline {
    if try condition() { return true }
    sched_yield()
  }
  return try condition()
}

/// The same where what is waited for needs a thread of the common pool.
func comesTrue(_ condition: () -> Bool) async -> Bool {
  let deadline = SystemClock.monotonicNanoseconds() + 10_000_000_000
  while SystemClock.monotonicNanoseconds() < deadline {
    if condition() { return true }
    await Task.yield()
  }
  return condition()
}
