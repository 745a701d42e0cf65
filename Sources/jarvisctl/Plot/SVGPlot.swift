/// Draws a plot as SVG 1.1, of its own: no styles, fonts or scripts from elsewhere.
struct SVGPlot {
  let plot: WidthPlot
  private let width = 640.0
  private let height = 400.0
  private let left = 72.0
  private let right = 20.0
  private let top = 44.0
  private let bottom = 52.0

  init(_ plot: WidthPlot) { self.plot = plot }

  /// The whole file.
  var text: String {
    let (widest, longest) = (plot.widest, plot.longest)
    func x(_ k: Double) -> Double { left + (k - 0.5) / (widest) * (width - left - right) }
    func y(_ s: Double) -> Double { height - bottom - min(1, max(0, s / longest)) * (height - top - bottom) }
    func at(_ k: Double, _ s: Double) -> String { "\(Self.short(x(k))),\(Self.short(y(s)))" }
    let (size, axis) = ("\(Int(width)) \(Int(height))", height - bottom)
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(size)\" font-family=\"sans-serif\" font-size=\"13\">",
      "<title>T(k) of \(Self.escape(plot.title))</title>",
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
      Self.label(left, 24, "T(k) of \(plot.title)", extra: " font-size=\"16\" font-weight=\"bold\""),
    ]
    for tick in WidthPlot.ticks(to: longest, count: 6) {
      lines.append(Self.line(left, y(tick), width - right, y(tick), "#e4e4e4"))
      lines.append(Self.label(left - 8, y(tick) + 4, WidthPlot.seconds(tick), extra: " text-anchor=\"end\""))
    }
    for k in 1...Int(widest) where widest <= 20 || k == 1 || k.isMultiple(of: Int(widest) / 10) {
      lines.append(Self.line(x(Double(k)), axis, x(Double(k)), axis + 5, "#444444"))
      lines.append(Self.label(x(Double(k)), axis + 20, "\(k)", extra: " text-anchor=\"middle\""))
    }
    lines.append(Self.line(left, axis, width - right, axis, "#444444"))
    lines.append(Self.label((left + width - right) / 2, height - 12, "k at once", extra: " text-anchor=\"middle\""))
    let fit = plot.shownFit
    if !fit.isEmpty {
      let band = (fit.map { at($0.width, $0.high) } + fit.reversed().map { at($0.width, $0.low) }).joined(
        separator: " ")
      lines.append("<polygon points=\"\(band)\" fill=\"#2a6fb0\" fill-opacity=\"0.15\"/>")
      let path = fit.map { at($0.width, $0.value) }.joined(separator: " ")
      lines.append("<polyline points=\"\(path)\" fill=\"none\" stroke=\"#2a6fb0\" stroke-width=\"2\"/>")
    }
    for point in plot.observed where point.width <= widest + 0.5 && point.seconds <= longest {
      lines.append(Self.dot(x(point.width), y(point.seconds), 2.5, "#555555", opacity: 0.45))
    }
    for mean in plot.means {
      let across = x(mean.middle.width)
      lines.append(Self.line(across, y(mean.low), across, y(mean.high), "#c0392b"))
      lines.append(Self.dot(across, y(mean.middle.seconds), 4.5, "#c0392b", opacity: 1))
    }
    lines += legend
    lines.append("</svg>")
    return lines.joined(separator: "\n") + "\n"
  }

  private var legend: [String] {
    let (across, above) = (width - 372, 20.0)
    return [
      Self.dot(across, above - 4, 2.5, "#555555", opacity: 0.6), Self.label(across + 8, above, "one wave"),
      Self.dot(across + 78, above - 4, 4.5, "#c0392b", opacity: 1), Self.label(across + 88, above, "mean ± 1 s.d."),
      Self.line(across + 184, above - 4, across + 204, above - 4, "#2a6fb0", thick: true),
      Self.label(across + 210, above, "fit, with 95 % interval"),
    ]
  }

  private static func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: String, thick: Bool = false
  ) -> String {
    "<line x1=\"\(short(x1))\" y1=\"\(short(y1))\" x2=\"\(short(x2))\" y2=\"\(short(y2))\" stroke=\"\(color)\""
      + (thick ? " stroke-width=\"2\"" : "") + "/>"
  }

  private static func dot(_ x: Double, _ y: Double, _ radius: Double, _ color: String, opacity: Double) -> String {
    "<circle cx=\"\(short(x))\" cy=\"\(short(y))\" r=\"\(radius)\" fill=\"\(color)\" fill-opacity=\"\(opacity)\"/>"
  }

  private static func label(_ x: Double, _ y: Double, _ text: String, extra: String = "") -> String {
    "<text x=\"\(short(x))\" y=\"\(short(y))\" fill=\"#222222\"\(extra)>\(escape(text))</text>"
  }

  private static func short(_ number: Double) -> String { Format.decimal(number, 1) }

  /// Text as XML may have it: no markup, and none of the control characters that XML 1.0 refuses.
  private static func escape(_ text: String) -> String {
    var safe = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": safe += "&amp;"
      case "<": safe += "&lt;"
      case ">": safe += "&gt;"
      case "\"": safe += "&quot;"
      case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: safe += "?"
      default: safe.unicodeScalars.append(scalar)
      }
    }
    return safe
  }
}
