/// All numbers of the protection of the whole machine. Shares are 0…1, of time for pressure, of memory for the rest.
///
/// Where danger of memory begins, how long it must last to be an emergency, and what is done to `low` tasks then, is
/// the scheduler's policy.
public struct MachineGuardPolicy: Sendable, Hashable {
  /// Below this share of available memory the machine is `severe` ...
  public var severeAvailable = 0.05
  /// ... if that lasts for so many seconds; and by pressure ...
  public var severeAvailableFor = 5.0
  /// ... from this share of time in which everything stood still for memory ...
  public var severePressure = 0.6
  /// ... for so many seconds. systemd-oomd's numbers.
  public var severePressureFor = 30.0
  /// Below this share of available memory it is about to fall, at once.
  public var fallingAvailable = 0.02
  /// How far above its line available memory must be again for a stage to end.
  public var hysteresis = 0.03
  /// Pressure of the disks from which nothing is started, and which counts like memory's own while memory is not in
  /// the safe zone: a machine that swaps can show no memory pressure at all.
  public var ioPressure = 0.6
  /// Seconds for which it must last until nothing is started.
  public var ioPressureFor = 10.0
  /// The same for processors: share of time in which something waited for one. They make no emergency.
  public var cpuPressure = 0.95
  /// Seconds for which it must last until nothing is started.
  public var cpuPressureFor = 30.0
  /// Seconds after one victim before the next, to see the effect.
  public var pause = 15.0
  /// The same while the machine is about to fall.
  public var fallingPause = 2.0
  /// An agent that holds less than this share of memory, also in `horizon` seconds at its present growth, is no victim:
  /// its end would cure nothing.
  public var leastShare = 0.01
  /// Seconds for which growth counts as held already when victims are chosen.
  public var horizon = 10.0
  /// Seconds after which starts that are held, or an emergency that nothing relieves, are given up: what Jarvis does not
  /// cause it can't cure, and tasks must not starve for it. They count again after the cause has gone once.
  public var longestHold = 600.0
  /// What the agents of one session may use together.
  public var session = GroupTotals()
  /// What all agents may use together.
  public var jarvis = GroupTotals(memory: .share(0.9), pids: .automatic)
  /// Seconds for which such a total of memory must be passed. Processes have none: they come too fast.
  public var shareFor = 5.0
  /// Seconds without a sample after which everything that must last begins anew: the machine slept.
  public var longestGap = 90.0

  /// The defaults; set what should differ.
  public init() {}
}
