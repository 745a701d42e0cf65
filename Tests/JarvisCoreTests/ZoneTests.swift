import JarvisProtocol
import Testing

@testable import JarvisCore

struct ZoneTests {
  private func zones(_ samples: [(cpu: Double, ram: Double)], _ policy: SchedulerPolicy = SchedulerPolicy()) -> [Zone] {
    var state = SchedulerState(policy: policy)
    return samples.enumerated().map { n, sample in
      state.observe(machine(cpu: sample.cpu, ram: sample.ram, at: Double(n)))
      return state.zone
    }
  }

  @Test("the specification's thresholds")
  func thresholds() {
    #expect(zones([(0.59, 0.69)]) == [.safe])
    #expect(zones([(0.60, 0.30)]) == [.warning])
    #expect(zones([(0.10, 0.70)]) == [.warning])
    #expect(zones([(0.80, 0.85)]) == [.warning])
    #expect(zones([(0.81, 0.10)]) == [.danger])
    #expect(zones([(0.10, 0.86)]) == [.danger])
  }

  @Test("a worse zone is left only below its threshold by the hysteresis")
  func hysteresis() {
    #expect(zones([(0.81, 0), (0.79, 0), (0.77, 0), (0.76, 0)]) == [.danger, .danger, .danger, .warning])
    #expect(
      zones([(0.61, 0), (0.59, 0), (0.58, 0), (0.56, 0), (0.59, 0)]) == [
        .warning, .warning, .warning, .safe, .safe,
      ])
    #expect(zones([(0, 0.9), (0, 0.1)]) == [.danger, .safe])
    // Each resource has its own memory: CPU in danger does not keep RAM's warning.
    #expect(zones([(0.9, 0.69), (0.1, 0.69)]) == [.danger, .safe])
  }

  @Test("a threshold of 1 turns its gate off")
  func off() {
    var policy = SchedulerPolicy()
    policy.zones = ZoneThresholds(cpuSafe: 1, cpuDanger: 1, ramSafe: 1, ramDanger: 1)
    #expect(zones([(1, 1)], policy) == [.safe])
    policy.zones = ZoneThresholds(cpuDanger: 1)
    #expect(zones([(1, 0)], policy) == [.warning])
  }

  @Test("memory danger that lasts is an emergency; processor danger never is")
  func emergency() {
    var state = SchedulerState()
    for second in stride(from: 0.0, through: 120, by: 10) { state.observe(machine(cpu: 1, ram: 0.5, at: second)) }
    #expect(state.level == .starved)

    state.observe(machine(cpu: 0.1, ram: 0.9, at: 130))
    #expect(state.level == .starved)
    state.observe(machine(cpu: 0.1, ram: 0.9, at: 159))
    #expect(state.level == .starved)
    state.observe(machine(cpu: 0.1, ram: 0.9, at: 160))
    #expect(state.level == .emergency)
    // Hysteresis: 83 % does not end the danger, 81 % does.
    state.observe(machine(cpu: 0.1, ram: 0.83, at: 170))
    #expect(state.level == .emergency)
    state.observe(machine(cpu: 0.1, ram: 0.81, at: 180))
    #expect(state.level == .constrained)
  }

  @Test("tasks standing still for memory are an emergency too, if it lasts")
  func pressure() {
    var state = SchedulerState()
    state.observe(machine(cpu: 0.1, ram: 0.5, at: 0, psi: 0.5))
    state.observe(machine(cpu: 0.1, ram: 0.5, at: 20, psi: 0.1))
    state.observe(machine(cpu: 0.1, ram: 0.5, at: 31, psi: 0.5))
    #expect(state.level == .ideal)
    state.observe(machine(cpu: 0.1, ram: 0.5, at: 61, psi: 0.5))
    #expect(state.level == .emergency)
    _ = state.add(batch: batch(), tasks: [task(1)])
    #expect(state.starts(61) == [])
    #expect(state.why(1, 61) == "waits: emergency, RAM 50.0 %, stalled for memory 50.0 % of the time")
  }

  @Test("with the memory gate off there is no emergency")
  func noEmergency() {
    var policy = SchedulerPolicy()
    policy.zones.ramDanger = 1
    var state = SchedulerState(policy: policy)
    for second in [0.0, 40, 80] { state.observe(machine(cpu: 1, ram: 1, at: second, psi: 0.9)) }
    #expect(state.level != .emergency)
  }
}
