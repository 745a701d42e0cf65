import JarvisProtocol

/// Turns samples into zones with hysteresis, and knows since when memory has been in danger.
struct ZoneTracker: Sendable, Equatable {
  private(set) var cpu = Zone.safe
  private(set) var ram = Zone.safe
  /// Since when memory has been in danger without a break.
  private(set) var memoryDangerSince: Timestamp?
  private(set) var isEmergency = false

  /// The worse of the two.
  var zone: Zone { max(cpu, ram) }

  mutating func observe(_ machine: MachineState, policy: SchedulerPolicy) {
    let zones = policy.zones
    cpu = Self.next(cpu, machine.cpu, safe: zones.cpuSafe, danger: zones.cpuDanger, hysteresis: zones.hysteresis)
    ram = Self.next(ram, machine.ram, safe: zones.ramSafe, danger: zones.ramDanger, hysteresis: zones.hysteresis)

    // Only memory makes an emergency. Processor time is compressible: too little of it makes tasks slow, and
    // stopping some would gain nothing that their weights don't give. Too little memory makes the kernel kill.
    let isStalled = (machine.memoryFullPSI ?? 0) > policy.emergencyMemoryPressure
    guard zones.ramDanger < 1, ram == .danger || isStalled else {
      memoryDangerSince = nil
      isEmergency = false
      return
    }
    // A clock that was set back must not put an emergency off.
    let since = min(memoryDangerSince ?? machine.at, machine.at)
    memoryDangerSince = since
    isEmergency = isEmergency || machine.at - since >= policy.emergencyAfterSeconds
  }

  /// A worse zone is entered at its threshold, and left only when the use is below it by the hysteresis.
  private static func next(
    _ current: Zone, _ use: Double, safe: Double, danger: Double, hysteresis: Double
  ) -> Zone {
    let inDanger = danger < 1 && (use > danger || (current == .danger && use >= danger - hysteresis))
    if inDanger { return .danger }
    let inWarning = safe < 1 && (use >= safe || (current != .safe && use >= safe - hysteresis))
    return inWarning ? .warning : .safe
  }
}
