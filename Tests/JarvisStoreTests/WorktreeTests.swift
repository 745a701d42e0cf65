import JarvisProtocol
import Testing

@testable import JarvisStore

@Suite struct WorktreeTests {
  private func row(_ task: UInt64, batch: UInt64 = 1, _ state: WorktreeState) -> WorktreeRow {
    WorktreeRow(
      task: TaskID(task), batch: BatchID(batch), parent: task == 2 ? TaskID(1) : nil, title: "task \(task)",
      context: "main", state: state, path: "/s/worktrees/t\(task)", branch: "jarvis/t\(task)", base: "c0ffee",
      repository: "/r/.git", folder: "/r/x", subfolder: "x", target: task == 3 ? nil : "main", createdAt: noon)
  }

  @Test func aWorktreeComesBackAsItWasStoredLast() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    var kept = row(1, .preparing)
    try await store.commit([.worktree(kept), .worktree(row(2, .active)), .worktree(row(3, .clean))])
    #expect(try await store.worktree(TaskID(1)) == kept)
    kept.state = .kept
    kept.readAt = noon + 5
    kept.changes = DiffNumbers(filesChanged: 2, insertions: 10, deletions: 3, commits: 1)
    kept.uncommitted = true
    kept.filesJSON = #"[{"path":"a"}]"#
    kept.isPatchCut = true
    kept.problem = "its folder is gone"
    try await store.commit([.worktree(kept)])
    #expect(try await store.worktrees(.there) == [kept, row(2, .active)])
    #expect(try await store.worktrees(.all) == [kept, row(2, .active), row(3, .clean)])
    #expect(try await store.worktrees(.batch(BatchID(2))).isEmpty)
    #expect(try await store.worktree(TaskID(4)) == nil)
  }

  @Test func pruningTakesTasksAndTheRowsOfWorktreesThatAreGoneAndNoOthers() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([
      .batch(someBatch(1)), .task(someTask(1, batch: 1, state: .succeeded)),
      .task(someTask(2, batch: 1, state: .succeeded)), .worktree(row(1, .kept)), .worktree(row(2, .merged)),
    ])
    try await store.commit([.pruneWorktrees])
    #expect(try await store.worktrees(.all).count == 2, "their tasks are there")
    #expect(try await store.prune(finishedBefore: noon + 10) == 2)
    try await store.commit([.pruneWorktrees])
    #expect(try await store.worktrees(.all) == [row(1, .kept)])
  }
}
