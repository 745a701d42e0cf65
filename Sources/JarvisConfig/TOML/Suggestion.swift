/// The word of `known` that was probably meant by `word`, if one is near: it begins so, or at most a third of its
/// letters differ.
func suggestion(for word: String, among known: some Sequence<String>) -> String? {
  let lowered = word.lowercased().map { $0 == "-" ? "_" : $0 }
  if word.count > 2, let longer = known.sorted().first(where: { $0.hasPrefix(word) }) { return longer }
  var best: (word: String, distance: Int)?
  for candidate in known.sorted() {
    let distance = editDistance(lowered, candidate.lowercased().map { $0 == "-" ? "_" : $0 })
    if distance <= max(1, candidate.count / 3), distance < best?.distance ?? .max { best = (candidate, distance) }
  }
  return best?.word
}

/// Insertions, deletions, replacements and swaps of neighbours between two words.
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  guard abs(a.count - b.count) < 16 else { return .max }
  var older: [Int] = []
  var previous = Array(0...b.count)
  for i in 0..<a.count {
    var current = [i + 1]
    for j in 0..<b.count {
      var cost = min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, older[j - 1] + 1) }
      current.append(cost)
    }
    older = previous
    previous = current
  }
  return previous[b.count]
}
