import JarvisConfig
import JarvisCore
import JarvisProtocol
import JarvisStore

/// The daemon's side of the learner: what is known, who runs beside whom now, and what the store doesn't have yet.
///
/// An observation goes to the store with the end of its task, in one parcel; a profile with every 64th observation, and
/// with `learned_through`, the number of the last one that it has taken in. What came after is taken in anew at
/// start-up, so a daemon that is killed has learned from each task once.
struct Learner: Sendable {
  /// After so many observations the profiles that they changed are stored.
  static let snapshotEvery = 64
  /// Or after so many seconds.
  static let snapshotSeconds = 30.0
  /// As many observations are kept.
  static let kept = 100_000
  /// The names under which the store's own values are kept.
  static let throughKey = "learned_through"
  static let seedKey = "learning_seed"

  var profiles = ProfileStore()
  var meter = WidthMeter()
  var chooser = WidthChooser()
  var isEnabled = true
  /// Of all batches' luck; drawn once for each store.
  var seed: UInt64 = 0
  /// The number of the next observation.
  var next: Int64 = 1
  private(set) var unsaved: Set<String> = []
  private var sinceSnapshot = 0
  private var savedAt: Timestamp?

  /// Goes by a configuration from now on.
  mutating func configure(_ config: Config.Learning) {
    isEnabled = config.enabled
    if profiles.halfLifeSeconds != config.halfLife { profiles.halfLifeSeconds = config.halfLife }
    chooser.policy.explorationLoss = config.exploration
  }

  /// Takes an observation in. Returns its row, and whether it showed that the type's behaviour has changed.
  mutating func take(_ observation: Observation) -> (row: ObservationRow, hasChanged: Bool) {
    let row = ObservationRow(
      id: next, type: observation.type, at: observation.at, json: observation.json.text)
    next += 1
    let hasChanged = profiles.observe(observation)
    touch(observation.type)
    sinceSnapshot += 1
    return (row, hasChanged)
  }

  /// A type's profile has to be stored.
  mutating func touch(_ type: String) { unsaved.insert(type) }

  /// Whether it is time to store profiles.
  func isSnapshotDue(_ now: Timestamp) -> Bool {
    guard !unsaved.isEmpty else { return false }
    return sinceSnapshot >= Self.snapshotEvery || abs(now - (savedAt ?? .init(milliseconds: 0))) >= Self.snapshotSeconds
  }

  /// The changes that make the store know all that was learned so far.
  mutating func snapshot(_ now: Timestamp) -> [Change] {
    var changes = unsaved.sorted().compactMap { type -> Change? in
      profiles[type].map { .profile(ProfileRow(type: type, at: $0.lastSeen ?? now, json: $0.json.text)) }
    }
    changes.append(.meta(key: Self.throughKey, value: "\(next - 1)"))
    unsaved = []
    sinceSnapshot = 0
    savedAt = now
    return changes
  }

  /// Reads what the store has. Returns what could not be read, in words for the log.
  mutating func restore(_ store: Store, meta: [String: String], taught: [LearnedRow]) throws(StoreError) -> [String] {
    var problems: [String] = []
    try store.loadProfiles { row in
      do throws(LearningFormatError) {
        guard let json = try? JSON(parsing: row.json) else { throw LearningFormatError("profile", "is no JSON") }
        profiles.merge(try TypeProfile(json: json))
      } catch {
        problems.append("the profile of \(row.type) can't be read and begins anew: \(error)")
      }
    }
    for row in taught { teach(row, onlyNewer: true) }
    seed = meta[Self.seedKey].flatMap { UInt64($0) } ?? 0
    let through = meta[Self.throughKey].flatMap { Int64($0) } ?? 0
    var unreadable = 0
    let last = try store.loadObservations(after: through) { row in
      guard let json = try? JSON(parsing: row.json), let observation = try? Observation(json: json) else {
        return unreadable += 1
      }
      profiles.observe(observation)
      touch(observation.type)
    }
    if unreadable > 0 { problems.append("\(unreadable) observations can't be read and are passed over") }
    next = max(last, through) + 1
    return problems
  }

  /// Takes in a lesson. `onlyNewer`: unless the profile knows of it already.
  mutating func teach(_ row: LearnedRow, onlyNewer: Bool = false) {
    guard row.parallelBenefit != nil || row.cpu != nil || row.ram != nil else { return }
    if onlyNewer, let known = profiles[row.taskType]?.taught, known.at >= row.at { return }
    profiles.teach(row.taskType, Taught(benefit: row.parallelBenefit, cpu: row.cpu, ram: row.ram, at: row.at))
    touch(row.taskType)
  }

  /// What a type's tasks have used, for limits; nil while it isn't used.
  func use(of type: String) -> LearnedUse? {
    guard isEnabled, let profile = profiles[type], let memory = profile.peakMemory else { return nil }
    return LearnedUse(
      runs: Int(memory.observations), memory: UInt64(max(0, min(1e18, memory.p95))), time: profile.duration?.p95)
  }

  /// What a task of a type is expected to use of a machine; nil if nobody knows.
  func expectedCost(_ type: String, cores: Double, memory: UInt64, fallback: ResourceCost) -> ResourceCost? {
    guard let profile = profiles[type] else { return nil }
    if isEnabled { return profile.expectedCost(cores: cores, memory: Double(memory), fallback: fallback) }
    guard let taught = profile.taught, taught.cpu != nil || taught.ram != nil else { return nil }
    return ResourceCost(cpu: taught.cpu ?? fallback.cpu, ram: taught.ram ?? fallback.ram)
  }
}
