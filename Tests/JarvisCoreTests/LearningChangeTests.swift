import JarvisProtocol
import Testing

@testable import JarvisCore

/// A type whose tasks are measured in waves at widths that wander.
private struct Wandering {
  var first = 10.0
  var slowdown: (Double) -> Double
  var noise = 0.2
  /// How many times as long a task takes that hangs, and how often one does.
  var straggler = (factor: 1.0, share: 0.0)
  /// Processor seconds of a task.
  var cpu = 1.0
  var random: SplitMix64
  private(set) var clock = 0.0

  init(_ seed: UInt64, _ slowdown: @escaping (Double) -> Double) {
    random = SplitMix64(seed: seed)
    self.slowdown = slowdown
  }

  /// What the next wave shows: `ends` tasks at about `width`.
  mutating func wave(_ width: Double, ends: Int) -> Observation {
    var sum = 0.0
    for _ in 0..<ends {
      let hangs = random.chance(straggler.share) ? straggler.factor : 1
      sum += first * slowdown(width) * Numbers.exp(noise * Numbers.normal(using: &random)) * hangs
    }
    clock += 1
    var observation = Observation(
      type: "x", width: width, durationSeconds: sum / Double(ends),
      cpuSeconds: cpu * Numbers.exp(noise * Numbers.normal(using: &random)), at: at(clock))
    observation.measure = .wave(Wave(width: width, seconds: sum / Double(ends), ended: ends))
    return observation
  }

  /// A width as they come in batches that run `about` at once: seldom whole.
  mutating func width(about: Double) -> Double { max(1, about - Double.random(in: 0...0.6, using: &random)) }
}

private typealias World = (name: String, slowdown: @Sendable (Double) -> Double, noise: Double, hangs: Double)

@Suite("Changes of behaviour")
struct LearningChangeTests {
  private static let stationary: [World] = [
    ("waiting, unlimited", { _ in 1 }, 0.1, 0),
    ("waiting on a rate limit", { max(1, $0 / 2) }, 0.15, 0),
    ("CPU-bound, 4 cores", { max(1, $0 / 4) * (1 + 0.01 * ($0 - 1)) }, 0.05, 0),
    ("memory runs out at the fifth", { 1 + 5 * max(0, min(1, $0 - 4)) }, 0.15, 0),
    ("mixed, noisy", ScalabilityLaw(sigma: 0.3, kappa: 0.02).slowdown, 0.6, 0),
    ("one of thirty hangs", ScalabilityLaw(sigma: 0.2, kappa: 0).slowdown, 0.2, 0.033),
    ("serial, one of forty hangs", { $0 }, 0.3, 0.025),
  ]

  @Test("a type that stays as it is is taken for changed in less than 1 % of 200 measurements")
  func falseAlarms() {
    let runs = 100
    let alarms = Self.stationary.indices.map { falseAlarms(in: $0, runs: runs) }
    #expect(alarms.reduce(0, +) < runs * alarms.count / 100)
    // Where T rises to its sixfold in between two widths that both come up.
    #expect(alarms.allSatisfy { $0 <= runs / 50 })
  }

  private func falseAlarms(in world: Int, runs: Int) -> Int {
    let (name, slowdown, noise, hangs) = Self.stationary[world]
    var alarms = 0
    var reasons: [String] = []
    for seed in 0..<runs {
      var type = Wandering(UInt64(seed * 31 + world), slowdown)
      type.noise = noise
      type.straggler = (30, hangs)
      var profile = TypeProfile(type: "x")
      // Widths come and go: alone, in batches, and at whatever is tried out.
      var about = 1.0
      for n in 0..<200 {
        if n % 25 == 0 { about = Double([1, 5, 3, 6, 2, 5, 1, 4][(n / 25 + seed) % 8]) }
        let ends = about == 1 ? 1 : Int(about) + Int.random(in: 0...3, using: &type.random)
        if profile.observe(type.wave(type.width(about: about), ends: ends)) {
          alarms += 1
          reasons.append("\(seed)/\(n) \(profile.relearned ?? "")")
        }
      }
    }
    print("\(name): \(alarms) false alarms in \(runs) times 200 measurements \(reasons.prefix(3))")
    return alarms
  }

  /// How many measurements after the change it is noticed, and the profile then.
  private func noticed(
    seed: UInt64, widths: (before: [Double], after: [Double]), _ before: @escaping (Double) -> Double,
    change: (inout Wandering) -> Void
  ) -> (count: Int, profile: TypeProfile)? {
    var type = Wandering(seed, before)
    var profile = TypeProfile(type: "x")
    func next(_ about: Double) -> Bool {
      profile.observe(type.wave(type.width(about: about), ends: about < 1.5 ? 1 : Int(about)))
    }
    for n in 0..<80 where next(widths.before[n / 4 % widths.before.count]) {
      Issue.record("a false alarm: \(profile.relearned ?? "")")
    }
    change(&type)
    for n in 0..<60 where next(widths.after[n % widths.after.count]) { return (n + 1, profile) }
    return nil
  }

  @Test(
    "a change is noticed within 20 measurements, though the widths are others than before",
    arguments: [
      ("gets a rate limit, runs wider", [1.0, 4], [4.5]), ("gets a rate limit, runs narrower", [5, 3, 1], [4, 2]),
      ("gets a rate limit, batches end slowly", [5], [4.6, 3, 2]),
    ])
  func rateLimit(name: String, before: [Double], after: [Double]) throws {
    var most = 0
    for seed: UInt64 in 1...20 {
      let found = try #require(
        noticed(seed: seed, widths: (before, after), { _ in 1 }, change: { $0.slowdown = { $0 } }), "\(name) \(seed)")
      #expect(found.count <= 20 && found.profile.change?.sign == .slower)
      #expect(found.profile.law().sigma.margin > 0.3, "the prior is wide again")
      most = max(most, found.count)
    }
    print("\(name): noticed after \(most) measurements at most")
  }

  @Test("a rate limit that is lost is noticed within 20 measurements beside others", arguments: [[5.0], [3]])
  func lostLimit(after: [Double]) throws {
    for seed: UInt64 in 1...20 {
      let found = try #require(
        noticed(seed: seed, widths: ([1, 5, 2, 3], after), { $0 }, change: { $0.slowdown = { _ in 1 } }))
      #expect(found.count <= 20 && found.profile.change?.sign == .faster)
    }
  }

  @Test("an agent that becomes three times slower is noticed at any width", arguments: [1.0, 2, 4, 6])
  func slower(after: Double) throws {
    for seed: UInt64 in 1...20 {
      let law = ScalabilityLaw(sigma: 0.2, kappa: 0.005)
      let found = try #require(
        noticed(seed: seed, widths: ([1, 3, 5, 6], [after]), law.slowdown, change: { $0.first *= 3 }))
      #expect(found.count <= 20 && found.profile.change?.sign == .slower)
      let words = try #require(found.profile.relearned)
      #expect(words.hasPrefix("learned anew since 2027-01-15 ") && words.contains("were expected"))
      #expect(found.profile.explain(now: at(200)).contains { $0.contains(words) })
    }
  }

  @Test("one that stops to compute, as long as it takes, is noticed by that", arguments: [1.0, 4])
  func computing(width: Double) throws {
    for seed: UInt64 in 1...20 {
      let found = try #require(
        noticed(seed: seed, widths: ([1, 4], [width]), { _ in 1 }, change: { $0.cpu = 0.02 }))
      #expect(found.count <= 12 && found.profile.change?.sign == .computesLess)
      let back = try #require(
        noticed(seed: seed, widths: ([1, 4], [width]), { _ in 1 }, change: { $0.cpu = 9 }))
      #expect(back.count <= 12 && back.profile.change?.sign == .computesMore)
    }
  }

  @Test("what is wider than ever and far slower is a cliff and no change, what is wider and faster is a change")
  func cliff() {
    var type = Wandering(3) { $0 <= 4.5 ? 1 : 8 }
    var profile = TypeProfile(type: "x")
    for n in 0..<60 { profile.observe(type.wave(Double([1, 2, 4][n % 3]), ends: 3)) }
    for n in 0..<40 {
      let hasChanged = profile.observe(type.wave(Double([4, 6, 6, 6, 2][n % 5]), ends: 3))
      #expect(!hasChanged, "\(profile.relearned ?? "")")
    }
    #expect(profile.bestWidth(tasks: 60, limit: 6) == 4)
    var other = Wandering(4) { $0 }
    var fast = TypeProfile(type: "x")
    for n in 0..<60 { fast.observe(other.wave(Double([1, 2, 4][n % 3]), ends: 3)) }
    other.slowdown = { _ in 1 }
    let isNoticed = (0..<12).contains { _ in fast.observe(other.wave(6, ends: 6)) }
    #expect(isNoticed)
  }

  @Test("of a type that runs one by one some run beside each other from time to time, and longer if that surprises")
  func trials() {
    var type = Wandering(5) { $0 }
    type.noise = 0.1
    let (chooser, store) = (WidthChooser(), ProfileStore())
    var profile = TypeProfile(type: "x")
    for n in 0..<80 { profile.observe(type.wave(Double([1, 5, 3][n % 3]), ends: [1, 5, 3][n % 3])) }
    func isSequential() -> Bool {
      if case .sequential = chooser.auto(profile, now: at(type.clock)) { true } else { false }
    }
    func planned() -> Int? {
      var store = store
      store.merge(profile)
      var plan = BatchPlan(strategy: .adaptive, luck: 0.5, remaining: ["x": 20])
      plan.choose(chooser, store, at: at(type.clock)) { BatchPlan.Room(cap: 6, memory: nil) }
      return plan.width
    }
    var alone = 0
    while alone < 999 {
      profile.observe(type.wave(1, ends: 1))
      alone += 1
      if alone > 20 { #expect(isSequential()) }
    }
    #expect(planned() == 1)
    profile.observe(type.wave(1, ends: 1))
    #expect(!isSequential() && planned() == 5)
    // As ever: that was it.
    var steady = profile
    steady.observe(type.wave(3, ends: 3))
    swap(&profile, &steady)
    #expect(isSequential() && planned() == 1)
    swap(&profile, &steady)
    // Nothing limits it any more.
    type.slowdown = { _ in 1 }
    var more = 0
    while profile.changedAt == nil, more < 20 {
      #expect(!isSequential() && planned() != 1)
      profile.observe(type.wave(3, ends: 3))
      more += 1
    }
    #expect(profile.change?.sign == .faster && more <= 6)
  }

  @Test("what a profile knows of changes is stored, and profiles of an older Jarvis are read")
  func stored() throws {
    let found = try #require(
      noticed(seed: 1, widths: ([1, 4], [4]), { _ in 1 }, change: { $0.first *= 3 }))
    var profile = found.profile
    var type = Wandering(9) { _ in 3 }
    for _ in 0..<30 { profile.observe(type.wave(1, ends: 1)) }
    let text = profile.json.text
    let read = try TypeProfile(json: JSON(parsing: text))
    #expect(read == profile && read.relearned == profile.relearned && read.sinceBeside == 30)
    // A daemon that was restarted goes on as one that wasn't.
    var (a, b) = (profile, read)
    type.first = 60
    for _ in 0..<20 {
      let wave = type.wave(1, ends: 1)
      let (first, second) = (a.observe(wave), b.observe(wave))
      #expect(first == second)
    }
    #expect(a.json.text == b.json.text)
    var old = try #require(profile.json.objectValue)
    for key in ["change", "work", "since_beside"] { old[key] = nil }
    let older = try TypeProfile(json: .object(old))
    #expect(older.changedAt == profile.changedAt && older.change == nil && older.durations == profile.durations)
    #expect(try #require(older.relearned).hasSuffix(" UTC"))
  }

  @Test("a damaged note of a change is refused with its place")
  func damaged() throws {
    for (key, value, path) in [
      ("change", ["sign": "odd"] as JSON, "profile.change.sign"),
      ("change", ["sign": "slower", "width_expected_measured": [1]], "profile.change.width_expected_measured"),
      ("work", [1, 2], "profile.work"), ("since_beside", -1, "profile.since_beside"),
    ] {
      var object = try #require(TypeProfile(type: "x").json.objectValue)
      object[key] = value
      let error = #expect(throws: LearningFormatError.self) { try TypeProfile(json: .object(object)) }
      #expect(error?.path == path)
    }
  }
}
