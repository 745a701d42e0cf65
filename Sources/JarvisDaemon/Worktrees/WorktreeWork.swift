import JarvisGit
import JarvisProtocol
import JarvisStore

/// Where a task works that has a worktree: the same subfolder in it as the one that it was submitted for.
struct TaskPlace: Sendable {
  let worktree: String
  let folder: String

  /// Variables that would lead git, or a program that believes them, out of the worktree.
  private static let misleading: Set<Substring> = [
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX", "GIT_IMPLICIT_WORK_TREE", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE",
    "PWD", "OLDPWD",
  ]

  /// Makes the submitter's environment (`NAME=value`) one of the worktree.
  func replaceVariables(in lines: inout [String]) {
    lines.removeAll { Self.misleading.contains($0.prefix { $0 != "=" }) }
    lines.append("PWD=\(folder)")
    lines.append("JARVIS_WORKTREE=\(worktree)")
  }
}

/// What is under way with worktrees.
struct WorktreeWork {
  /// Those that something is being done with, and who waits for their turn with one.
  private var queues: [TaskID: [CheckedContinuation<Void, Never>]] = [:]
  /// Those that are being made, by the task that is to start.
  var preparations: [TaskID: Task<Void, Never>] = [:]
  /// Counts them.
  var preparation = 0
  /// Those that a task which is on its way to the store is to go on in.
  var claims: Set<TaskID> = []
  /// Those whose changes are being read, because their task is over.
  var captures: [TaskID: Task<Void, Never>] = [:]
  /// Reached when that is done; there for those that somebody waits for.
  var captured: [TaskID: Milestone] = [:]
  /// Reached when what the last daemon left has been looked at; nil afterwards. Nothing is done with worktrees before.
  var sweep: Milestone?
  /// Folders of worktrees that no task is known of, as of the start.
  var strangers: [String] = []

  /// Ends what the next daemon can begin anew.
  func cancelAll() {
    for task in preparations.values { task.cancel() }
    for task in captures.values { task.cancel() }
  }

  /// Whether the turn is the caller's at once.
  mutating func take(_ owner: TaskID) -> Bool {
    guard queues[owner] == nil else { return false }
    queues[owner] = []
    return true
  }

  mutating func wait(for owner: TaskID, _ continuation: CheckedContinuation<Void, Never>) {
    queues[owner, default: []].append(continuation)
  }

  /// Hands the turn on.
  mutating func release(_ owner: TaskID) {
    guard var waiting = queues[owner] else { return }
    guard !waiting.isEmpty else {
      queues[owner] = nil
      return
    }
    let next = waiting.removeFirst()
    queues[owner] = waiting
    next.resume()
  }
}

extension LiveTask {
  /// Whether it works in a git worktree.
  var isIsolated: Bool { stored.spec.isolation == .worktree && !isGroup }

  /// The task whose worktree it works in: its own, unless it goes on with another one's work.
  var worktreeOwner: TaskID { stored.worktree ?? id }

  /// What it is called, on one line.
  var title: String {
    let text = stored.spec.name ?? stored.spec.description ?? stored.spec.command?.text ?? ""
    return Phrase.shortened(Phrase.oneLine(text), to: 120)
  }
}

extension WorktreeRow {
  var place: WorktreePlace {
    // Where git was cut off in the making, nobody knows the branch; this one is then only looked for with nothing there.
    WorktreePlace(
      commonDirectory: repository, path: path, branch: branch.isEmpty ? "jarvis/\(task)" : branch, base: base)
  }

  /// Whether a folder is the worktree's, or in it.
  func holds(_ folder: String) -> Bool { folder == path || folder.hasPrefix(path + "/") }

  /// Takes in what was found changed.
  mutating func note(_ diff: JarvisGit.WorktreeDiff, at time: Timestamp) {
    readAt = time
    changes = DiffNumbers(
      filesChanged: diff.filesChanged, insertions: diff.insertions, deletions: diff.deletions, commits: diff.commits)
    uncommitted = diff.uncommitted
    isPatchCut = diff.isTruncated
    filesJSON =
      diff.files.prefix(TaskDiff.mostFiles).map { ChangedFile(path: $0.path, added: $0.added, removed: $0.removed) }
      .json.text
  }

  /// As clients see it.
  var view: WorktreeView {
    var view = WorktreeView(
      id: task, title: title, state: state, path: path, branch: branch, base: base, folder: folder,
      repository: repository, branchID: context, createdAt: createdAt)
    view.target = target
    view.readAt = readAt
    view.changes = changes
    view.uncommitted = uncommitted
    view.problem = problem
    return view
  }

  var files: [ChangedFile] {
    filesJSON.flatMap { try? JSON(parsing: $0) }.flatMap { try? [ChangedFile].read($0, at: .root("files")) } ?? []
  }
}

extension RPC.Failure {
  /// What git could not do, for whoever asked for it.
  init(_ failure: GitFailure, _ id: TaskID) {
    var data: JSONObject = ["id": .string("\(id)")]
    let code: RPC.ErrorCode
    switch failure.kind {
    case .conflict(let files):
      data["conflicts"] = files.prefix(TaskDiff.mostFiles).map { JSON.string($0) }.json
      code = .conflict
    case .notInstalled, .timedOut, .diskFull: code = .unavailable
    case .other: code = .internalError
    default: code = .conflict
    }
    self.init(code, failure.description, data: data)
  }
}
