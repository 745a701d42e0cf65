import JarvisProtocol

// Pauses count for no time limit, also those before a restart: the journal has them.
extension Coordinator {
  static let pausesPrefix = "paused/"

  /// Writes down how long an attempt was paused so far, and since when it is paused now.
  func journalPauses(_ id: TaskID, _ run: LiveTask.Run) {
    let now = run.pausedAt.map { " \($0.milliseconds)" } ?? ""
    parcel.changes.append(
      .meta(key: Self.pausesPrefix + "\(id)", value: "\(run.key) \(Int64(run.pausedSeconds * 1000))\(now)"))
  }

  /// The attempt is over.
  func forgetPauses(_ id: TaskID) {
    guard let run = tasks[id]?.run, run.pausedSeconds > 0 || run.pausedAt != nil else { return }
    parcel.changes.append(.meta(key: Self.pausesPrefix + "\(id)", value: nil))
  }

  /// Takes back what the daemon before wrote down.
  func restorePauses(_ key: String, _ value: String) {
    let words = value.split(separator: " ")
    guard let id = TaskID(key.dropFirst(Self.pausesPrefix.count)), let run = tasks[id]?.run, words.count >= 2,
      run.key.name == words[0], let milliseconds = Int64(words[1])
    else { return }
    tasks[id]?.run?.pausedSeconds = Double(max(0, milliseconds)) / 1000
    if words.count > 2, let since = Int64(words[2]) {
      tasks[id]?.run?.pausedAt = Timestamp(milliseconds: since)
    }
  }
}
