import JarvisProtocol
import Testing

@testable import JarvisCore

@Suite("Profiles")
struct LearningProfileTests {
  private func observe(
    _ profile: inout TypeProfile, _ law: ScalabilityLaw, first: Double = 10, width: Double, at time: Double,
    using random: inout SplitMix64
  ) -> Bool {
    let seconds = first * law.slowdown(width) * Numbers.exp(0.2 * Numbers.normal(using: &random))
    return profile.observe(Observation(type: "x", width: width, durationSeconds: seconds, at: at(time)))
  }

  @Test("a type whose behaviour changes is noticed within 20 tasks and relearned within 60")
  func change() throws {
    let before = ScalabilityLaw(sigma: 0.05, kappa: 0)
    let after = ScalabilityLaw(sigma: 0.95, kappa: 0)
    for seed in 1...10 {
      var random = SplitMix64(seed: UInt64(seed))
      var profile = TypeProfile(type: "x")
      var n = 0.0
      func width() -> Double { [1.0, 3, 5][Int(n) % 3] }
      for _ in 0..<300 {
        n += 1
        #expect(!observe(&profile, before, width: width(), at: n, using: &random), "a false alarm")
      }
      var noticed: Int?
      for i in 1...60 {
        n += 1
        if observe(&profile, after, width: width(), at: n, using: &random), noticed == nil { noticed = i }
      }
      #expect(try #require(noticed) <= 20)
      #expect(profile.changedAt != nil)
      let law = profile.law()
      #expect(law.benefit(5).holds(after.benefit(5)))
      guard case .sequential = WidthChooser().auto(profile, now: at(n)) else {
        Issue.record("relearned as one by one (seed \(seed)): \(law.benefit(5))")
        return
      }
    }
  }

  @Test("a slower machine changes T(1) and leaves no false law behind")
  func levelChange() throws {
    let law = ScalabilityLaw(sigma: 0.2, kappa: 0)
    var random = SplitMix64(seed: 5)
    var profile = TypeProfile(type: "x")
    for i in 0..<200 { _ = observe(&profile, law, width: [1.0, 5][i % 2], at: Double(i), using: &random) }
    // From now on it is seen at a width of 5 only: old times at 1 and new ones at 5 would look like contention.
    for i in 200..<260 { _ = observe(&profile, law, first: 30, width: 5, at: Double(i), using: &random) }
    #expect(profile.changedAt != nil)
    #expect(profile.law().benefit(5).holds(law.benefit(5)))
    let five = try #require(profile.law().time(at: 5)).value
    #expect((48...60).contains(five))
  }

  @Test("what was learned fades with time, and running one by one doesn't wear off what is known of five at once")
  func fading() {
    let law = ScalabilityLaw(sigma: 0.5, kappa: 0)
    var random = SplitMix64(seed: 6)
    var profile = TypeProfile(type: "x")
    for i in 0..<80 { _ = observe(&profile, law, width: [1.0, 5][i % 2], at: Double(i), using: &random) }
    let fresh = profile.law(now: at(80))
    for i in 80..<900 { _ = observe(&profile, law, width: 1, at: Double(i), using: &random) }
    #expect(profile.law(now: at(900)).sigma.margin <= fresh.sigma.margin * 1.05)
    let month = profile.law(now: at(900 + 28 * 86_400))
    let year = profile.law(now: at(900 + 365 * 86_400))
    #expect(month.sigma.margin > fresh.sigma.margin)
    #expect(year.observations == 0)
    #expect(abs(year.law.sigma - TypeProfile(type: "x").law().law.sigma) < 1e-6)
  }

  @Test("quantiles follow the stream", arguments: [1, 2, 3])
  func quantiles(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var sketch = QuantileSketch()
    for _ in 0..<3000 { sketch.add(Double.random(in: 0..<1000, using: &random)) }
    #expect(abs(try #require(sketch.quantile(0.5)) - 500) < 100)
    #expect(abs(try #require(sketch.quantile(0.95)) - 950) < 40)
    #expect(sketch.count <= 201 && sketch.centroids.count <= QuantileSketch.capacity)
    for _ in 0..<1000 { sketch.add(Double.random(in: 5000..<6000, using: &random)) }
    #expect(try #require(sketch.quantile(0.5)) > 5000)
    #expect(QuantileSketch().quantile(0.5) == nil)
    var one = QuantileSketch()
    for _ in 0..<50 { one.add(42) }
    #expect(one.quantile(0.05) == 42 && one.quantile(0.95) == 42 && one.centroids.count == 1)
  }

  @Test(
    "the bottleneck is one word with its evidence",
    arguments: [
      (Bottleneck.cpu, 9.0, StallShares(cpu: 0.05, memory: 0, io: 0)),
      (.memory, 2, StallShares(cpu: 0.1, memory: 0.6, io: 0.1)),
      (.io, 1, StallShares(cpu: 0, memory: 0, io: 0.7)),
      (.waiting, 0.4, StallShares(cpu: 0.01, memory: 0, io: 0.01)),
    ])
  func bottleneck(expected: Bottleneck, cpu: Double, stalls: StallShares) throws {
    var profile = TypeProfile(type: "x")
    #expect(profile.bottleneck == nil)
    for i in 0..<20 {
      profile.observe(
        Observation(type: "x", width: 1, durationSeconds: 10, cpuSeconds: cpu, stalls: stalls, at: at(Double(i))))
    }
    let evidence = try #require(profile.bottleneck)
    #expect(evidence.bottleneck == expected)
    #expect(evidence.share > 0.5)
  }

  @Test("failures count for resources and causes, not for durations; cancellations count for nothing")
  func outcomes() throws {
    var profile = TypeProfile(type: "x")
    for i in 0..<40 {
      let fails = i % 4 == 3
      profile.observe(
        Observation(
          type: "x", width: 1, durationSeconds: fails ? 0.1 : 10, peakMemoryBytes: fails ? 4e9 : 1e9,
          outcome: fails ? .killed : .succeeded, cause: fails ? "memory limit" : nil, cost: 0.5, at: at(Double(i))))
    }
    profile.observe(Observation(type: "x", width: 1, durationSeconds: 1e6, outcome: .cancelled, at: at(50)))
    #expect(abs(try #require(profile.successRate) - 0.75) < 0.01)
    #expect(profile.failureCauses.map(\.cause) == ["memory limit"])
    #expect(abs(try #require(profile.failureCauses.first).share - 0.25) < 0.01)
    #expect(try #require(profile.duration).p95 < 11)
    #expect(try #require(profile.peakMemory).p95 > 3.9e9)
    #expect(profile.total == 41)
    #expect(profile.limit(5, memory: 9e9) == 2)
    #expect(profile.limit(5, memory: 1e9) == 1)
    #expect(try #require(profile.expectedCost(cores: 4, memory: 16e9)).ram > 0.24)
  }

  @Test("causes that never repeat can't fill the memory, and frequent ones survive them")
  func causes() {
    var tally = OutcomeTally()
    for i in 0..<2000 { tally.add(failure: i % 2 == 0 ? "exit 1" : "exit \(i) \(String(repeating: "x", count: 500))") }
    #expect(tally.causes.count <= OutcomeTally.capacity)
    #expect(tally.causes.contains { $0.name == "exit 1" })
    #expect(tally.causes.allSatisfy { $0.name.utf8.count <= 48 })
  }

  @Test("a profile explains itself in words and numbers")
  func explanation() throws {
    var profile = TypeProfile(type: "api_call")
    #expect(profile.explain(now: at(0)).last == "Nothing was observed yet.")
    var random = SplitMix64(seed: 2)
    let law = ScalabilityLaw(sigma: 0.86, kappa: 0)
    for i in 0..<90 {
      let width = Double([1, 3, 5][i % 3])
      let seconds = 2 * law.slowdown(width) * Numbers.exp(0.15 * Numbers.normal(using: &random))
      profile.observe(
        Observation(
          type: "api_call", width: width, durationSeconds: seconds, cpuSeconds: 0.06 * seconds,
          peakMemoryBytes: 5e7, stalls: StallShares(cpu: 0, memory: 0, io: 0),
          outcome: i % 30 == 29 ? .failed : .succeeded, cause: i % 30 == 29 ? "exit 3" : nil, at: at(Double(i))))
    }
    let lines = profile.explain(now: at(100))
    for line in lines { print(line) }
    let gist = try #require(lines.first)
    #expect(gist.hasPrefix("api_call: waits on something outside 94 % of its time; 5 at once save "))
    #expect(profile.law().benefit(5).holds(law.benefit(5)))
    #expect(gist.hasSuffix("; run one by one"))
    #expect(lines.contains { $0.contains("σ = 0.8") })
    #expect(lines.contains { $0.contains("exit 3") })
  }

  @Test("numbers that make no sense do no harm")
  func nonsense() {
    var profile = TypeProfile(type: "x")
    for width in [0, -1, .nan, .infinity, 1e300] {
      for seconds in [0, -5, .nan, .infinity, 1e300] {
        profile.observe(
          Observation(
            type: "x", width: width, durationSeconds: seconds, cpuSeconds: seconds, peakMemoryBytes: seconds,
            ioBytes: width, stalls: StallShares(cpu: .nan, memory: 2, io: -1), cost: .nan, at: at(0)))
      }
    }
    let law = profile.law()
    #expect(law.sigma.value.isFinite && law.kappa.value.isFinite)
    #expect(!profile.explain(now: at(1)).isEmpty)
    #expect((1...8).contains(profile.bestWidth(tasks: 100, limit: 8)))
  }
}
