import Glibc
import Testing

@testable import JarvisLinux

struct StartTicksTests {
  @Test func theStartIsTheOneThatTheWholeLineTells() throws {
    let table = ProcessTable()
    let whole = try #require(table.stat(of: getpid()))
    #expect(table.startTicks(of: getpid()) == whole.startTicks)
    #expect(table.startTicks(of: 1) == table.stat(of: 1)?.startTicks)
    #expect(table.startTicks(of: 0) == nil && table.startTicks(of: -1) == nil)
  }

  @Test(
    arguments: [
      ("7 (a) b) ) S 1 7 7 0 -1 4194560 95 0 0 0 0 0 0 0 20 0 1 0 8801 2420736 230", 8801),
      // Cut off within the field, before it, and no name at all.
      ("7 (a) S 1 7 7 0 -1 4194560 95 0 0 0 0 0 0 0 20 0 1 0 8801", nil),
      ("7 (a) S 1 7 7", nil), ("", nil), ("7 a S 1 7 7 0 -1 4194560 95 0 0 0 0 0 0 0 20 0 1 0 8801 1", nil),
    ] as [(String, UInt64?)])
  func aLineIsReadByItsFields(line: String, start: UInt64?) throws {
    let folder = try TemporaryFolder()
    try folder.write("7/stat", line)
    #expect(ProcessTable(folder: folder.path).startTicks(of: 7) == start)
  }
}
