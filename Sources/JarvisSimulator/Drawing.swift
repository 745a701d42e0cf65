import JarvisProtocol

extension Comparison {
  /// Tasks that wait, processors and memory over time, a line for each strategy: an SVG file.
  /// - Parameter ramDanger: where danger of memory begins, as a share; 1 for nowhere.
  public func svg(title: String, ramDanger: Double) -> String {
    let end = max(1, outcomes.map { Double($0.curve.points.count) * $0.curve.seconds }.max() ?? 1)
    let waiting = max(1, outcomes.flatMap(\.curve.points).map(\.waiting).max() ?? 1)
    let colors = ["#b3432b", "#2f6db5", "#3a8f4d", "#8a4fa3", "#c58a12", "#46808a", "#7a7a7a", "#a0356b"]
    let (left, width, height, gap) = (64.0, 620.0, 120.0, 44.0)
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 560" font-family="sans-serif" font-size="12">
      <rect width="720" height="560" fill="#ffffff"/>
      <text x="\(Self.number(left))" y="24" font-size="15">\(Self.escaped(title))</text>

      """
    for (index, outcome) in outcomes.enumerated() {
      let x = left + Double(index % 6) * 108
      let y = 36.0 + Double(index / 6) * 14
      let color = colors[index % colors.count]
      text += "<rect x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"14\" height=\"4\" fill=\"\(color)\"/>"
      text += "<text x=\"\(Self.number(x + 18))\" y=\"\(Self.number(y + 6))\">\(outcome.strategy)</text>\n"
    }
    let panels: [(String, (Curve.Point) -> Double, Double, Double?)] = [
      ("tasks that wait", \.waiting, waiting, nil), ("CPU in use", \.cpu, 1, nil),
      ("memory in use", \.ram, 1, ramDanger < 1 ? ramDanger : nil),
    ]
    for (place, panel) in panels.enumerated() {
      let top = 76.0 + Double(place) * (height + gap)
      let (name, value, most, line) = panel
      text += "<text x=\"\(Self.number(left))\" y=\"\(Self.number(top - 6))\" fill=\"#444444\">\(name)</text>\n"
      text += "<path d=\"M\(Self.number(left)) \(Self.number(top))V\(Self.number(top + height))"
      text += "H\(Self.number(left + width))\" fill=\"none\" stroke=\"#999999\"/>\n"
      let label = most == 1 ? "100 %" : Figure.count(Int(most.rounded(.up)))
      text +=
        "<text x=\"\(Self.number(left - 6))\" y=\"\(Self.number(top + 10))\" text-anchor=\"end\">\(label)</text>\n"
      if let line {
        let y = Self.number(top + height * (1 - line))
        text += "<path d=\"M\(Self.number(left)) \(y)h\(Self.number(width))\" stroke=\"#cc0000\" "
        text += "stroke-dasharray=\"4 3\"/><text x=\"\(Self.number(left - 6))\" y=\"\(y)\" text-anchor=\"end\" "
        text += "fill=\"#cc0000\">danger</text>\n"
      }
      for (index, outcome) in outcomes.enumerated() {
        let values = outcome.curve.resampled(to: 310, end: end, value)
        var path = ""
        var isDown = false
        for (column, value) in values.enumerated() {
          guard let value else {
            isDown = false
            continue
          }
          let x = left + width * (Double(column) + 0.5) / 310
          let y = top + height * (1 - min(1, value / most))
          path += "\(isDown ? "L" : "M")\(Self.number(x)) \(Self.number(y))"
          isDown = true
        }
        text += "<path d=\"\(path)\" fill=\"none\" stroke=\"\(colors[index % colors.count])\" stroke-width=\"1.4\"/>\n"
      }
    }
    text += "<text x=\"\(Self.number(left))\" y=\"546\">0</text>"
    return text
      + "<text x=\"\(Self.number(left + width))\" y=\"546\" text-anchor=\"end\">\(Figure.time(end))</text>\n</svg>\n"
  }

  private static func number(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for letter in text {
      switch letter {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      default: result.append(letter)
      }
    }
    return result
  }
}
