// Two functions of the C library's mathematics and nothing else of it: the learner stays without I/O and clock.
import func Glibc.exp
import func Glibc.log

/// The few functions that the standard library lacks.
enum Numeric {
  /// The natural logarithm.
  static func ln(_ x: Double) -> Double { log(x) }

  /// e to the power of `x`.
  static func power(_ x: Double) -> Double { exp(x) }

  /// What is left of something after `seconds`, when half of it goes every `halfLife` seconds.
  static func remaining(after seconds: Double, halfLife: Double) -> Double {
    halfLife > 0 ? power(-0.693_147_180_559_945_3 * max(0, seconds) / halfLife) : 1
  }
}

/// A value and how sure it is.
public struct Estimate: Sendable, Equatable {
  /// The expected value.
  public var value: Double
  /// The lower end of the shortest interval that holds the truth with a probability of 95 %.
  public var low: Double
  /// Its upper end.
  public var high: Double

  /// Takes a value and its interval.
  public init(value: Double, low: Double, high: Double) {
    self.value = value
    self.low = low
    self.high = high
  }

  /// Half of the interval's length: the number behind ±.
  public var margin: Double { (high - low) / 2 }

  /// Whether the interval holds `truth`.
  public func holds(_ truth: Double) -> Bool { low <= truth && truth <= high }
}

/// A distribution over a line, given as pieces in rising order, each with its probability spread evenly over it.
struct Distribution {
  private var edges: [Double]
  private var masses: [Double]

  /// Pieces between neighbouring `edges` (one more than `masses`); the masses needn't sum up to 1.
  init(edges: [Double], masses: [Double]) {
    self.edges = edges
    let total = masses.reduce(0, +)
    self.masses = total > 0 ? masses.map { $0 / total } : masses.map { _ in 1 / Double(masses.count) }
  }

  /// Single values with their probabilities, in any order: each piece reaches half-way to its neighbours.
  init(points: [(value: Double, mass: Double)]) {
    let sorted = points.filter { $0.mass > 1e-12 }.sorted { $0.value < $1.value }
    guard let first = sorted.first, let last = sorted.last else {
      self.init(edges: [0, 0], masses: [1])
      return
    }
    var edges = [first.value]
    edges.reserveCapacity(sorted.count + 1)
    for (a, b) in zip(sorted, sorted.dropFirst()) { edges.append((a.value + b.value) / 2) }
    edges.append(last.value)
    self.init(edges: edges, masses: sorted.map(\.mass))
  }

  /// The value below which lies the share `p`.
  func quantile(_ p: Double) -> Double {
    var below = 0.0
    for (i, mass) in masses.enumerated() {
      if mass > 0, below + mass >= p {
        return edges[i] + (edges[i + 1] - edges[i]) * max(0, min(1, (p - below) / mass))
      }
      below += mass
    }
    return edges[edges.count - 1]
  }

  /// The shortest interval that holds the share `p`. It reaches a boundary that the density rises towards, which an
  /// interval with equal tails never would.
  func shortestInterval(_ p: Double = 0.95) -> (low: Double, high: Double) {
    var best = (low: quantile(0), high: quantile(p))
    let steps = 20
    for i in 1...steps {
      let start = (1 - p) * Double(i) / Double(steps)
      let candidate = (low: quantile(start), high: quantile(min(1, start + p)))
      if candidate.high - candidate.low < best.high - best.low { best = candidate }
    }
    return best
  }
}
