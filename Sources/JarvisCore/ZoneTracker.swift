import JarvisProtocol

/// Turns samples into zones with hysteresis.
struct ZoneTracker: Sendable, Equatable {
  private(set) var cpu = Zone.safe
  private(set) var ram = Zone.safe

  /// The worse of the two.
  var zone: Zone { max(cpu, ram) }

  mutating func observe(_ machine: MachineState, policy: SchedulerPolicy) {
    let zones = policy.zones
    cpu = Self.next(cpu, machine.cpu, safe: zones.cpuSafe, danger: zones.cpuDanger, hysteresis: zones.hysteresis)
    ram = Self.next(ram, machine.ram, safe: zones.ramSafe, danger: zones.ramDanger, hysteresis: zones.hysteresis)
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
