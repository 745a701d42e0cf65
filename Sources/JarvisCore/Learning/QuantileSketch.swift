/// The distribution of a stream of numbers in a few hundred bytes, newer ones counting more: a small t-digest.
///
/// Neighbours are merged where that disturbs least: in the middle, so that the tails (p95) stay exact. With 15
/// centroids p50 is right to about five per cent of rank, p95 to about two.
public struct QuantileSketch: Sendable, Equatable {
  struct Centroid: Sendable, Equatable {
    var value: Float
    var weight: Float
  }

  /// As many centroids are kept: what an array has room for when it has grown a few times.
  static let capacity = 15
  /// About as many observations count.
  static let memory: Float = 200

  private(set) var centroids: [Centroid] = []

  /// Has seen nothing.
  public init() {}

  init(centroids: [Centroid]) { self.centroids = centroids }

  /// How many observations it stands for: at most about 200, since newer ones push older ones out.
  public var count: Double { Double(centroids.reduce(0) { $0 + $1.weight }) }

  /// Takes in one number; what isn't finite is left out.
  public mutating func add(_ x: Double) {
    let value = Float(x)
    guard value.isFinite else { return }
    let total = centroids.reduce(0) { $0 + $1.weight }
    if total >= Self.memory { fade(to: Double((Self.memory - 1) / total)) }
    let at = centroids.firstIndex { $0.value >= value } ?? centroids.count
    if at < centroids.count, centroids[at].value == value {
      centroids[at].weight += 1
    } else {
      let isFull = centroids.count >= Self.capacity
      if isFull { merge() }
      // Two before it may have become one, which may lie on either side.
      let place = isFull ? centroids.firstIndex { $0.value >= value } ?? centroids.count : at
      centroids.insert(Centroid(value: value, weight: 1), at: place)
    }
  }

  /// Lets the share 1 − `share` of all weight fade.
  public mutating func fade(to share: Double) {
    for i in centroids.indices { centroids[i].weight *= Float(share) }
  }

  /// The number below which lies the share `p` (0…1) of what was seen; nil if nothing was.
  public func quantile(_ p: Double) -> Double? {
    guard let first = centroids.first, let last = centroids.last else { return nil }
    let target = Float(p) * centroids.reduce(0) { $0 + $1.weight }
    var before: (rank: Float, value: Float) = (0, first.value)
    var below: Float = 0
    for centroid in centroids {
      let rank = below + centroid.weight / 2
      if target <= rank {
        let span = rank - before.rank
        let share = span > 0 ? (target - before.rank) / span : 1
        return Double(before.value + (centroid.value - before.value) * share)
      }
      before = (rank, centroid.value)
      below += centroid.weight
    }
    return Double(last.value)
  }

  private mutating func merge() {
    let total = centroids.reduce(0) { $0 + $1.weight }
    var best = (at: 0, cost: Float.infinity)
    var below: Float = 0
    for i in 0..<(centroids.count - 1) {
      let pair = centroids[i].weight + centroids[i + 1].weight
      let q = (below + pair / 2) / total
      let cost = pair / (q * (1 - q) + 0.01)
      if cost < best.cost { best = (i, cost) }
      below += centroids[i].weight
    }
    let a = centroids[best.at]
    let b = centroids.remove(at: best.at + 1)
    let weight = a.weight + b.weight
    centroids[best.at] = Centroid(value: a.value + (b.value - a.value) * (b.weight / weight), weight: weight)
  }
}
