import JarvisCore
import JarvisProtocol

/// A made-up machine on which tasks of one type slow each other down by a known law.
struct LearningWorld {
  /// How much longer a task takes while k run at once; 1 for k = 1.
  var slowdown: (Double) -> Double
  /// Seconds that a typical task takes alone.
  var first = 10.0
  /// The standard deviation of ln(duration).
  var noise = 0.2
  /// What share of its time a task computes, and where it stands still.
  var computing = 0.9
  var stalls: StallShares?

  /// A made-up law with both coefficients known.
  static func usl(_ law: ScalabilityLaw) -> LearningWorld { LearningWorld(slowdown: law.slowdown) }

  /// What n tasks need by themselves, in seconds.
  func works(_ n: Int, using random: inout some RandomNumberGenerator) -> [Double] {
    (0..<n).map { _ in first * Numbers.exp(noise * Numbers.normal(using: &random)) }
  }

  /// Runs tasks, `width()` at once, which is asked again whenever one has ended. Returns how long it all took.
  /// `ended` is told of each task: its average width, its duration, and when it ended.
  func run(
    _ works: [Double], width: () -> Int,
    ended: (_ width: Double, _ seconds: Double, _ at: Double) -> Void = { _, _, _ in }
  ) -> Double {
    struct Running { var left: Double, since: Double, area: Double }
    var waiting = works[...]
    var running: [Running] = []
    var clock = 0.0
    while true {
      let limit = max(1, width())
      while running.count < limit, let work = waiting.popFirst() {
        running.append(Running(left: work, since: clock, area: 0))
      }
      guard let next = running.indices.min(by: { running[$0].left < running[$1].left }) else { return clock }
      let k = Double(running.count)
      let progress = running[next].left
      let seconds = progress * slowdown(k)
      clock += seconds
      for i in running.indices {
        running[i].left -= progress
        running[i].area += k * seconds
      }
      let done = running.remove(at: next)
      ended(done.area / (clock - done.since), clock - done.since, clock)
    }
  }

  /// The shortest time that any fixed width up to `limit` takes for these tasks.
  func best(_ works: [Double], limit: Int) -> (width: Int, seconds: Double) {
    var best = (width: 1, seconds: Double.infinity)
    for width in 1...limit {
      let seconds = run(works, width: { width })
      if seconds < best.seconds { best = (width, seconds) }
    }
    return best
  }
}

/// The functions that neither the standard library nor Swift Testing brings.
enum Numbers {
  /// Standard normal, by Irwin and Hall: the sum of twelve uniform numbers, less six. Its tails end at 6.
  static func normal(using random: inout some RandomNumberGenerator) -> Double {
    (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
  }

  /// By its series, halved until it converges fast.
  static func exp(_ x: Double) -> Double {
    if abs(x) > 0.5 {
      let half = exp(x / 2)
      return half * half
    }
    var (sum, term) = (1.0, 1.0)
    for n in 1...20 {
      term *= x / Double(n)
      sum += term
    }
    return sum
  }
}
