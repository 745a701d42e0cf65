import WardenProtocol

/// A reproducible source of randomness (SplitMix64), and of messages of every kind.
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  mutating func maybe<Value>(_ value: (inout Seeded) -> Value) -> Value? {
    below(2) == 0 ? nil : value(&self)
  }

  mutating func text() -> String {
    let alphabet = Array("abc/=- \u{0}\n\"éß漢🦀\u{301}")
    return String((0..<below(20)).map { _ in alphabet[below(alphabet.count)] })
  }

  mutating func texts() -> [String] { (0..<below(5)).map { _ in text() } }

  mutating func key() -> RunKey {
    let alphabet = Array("abcxyz019")
    let name = String((0..<1 + below(64)).map { _ in alphabet[below(alphabet.count)] })
    guard let key = RunKey(name) else { preconditionFailure("\(name) must be a key") }
    return key
  }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }

  mutating func number<Value: FixedWidthInteger>() -> Value {
    [.min, .max, 0, Value(truncatingIfNeeded: next())][below(4)]
  }

  mutating func limits() -> RunLimits {
    RunLimits(
      memoryHigh: maybe { $0.number() }, memoryMax: maybe { $0.number() }, swapMax: maybe { $0.number() },
      pidsMax: maybe { $0.number() }, cpuWeight: maybe { $0.number() }, cpuMaxCores: maybe { Double($0.below(1000)) },
      ioWeight: maybe { $0.number() })
  }

  mutating func exit() -> ExitReport {
    let status: ExitStatus =
      below(2) == 0 ? .exited(code: number()) : .signalled(signal: number(), coreDumped: below(2) == 0)
    return ExitReport(
      key: key(), pid: number(), status: status, endedRealtimeMs: number(), durationNs: number(), cpuUserUs: number(),
      cpuSystemUs: number(), peakMemoryBytes: number(), oomKills: number(), leftoverKilled: number(),
      isInterrupted: below(2) == 0, account: below(2) == 0 ? account() : nil)
  }

  mutating func account() -> GroupAccount {
    func maybe(_ value: UInt64) -> UInt64? { value % 3 == 0 ? nil : value }
    return GroupAccount(
      cpuStallUs: maybe(number()), memoryStallUs: maybe(number()), ioStallUs: maybe(number()),
      ioBytes: maybe(number()))
  }

  mutating func daemonMessage() -> DaemonMessage {
    switch below(11) {
    case 0: .hello(version: number())
    case 1:
      .start(
        RunSpec(
          key: key(), executable: text(), arguments: texts(), environment: texts(), workingDirectory: text(),
          stdoutPath: text(), stderrPath: text(), limits: limits()))
    case 2: .signal(key(), signal: Int32(1 + below(64)), scope: SignalScope.allCases[below(2)])
    case 3: .kill(key())
    case 4: .freeze(key())
    case 5: .thaw(key())
    case 6: .setLimits(key(), limits())
    case 7: .ack(key())
    case 8: .list
    case 9: .setTotals(limits())
    default: .shutdown(killAgents: below(2) == 0)
    }
  }

  mutating func wardenMessage() -> WardenMessage {
    switch below(6) {
    case 0:
      .welcome(
        Welcome(
          version: number(), wardenPID: number(), bootID: text(), tier: WardenTier.allCases[below(3)],
          cgroupRoot: text(), cgroupName: text(), controllers: texts(), reasons: texts(),
          leftovers: (0..<below(4)).map { _ in key() }))
    case 1: .started(StartReport(key: key(), pid: number(), startTicks: number(), cgroup: text(), realtimeMs: number()))
    case 2:
      .startFailed(
        StartFailure(
          key: key(), stage: StartStage.allCases[below(StartStage.allCases.count)], errno: number(), message: text()))
    case 3: .exited(exit())
    case 4:
      .runs(
        (0..<below(4)).map { _ in
          RunInfo(
            key: key(), state: RunState.allCases[below(3)], pid: number(), startTicks: number(), cgroup: text(),
            startedRealtimeMs: number(), exit: maybe { $0.exit() })
        }, isLast: below(2) == 0)
    default: .failed(key: maybe { $0.key() }, message: text())
    }
  }
}
