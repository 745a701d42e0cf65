import Glibc
import Testing

@testable import JarvisLinux

@Suite struct BoundedProgramTests {
  private func shell(_ script: String, timeout: Duration = .seconds(30), limit: Int = 1 << 20) -> BoundedProgram {
    BoundedProgram(
      "/bin/sh", ["-c", script], environment: ["PATH": "/usr/bin:/bin"], folder: "/tmp", timeout: timeout,
      outputLimit: limit)
  }

  private func isGone(_ pid: pid_t) -> Bool { ProcessTable().stat(of: pid).map { $0.state == "Z" } ?? true }

  @Test func statusOutputAndErrorsAreTold() async throws {
    var ended = try await shell("pwd; cat; echo oops >&2; exit 3").run()
    #expect(ended.status == 3 && ended.output == Array("/tmp\n".utf8) && ended.errors == Array("oops\n".utf8))
    #expect(!ended.isCut && !ended.timedOut && ended.outputBytes == 5)
    var joined = shell("echo a; echo b >&2; kill -9 $$")
    joined.joinsErrors = true
    ended = try await joined.run()
    #expect(ended.status == nil && ended.output == Array("a\nb\n".utf8) && ended.errors == [])
  }

  @Test func aProgramThatCannotBeStartedIsAnError() async throws {
    var program = shell("")
    program.executable = "/nonexistent"
    let missing = program
    await #expect(throws: SystemError.self) { try await missing.run() }
    program = shell("")
    program.folder = "/nonexistent"
    let nowhere = program
    await #expect(throws: SystemError.self) { try await nowhere.run() }
  }

  @Test func outputIsBoundedAndTheProgramEnded() async throws {
    var ended = try await shell("yes", limit: 1000).run()
    #expect(ended.isCut && ended.output.count == 1000 && ended.status == nil && !ended.timedOut)
    ended = try await shell("head -c 100000 /dev/zero >&2; echo done").run()
    #expect(ended.errors.count == 16 << 10 && ended.output == Array("done\n".utf8) && ended.status == 0)
    // Just as much as is wanted is not too much.
    ended = try await shell("printf 12345", limit: 5).run()
    #expect(!ended.isCut && ended.status == 0)
  }

  @Test func outputCanGoIntoAFile() async throws {
    let folder = try TemporaryFolder()
    let fd = open(folder("out"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(fd) }
    var program = shell("yes", limit: 100_000)
    program.destination = .file(fd)
    let ended = try await program.run()
    #expect(ended.output == [] && ended.outputBytes == 100_000 && ended.isCut)
    #expect(try readFile(folder("out"), limit: 1 << 20).count == 100_000)
    let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
    defer { close(full) }
    program.destination = .file(full)
    #expect(try await program.run().writeFailure == ENOSPC)
  }

  @Test func aTimeoutEndsTheWholeGroupEvenWhereItRefusesToGo() async throws {
    let ended = try await shell(
      "trap '' TERM; sh -c 'trap \"\" TERM; while :; do sleep 1; done' & echo $!; echo $$; wait; sleep 300",
      timeout: .milliseconds(300)
    ).run()
    #expect(ended.timedOut && ended.status == nil)
    let pids = String(decoding: ended.output, as: UTF8.self).split(separator: "\n").compactMap { pid_t($0) }
    #expect(pids.count == 2)
    #expect(eventually { pids.allSatisfy(isGone) })
  }

  @Test func cancellingTheTaskEndsTheWholeGroup() async throws {
    let folder = try TemporaryFolder()
    let program = shell("sleep 600 & echo $! >'\(folder("new"))'; mv '\(folder("new"))' '\(folder("pid"))'; wait")
    let run = Task { try await program.run() }
    var text: [UInt8]?
    #expect(
      await comesTrue {
        text = try? readFile(folder("pid"))
        return text != nil
      })
    let child = try #require(text.flatMap { ByteText.string($0.dropLast()) }.flatMap { pid_t($0) })
    run.cancel()
    let ended = try await run.value
    #expect(ended.status == nil && !ended.timedOut)
    #expect(isGone(child))
    // One that is cancelled before it begins ends as well.
    let late = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await shell("sleep 600").run()
    }
    #expect(try await late.value.status == nil)
  }

  @Test func aProgramThatIsAskedToEndHasTimeToTidyUp() async throws {
    let ended = try await shell("trap 'echo tidy; exit 0' TERM; sleep 300 & wait", timeout: .milliseconds(300)).run()
    #expect(ended.timedOut && ended.output == Array("tidy\n".utf8))
  }

  @Test func whatAProgramLeavesRunningEndsWithIt() async throws {
    let ended = try await shell("sleep 300 & echo $!").run()
    #expect(ended.status == 0 && !ended.timedOut)
    let pid = try #require(pid_t(String(decoding: ended.output.dropLast(), as: UTF8.self)))
    #expect(eventually { isGone(pid) })
  }

  @Test func manyAtOnceShareNothing() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<20 {
        group.addTask {
          let ended = try await shell("echo \(number); ls /proc/self/fd | wc -l").run()
          // 0, 1, 2 and the one that ls reads with.
          #expect(String(decoding: ended.output, as: UTF8.self) == "\(number)\n4\n")
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func aLockIsKeptByWhatInheritedIt() async throws {
    let folder = try TemporaryFolder()
    var lock: InheritedLock? = try InheritedLock(path: folder("lock"))
    #expect(try lock?.take() == true)
    var program = shell("sleep 300 & echo $$ > \(folder("new")); mv \(folder("new")) \(folder("pid")); wait")
    program.kept = try #require(lock?.descriptor)
    let ready = program
    async let ended = ready.run()
    #expect(await comesTrue { (try? readFile(folder("pid"))) != nil })
    lock = nil
    let second = try InheritedLock(path: folder("lock"))
    #expect(try second.take() == false)
    // Both, or the first and then what it leaves is killed anyway.
    #expect(second.signalHolders(SIGKILL) >= 1)
    #expect(try await ended.status == nil)
    #expect(try eventually { try second.take() })
    // Its own holder is not killed.
    #expect(second.signalHolders(SIGKILL) == 0)
  }

  @Test func aFolderIsDeletedWhateverIsInIt() throws {
    let folder = try TemporaryFolder()
    try folder.write("kept/file", "kept")
    try folder.folder("gone/locked/inner")
    try folder.write("gone/locked/inner/file", "")
    chmod(folder("gone/locked/inner"), 0)
    chmod(folder("gone/locked"), 0o500)
    symlink(folder("kept"), folder("gone/link"))
    mkfifo(folder("gone/pipe"), 0o600)
    try folder.write("gone/two\nlines", "")
    // Deeper than a path can be long.
    let here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { close(here) }
    var at = open(folder("gone"), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    for _ in 0..<300 {
      let name = "a folder with a name that is not short"
      try #require(mkdirat(at, name, 0o755) == 0)
      let next = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      close(at)
      at = next
    }
    close(at)
    try removeFolder("gone", in: folder.path)
    #expect(access(folder("gone"), F_OK) != 0)
    #expect(try readFile(folder("kept/file")) == Array("kept".utf8))
    try removeFolder("gone", in: folder.path)
    // A link goes, and what it leads to stays.
    symlink(folder("kept"), folder("link"))
    try removeFolder("link", in: folder.path)
    #expect(access(folder("kept/file"), F_OK) == 0 && access(folder("link"), F_OK) != 0)
    try removeFolder("x", in: folder("missing"))
  }
}
