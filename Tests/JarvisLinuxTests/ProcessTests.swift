import Glibc
import Testing

@testable import JarvisLinux

private func statLine(_ pid: Int, _ name: String, parent: Int, session: Int = 1, state: String = "S", start: Int = 9)
  -> String
{
  "\(pid) (\(name)) \(state) \(parent) \(pid) \(session) 0 -1 4194560 1 2 3 4 150 50 9 9 20 0 3 0 \(start) 1000 25 18\n"
}

@Suite struct ProcessTests {
  @Test func namesWithBlanksAndParenthesesAreRead() throws {
    let stat = try #require(ProcessStat(line: Array(statLine(77, "a) R 1 (b", parent: 5, session: 70).utf8)))
    #expect(stat.pid == 77 && stat.name == "a) R 1 (b" && stat.parent == 5 && stat.group == 77 && stat.session == 70)
    #expect(stat.cpuTicks == 200 && stat.threads == 3 && stat.startTicks == 9 && stat.residentPages == 25)
    #expect(stat.state == "S")
  }

  @Test(arguments: ["", "12", "12 (x", "x (y) S 1 1 1", "12 () S 1", ")(", "12 (n) S 1 1 1 0 -1 0 0 0 0 0 a b"])
  func linesThatAreNoneAreRefused(line: String) { #expect(ProcessStat(line: Array(line.utf8)) == nil) }

  @Test func treesSumsAndSessionsComeFromOneFolder() throws {
    let folder = try TemporaryFolder()
    for (pid, parent, session) in [(1, 0, 1), (10, 1, 10), (11, 10, 10), (12, 11, 12), (20, 1, 10)] {
      try folder.write("\(pid)/stat", statLine(pid, "p", parent: parent, session: session))
    }
    try folder.write("13/stat", statLine(13, "p", parent: 11, session: 10, state: "Z"))
    try folder.write("sys/stat", "not a process")
    let table = ProcessTable(folder: folder.path)
    #expect(Set(table.descendants(of: 10).map(\.pid)) == [11, 12, 13])
    #expect(table.descendants(of: 10).first?.pid == 11)
    #expect(table.parentChain(of: 12) == [11, 10, 1])
    #expect(Set(table.members(ofSession: 10).map(\.pid)) == [10, 11, 13, 20])
    #expect(table.sessionID(of: 12) == 12)
    let usage = table.sumUsage(pids: [10, 11, 13, 999])
    #expect(usage.processes == 2 && usage.threads == 6)
    #expect(usage.residentBytes == 50 * ProcessStat.pageSize)
    #expect(usage.cpuMicroseconds == 400 * (1_000_000 / ProcessStat.ticksPerSecond))
  }

  @Test func aLoopOfParentsEnds() throws {
    let folder = try TemporaryFolder()
    try folder.write("5/stat", statLine(5, "p", parent: 6))
    try folder.write("6/stat", statLine(6, "p", parent: 5))
    let table = ProcessTable(folder: folder.path)
    #expect(table.parentChain(of: 5) == [6, 5])
    #expect(table.descendants(of: 5).map(\.pid) == [6])
  }

  @Test func thisProcessIsFoundInTheRealProc() throws {
    let table = ProcessTable()
    let me = try #require(table.stat(of: getpid()))
    #expect(me.parent == getppid() && me.session == getsid(0) && me.group == getpgrp())
    #expect(me.residentBytes > 1 << 20 && me.threads >= 1)
    #expect(me.identity.isAlive)
    #expect(!ProcessIdentity(pid: getpid(), startTicks: me.startTicks + 1).isAlive)
    #expect(table.parentChain(of: getpid()).first == getppid())
    #expect(table.stat(of: 0) == nil && table.stat(of: -1) == nil)
  }

  @Test func aZombieIsNotAliveAndItsEnvironmentWasReadBefore() throws {
    let child = try Sleeper(environment: ["JARVIS_TASK_ID=t42", "EMPTY="])
    let table = ProcessTable()
    #expect(eventually { table.stat(of: child.pid)?.name == "sleep" })
    // In an exec the kernel sets the new name a moment before the new environment.
    #expect(eventually { table.environmentVariable("JARVIS_TASK_ID", of: child.pid) == "t42" })
    #expect(table.environmentVariable("EMPTY", of: child.pid) == "")
    #expect(table.environmentVariable("TASK_ID", of: child.pid) == nil)
    #expect(table.environmentVariable("JARVIS_TASK_ID", of: child.pid, limit: 8) == nil)
    #expect(table.descendants(of: getpid()).contains { $0.pid == child.pid })
    let identity = try #require(table.identity(of: child.pid))
    #expect(identity.isAlive)
    child.kill()
    #expect(eventually { table.stat(of: child.pid)?.isZombie == true })
    #expect(!identity.isAlive)
    child.reap()
    #expect(table.identity(of: child.pid) != identity)
  }
}
