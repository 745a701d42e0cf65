import Glibc
import Testing

@testable import JarvisLinux

@Suite struct ProcessTreesTests {
  private struct Process {
    var parent: pid_t
    var pages: Int = 10
    var start: Int = 100
  }

  private func write(_ processes: [pid_t: Process], to folder: TemporaryFolder) throws {
    for (pid, process) in processes {
      let zeros = Array(repeating: "0", count: 30).joined(separator: " ")
      // Fields 3 to 24 of proc_pid_stat(5).
      let line =
        "\(pid) (x) S \(process.parent) 1 1 0 0 0 0 0 0 0 5 5 0 0 20 0 2 0 \(process.start) 0 \(process.pages) \(zeros)\n"
      try folder.write("\(pid)/stat", line)
    }
  }

  @Test func eachTreeIsSummedByItselfHoweverDeepAndStrangersNotAtAll() throws {
    let folder = try TemporaryFolder()
    try write(
      [
        1: Process(parent: 0), 10: Process(parent: 1), 20: Process(parent: 1), 11: Process(parent: 10),
        12: Process(parent: 11, pages: 30), 13: Process(parent: 12), 21: Process(parent: 20), 30: Process(parent: 1),
      ], to: folder)
    var trees = ProcessTrees(folder: folder.path)
    let usage = trees.usage(below: [10, 20])
    #expect(usage.count == 2)
    #expect(usage[10]?.processes == 3 && usage[10]?.residentBytes == 50 * ProcessStat.pageSize)
    #expect(usage[20]?.processes == 1 && usage[20]?.threads == 2)
    #expect(trees.usage(below: []).isEmpty)
  }

  @Test func newcomersAreFoundAlsoBelowARootThatWasAStrangerBefore() throws {
    let folder = try TemporaryFolder()
    try write(
      [1: Process(parent: 0), 10: Process(parent: 1), 20: Process(parent: 1), 21: Process(parent: 20)], to: folder)
    var trees = ProcessTrees(folder: folder.path)
    #expect(trees.usage(below: [10])[10] == nil)
    try write([11: Process(parent: 10), 22: Process(parent: 21)], to: folder)
    let usage = trees.usage(below: [10, 20])
    #expect(usage[10]?.processes == 1 && usage[20]?.processes == 2)
  }

  @Test func aNumberThatAnotherProcessGotIsNotTheOldOnes() throws {
    let folder = try TemporaryFolder()
    try write([1: Process(parent: 0), 10: Process(parent: 1), 11: Process(parent: 10)], to: folder)
    var trees = ProcessTrees(folder: folder.path)
    #expect(trees.usage(below: [10])[10]?.processes == 1)
    try write([11: Process(parent: 1, start: 200)], to: folder)
    #expect(trees.usage(below: [10])[10] == nil)
    #expect(trees.usage(below: [10])[10] == nil)
  }

  @Test func realProcessesAreFoundWhereverTheyWent() throws {
    let child = try Sleeper()
    defer { child.reap() }
    var trees = ProcessTrees()
    for _ in 0..<3 {
      let usage = trees.usage(below: [getpid()])
      #expect((usage[getpid()]?.processes ?? 0) >= 1)
    }
  }
}
