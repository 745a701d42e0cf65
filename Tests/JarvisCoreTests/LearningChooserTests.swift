import JarvisProtocol
import Testing

@testable import JarvisCore

@Suite("The choice of a width")
struct LearningChooserTests {
  /// The four laws of the promise, and one that nothing limits.
  static let worlds: [(name: String, slowdown: @Sendable (Double) -> Double)] = [
    ("CPU-bound, 2 cores", { max(1, $0 / 2) * (1 + 0.005 * ($0 - 1)) }),
    ("CPU-bound, 4 cores", { max(1, $0 / 4) * (1 + 0.01 * ($0 - 1)) }),
    ("memory-bound", { 1 + 0.05 * ($0 - 1) + 0.06 * $0 * ($0 - 1) }),
    ("waiting on a rate limit", { max(1, $0 / 2) }),
    ("waiting, unlimited", { _ in 1 }),
    ("mixed", { 1 + 0.3 * ($0 - 1) + 0.01 * $0 * ($0 - 1) }),
    // As measured (docs/benchmarks.md): four at once take a tenth longer than five.
    ("mixed, with a dip at four", { interpolated([1, 1.06, 1.16, 1.63, 1.85, 2.22], $0) }),
    ("a dip where the law has its best", { interpolated([1, 1.05, 1.15, 1.5, 1.4, 1.9], $0) }),
  ]

  /// What the table says for 1, 2, …, and between them on a line.
  private static func interpolated(_ table: [Double], _ width: Double) -> Double {
    let place = max(0, min(Double(table.count - 1), width - 1))
    let below = Int(place)
    let above = min(table.count - 1, below + 1)
    return table[below] + (table[above] - table[below]) * (place - Double(below))
  }

  @Test(
    "adaptive: at most 1.3 of the best fixed width while it learns, 1.05 from the 10th batch on",
    arguments: worlds.indices)
  func regret(of index: Int) {
    let (name, slowdown) = Self.worlds[index]
    let world = LearningWorld(slowdown: slowdown, noise: 0.15)
    let (seeds, batches, tasks, limit) = (4, 14, 24, 6)
    let chooser = WidthChooser()
    var ratios = [Double](repeating: 0, count: batches)
    for seed in 0..<seeds {
      var random = SplitMix64(seed: UInt64(100 + seed))
      var profile = TypeProfile(type: "x")
      var clock = 0.0
      for batch in 0..<batches {
        let works = world.works(tasks, using: &random)
        let luck = WidthChooser.luck(using: &random)
        var left = tasks
        var current: Int?
        let took = world.run(works) {
          let choice = chooser.choose(
            profile.law(), remaining: left, total: tasks, limit: limit, luck: luck, current: current)
          current = choice.width
          return choice.width
        } ended: { width, seconds, ended in
          left -= 1
          profile.observe(Observation(type: "x", width: width, durationSeconds: seconds, at: at(clock + ended)))
        }
        clock += took
        ratios[batch] += took / world.best(works, limit: limit).seconds / Double(seeds)
      }
    }
    let learning = ratios[..<9].max() ?? 0
    let learned = ratios[9...].reduce(0, +) / Double(ratios[9...].count)
    func shown(_ x: Double) -> Double { (x * 1000).rounded() / 1000 }
    print("\(name): worst batch while learning \(shown(learning)), from the 10th on \(shown(learned))")
    #expect(learning <= 1.3)
    #expect(learned <= 1.05)
  }

  @Test("Scenario 3: searches always in parallel, API calls always one by one, after a bounded number of batches")
  func scenario() {
    let chooser = WidthChooser()
    for (type, sigma, isParallel) in [("codebase_search", 0.05, true), ("api_call", 0.88, false)] {
      for (seed, tasks) in [(1, 5), (2, 10), (3, 20)] {
        let world = LearningWorld(slowdown: ScalabilityLaw(sigma: sigma, kappa: 0).slowdown, noise: 0.2)
        var random = SplitMix64(seed: UInt64(seed))
        var profile = TypeProfile(type: type)
        var clock = 0.0
        var verdicts: [Bool] = []
        for _ in 0..<30 {
          let choice = chooser.auto(profile, now: at(clock))
          switch choice {
          case .parallel: verdicts.append(isParallel)
          case .sequential: verdicts.append(!isParallel)
          case .zones: verdicts.append(false)
          }
          var ended = 0
          let began = clock
          // The zones would let five run at once.
          clock += world.run(world.works(tasks, using: &random)) {
            min(5, choice.widthLimit(finished: ended) ?? 5)
          } ended: { width, seconds, at in
            ended += 1
            profile.observe(
              Observation(type: type, width: width, durationSeconds: seconds, at: JarvisCoreTests.at(began + at)))
          }
        }
        let sure = (verdicts.lastIndex(of: false) ?? -1) + 1
        print("\(type), batches of \(tasks): settled from batch \(sure + 1) on")
        #expect(sure <= 10)
      }
    }
  }

  @Test("auto leaves types it isn't sure of to the zones, and lets few of their tasks run alone first")
  func unsure() {
    var profile = TypeProfile(type: "x")
    #expect(WidthChooser().auto(profile, now: at(0)).widthLimit(finished: 0) == nil, "hardly seen: nobody waits")
    for i in 0..<5 { profile.observe(Observation(type: "x", width: 5, durationSeconds: 9, at: at(Double(i)))) }
    let choice = WidthChooser().auto(profile, now: at(5))
    #expect(choice.widthLimit(finished: 0) == 1)
    #expect(choice.widthLimit(finished: 1) == nil)
    for i in 0..<4 { profile.observe(Observation(type: "x", width: 1, durationSeconds: 9, at: at(Double(i)))) }
    #expect(WidthChooser().auto(profile, now: at(9)).widthLimit(finished: 0) == nil)
  }

  @Test("auto holds nobody back on account of types that are over at once, or that take long")
  func unmeasured() {
    for seconds in [0.01, 300] {
      var profile = TypeProfile(type: "x")
      for i in 0..<50 {
        profile.observe(
          Observation(type: "x", width: 5, durationSeconds: seconds, at: at(Double(i))))
      }
      #expect(WidthChooser().auto(profile, now: at(50)).widthLimit(finished: 0) == nil)
    }
  }

  @Test("what auto runs one by one is tried in parallel again after a while")
  func recheck() {
    var profile = TypeProfile(type: "x")
    for i in 0..<60 {
      let width = Double([1, 5][i % 2])
      profile.observe(
        Observation(type: "x", width: width, durationSeconds: 10 * width, at: at(Double(i))))
    }
    let day = 86_400.0
    guard case .sequential = WidthChooser().auto(profile, now: at(100)) else {
      Issue.record("it gains nothing")
      return
    }
    for i in 0..<15 { profile.observe(Observation(type: "x", width: 1, durationSeconds: 10, at: at(day * Double(i)))) }
    guard case .zones = WidthChooser().auto(profile, now: at(15 * day)) else {
      Issue.record("nothing ran beside another for 14 days")
      return
    }
  }

  @Test("the same luck gives the same width, and limits hold")
  func determinism() {
    var random = SplitMix64(seed: 4)
    let chooser = WidthChooser()
    var profile = TypeProfile(type: "x")
    for i in 0..<200 {
      let law = profile.law()
      let luck = WidthChooser.luck(using: &random)
      let limit = Int.random(in: 0...70, using: &random)
      let left = Int.random(in: 0...100, using: &random)
      let choice = chooser.choose(law, remaining: left, limit: limit, luck: luck)
      #expect(choice == chooser.choose(law, remaining: left, limit: limit, luck: luck))
      #expect(choice.width >= 1 && choice.width <= max(1, min(limit, left)))
      #expect(!choice.reason.isEmpty)
      profile.observe(
        Observation(
          type: "x", width: Double.random(in: 1...8, using: &random),
          durationSeconds: Double.random(in: 1...10, using: &random), at: at(Double(i))))
    }
  }

  @Test("a batch keeps its width while nothing new is learned, however many of its tasks are left")
  func steady() {
    let chooser = WidthChooser()
    var store = ProfileStore()
    for i in 0..<400 {
      let width = Double([1, 2, 3, 4, 5, 6][i % 6])
      let seconds = 10 * ScalabilityLaw(sigma: 0.2, kappa: 0.01).slowdown(width) * (1 + 0.1 * Double(i % 3 - 1))
      store.observe(Observation(type: "x", width: width, durationSeconds: seconds, at: at(Double(i))))
    }
    for total in 13...40 {
      var plan = BatchPlan(strategy: .adaptive, luck: 0.5, remaining: ["x": total])
      var widths: Set<Int> = []
      for left in stride(from: total, to: 6, by: -1) {
        plan.choose(chooser, store, at: at(400)) { BatchPlan.Room(cap: 6, memory: nil) }
        if let width = plan.width { widths.insert(width) }
        if left > 7 { plan.ended("x") }
      }
      #expect(widths.count == 1, "\(total) tasks: \(widths.sorted())")
    }
  }

  @Test("a width that was bad is tried again after a thousand tasks, and taken once it is good")
  func looksAgain() {
    let chooser = WidthChooser()
    var random = SplitMix64(seed: 12)
    var store = ProfileStore()
    var clock = 0.0
    var most: [Int] = []
    for batch in 0..<70 {
      // The fifth is one too many, until somebody buys memory: that four at once take no longer or shorter than before
      // shows nothing of it.
      let world = LearningWorld(slowdown: { [batch] in batch < 12 && $0 > 4.2 ? 3 : 1 }, noise: 0.1)
      var plan = BatchPlan(strategy: .adaptive, luck: WidthChooser.luck(using: &random), remaining: ["x": 24])
      var widest = 0
      let began = clock
      clock += world.run(world.works(24, using: &random)) {
        plan.choose(chooser, store, at: at(clock)) { BatchPlan.Room(cap: 5, memory: nil) }
        widest = max(widest, plan.width ?? 5)
        return plan.width ?? 5
      } ended: { width, seconds, ended in
        plan.ended("x")
        store.observe(Observation(type: "x", width: width, durationSeconds: seconds, at: at(began + ended)))
      }
      most.append(widest)
    }
    #expect(most[3..<12].allSatisfy { $0 == 4 }, "\(most)")
    let found = most[12...].firstIndex(of: 5) ?? most.count
    #expect((12 + 30...12 + 48).contains(found), "\(most)")
    #expect(most[(found + 2)...].allSatisfy { $0 == 5 }, "\(most)")
  }

  @Test("exploring costs no more than is allowed, and ends when all is known")
  func exploration() {
    var random = SplitMix64(seed: 8)
    var profile = TypeProfile(type: "x")
    let law = ScalabilityLaw(sigma: 0.1, kappa: 0.08)
    let chooser = WidthChooser()
    var explored = (early: 0, late: 0)
    for i in 0..<400 {
      let posterior = profile.law()
      let choice = chooser.choose(posterior, remaining: 80, limit: 8, luck: WidthChooser.luck(using: &random))
      if choice.isExploring {
        if posterior.widths >= 2 { #expect(choice.expectedLoss <= chooser.policy.explorationLoss + 1e-9) }
        if i < 50 { explored.early += 1 } else if i >= 350 { explored.late += 1 }
      }
      // All widths now and then, as batches with a width of their own would; else what was chosen.
      let width = i % 2 == 0 ? Double([1, 2, 3, 5, 8][i / 2 % 5]) : Double(choice.width)
      let seconds = 5 * law.slowdown(width) * Numbers.exp(0.2 * Numbers.normal(using: &random))
      profile.observe(Observation(type: "x", width: width, durationSeconds: seconds, at: at(Double(i))))
    }
    #expect(explored.early > explored.late)
    let choice = chooser.choose(profile.law(), remaining: 80, limit: 8, luck: 0.5)
    #expect((3...4).contains(choice.width))
  }
}
