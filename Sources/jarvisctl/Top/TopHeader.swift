import JarvisProtocol

/// The names of the first two rows' parts.
enum TopHeader {
  static let rows = 2
}

// The machine, in two rows.
extension TopLayout {
  mutating func drawHeader() {
    guard let stats = state.model.stats else {
      grid.put("jarvis", row: 0, column: 0, look: Look(.bold))
      return
    }
    drawCounts(stats)
    drawMachine(stats)
  }

  /// Zone, level and counts: as many as fit, what matters most first.
  private mutating func drawCounts(_ stats: StatsGet.Result) {
    var parts: [(String, Look)] = [
      (stats.resources.zone.rawValue, Look(StatusHeader.style(of: stats.resources.zone))),
      (stats.level.rawValue, Look(Self.levelStyle(stats.level))),
    ]
    if stats.draining { parts.append((" DRAINING ", Look(.red, isReversed: true))) }
    parts.append(("\(stats.running) running", Look(stats.running > 0 ? .green : .dim)))
    parts.append(("\(stats.queued) queued", Look(stats.queued > 0 ? .yellow : .dim)))
    if stats.blocked > 0 { parts.append(("\(stats.blocked) blocked", Look(.yellow))) }
    if stats.paused > 0 { parts.append(("\(stats.paused) paused", Look(.cyan))) }
    parts.append(("\(stats.tier.rawValue) tier", Look(.dim)))
    var column = 0
    for (text, look) in parts where column + displayWidth(text) <= grid.columns {
      column = grid.put(text, row: 0, column: column, look: look) + 2
    }
    let name = "jarvis"
    if column + displayWidth(name) <= grid.columns {
      grid.put(name, row: 0, column: grid.columns - displayWidth(name), look: Look(.bold))
    }
  }

  /// CPU, RAM, and the pressures.
  private mutating func drawMachine(_ stats: StatsGet.Result) {
    let resources = stats.resources
    let isRoomy = grid.columns >= 76
    let cores = isRoomy ? " of " + Format.number(resources.cores) : ""
    let memory = isRoomy ? " of " + Format.size(resources.memoryTotalBytes) : ""
    let pressures = Self.pressures(resources.psi, isShort: !isRoomy)
    // The most that the pressures take, so that nothing moves when one of them gets another digit.
    let texts = displayWidth(cores) + displayWidth(memory) + (isRoomy ? 29 : 15)
    // "CPU " + bar + " 100%", twice, with two spaces between the parts.
    let bar = min(30, max(3, (grid.columns - texts - 22) / 2))
    var column = 0
    for (name, share, limit, rest) in [
      ("CPU", resources.cpu, "cpu", cores), ("RAM", resources.ram, "ram", memory),
    ] {
      let look = Look(
        Self.shareStyle(share, stats.limits["\(limit)_safe"] ?? 0.6, stats.limits["\(limit)_danger"] ?? 0.8))
      column = grid.put("\(name) ", row: 1, column: column)
      column = grid.put(Format.bar(share, width: bar), row: 1, column: column, look: look)
      column = grid.put(padded(Format.percent(share), to: 5, onTheLeft: true) + rest, row: 1, column: column) + 2
    }
    for (text, look) in pressures { column = grid.put(text, row: 1, column: column, look: look) }
  }

  /// Memory and io count when everything stalls, cpu when something does: as the overseer counts them.
  private static func pressures(_ psi: [String: Double], isShort: Bool) -> [(String, Look)] {
    let parts = [("mem", "memory_full"), ("io", "io_full"), ("cpu", "cpu_some")].compactMap { name, key in
      psi[key].map { (name, $0) }
    }
    guard !parts.isEmpty else { return [("PSI none", Look(.dim))] }
    return [("PSI", .plain)]
      + parts.map { name, share in
        (
          isShort ? " \(Format.decimal(share * 100, 0))" : " \(name) \(Format.percent(share))",
          Look(shareStyle(share, 0.1, 0.4))
        )
      }
  }

  private static func levelStyle(_ level: Level) -> Style? {
    switch level {
    case .ideal: nil
    case .constrained: .yellow
    case .starved, .emergency: .red
    }
  }

  /// Green below the first bound, red above the second.
  static func shareStyle(_ share: Double, _ safe: Double, _ danger: Double) -> Style {
    share < safe ? .green : share > danger ? .red : .yellow
  }
}
