import JarvisProtocol
import Testing

@testable import JarvisCore

/// A small generator with a known sequence for each seed.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func chance(_ p: Double) -> Bool { Double.random(in: 0..<1, using: &self) < p }
}

/// Seconds after an arbitrary beginning.
func at(_ seconds: Double) -> Timestamp { Timestamp(milliseconds: 1_800_000_000_000) + seconds }

func id(_ n: Int) -> TaskID { TaskID(UInt64(n)) }

func machine(cpu: Double, ram: Double, at time: Double = 0, psi: Double? = nil) -> MachineState {
  MachineState(
    at: at(time), cpu: cpu, ram: ram, cores: 8, memoryTotal: 16 << 30, memoryFullPSI: psi)
}

func task(
  _ n: Int, _ priority: Priority = .medium, at time: Double = 0, after: [Dependency] = [],
  notBefore: Double? = nil, cpu: Double? = nil, ram: Double? = nil
) -> TaskEntry {
  let expected = cpu == nil && ram == nil ? nil : ResourceCost(cpu: cpu ?? 0, ram: ram ?? 0)
  return TaskEntry(
    id: id(n), sequence: UInt64(n), priority: priority, submittedAt: at(time), notBefore: notBefore.map { at($0) },
    expected: expected, after: after)
}

func batch(_ n: Int = 1, _ session: SessionKey = "s", _ strategy: Strategy = .auto, width: Int? = nil) -> BatchEntry {
  BatchEntry(id: BatchID(UInt64(n)), session: session, strategy: strategy, widthLimit: width)
}

/// A policy whose caps and costs don't get in the way of what a test is about.
func roomy() -> SchedulerPolicy {
  var policy = SchedulerPolicy()
  policy.maxAgentsPerSession = 1000
  policy.maxAgentsPerSessionInWarning = 1000
  policy.maxAgents = 1000
  policy.defaultCost = .none
  return policy
}

/// A state that has seen a calm machine.
func calm(_ policy: SchedulerPolicy = SchedulerPolicy()) -> SchedulerState {
  var state = SchedulerState(policy: policy)
  state.observe(machine(cpu: 0.1, ram: 0.3))
  return state
}

extension SchedulerState {
  /// Decides, and checks that everything the state keeps is right. Returns the numbers of the tasks that start.
  mutating func starts(_ time: Double = 0) -> [UInt64] {
    let decisions = Scheduler.decide(&self, now: at(time))
    #expect(brokenInvariants() == [])
    return decisions.compactMap { if case .start(let id, _) = $0 { id.raw } else { nil } }
  }

  /// Why a task waits or runs, as a sentence.
  func why(_ n: Int, _ time: Double = 0) -> String? { explain(id(n), now: at(time))?.sentence }
}
