import Testing

@testable import JarvisSimulator

@Suite("What is shown")
struct PlotTests {
  @Test("a table and a plot of all strategies, and an SVG file that is whole")
  func shown() {
    let workload = medley(seed: 1)
    let comparison = Comparison([outcome(workload, .fixed(5)), outcome(workload, .auto)], of: workload)
    #expect(comparison.table.contains("makespan"))
    #expect(comparison.table.split(separator: "\n").allSatisfy { $0.count < 200 })
    let plot = comparison.plot(columns: 40).split(separator: "\n")
    #expect(plot.count == 11)
    #expect(plot.filter { $0.contains("▕") }.allSatisfy { $0.prefix { $0 != "▏" }.count == 10 + 1 + 40 })
    let svg = comparison.svg(title: "a < b", ramDanger: 0.85)
    #expect(svg.hasPrefix("<svg") && svg.hasSuffix("</svg>\n") && svg.contains("a &lt; b") && svg.contains("danger"))
    #expect(!svg.contains("nan") && !svg.contains("inf"))
  }

  @Test("a curve keeps its averages while its pieces grow")
  func curve() {
    var curve = Curve()
    for second in 0..<5000 {
      curve.add(Curve.Point(cpu: second % 2 == 0 ? 1 : 0, running: 3), from: Double(second), for: 1)
    }
    #expect(curve.points.count <= Curve.capacity)
    #expect(curve.points.allSatisfy { abs($0.running - 3) < 1e-9 && abs($0.cpu - 0.5) < 0.1 })
    #expect(abs(curve.points.reduce(0) { $0 + $1.weight } - 5000) < 1e-3)
  }
}
