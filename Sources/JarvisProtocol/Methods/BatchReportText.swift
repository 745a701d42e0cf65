extension BatchReportView {
  /// The report as Markdown. Output is fenced, so that nothing in it is taken for the report's own.
  public var markdown: String {
    var out = "# Batch \(batch.id)\(batch.name.map { " – \(Self.line($0))" } ?? "")\n\n\(overview)\n"
    var kind: FindingKind?
    for finding in findings {
      if finding.kind != kind { out += "\n## \(finding.kind.heading)\n\n" }
      kind = finding.kind
      out += "- \(finding.title.map { "**\(Self.line($0))**: " } ?? "")\(Self.indented(finding.text, by: 2))"
      out += "  \n  *\(finding.note)*\n"
    }
    if omittedFindings > 0 { out += "\nMore findings are in the hive-mind (`jarvisctl hive search`).\n" }
    out += "\n## Results\n"
    for result in results {
      out += "\n### \(result.names): \(result.state.rawValue)\n\n\(Self.line(result.reason))\n"
      if let changes = result.changes { out += "\nChanged: \(changes)\n" }
      for (label, text) in [("", result.output), ("stderr", result.errors ?? "")] where !text.isEmpty {
        let fence = String(repeating: "`", count: max(3, Self.longestRun(of: "`", in: text) + 1))
        out += "\n\(fence)\(label)\n\(text)\(text.hasSuffix("\n") ? "" : "\n")\(fence)\n"
      }
    }
    if omittedTasks > 0 { out += "\nAnd \(omittedTasks) more tasks.\n" }
    return out
  }

  /// The report as plain text.
  public var text: String {
    var out = "batch \(batch.id)\(batch.name.map { " (\(Self.line($0)))" } ?? ""): \(overview)\n"
    for finding in findings {
      out += "\n\(finding.kind.rawValue): \(finding.title.map { "\(Self.line($0)): " } ?? "")"
      out += "\(Self.indented(finding.text, by: 2))\n  (\(finding.note))\n"
    }
    if omittedFindings > 0 { out += "\n(more findings are in the hive-mind)\n" }
    for result in results {
      out += "\n\(result.names) \(result.state.rawValue): \(Self.line(result.reason))\n"
      if let changes = result.changes { out += "  changed: \(changes)\n" }
      if !result.output.isEmpty { out += "  \(Self.indented(result.output, by: 2))\n" }
      if let errors = result.errors, !errors.isEmpty { out += "  stderr: \(Self.indented(errors, by: 2))\n" }
    }
    if omittedTasks > 0 { out += "\n(and \(omittedTasks) more tasks)\n" }
    return out
  }

  private var overview: String {
    let states = batch.counts.sorted { $0.key < $1.key }.filter { $0.value > 0 }.map { "\($0.value) \($0.key)" }
    let count = findings.count == 1 ? "1 finding" : "\(findings.count) findings"
    return
      "\(batch.total) \(batch.total == 1 ? "task" : "tasks") on branch \(Self.line(batch.branchID)) (\(states.joined(separator: ", "))), \(count)"
      + (batch.totals.map { $0.sentence.isEmpty ? "" : ", \($0.sentence)" } ?? "")
      + (batch.done ? "" : "; it is not over yet")
  }

  private static func line(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
  }

  private static func indented(_ text: String, by width: Int) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    while lines.last?.isEmpty ?? false { lines.removeLast() }
    return lines.joined(separator: "\n" + String(repeating: " ", count: width))
  }

  private static func longestRun(of character: Character, in text: String) -> Int {
    var longest = 0
    var run = 0
    for c in text {
      run = c == character ? run + 1 : 0
      longest = max(longest, run)
    }
    return longest
  }
}

extension ReportedFinding {
  /// Who found it, and how sure they are.
  fileprivate var note: String {
    var parts = sources.prefix(5).map { source in
      let task = source.taskID.map { id in source.taskName.map { "\(id) \($0)" } ?? "\(id)" }
      return "\(source.id) by \(task ?? "a person")"
    }
    if sources.count > 5 { parts.append("and \(sources.count - 5) more") }
    if let confidence { parts.append("confidence \((confidence * 100).rounded() / 100)") }
    if !tags.isEmpty { parts.append("tags: " + tags.joined(separator: " ")) }
    return parts.joined(separator: ", ")
  }
}

extension ReportedResult {
  fileprivate var names: String {
    let names = sources.prefix(8).map { source in
      source.name.map { "\(source.taskID) \($0)" } ?? source.taskID.description
    }
    return names.joined(separator: ", ") + (sources.count > 8 ? " and \(sources.count - 8) more" : "")
  }

  /// What those with worktrees changed; nil where none changed anything.
  fileprivate var changes: String? {
    let told = sources.compactMap { source in
      source.changes.flatMap { $0.filesChanged + $0.commits > 0 ? "\(source.taskID) \($0.sentence)" : nil }
    }
    guard !told.isEmpty else { return nil }
    return told.prefix(8).joined(separator: "; ") + (told.count > 8 ? "; and \(told.count - 8) more" : "")
  }
}

extension FindingKind {
  fileprivate var heading: String {
    switch self {
    case .warning: "Warnings"
    case .decision: "Decisions"
    case .artifact: "Artifacts"
    case .finding: "Findings"
    }
  }
}
