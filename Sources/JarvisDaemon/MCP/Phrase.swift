import JarvisProtocol

/// Pieces of the sentences that tools answer with.
enum Phrase {
  /// The beginning of a text, cut at a character.
  static func shortened(_ text: String, to most: Int) -> String {
    // Only as many characters as could fit are walked: a text may have a quarter of a million.
    text.utf8.count <= most ? text : text.prefix(most - 1) + "…"
  }

  /// A sentence as a part of another one.
  static func clause(_ sentence: String, most: Int = 300) -> String {
    shortened(sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence, to: most)
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
