import JarvisProtocol
import Testing

@testable import JarvisCore

/// What is believed of a law after tasks of a known one were measured.
private func profile(
  of law: ScalabilityLaw, widths: [Double], each count: Int, noise: Double, prior: LawPrior? = nil,
  using random: inout SplitMix64
) -> TypeProfile {
  var profile = TypeProfile(type: "x")
  if let prior { profile.prior = prior }
  var order = (0..<count).flatMap { _ in widths }
  order.shuffle(using: &random)
  for (i, width) in order.enumerated() {
    let seconds = 10 * law.slowdown(width) * Numbers.exp(noise * Numbers.normal(using: &random))
    profile.observe(Observation(type: "x", width: width, durationSeconds: seconds, at: at(Double(i))))
  }
  return profile
}

@Suite("The law and its posterior")
struct LearningLawTests {
  @Test("benefit(k) is 1 − T(k)/(k·T(1)), and a taught benefit is its limit for many at once")
  func law() {
    let law = ScalabilityLaw(sigma: 0.1, kappa: 0)
    #expect(abs(law.benefit(5) - 0.72) < 1e-9)
    #expect(abs(ScalabilityLaw(sigma: 0.9, kappa: 0).benefit(5) - 0.08) < 1e-9)
    #expect(abs(law.benefit(10_000) - LawPrior.taught(benefit: 0.9).sigma - 0.8) < 1e-3)
    #expect(law.benefit(1) == 0)
    #expect(ScalabilityLaw(sigma: 1, kappa: 0.1).benefit(5) < 0)
  }

  @Test("the best width has the shortest makespan, and is the smallest of equals")
  func bestWidth() {
    // Throughput is highest at the square root of (1 − σ)/κ.
    #expect(ScalabilityLaw(sigma: 0.1, kappa: 0.1).bestWidth(tasks: 3000, limit: 20) == 3)
    #expect(ScalabilityLaw(sigma: 0, kappa: 0).bestWidth(tasks: 12, limit: 8) == 6)
    #expect(ScalabilityLaw(sigma: 1, kappa: 0).bestWidth(tasks: 12, limit: 8) == 1)
    #expect(ScalabilityLaw(sigma: 0, kappa: 0).bestWidth(tasks: 3, limit: 8) == 3)
  }

  @Test("95 % intervals hold the truth 90 to 99 % of the time")
  func coverage() {
    var random = SplitMix64(seed: 7)
    var held = (sigma: 0, kappa: 0, benefit: 0, first: 0)
    var runs = 0
    for (widths, count, noise) in [
      ([1.0, 3, 5], 4, 0.2), ([1, 2, 3, 5], 12, 0.2), ([1, 2, 4, 8], 40, 0.3), ([1, 3, 5], 200, 0.1),
      ([1, 2, 5], 20, 0.5),
    ] {
      for _ in 0..<60 {
        let law = ScalabilityLaw(
          sigma: Double.random(in: 0...1, using: &random), kappa: Double.random(in: 0...0.08, using: &random))
        let posterior = profile(of: law, widths: widths, each: count, noise: noise, using: &random).law()
        runs += 1
        if posterior.sigma.holds(law.sigma) { held.sigma += 1 }
        if posterior.kappa.holds(law.kappa) { held.kappa += 1 }
        if posterior.benefit(5).holds(law.benefit(5)) { held.benefit += 1 }
        if posterior.time(at: 1)?.holds(10) == true { held.first += 1 }
      }
    }
    for (name, count) in [
      ("sigma", held.sigma), ("kappa", held.kappa), ("benefit(5)", held.benefit), ("T(1)", held.first),
    ] {
      let share = Double(count) / Double(runs)
      print("coverage of \(name): \((share * 1000).rounded() / 10) % of \(runs)")
      #expect((0.9...0.99).contains(share), "\(name) is held \(share) of the time")
    }
  }

  @Test(
    "σ and κ are recovered, more exactly the more is measured", arguments: [(0.05, 0.0), (0.3, 0.02), (0.9, 0.005)])
  func recovery(sigma: Double, kappa: Double) {
    let law = ScalabilityLaw(sigma: sigma, kappa: kappa)
    var random = SplitMix64(seed: 11)
    let few = profile(of: law, widths: [1, 3, 6], each: 3, noise: 0.15, using: &random).law()
    let many = profile(of: law, widths: [1, 3, 6], each: 60, noise: 0.15, using: &random).law()
    #expect(many.sigma.margin < few.sigma.margin)
    #expect(abs(many.law.sigma - sigma) < 0.1)
    #expect(abs(many.law.kappa - kappa) < 0.02)
    #expect(abs(many.benefit(5).value - law.benefit(5)) < 0.05)
  }

  @Test("what was taught counts at once, and measured tasks outweigh it")
  func taught() {
    let chooser = WidthChooser()
    var profile = TypeProfile(type: "x")
    profile.teach(Taught(benefit: 0.9, at: at(0)))
    #expect(abs(profile.law().benefit(5).value - 0.72) < 0.12)
    guard case .parallel = chooser.auto(profile, now: at(0)) else {
      Issue.record("taught 90 %, so it is worth running in parallel")
      return
    }
    // The truth is the opposite.
    var random = SplitMix64(seed: 3)
    let truth = ScalabilityLaw(sigma: 0.95, kappa: 0)
    var needed = 0
    while needed < 200 {
      if case .sequential = chooser.auto(profile, now: at(Double(needed))) { break }
      let width = needed % 2 == 0 ? 1.0 : 5.0
      let seconds = 10 * truth.slowdown(width) * Numbers.exp(0.2 * Numbers.normal(using: &random))
      profile.observe(Observation(type: "x", width: width, durationSeconds: seconds, at: at(Double(needed))))
      needed += 1
    }
    print("a wrong lesson is outweighed after \(needed) tasks")
    #expect(needed <= 40)
    #expect(needed >= 2)
  }

  @Test("a low taught benefit means one by one at once")
  func taughtLow() {
    var profile = TypeProfile(type: "x")
    profile.teach(Taught(benefit: 0.1, at: at(0)))
    guard case .sequential = WidthChooser().auto(profile, now: at(0)) else {
      Issue.record("taught 10 %, so it isn't worth the overhead")
      return
    }
  }

  @Test("one width says nothing of the law")
  func oneWidth() {
    var random = SplitMix64(seed: 5)
    let known = profile(of: ScalabilityLaw(sigma: 0.9, kappa: 0), widths: [5], each: 50, noise: 0.1, using: &random)
    let unknown = TypeProfile(type: "x").law()
    #expect(abs(known.law().sigma.value - unknown.sigma.value) < 1e-6)
    #expect(known.law().sigma.margin > 0.4)
  }

  @Test("where the data bend away from every such law, what was measured is believed")
  func misfit() throws {
    // Four fit into memory, the fifth makes all of them swap.
    let world = LearningWorld { $0 <= 4 ? 1 : 6 }
    var random = SplitMix64(seed: 9)
    var profile = TypeProfile(type: "x")
    for i in 0..<120 {
      let width = Double([1, 2, 3, 4, 5][i % 5])
      let seconds = 10 * world.slowdown(width) * Numbers.exp(0.1 * Numbers.normal(using: &random))
      profile.observe(Observation(type: "x", width: width, durationSeconds: seconds, at: at(Double(i))))
    }
    let four = try #require(profile.law().time(at: 4)).value
    let five = try #require(profile.law().time(at: 5)).value
    #expect(four < 12 && five > 45)
    #expect(profile.bestWidth(tasks: 40, limit: 5) == 4)
  }

  @Test("stragglers don't carry the law away")
  func heavyTails() {
    let law = ScalabilityLaw(sigma: 0.2, kappa: 0)
    var random = SplitMix64(seed: 21)
    var profile = TypeProfile(type: "x")
    var changes = 0
    for i in 0..<600 {
      let width = Double([1, 3, 5][i % 3])
      var seconds = 10 * law.slowdown(width) * Numbers.exp(0.2 * Numbers.normal(using: &random))
      if random.chance(0.03) { seconds *= 30 }
      if profile.observe(Observation(type: "x", width: width, durationSeconds: seconds, at: at(Double(i)))) {
        changes += 1
      }
    }
    #expect(changes == 0)
    #expect(abs(profile.law().benefit(5).value - law.benefit(5)) < 0.08)
  }
}
