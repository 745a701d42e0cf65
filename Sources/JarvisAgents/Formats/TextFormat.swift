/// Anything: what it last wrote is what it does, and the end of it all is the answer.
enum TextFormat {
  static func read(_ line: ArraySlice<UInt8>, _ report: inout AgentReport, _ events: inout [AgentEvent]) {
    let text = String(decoding: line, as: UTF8.self)
    report.act(text, &events)
    var answer = report.answer.isEmpty ? text : report.answer + "\n" + text
    if answer.utf8.count > AgentReport.longestAnswer {
      // Half of it goes, so that not every line copies all.
      let scalars = answer.unicodeScalars
      answer = String(scalars.suffix(scalars.count / 2))
    }
    report.answer = OneLine.cut(answer, to: AgentReport.longestAnswer)
  }
}
