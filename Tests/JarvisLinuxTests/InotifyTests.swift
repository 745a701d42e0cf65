import Glibc
import Testing

@testable import JarvisLinux

@Suite(.timeLimit(.minutes(1))) struct InotifyTests {
  @Test func aWriteWakesEachWatcherOfTheFile() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("out", "")
    let watcher = try InotifyWatcher()
    var first = try watcher.watch(file).makeAsyncIterator()
    var second = try watcher.watch(file).makeAsyncIterator()
    try folder.write("out", "hello")
    #expect(await first.next() != nil)
    #expect(await second.next() != nil)
  }

  @Test func writesThatNobodyTookAreMergedAndNothingAfterTheLastIsLost() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("out", "")
    let watcher = try InotifyWatcher()
    let stream = try watcher.watch(file)
    let writer = Task.detached {
      let fd = open(file, O_WRONLY | O_APPEND | O_CLOEXEC)
      for _ in 0..<1000 { write(fd, "x", 1) }
      close(fd)
    }
    var wakes = 0
    for await _ in stream {
      wakes += 1
      if try readFile(file).count == 1000 { break }
    }
    await writer.value
    #expect(wakes <= 1001)
  }

  @Test func aDeletedFileEndsItsStreamAfterOneMoreLook() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("out", "")
    let watcher = try InotifyWatcher()
    let stream = try watcher.watch(file)
    unlink(file)
    var wakes = 0
    for await _ in stream { wakes += 1 }
    #expect(wakes >= 1)
  }

  @Test func closingEndsAllStreamsAndLaterWatchesAreRefused() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("out", "")
    let watcher = try InotifyWatcher()
    let stream = try watcher.watch(file)
    watcher.close()
    for await _ in stream { Issue.record("nothing was written") }
    let error = #expect(throws: SystemError.self) { try watcher.watch(file) }
    #expect(error?.code == ESHUTDOWN)
  }

  @Test func theLimitHoldsAndAnEndedWatchGivesItsPlaceBack() async throws {
    let folder = try TemporaryFolder()
    let a = try folder.write("a", "")
    let b = try folder.write("b", "")
    let watcher = try InotifyWatcher(maximumWatches: 1)
    var stream: AsyncStream<Void>? = try watcher.watch(a)
    let error = #expect(throws: SystemError.self) { try watcher.watch(b) }
    #expect(error?.code == ENOSPC)
    #expect(stream != nil)
    stream = nil
    // Dropped, the stream gives its watch up.
    var other = try watcher.watch(b).makeAsyncIterator()
    try folder.write("b", "x")
    #expect(await other.next() != nil)
  }

  @Test func aMissingFileIsRefused() throws {
    let watcher = try InotifyWatcher()
    let error = #expect(throws: SystemError.self) { try watcher.watch("/nowhere/at/all") }
    #expect(error?.code == ENOENT)
    #expect(error?.description == "cannot watch /nowhere/at/all: No such file or directory")
  }

  @Test func aWatcherThatGoesAwayLeavesNoThreadAndNoDescriptor() async throws {
    func threads() -> Int {
      let table = ProcessTable(folder: "/proc/self/task")
      return table.all().filter { $0.name == "jarvis-inotify" }.count
    }
    let folder = try TemporaryFolder()
    let file = try folder.write("out", "")
    var watcher: InotifyWatcher? = try InotifyWatcher()
    let stream = try #require(try watcher?.watch(file))
    watcher = nil
    for await _ in stream {}
    // Other tests of this suite have watchers of their own, which end too.
    #expect(eventually { threads() == 0 })
  }
}
