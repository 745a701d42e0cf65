import JarvisStore

/// Which branches have findings to tell, in memory, so that the start of a task whose branch has none costs no query.
struct HiveMap: Sendable {
  private struct Place: Hashable {
    let scope: String
    let branch: String
  }

  private struct Entry {
    var parent: String?
    var hasFindings: Bool
  }

  private var entries: [Place: Entry] = [:]

  init() {}

  init(_ branches: [BranchRow]) {
    for branch in branches {
      entries[Place(scope: branch.scope, branch: branch.name)] = Entry(
        parent: branch.parent, hasFindings: branch.findings > 0)
    }
  }

  mutating func note(scope: String, branch: String, parent: String?) {
    entries[Place(scope: scope, branch: branch), default: Entry(hasFindings: false)].parent = parent
  }

  mutating func noteFinding(scope: String, branch: String) {
    entries[Place(scope: scope, branch: branch), default: Entry(hasFindings: false)].hasFindings = true
  }

  /// Whether the branch or one above it has, or had, findings.
  func hasFindings(scope: String, branch: String) -> Bool {
    guard !entries.isEmpty else { return false }
    var next: String? = branch
    var steps = 0
    while let name = next, steps < 32, let entry = entries[Place(scope: scope, branch: name)] {
      if entry.hasFindings { return true }
      next = entry.parent
      steps += 1
    }
    return false
  }
}
