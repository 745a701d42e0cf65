import Glibc
import Testing

@testable import JarvisLinux

@Suite struct CgroupTests {
  @Test func theMountIsFoundWhereverItIs() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "self/mountinfo",
      """
      22 27 0:21 / /proc rw,relatime - proc proc rw
      32 31 0:29 / /sys/fs/cgroup/memory rw shared:4 master:1 - cgroup cgroup rw,memory
      40 31 0:40 /inner /elsewhere rw - cgroup2 cgroup2 rw
      41 31 0:38 / /sys/fs/cgroup/with\\040blank rw,relatime shared:9 - cgroup2 cgroup2 rw

      """)
    #expect(CgroupMount.version2(procFolder: folder.path) == CgroupMount(point: "/sys/fs/cgroup/with blank"))
    #expect(
      CgroupMount.version1("memory", procFolder: folder.path) == CgroupMount(point: "/sys/fs/cgroup/memory"))
    #expect(CgroupMount.version1("pids", procFolder: folder.path) == nil)
  }

  @Test func aProcessIsPlacedByItsVersion2Line() throws {
    let folder = try TemporaryFolder()
    try folder.write("7/cgroup", "9:name=systemd:/x\n4:memory:/m\n0::/agents/t7\n")
    try folder.write("8/cgroup", "0::/agents/t8 (deleted)\n")
    try folder.write("9/cgroup", "4:memory:/m\n")
    #expect(CgroupMount.path(of: 7, procFolder: folder.path) == "/agents/t7")
    #expect(CgroupMount.path(of: 8, procFolder: folder.path) == "/agents/t8")
    #expect(CgroupMount.path(of: 9, procFolder: folder.path) == nil)
    #expect(CgroupMount.path(of: "7", controller: "memory", procFolder: folder.path) == "/m")
    let mount = CgroupMount(point: "/mnt", root: "/agents")
    #expect(mount.folder(of: 7, procFolder: folder.path) == "/mnt/t7")
    #expect(mount.folder(path: "/agents") == "/mnt")
  }

  @Test func withControllersTheKernelsNumbersAreTaken() throws {
    let folder = try TemporaryFolder()
    for (name, text) in [
      ("cpu.stat", "usage_usec 1234\nuser_usec 1000\nsystem_usec 234\n"), ("cgroup.procs", "\(getpid())\n"),
      ("cgroup.stat", "nr_descendants 1\n"), ("cgroup.events", "populated 1\nfrozen 0\n"),
      ("memory.current", "4096\n"), ("memory.peak", "8192\n"), ("memory.events", "low 0\noom 3\noom_kill 2\n"),
      ("pids.current", "17\n"), ("io.stat", "8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=5 wbytes=1\n"),
      ("child/cgroup.procs", "4711\n0\n"), ("memory.pressure", "some avg10=5.00 avg60=0 avg300=0 total=9\n"),
    ] { try folder.write(name, text) }
    let reader = try CgroupReader(folder: folder.path)
    let usage = try reader.usage()
    #expect(reader.hasMemory && reader.hasPids && !usage.isSampled)
    #expect(usage.cpuMicroseconds == 1234 && usage.memoryBytes == 4096 && usage.peakMemoryBytes == 8192)
    #expect(usage.pids == 17 && usage.oomKills == 2 && usage.isPopulated)
    #expect(usage.ioReadBytes == 15 && usage.ioWrittenBytes == 21)
    #expect(usage.members == [getpid(), 4711])
    #expect(reader.pressure()?.memory?.some?.avg10 == 5)
  }

  @Test func withoutControllersTheMembersAreSummed() throws {
    let folder = try TemporaryFolder()
    try folder.write("cpu.stat", "usage_usec 5\n")
    try folder.write("cgroup.procs", "")
    try folder.write("cgroup.stat", "nr_descendants 2\n")
    try folder.write("a/b/cgroup.procs", "\(getpid())\n")
    try folder.write("a/cgroup.procs", "")
    let usage = try CgroupReader(folder: folder.path).usage()
    #expect(usage.isSampled && usage.members == [getpid()] && usage.isPopulated)
    #expect(try #require(usage.memoryBytes) > 1 << 20)
    #expect(try #require(usage.pids) >= 1)
    #expect(usage.peakMemoryBytes == nil && usage.oomKills == nil && usage.ioReadBytes == nil)
  }

  @Test func aFolderThatIsNoCgroupIsRefused() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: SystemError.self) { try CgroupReader(folder: folder.path) }
    #expect(error?.description.contains(folder.path) == true)
  }

  /// Runs where a cgroup can be made: as root, or in a delegated subtree.
  @Test func aRealCgroupIsReadUntilItIsRemoved() throws {
    guard let mount = CgroupMount.version2(), let own = mount.folder(of: getpid()) else { return }
    var template = Array("\(own)/jarvis-test-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { return }
    let folder = String(cString: made)
    defer { rmdir(folder) }
    let reader = try CgroupReader(folder: folder)
    #expect(try !reader.usage().isPopulated)
    // Memory is charged to the cgroup in which it is first touched: the program has to begin in this one.
    let child = try Sleeper(
      "n=0; until grep -q jarvis-test- /proc/self/cgroup || [ $((n += 1)) -gt 5000 ]; do :; done; exec sleep 300")
    let procs = open("\(folder)/cgroup.procs", O_WRONLY | O_CLOEXEC)
    let line = Array("\(child.pid)\n".utf8)
    let moved = write(procs, line, line.count) == line.count
    close(procs)
    #expect(moved)
    #expect(eventually { ProcessTable().stat(of: child.pid)?.name == "sleep" })
    // It has its name before it touches anything.
    #expect(try eventually { try #require(reader.usage().memoryBytes) > 0 && reader.usage().pids == 1 })
    let usage = try reader.usage()
    #expect(usage.members == [child.pid] && usage.isPopulated)
    #expect(try #require(usage.memoryBytes) > 0 && usage.pids == 1)
    #expect(mount.folder(of: child.pid) == folder)
    child.reap()
    #expect(try reader.members().isEmpty)
    #expect(eventually { rmdir(folder) == 0 || errno == ENOENT })
    #expect(throws: SystemError.self) { try reader.usage() }
  }
}
