/// What is believed of a type's law: a grid over (σ, κ), T(1) and the noise integrated out.
///
/// ln(duration) at width k is normal about ln T(1) + ln U(k), with one unknown variance. With a flat prior for ln T(1)
/// and an inverse-χ² prior for the variance both integrals are exact, and what is left for (σ, κ) is Student's t in
/// the residual sum of squares. The grid zooms in on where the probability is, so that a few hundred cells are enough
/// however much is known.
public struct LawPosterior: Sendable {
  struct Cell: Sendable {
    var law: ScalabilityLaw
    /// Its probability; all sum up to 1.
    var mass: Double
    /// The mean of ln T(1), if this is the law.
    var logFirst: Double
  }

  /// Ordered by σ, then κ.
  private(set) var cells: [Cell] = []
  private var box = Box()
  /// The standard deviation of ln(duration) at one width.
  public let noise: Double
  /// How many independent observations of durations it rests on.
  public let observations: Double
  /// How many different widths have been seen. With fewer than two nothing is known of the law but the prior.
  public let widths: Int
  /// What is known of each width class that was seen, apart from the law.
  private(set) var seen: [Seen] = []

  /// A width class that was seen.
  struct Seen: Sendable, Equatable {
    /// Which of the width classes.
    var index: UInt8
    /// By how much ln T differs there from what the law says, as far as noise doesn't explain it.
    var logRatio = 0.0
    /// How many independent observations it rests on,
    var observations: Double
    /// in so many measurements.
    var measurements: Double
    /// How many tasks were measured at other widths since.
    var idle: Int
  }

  /// The part of the (σ, √κ) plane that the grid covers.
  private struct Box {
    var sigma = (low: 0.0, high: 1.3)
    var root = (low: 0.0, high: 1.0)
    var area: Double { (sigma.high - sigma.low) * (root.high - root.low) }
  }

  /// Cells on a side.
  private static let side = 18
  /// How far from any such law T at single widths is expected to lie, before that was measured: the standard deviation of
  /// ln T. Places and cores that don't divide, tasks in step with each other and full queues all do that to a few per cent.
  static let bend = 0.04
  /// As many widths' scatter is worth it.
  static let bendDegrees = 2.0
  /// Cells this much less likely than the best (in ln) are left out when the grid zooms in.
  private static let depth = 9.0

  init(prior: LawPrior, statistics: WidthStatistics) {
    noise = statistics.noise
    observations = statistics.effective
    widths = statistics.records.count
    for _ in 0..<4 {
      let logs = fill(prior, statistics)
      guard let zoomed = zoom(logs), zoomed.area < 0.5 * box.area else { break }
      box = zoomed
    }
    seen = statistics.records.map {
      Seen(index: $0.index, observations: $0.effective, measurements: $0.measurements, idle: Int($0.idle))
    }
    if widths >= 2 { compare(statistics) }
  }

  /// Computes the grid over the box. Returns the logarithms of the densities, up to a constant.
  private mutating func fill(_ prior: LawPrior, _ statistics: WidthStatistics) -> [Double] {
    let side = Self.side
    let records = statistics.records
    let total = statistics.effective
    let (squares, degrees) = statistics.within
    // Weights that the fading makes unequal are all in the effective counts; `degrees` misses one a class, which the
    // class means bring.
    let freedom = WidthStatistics.priorDegrees + degrees + Double(records.count) - 1
    let base = WidthStatistics.priorDegrees * WidthStatistics.priorVariance + squares
    let sigmaStep = (box.sigma.high - box.sigma.low) / Double(side)
    let rootStep = (box.root.high - box.root.low) / Double(side)
    var logs: [Double] = []
    logs.reserveCapacity(side * side)
    cells.removeAll(keepingCapacity: true)
    cells.reserveCapacity(side * side)
    var residuals = [Double](repeating: 0, count: records.count)
    for i in 0..<side {
      let sigma = box.sigma.low + (Double(i) + 0.5) * sigmaStep
      for j in 0..<side {
        let root = box.root.low + (Double(j) + 0.5) * rootStep
        let law = ScalabilityLaw(sigma: sigma, kappa: root * root)
        // κ = √κ², so equal steps in the root are worth 2·root in κ.
        var log = prior.logDensity(law) + Numeric.ln(root)
        var mean = 0.0
        for (b, record) in records.enumerated() {
          residuals[b] = Double(record.mean) - Numeric.ln(law.slowdown(Double(record.width)))
          mean += residuals[b] * record.effective
        }
        if total > 0 {
          mean /= total
          var sum = base
          for (b, record) in records.enumerated() {
            sum += record.effective * (residuals[b] - mean) * (residuals[b] - mean)
          }
          log -= 0.5 * freedom * Numeric.ln(sum)
        }
        logs.append(log)
        cells.append(Cell(law: law, mass: 0, logFirst: mean))
      }
    }
    let top = logs.max() ?? 0
    var all = 0.0
    for i in cells.indices {
      cells[i].mass = Numeric.power(logs[i] - top)
      all += cells[i].mass
    }
    for i in cells.indices { cells[i].mass /= all }
    return logs
  }

  /// The box round the cells that matter, and one cell more on each side.
  private func zoom(_ logs: [Double]) -> Box? {
    let side = Self.side
    guard let top = logs.max() else { return nil }
    var sigma = (low: side, high: -1)
    var root = (low: side, high: -1)
    for (n, log) in logs.enumerated() where log > top - Self.depth {
      let (i, j) = (n / side, n % side)
      sigma = (min(sigma.low, i), max(sigma.high, i))
      root = (min(root.low, j), max(root.high, j))
    }
    let sigmaStep = (box.sigma.high - box.sigma.low) / Double(side)
    let rootStep = (box.root.high - box.root.low) / Double(side)
    let full = Box()
    var new = Box()
    new.sigma.low = max(full.sigma.low, box.sigma.low + Double(sigma.low - 1) * sigmaStep)
    new.sigma.high = min(full.sigma.high, box.sigma.low + Double(sigma.high + 2) * sigmaStep)
    new.root.low = max(full.root.low, box.root.low + Double(root.low - 1) * rootStep)
    new.root.high = min(full.root.high, box.root.low + Double(root.high + 2) * rootStep)
    return new
  }

  /// Where the data bend away from every law of this form (a cliff, a step at the number of cores), what was measured
  /// at a width is believed rather than the curve, as far as noise doesn't explain the difference.
  private mutating func compare(_ statistics: WidthStatistics) {
    let records = statistics.records
    let total = statistics.effective
    let law = law
    var residuals = records.map { Double($0.mean) - Numeric.ln(law.slowdown(Double($0.width))) }
    let mean = zip(records, residuals).reduce(0) { $0 + $1.0.effective * $1.1 } / total
    residuals = residuals.map { $0 - mean }
    let sum = zip(records, residuals).reduce(0) { $0 + $1.0.effective * $1.1 * $1.1 }
    let squares = records.reduce(0) { $0 + $1.effective * $1.effective }
    let degrees = Double(max(1, records.count - 2))
    let room = total - squares / total
    guard room > 0 else { return }
    let excess = max(0, (sum - degrees * noise * noise) / room)
    let between =
      (Self.bendDegrees * Self.bend * Self.bend + degrees * excess) / (Self.bendDegrees + degrees)
    for (place, record) in records.enumerated() {
      let own = noise * noise / record.effective
      seen[place].logRatio = residuals[place] * between / (between + own)
    }
  }
}

// MARK: What it says

extension LawPosterior {
  /// The expected law.
  public var law: ScalabilityLaw {
    cells.reduce(into: ScalabilityLaw(sigma: 0, kappa: 0)) {
      $0.sigma += $1.mass * $1.law.sigma
      $0.kappa += $1.mass * $1.law.kappa
    }
  }

  /// σ.
  public var sigma: Estimate {
    let side = Self.side
    let step = (box.sigma.high - box.sigma.low) / Double(side)
    let masses = (0..<side).map { i in cells[(i * side)..<((i + 1) * side)].reduce(0) { $0 + $1.mass } }
    let edges = (0...side).map { box.sigma.low + Double($0) * step }
    let interval = Distribution(edges: edges, masses: masses).shortestInterval()
    return Estimate(value: law.sigma, low: interval.low, high: interval.high)
  }

  /// κ.
  public var kappa: Estimate {
    let side = Self.side
    let step = (box.root.high - box.root.low) / Double(side)
    let masses = (0..<side).map { j in
      stride(from: j, to: cells.count, by: side).reduce(0) { $0 + cells[$1].mass }
    }
    let edges = (0...side).map { (box.root.low + Double($0) * step) * (box.root.low + Double($0) * step) }
    let interval = Distribution(edges: edges, masses: masses).shortestInterval()
    return Estimate(value: law.kappa, low: interval.low, high: interval.high)
  }

  /// benefit(k): the share of time that running `width` at once saves over one by one.
  public func benefit(_ width: Double) -> Estimate {
    estimate { $0.law.benefit(width) }
  }

  /// The probability that benefit(k) is at least `threshold`.
  public func probability(benefitOf width: Double, atLeast threshold: Double) -> Double {
    min(1, cells.reduce(0) { $0 + ($1.law.benefit(width) >= threshold ? $1.mass : 0) })
  }

  /// T(k): what a task typically takes (the median) at `width` at once, seconds; nil while no duration is known.
  public func time(at width: Double) -> Estimate? {
    guard observations > 0 else { return nil }
    // Within a cell the level is Student's, 1.96 standard errors wide and more while few were measured: laid out as
    // a normal distribution at nine places.
    let error = (1 + 1.22 / max(1, observations - 1)) * noise / observations.squareRoot()
    var points: [(value: Double, mass: Double)] = []
    for cell in cells where cell.mass > 1e-5 {
      let middle = cell.logFirst + Numeric.ln(cell.law.slowdown(width))
      for step in -4...4 {
        let z = 0.7 * Double(step)
        points.append((middle + z * error, cell.mass * Numeric.power(-0.5 * z * z)))
      }
    }
    let fit = Self.estimate(points)
    let factor = Numeric.power(correction(at: width))
    return Estimate(
      value: factor * Numeric.power(fit.value), low: factor * Numeric.power(fit.low),
      high: factor * Numeric.power(fit.high))
  }

  /// The law at the place `luck` (0…1) of the distribution, σ first: a random number makes it a draw from the
  /// posterior, and the same number stays at the same place while the posterior moves on.
  public func draw(_ luck: Double) -> ScalabilityLaw {
    var below = 0.0
    for cell in cells {
      below += cell.mass
      if below >= luck { return cell.law }
    }
    return cells.last?.law ?? law
  }

  /// What ln T at `width` differs by from the law, as far as the data show it.
  func correction(at width: Double) -> Double { seen(at: width)?.logRatio ?? 0 }

  /// What is known of about this width; nil if it was never seen.
  func seen(at width: Double) -> Seen? {
    let index = WidthStatistics.index(of: Float(width))
    return seen.first { $0.index == index }
  }

  private func estimate(_ what: (Cell) -> Double) -> Estimate {
    Self.estimate(cells.map { (value: what($0), mass: $0.mass) })
  }

  private static func estimate(_ points: [(value: Double, mass: Double)]) -> Estimate {
    let interval = Distribution(points: points).shortestInterval()
    let total = points.reduce(0) { $0 + $1.mass }
    let mean = points.reduce(0) { $0 + $1.value * $1.mass } / total
    return Estimate(value: mean, low: interval.low, high: interval.high)
  }
}
