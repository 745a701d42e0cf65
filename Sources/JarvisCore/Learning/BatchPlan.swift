import JarvisProtocol

/// How many of a batch's tasks run at once, and why: what the learner says of a batch that leaves it to Jarvis. The
/// daemon and the simulator go by the very same.
public struct BatchPlan: Sendable {
  /// `auto` or `adaptive`.
  public let strategy: Strategy
  /// The same number for the batch's whole life, so that its width follows what is known and not the dice.
  public let luck: Double
  /// How many tasks it had when it came.
  public let total: Int
  /// How many of each type aren't over.
  public private(set) var remaining: [String: Int]
  /// How many are over.
  public private(set) var finished = 0
  /// The most at once; nil for no limit but those that hold for all.
  public private(set) var width: Int?
  /// In words and numbers.
  public private(set) var reason = ""
  /// The width that `adaptive` chose last, from what is known of its type.
  private var chosen: Int?
  /// The width that is tried out with tasks of a type, until how many of the batch are over, and why.
  private var trial: (type: String, width: Int, until: Int, reason: String)?

  /// What the machine allows a batch now.
  public struct Room: Sendable {
    /// How many at once by the caps, 1 or more.
    public var cap: Int
    /// Bytes that its tasks may hold together; nil if that isn't known.
    public var memory: Double?

    /// Takes what is allowed.
    public init(cap: Int, memory: Double?) {
      self.cap = cap
      self.memory = memory
    }
  }

  /// A batch of so many tasks of each type, of which none has run.
  public init(strategy: Strategy, luck: Double, remaining: [String: Int]) {
    self.strategy = strategy
    self.luck = luck
    self.remaining = remaining
    total = remaining.values.reduce(0, +)
  }

  /// The type that most of the tasks that are left have; the first by name of equals.
  public var mainType: String? {
    remaining.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }

  /// One of its tasks is over.
  public mutating func ended(_ type: String) {
    finished += 1
    if let left = remaining[type] { remaining[type] = left > 1 ? left - 1 : nil }
  }

  /// Whether it is to be looked at again, now that another task has ended. `adaptive` follows each; `auto` after the
  /// first, which may have been kept alone, and from time to time.
  public var isDue: Bool { strategy == .adaptive || finished == 1 || finished.isMultiple(of: 4) }

  /// Chooses the width from what is known now.
  /// - Parameter room: is asked only where it matters.
  public mutating func choose(
    _ chooser: WidthChooser, _ profiles: ProfileStore, at now: Timestamp, room: () -> Room
  ) {
    guard total > 1 else { return }
    switch strategy {
    case .adaptive: chooseAdaptive(chooser, profiles, now, room)
    case .auto: chooseAuto(chooser, profiles, now)
    case .parallel, .sequential: return
    }
    if let type = mainType, let change = profiles[type]?.freshChange(now) { reason += "; \(change)" }
  }

  private mutating func chooseAdaptive(
    _ chooser: WidthChooser, _ profiles: ProfileStore, _ now: Timestamp, _ room: () -> Room
  ) {
    let left = remaining.values.reduce(0, +)
    guard let type = mainType, left > 0 else { return }
    let profile = profiles.profile(of: type)
    if let typical = profile.duration?.p50, typical < chooser.policy.shortestSeconds {
      width = nil
      reason = "adaptive: tasks of \(type) are over before another is started, so nothing limits them"
      return
    }
    if finished == 0, left > 2, profile.mayBeginAlone(chooser.policy, enough: 2) {
      width = 1
      reason = "adaptive: \(type): the first runs by itself, to have something to compare the others with"
      return
    }
    let room = room()
    let limit = profile.limit(room.cap, memory: room.memory)
    let choice = chooser.choose(
      profile.law(now: now), remaining: left, total: total, limit: limit, luck: luck, current: chosen)
    (width, chosen) = (choice.width, choice.width)
    reason = "adaptive: \(type): \(choice.reason)"
    guard left > 1, limit > 1 else { return }
    if trial?.type != type { trial = nil }
    if choice.width == 1, profile.isInDoubt || profile.isTrialDue(chooser.policy, now) {
      let width = profile.trialWidth(chooser.policy, upTo: limit)
      tryOut(width, "\(width) at once, to see whether that still gains nothing", type)
    } else if choice.isLook, finished >= trial?.until ?? 0 {
      tryOut(choice.width, choice.reason, type)
    }
    if let trial, finished < trial.until {
      width = min(trial.width, limit, left)
      (chosen, reason) = (width, trial.reason)
    }
  }

  /// Tries a width out: for three waves, for fewer would be over before anything is seen at this width.
  private mutating func tryOut(_ width: Int, _ words: String, _ type: String) {
    trial = (type, width, max(trial?.until ?? 0, finished + 3 * width), "adaptive: \(type): \(words)")
  }

  /// One by one only if that is best for all of its types.
  private mutating func chooseAuto(_ chooser: WidthChooser, _ profiles: ProfileStore, _ now: Timestamp) {
    var words: String?
    var isAlone = true
    for (type, _) in remaining.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }).prefix(8) {
      let choice = chooser.auto(profiles.profile(of: type), now: now)
      words = words ?? choice.reason
      let width = choice.widthLimit(finished: finished)
      // A type that has others beside it learns nothing by being alone of its own.
      if case .sequential = choice { continue }
      if width == 1, remaining.count == 1 { continue }
      isAlone = false
      words = choice.reason
      break
    }
    guard let words else { return }
    width = isAlone ? 1 : nil
    reason = "auto: " + words
  }
}
