import Glibc
import JarvisProtocol
import Testing

@testable import JarvisLinux

private let noon = Timestamp(milliseconds: 1_795_500_000_000)

private func madeUp(stat: String, meminfo: String = "MemTotal: 1000 kB\nMemAvailable: 200 kB\n") throws
  -> TemporaryFolder
{
  let folder = try TemporaryFolder()
  try folder.write("stat", stat)
  try folder.write("meminfo", meminfo)
  return folder
}

@Suite struct ProcReaderTests {
  @Test func fixedMadeUpCountersReadAsTheirShareSinceBoot() throws {
    let folder = try madeUp(stat: "cpu  700 20 30 250 0 0 0 0 0 0\ncpu0 1 1 1 1\ncpu1 1 1 1 1\nintr 5\n")
    var reader = ProcReader(folder: folder.path)
    #expect(!reader.isKernel)
    for _ in 0..<3 {
      let sample = try reader.sample(now: noon)
      #expect(sample.cpuBusy == 0.75)
      #expect(sample.cores == 2)
      #expect(sample.memoryUsed == 0.8)
      #expect(sample.memoryTotal == 1_024_000)
      #expect(sample.at == noon)
    }
  }

  @Test func movingCountersReadAsTheShareSinceTheLastSample() throws {
    let folder = try madeUp(stat: "cpu 100 0 0 900\ncpu0 0 0 0 0\n")
    var reader = ProcReader(folder: folder.path)
    #expect(try reader.sample(now: noon).cpuBusy == 0.1)
    try folder.write("stat", "cpu 130 0 0 970\ncpu0 0 0 0 0\n")
    #expect(try reader.sample(now: noon).cpuBusy == 0.3)
  }

  @Test func replacedFilesAreSeenAtOnce() throws {
    let folder = try madeUp(stat: "cpu 900 0 0 100\n")
    var reader = ProcReader(folder: folder.path)
    #expect(try reader.sample(now: noon).cpuBusy == 0.9)
    try folder.replace("stat", "cpu 100 0 0 900\n")
    try folder.replace("meminfo", "MemTotal: 1000 kB\nMemAvailable: 900 kB\nSwapTotal: 8 kB\nSwapFree: 4 kB\n")
    let sample = try reader.sample(now: noon)
    #expect(sample.cpuBusy == 0.1, "counters that went back count as a new world")
    #expect(abs(sample.memoryUsed - 0.1) < 1e-9)
    #expect(sample.swapTotal == 8192 && sample.swapFree == 4096)
  }

  @Test func waitingForDisksAndGuestTimeAreNotCountedAsBusy() {
    // user nice system idle iowait irq softirq steal guest guest_nice
    let ticks = CPUTicks(stat: Array("cpu 10 20 30 100 400 1 2 3 10 20\n".utf8))
    #expect(ticks?.busy == 66)
    #expect(ticks?.idle == 500)
  }

  @Test func whatAMadeUpProcLacksIsAbsent() throws {
    let folder = try madeUp(stat: "cpu 1 0 0 1\n")
    var reader = ProcReader(folder: folder.path)
    let sample = try reader.sample(now: noon)
    #expect(sample.pressure == nil)
    #expect(sample.load == nil)
    #expect(sample.cores >= 1)
    try folder.write("pressure/io", "some avg10=12.50 avg60=3.00 avg300=0.10 total=77\nfull avg10=1.00 total=5\n")
    try folder.write("loadavg", "1.50 0.75 0.25 2/100 4711\n")
    let later = try reader.sample(now: noon)
    #expect(later.pressure?.cpu == nil)
    #expect(
      later.pressure?.io?.some == PressureLine(avg10: 12.5, avg60: 3, avg300: 0.1, totalMicroseconds: 77))
    #expect(later.pressure?.io?.full?.totalMicroseconds == 5)
    #expect(later.load == LoadAverage(one: 1.5, five: 0.75, fifteen: 0.25))
  }

  @Test(arguments: ["", "cpu\n", "cpu a b c d\n", "intr 1 2 3 4\n", "cpu 1 2\n", "cpu 99999999999999999999 1 1 1\n"])
  func badStatIsRefusedAndTheReaderGoesOn(text: String) throws {
    let folder = try madeUp(stat: text)
    var reader = ProcReader(folder: folder.path)
    let error = #expect(throws: ProcError.self) { try reader.sample(now: noon) }
    #expect(error?.description.contains(folder("stat")) == true)
    try folder.write("stat", "cpu 1 0 0 3\n")
    #expect(try reader.sample(now: noon).cpuBusy == 0.25)
  }

  @Test func aMissingFolderIsAnErrorThatNamesTheFile() throws {
    let folder = try TemporaryFolder()
    var reader = ProcReader(folder: folder("nowhere"))
    let error = #expect(throws: ProcError.self) { try reader.sample(now: noon) }
    #expect(error?.description.contains("nowhere/stat") == true)
    #expect(error?.description.contains("[monitor]") == true)
  }

  @Test func theRealMachineIsSampledFromFilesThatStayOpen() throws {
    var reader = ProcReader()
    #expect(reader.isKernel)
    let first = try reader.sample(now: noon)
    #expect(first.cpuBusy == nil)
    #expect(first.memoryTotal > 1 << 24 && first.memoryAvailable <= first.memoryTotal)
    #expect(first.load != nil)
    let moved = try eventually { try reader.sample(now: noon).cpuBusy != nil }
    #expect(moved)
    let busy = try #require(try reader.sample(now: noon).cpuBusy)
    #expect((0...1).contains(busy))
  }

  @Test func aSmallerCgroupLimitIsTheMachine() throws {
    let folder = try madeUp(
      stat: "cpu 1 0 0 3\ncpu0 0 0 0 0\ncpu1 0 0 0 0\n", meminfo: "MemTotal: 4096 kB\nMemAvailable: 4000 kB\n")
    try folder.write("cg/memory.max", "max\n")
    try folder.write("cg/memory.current", "0\n")
    try folder.write("cg/in/memory.max", "1048576\n")
    try folder.write("cg/in/memory.current", "600000\n")
    try folder.write("cg/in/memory.stat", "anon 1\ninactive_file 100000\n")
    try folder.write("cg/in/cpu.max", "150000 100000\n")
    try folder.write("cg/in/cpu.stat", "usage_usec 5\n")
    let limits = ContainerLimits(version2Folders: [folder("cg/in"), folder("cg")])
    var reader = ProcReader(folder: folder.path, isKernel: false, container: limits)
    let sample = try reader.sample(now: noon)
    #expect(sample.memoryIsLimited)
    #expect(sample.memoryTotal == 1_048_576)
    #expect(sample.memoryAvailable == 548_576)
    #expect(sample.cpuCapacity == 1.5)
    #expect(sample.cpuBusy == 0.25)
    try folder.write("cg/in/cpu.stat", "usage_usec 900000000\n")
    #expect(try reader.sample(now: noon).cpuBusy == 1)
  }

  @Test func aVersion1LimitCountsAndItsUnlimitedIsNone() throws {
    let folder = try madeUp(stat: "cpu 1 0 0 3\n", meminfo: "MemTotal: 4096 kB\nMemAvailable: 4000 kB\n")
    try folder.write("v1/memory.limit_in_bytes", "9223372036854771712\n")
    try folder.write("v1/memory.usage_in_bytes", "1000000\n")
    try folder.write("v1/memory.stat", "inactive_file 7\ntotal_inactive_file 400000\n")
    var reader = ProcReader(
      folder: folder.path, isKernel: false, container: ContainerLimits(version1Folders: [folder("v1")]))
    #expect(try !reader.sample(now: noon).memoryIsLimited)
    try folder.replace("v1/memory.limit_in_bytes", "2000000\n")
    var again = ProcReader(
      folder: folder.path, isKernel: false, container: ContainerLimits(version1Folders: [folder("v1")]))
    let sample = try again.sample(now: noon)
    #expect(sample.memoryTotal == 2_000_000 && sample.memoryAvailable == 1_400_000)
  }
}
