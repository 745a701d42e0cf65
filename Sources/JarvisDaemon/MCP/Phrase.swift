import JarvisProtocol

/// Pieces of the sentences that tools answer with.
enum Phrase {
  /// The beginning of a text, cut at a character.
  static func shortened(_ text: String, to most: Int) -> String {
    // Only as many characters as could fit are walked: a text may have a quarter of a million.
    text.utf8.count <= most ? text : text.prefix(most - 1) + "…"
  }

  /// The beginning of a text without line ends and other control characters: at most 2,000 scalars of it.
  static func oneLine(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(2000).map {
          $0.properties.generalCategory == .control || $0.value == 0x2028 || $0.value == 0x2029 ? " " : $0
        }))
  }

  /// A sentence as a part of another one.
  static func clause(_ sentence: String, most: Int = 300) -> String {
    shortened(sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence, to: most)
  }

  /// `t1, t2 queued (CPU 79 % …); t3 failed (exit status 1)`: tasks that are where they are for the same cause are told
  /// together. What follows a semicolon in a reason (how many are ahead) differs from task to task and is left out.
  static func outcomes(_ tasks: [TaskView], withState: Bool = true, most: Int = 4) -> String {
    var groups: [(key: String, text: String, tasks: [TaskView])] = []
    for task in tasks {
      var cause = task.reason.split(separator: "; ", maxSplits: 1).first.map(String.init) ?? task.reason
      if cause.hasPrefix("waits: ") { cause.removeFirst(7) }
      let key = "\(task.state.rawValue) \(cause)"
      if let i = groups.firstIndex(where: { $0.key == key }) {
        groups[i].tasks.append(task)
      } else if groups.count < most {
        groups.append((key, (withState ? "\(task.state.rawValue) " : "") + "(\(clause(cause)))", [task]))
      }
    }
    let told = groups.reduce(0) { $0 + $1.tasks.count }
    let text = groups.map { "\(list($0.tasks)) \($0.text)" }.joined(separator: "; ")
    return told < tasks.count ? "\(text); and \(tasks.count - told) more" : text
  }

  /// `t1, t2, t3 and 7 more`.
  static func list(_ tasks: [TaskView], most: Int = 8) -> String {
    let names = tasks.prefix(most).map { $0.id.description }.joined(separator: ", ")
    return tasks.count > most ? "\(names) and \(tasks.count - most) more" : names
  }

  /// `1 task`, `5 tasks`.
  static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

  /// `43 %`; `?` for what is no number.
  static func percent(_ share: Double) -> String {
    share.isFinite ? "\(Int((min(max(share, 0), 10) * 100).rounded())) %" : "?"
  }
}
