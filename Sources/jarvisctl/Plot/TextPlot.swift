/// Draws a plot with characters.
struct TextPlot {
  let plot: WidthPlot
  let screen: Screen
  private let rows = 16

  init(_ plot: WidthPlot, on screen: Screen) {
    self.plot = plot
    self.screen = screen
  }

  /// The drawing, with a legend.
  var text: String {
    let margin = 9
    let columns = max(24, min(72, (screen.width ?? 80) - margin - 2))
    var grid = [[Mark]](repeating: [Mark](repeating: .none, count: columns), count: rows)
    let (widest, longest) = (plot.widest, plot.longest)
    func column(_ width: Double) -> Int { Int(((width - 1) / (widest - 1) * Double(columns - 3)).rounded()) + 1 }
    func row(_ seconds: Double) -> Int { rows - 1 - Int((seconds / longest * Double(rows - 1)).rounded()) }
    func put(_ mark: Mark, _ x: Int, _ y: Int) {
      guard (0..<columns).contains(x), (0..<rows).contains(y), mark.rawValue >= grid[y][x].rawValue else { return }
      grid[y][x] = mark
    }
    for x in 1...(columns - 2) {
      let width = 1 + Double(x - 1) / Double(columns - 3) * (widest - 1)
      guard let fit = plot.fitted(at: width) else { continue }
      for y in max(0, row(fit.high))...max(0, min(rows - 1, row(fit.low))) { put(.band, x, y) }
      put(.fit, x, row(fit.value))
    }
    for point in plot.observed { put(.observed, column(point.width), row(point.seconds)) }
    for mean in plot.means { put(.mean, column(mean.middle.width), row(mean.middle.seconds)) }

    var lines = [screen.paint("T(k) of \(escaped(plot.title)): what one task takes while k run at once", .bold)]
    let ticks = WidthPlot.ticks(to: longest, count: 4)
    for (y, marks) in grid.enumerated() {
      let label = ticks.first { row($0) == y }.map { WidthPlot.seconds($0) } ?? ""
      let padding = String(repeating: " ", count: max(0, margin - 1 - label.count))
      let drawn = marks.map { screen.paint(String($0.character), $0.style) }.joined()
      lines.append("\(padding)\(label) \(label.isEmpty ? "│" : "┤")\(drawn)")
    }
    lines.append(String(repeating: " ", count: margin) + "└" + String(repeating: "─", count: columns))
    var axis = [Character](repeating: " ", count: columns + 2)
    for width in 1...Int(widest) where widest <= 16 || width == 1 || width.isMultiple(of: Int(widest) / 8 + 1) {
      for (i, digit) in String(width).enumerated() where column(Double(width)) + i < axis.count {
        axis[column(Double(width)) + i] = digit
      }
    }
    lines.append(String(repeating: " ", count: margin + 1) + String(axis) + "at once")
    lines.append("  o a wave of tasks   ◆ mean at a width   ━ fit   ░ where the fit is with 95 %")
    return lines.joined(separator: "\n") + "\n"
  }

  /// What stands in a cell; of two the later one.
  private enum Mark: Int {
    case none, band, fit, observed, mean

    var character: Character {
      switch self {
      case .none: " "
      case .band: "░"
      case .fit: "━"
      case .observed: "o"
      case .mean: "◆"
      }
    }

    var style: Style? {
      switch self {
      case .none, .observed: nil
      case .band: .dim
      case .fit: .cyan
      case .mean: .yellow
      }
    }
  }
}
