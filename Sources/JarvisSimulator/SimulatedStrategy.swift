import JarvisCore
import JarvisProtocol

/// Who decides how many tasks run at once.
public enum SimulatedStrategy: Sendable, Hashable, CustomStringConvertible {
  /// Nobody looks: so many at once on the whole machine, whatever it does meanwhile.
  case fixed(Int)
  /// Jarvis's gate, with so many of each batch at once.
  case width(Int)
  /// Jarvis's gate, with one of each batch at a time.
  case sequential
  /// Jarvis's gate alone.
  case parallel
  /// Jarvis's gate and what it has learned of the type's benefit.
  case auto
  /// Jarvis's gate and the learner's width.
  case adaptive

  /// Reads `fixed 5`, `width 3`, `sequential`, `parallel`, `auto`, `adaptive`; nil for anything else.
  public init?(_ text: some StringProtocol) {
    let words = text.split(separator: " ")
    switch (words.first, words.count) {
    case ("sequential", 1): self = .sequential
    case ("parallel", 1): self = .parallel
    case ("auto", 1): self = .auto
    case ("adaptive", 1): self = .adaptive
    case ("fixed", 2), ("width", 2):
      guard let number = Int(words[1]), (1...10_000).contains(number) else { return nil }
      self = words[0] == "fixed" ? .fixed(number) : .width(number)
    default: return nil
    }
  }

  /// As `init` reads it.
  public var description: String {
    switch self {
    case .fixed(let number): "fixed \(number)"
    case .width(let number): "width \(number)"
    case .sequential: "sequential"
    case .parallel: "parallel"
    case .auto: "auto"
    case .adaptive: "adaptive"
    }
  }

  /// What is looked at side by side where nothing is asked for.
  public static let usual: [SimulatedStrategy] = [.fixed(5), .sequential, .auto, .adaptive]

  /// How the scheduler is told to run batches.
  var strategy: Strategy {
    switch self {
    case .fixed, .width, .parallel: .parallel
    case .sequential: .sequential
    case .auto: .auto
    case .adaptive: .adaptive
    }
  }

  /// The width that every batch has; nil for none.
  var fixedWidth: Int? { if case .width(let number) = self { number } else { nil } }

  /// The policy under which it runs: `fixed` is what one does without Jarvis, so nothing about the machine counts.
  func policy(_ policy: SchedulerPolicy) -> SchedulerPolicy {
    guard case .fixed(let number) = self else { return policy }
    var policy = policy
    policy.zones = ZoneThresholds(cpuSafe: 1, cpuDanger: 1, ramSafe: 1, ramDanger: 1, hysteresis: 0)
    policy.machine.jarvis = GroupTotals()
    policy.machine.session = GroupTotals()
    policy.maxAgents = number
    policy.maxAgentsPerSession = number
    policy.maxAgentsPerSessionInWarning = number
    policy.startGapSeconds = 0
    // Without zones there are no lines that the guard of the machine could go by, but its holds have their own.
    policy.machine.ioPressure = 2
    policy.machine.cpuPressure = 2
    return policy
  }
}
