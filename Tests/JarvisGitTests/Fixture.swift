import Glibc
import JarvisLinux
import Logging
import Testing

@testable import JarvisGit

/// A repository of a test's own with one commit on `main`, and a folder of worktrees; deleted with it.
final class Fixture: Sendable {
  let path: String
  /// The repository: `a.txt` with the lines one, two, three, and `src/b.txt`.
  let repository: String
  let worktrees: GitWorktrees
  let environment: [String: String]

  init(bounds: GitBounds = GitBounds(), hasName: Bool = true, format: String = "sha1") async throws {
    var template = Array("/tmp/jarvis-git-XXXXXX".utf8CString)
    let made = String(cString: try #require(mkdtemp(&template)))
    path = try #require(Folder.resolved(made))
    repository = "\(path)/repo"
    environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "\(path)/home"]
    // What leads git astray must not reach it.
    let astray = environment.merging([
      "GIT_DIR": "/nonexistent", "GIT_INDEX_FILE": "/nonexistent", "GIT_WORK_TREE": "/", "GIT_CONFIG_COUNT": "x",
    ]) { $1 }
    worktrees = GitWorktrees(
      root: "\(path)/worktrees", environment: astray, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      bounds: bounds)
    try write(
      "home/.gitconfig", "[init]\n\tdefaultBranch = main\n" + (hasName ? "[user]\n\tname = U\n\temail = u@x\n" : ""))
    try write("repo/a.txt", "one\ntwo\nthree\n")
    try write("repo/src/b.txt", "b\n")
    try await git("init", "-q", "--object-format=\(format)", in: repository)
    try await git("add", "-A", in: repository)
    try await commit("first", in: repository)
  }

  deinit {
    let slash = path.lastIndex(of: "/") ?? path.startIndex
    try? removeFolder(String(path[path.index(after: slash)...]), in: String(path[..<slash]))
  }

  var root: String { "\(path)/worktrees" }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    let file = name.hasPrefix("/") ? name : "\(path)/\(name)"
    var at = file.startIndex
    while let slash = file[file.index(after: at)...].firstIndex(of: "/") {
      mkdir(String(file[..<slash]), 0o755)
      at = slash
    }
    try write(Array(file.utf8CString), Array(text.utf8))
    return file
  }

  /// Writes a file whose name may be any bytes.
  func write(_ file: [CChar], _ bytes: [UInt8]) throws {
    let fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    try #require(fd >= 0, "open: \(errno)")
    defer { close(fd) }
    try #require(Glibc.write(fd, bytes, bytes.count) == bytes.count)
  }

  func read(_ file: String) -> String? {
    (try? readFile(file.hasPrefix("/") ? file : "\(path)/\(file)", limit: 1 << 24)).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  /// Runs git as its user would, and wants it to succeed.
  @discardableResult
  func git(_ arguments: String..., in folder: String) async throws -> String {
    let ended = try await run("git", arguments, in: folder)
    try #require(
      ended.status == 0, "git \(arguments): \(String(decoding: ended.errors + ended.output, as: UTF8.self))")
    let text = String(decoding: ended.output, as: UTF8.self)
    return text.last == "\n" ? String(text.dropLast()) : text
  }

  func run(_ program: String, _ arguments: [String], in folder: String) async throws -> BoundedProgram.Ended {
    let executable = try ExecutableFinder.find(program, path: "/usr/local/bin:/usr/bin:/bin", folder: "/")
    return try await BoundedProgram(
      executable, arguments, environment: environment, folder: folder, timeout: .seconds(60), outputLimit: 1 << 24
    ).run()
  }

  func commit(_ message: String, in folder: String) async throws {
    try await git("-c", "user.name=U", "-c", "user.email=u@x", "commit", "-q", "-m", message, in: folder)
  }

  /// A worktree from the repository as it is.
  func add(_ name: String = "t1") async throws -> WorktreePlace {
    try await worktrees.add(task: name, from: worktrees.look(at: repository, dirt: false))
  }

  /// Everything that git and the folder say of the repository, to compare.
  func picture() async throws -> [String] {
    [
      try await git("status", "--porcelain", in: repository), try await git("rev-parse", "HEAD", in: repository),
      try await git("for-each-ref", in: repository), try await git("ls-files", "-s", in: repository),
      read("repo/a.txt") ?? "", "\(Folder.exists("\(repository)/.git/MERGE_HEAD"))",
      "\(Folder.exists("\(repository)/.git/SQUASH_MSG"))",
    ]
  }

  /// A smudge filter that tells that it began (`started`, with its process id) and takes long.
  func slowCheckout() async throws {
    try write("slow.sh", "echo $$ > \(path)/started.new && mv \(path)/started.new \(path)/started; sleep 300; cat\n")
    try await git("config", "filter.slow.smudge", "sh \(path)/slow.sh", in: repository)
    try await git("config", "filter.slow.clean", "cat", in: repository)
    try write("repo/.gitattributes", "src/* filter=slow\n")
    try await git("add", "-A", in: repository)
    try await commit("slow", in: repository)
  }

  func fastCheckout() async throws { try await git("config", "filter.slow.smudge", "cat", in: repository) }

  /// The process id that the slow filter wrote.
  func started() async throws -> pid_t {
    try #require(await eventually { read("started") != nil })
    return try #require(read("started").flatMap { pid_t($0.dropLast()) })
  }

  /// Exactly what is there after the daemon and its git were killed in the middle of a checkout.
  func killedAdd(_ name: String, marked: Bool = true) async throws {
    try await slowCheckout()
    _ = try worktrees.root.ready()
    if marked { try worktrees.root.begin(name) }
    async let add = run("git", ["worktree", "add", "-b", "jarvis/\(name)", "\(root)/\(name)", "HEAD"], in: repository)
    let filter = try await started()
    let session = getsid(filter)
    try #require(session > 0 && session != getsid(0))
    kill(-session, SIGKILL)
    let ended = try await add
    try #require(ended.status == nil)
    try #require(Folder.exists("\(repository)/.git/worktrees/\(name)/index.lock"))
    try await fastCheckout()
    unlink("\(path)/started")
  }
}

/// Asks again and again, for at most twenty seconds.
func eventually(_ condition: () -> Bool) async -> Bool {
  let deadline = SystemClock.monotonicNanoseconds() + 20_000_000_000
  while SystemClock.monotonicNanoseconds() < deadline {
    if condition() { return true }
    await Task.yield()
  }
  return condition()
}

func isAlive(_ pid: pid_t) -> Bool {
  kill(pid, 0) == 0 && ProcessTable().stat(of: pid).map { $0.state != "Z" } ?? false
}
