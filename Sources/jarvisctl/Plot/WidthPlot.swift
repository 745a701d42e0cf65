import JarvisProtocol

/// What is drawn of a type: T(k), what one task takes while k run at once, as observed and as fitted.
struct WidthPlot {
  struct Point {
    var width: Double
    var seconds: Double
  }

  /// What tasks took, each point a wave: about as many ends as ran at once.
  var observed: [Point] = []
  /// What they took on average at about one width, and between which durations two thirds of them lie.
  var means: [(middle: Point, low: Double, high: Double)] = []
  /// The fit and the ends of its 95 % interval, by width.
  var fit: [(width: Double, value: Double, low: Double, high: Double)] = []
  let title: String

  /// Takes what a daemon answered; nil while no duration is known.
  init?(_ result: LearnGet.Result) {
    guard let profile = result.profile, !profile.points.isEmpty else { return nil }
    title = result.taskType
    fit = profile.widths.compactMap { width in
      width.seconds.map { (width.width, $0.value, $0.low, $0.high) }
    }
    means = profile.points.map { point in
      // The spread is that of the logarithm; e^x by its series is near enough for a bar of a few pixels.
      let factor = 1 + point.spread + point.spread * point.spread / 2
      return (Point(width: point.width, seconds: point.seconds), point.seconds / factor, point.seconds * factor)
    }
    // What was observed before the behaviour changed is no part of the fit.
    let relevant = (result.observations ?? []).prefix { json in
      guard let changed = profile.changedAt, let at = json["at"]?.stringValue else { return true }
      return Timestamp(rfc3339: at).map { $0 >= changed } ?? false
    }
    observed = relevant.compactMap { json in
      if let wave = json["wave"]?.arrayValue {
        guard wave.count == 3, let width = wave[0].doubleValue, let seconds = wave[1].doubleValue else { return nil }
        return Point(width: width, seconds: seconds)
      }
      guard json["outcome"]?.stringValue == "succeeded", let width = json["width"]?.doubleValue,
        let seconds = json["duration"]?.doubleValue
      else { return nil }
      return Point(width: width, seconds: seconds)
    }
  }

  /// The widest that is shown: a little more than what was seen, at least two.
  var widest: Double {
    let seen = max(means.map(\.middle.width).max() ?? 1, observed.map(\.width).max() ?? 1)
    return max(2, min(fit.last?.width ?? 2, (seen + 1).rounded(.up)))
  }

  /// The fit where it is shown.
  var shownFit: [(width: Double, value: Double, low: Double, high: Double)] { fit.filter { $0.width <= widest } }

  /// The longest that is shown: what nearly all took, the fit, and what is between.
  var longest: Double {
    let sorted = observed.map(\.seconds).sorted()
    let most = sorted.isEmpty ? 0 : sorted[sorted.count * 49 / 50]
    let top = max(most, shownFit.map(\.value).max() ?? 0, means.map(\.high).max() ?? 0)
    return max(1e-3, top * 1.1)
  }

  /// The fit at a width between two of it.
  func fitted(at width: Double) -> (value: Double, low: Double, high: Double)? {
    guard let after = fit.firstIndex(where: { $0.width >= width }) else { return nil }
    let b = fit[after]
    guard after > 0 else { return (b.value, b.low, b.high) }
    let a = fit[after - 1]
    let share = (width - a.width) / (b.width - a.width)
    func between(_ x: Double, _ y: Double) -> Double { x + (y - x) * share }
    return (between(a.value, b.value), between(a.low, b.low), between(a.high, b.high))
  }

  /// Round numbers from 0 to `end`, about `count` of them.
  static func ticks(to end: Double, count: Int) -> [Double] {
    guard end > 0, end.isFinite else { return [0] }
    var step = 1e-6
    let factors = [2.0, 2.5, 2.0]
    var n = 0
    while end / step > Double(count) {
      step *= factors[n % 3]
      n += 1
    }
    return (0...Int(end / step)).map { Double($0) * step }
  }

  /// `350 ms`, `2.5 s`
  static func seconds(_ s: Double) -> String {
    s > 0 && s < 0.9995 ? "\(Format.number(s * 1000)) ms" : "\(Format.number(s)) s"
  }
}
