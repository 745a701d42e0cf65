import JarvisProtocol
import JarvisStore

// What of the hive-mind becomes events: each names one branch, whose findings are others from then on.
extension Coordinator {
  /// The repository of an agent's task; nil for a caller that is none. Of a task that is over it is one that nothing is of.
  func scope(of caller: Caller) -> String? {
    caller.agent.map { tasks[$0.task]?.stored.scope ?? "\0" }
  }

  /// Tells of a finding that is stored.
  func tellFinding(_ row: FindingRow) {
    guard events.hasSubscribers else { return }
    let finding = FindingView(row).cut(to: 1000)
    let finder = row.taskID.map { "\($0)" } ?? "a person"
    let said = Phrase.shortened(row.title ?? row.text, to: 120)
    var event = Event(
      sequence: 0, at: row.at, kind: .finding,
      message: "\(finding.id) on branch \(row.branch), a \(finding.kind.rawValue) by \(finder): \(said)")
    event.branchID = row.branch
    event.finding = finding
    events.publish(scope: row.scope) { event }
  }

  /// Tells both branches of a merge: the one's findings are the other's now.
  func tellMerge(_ place: HivePlace, into parent: String, moved: Int) {
    let branch = place.branch
    guard events.hasSubscribers else { return }
    let message = "branch \(branch) was merged into \(parent): findings moved: \(moved)"
    for name in [parent, branch] {
      var event = Event(sequence: 0, at: now(), kind: .finding, message: message)
      event.branchID = name
      events.publish(scope: place.scope) { event }
    }
  }
}
