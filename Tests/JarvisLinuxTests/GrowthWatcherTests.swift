import Glibc
import Synchronization
import Testing

@testable import JarvisLinux

@Suite struct GrowthWatcherTests {
  /// What a watcher has told, in order; waited for with a bound.
  final class Told: Sendable {
    private let reports = Mutex<[(name: String, bytes: UInt64)]>([])

    func add(_ name: String, _ bytes: UInt64) { reports.withLock { $0.append((name, bytes)) } }
    func bytes(of name: String) -> UInt64? { reports.withLock { $0.last { $0.name == name }?.bytes } }
    var isEmpty: Bool { reports.withLock { $0.isEmpty } }
  }

  private func append(_ count: Int, to path: String) {
    let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    let bytes = [UInt8](repeating: 65, count: count)
    _ = write(file, bytes, count)
    close(file)
  }

  @Test func itTellsOfFilesAboveTheirBoundTogetherAndOfNoOthers() throws {
    let folder = try TemporaryFolder()
    let told = Told()
    let watcher = try GrowthWatcher { told.add($0, $1) }
    let (out, err, other) = ("\(folder.path)/out", "\(folder.path)/err", "\(folder.path)/other")
    // They need not be there yet.
    watcher.add("a", files: [out, err], bound: 1000)
    watcher.add("b", files: [other], bound: 1000)
    append(1000, to: other)
    append(700, to: out)
    append(301, to: err)
    #expect(eventually { told.bytes(of: "a") == 1001 })
    #expect(told.bytes(of: "b") == nil)
  }

  @Test func filesThatRestedAreSeenWhenTheyGrowAgain() throws {
    let folder = try TemporaryFolder()
    let told = Told()
    let watcher = try GrowthWatcher { told.add($0, $1) }
    let path = "\(folder.path)/out"
    append(1, to: path)
    watcher.add("a", files: [path], bound: 100)
    // Long enough to rest; what is written then comes by inotify, whenever that is.
    for round in 0..<3 {
      usleep(250_000)
      if round < 2 { append(10, to: path) }
      #expect(told.isEmpty)
    }
    append(80, to: path)
    #expect(eventually { told.bytes(of: "a") == 101 })
  }

  @Test func anotherBoundReplacesTheOldOneAndWhatIsRemovedIsToldOfNoMore() throws {
    let folder = try TemporaryFolder()
    let told = Told()
    let watcher = try GrowthWatcher { told.add($0, $1) }
    let path = "\(folder.path)/out"
    append(50, to: path)
    watcher.add("a", files: [path], bound: 100)
    watcher.add("a", files: [path], bound: 40)
    #expect(eventually { told.bytes(of: "a") == 50 })
    watcher.remove("a")
    watcher.add("b", files: [path], bound: 40)
    append(10, to: path)
    #expect(eventually { told.bytes(of: "b") == 60 })
    #expect(told.bytes(of: "a") == 50 || told.bytes(of: "a") == 60)
  }
}
