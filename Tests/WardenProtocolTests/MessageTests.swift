import Testing
import WardenProtocol

@Suite("Messages between jarvisd and the warden")
struct MessageTests {
  @Test("come out as they went in", arguments: 1...8 as ClosedRange<UInt64>)
  func roundTrip(seed: UInt64) throws {
    var random = Seeded(state: seed)
    for _ in 0..<500 {
      let command = random.daemonMessage()
      #expect(try DaemonMessage(decoding: command.encode()) == command)
      let answer = random.wardenMessage()
      #expect(try WardenMessage(decoding: answer.encode()) == answer)
      let exit = random.exit()
      #expect(try ExitReport(decoding: exit.encode()) == exit)
    }
  }

  @Test("are refused when cut short anywhere, with a sentence", arguments: 1...4 as ClosedRange<UInt64>)
  func truncation(seed: UInt64) {
    var random = Seeded(state: seed)
    for _ in 0..<60 {
      let command = random.daemonMessage().encode()
      for length in 0..<command.count {
        let error = #expect(throws: WireError.self) { try DaemonMessage(decoding: Array(command[..<length])) }
        #expect(error?.description.last == ".")
      }
      let answer = random.wardenMessage().encode()
      for length in 0..<answer.count {
        #expect(throws: WireError.self) { try WardenMessage(decoding: Array(answer[..<length])) }
      }
    }
  }

  @Test("are refused with bytes behind them")
  func excess() {
    var random = Seeded(state: 9)
    for _ in 0..<200 {
      let command = random.daemonMessage().encode() + [0]
      #expect(throws: WireError.self) { try DaemonMessage(decoding: command) }
      let answer = random.wardenMessage().encode() + [0]
      #expect(throws: WireError.self) { try WardenMessage(decoding: answer) }
    }
  }

  @Test("that are garbage never trap", arguments: 1...4 as ClosedRange<UInt64>)
  func garbage(seed: UInt64) {
    var random = Seeded(state: seed)
    for _ in 0..<20_000 {
      var bytes = random.bytes(random.below(60))
      if !bytes.isEmpty { bytes[0] = UInt8(random.below(12)) }
      _ = try? DaemonMessage(decoding: bytes)
      _ = try? WardenMessage(decoding: bytes)
    }
  }

  @Test("with one byte changed are another message or are refused", arguments: 1...4 as ClosedRange<UInt64>)
  func mutation(seed: UInt64) {
    var random = Seeded(state: seed)
    for _ in 0..<5_000 {
      var bytes = random.daemonMessage().encode()
      bytes[random.below(bytes.count)] ^= UInt8(1 + random.below(255))
      // What is accepted has one encoding only.
      if let message = try? DaemonMessage(decoding: bytes) { #expect(message.encode() == bytes) }
    }
  }

  @Test("name the field that is wrong")
  func sentences() {
    func text(_ value: String) -> [UInt8] { [UInt8(value.utf8.count), 0, 0, 0] + Array(value.utf8) }
    func sentence(_ bytes: [UInt8]) -> String {
      do throws(WireError) {
        return "accepted: \(try DaemonMessage(decoding: bytes))"
      } catch { return error.description }
    }
    #expect(sentence([]).contains("the kind of message"))
    #expect(sentence([99]) == "A message of kind 99 from the daemon, expected 1 to 11.")
    #expect(sentence([4] + text("T42")).contains("\"T42\" is not a run key"))
    #expect(sentence([3] + text("t1") + [200, 0, 0, 0, 1]).contains("The signal is 200"))
    #expect(sentence([3] + text("t1") + [9, 0, 0, 0, 3]).contains("The scope is 3"))
    #expect(sentence([10, 2]).contains("killAgents is 2, expected 0 or 1"))
    #expect(sentence([2] + text("t1") + text("/x") + [255, 255, 255, 255]).contains("the arguments claims 4294967295"))
    #expect(sentence([2] + text("t1") + [1, 0, 0, 0, 0xff]).contains("the executable is not valid UTF-8"))
  }
}

@Suite("What a run may be")
struct RunTests {
  @Test("keys are short and fit a folder's name")
  func keys() {
    for name in ["t1", "t42-2", "a", "0", String(repeating: "a", count: 64)] { #expect(RunKey(name)?.name == name) }
    for name in ["", "-t", "T1", "t_1", "t.1", "t/1", "..", "é", "t 1", String(repeating: "a", count: 65)] {
      #expect(RunKey(name) == nil)
    }
  }

  @Test("specifications that could not be started as meant are refused")
  func specifications() throws {
    let good = RunSpec(
      key: try #require(RunKey("t1")), executable: "/bin/true", arguments: ["true"],
      environment: ["A=1", "B=", "C=D=E"],
      workingDirectory: "/", stdoutPath: "/o", stderrPath: "/e", limits: RunLimits(cpuWeight: 100, cpuMaxCores: 0.5))
    try good.validate()
    let breakages: [(inout RunSpec) -> Void] = [
      { $0.executable = "true" }, { $0.workingDirectory = "" }, { $0.stdoutPath = "o" }, { $0.stderrPath = "./e" },
      { $0.arguments = [] }, { $0.arguments = ["a\u{0}b"] }, { $0.environment = ["A"] }, { $0.environment = ["=A"] },
      { $0.environment = ["A=\u{0}"] }, { $0.executable = "/\u{0}" },
      { $0.stdoutPath = "/" + String(repeating: "x", count: 4096) }, { $0.limits.cpuWeight = 0 },
      { $0.limits.ioWeight = 10_001 }, { $0.limits.cpuMaxCores = .nan }, { $0.limits.cpuMaxCores = 0 },
      { $0.limits.cpuMaxCores = -1 }, { $0.limits.cpuMaxCores = .infinity },
    ]
    for (index, change) in breakages.enumerated() {
      var spec = good
      change(&spec)
      let broken = spec
      #expect(throws: WireError.self, "breakage \(index)") { try broken.validate() }
    }
  }
}
