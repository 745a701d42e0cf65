import CLinux
import Glibc
import JarvisLinux
import JarvisProtocol
import JarvisStore

// What is let go of as time passes.
extension Coordinator {
  /// Takes away history, and output, that is older than configured.
  func prune() async {
    let time = now()
    do throws(StoreError) {
      let count = try await store.prune(finishedBefore: time + -config.store.history)
      if count > 0 { log.info("\(count) old tasks were taken out of the history") }
      try await store.commit([.pruneWorktrees])
      try await store.expireFindings(before: time)
      try await store.pruneLearning(
        before: time + -config.store.history, keep: Learner.kept, profiles: learner.profiles.capacity)
    } catch {
      log.error("the history could not be pruned: \(error)")
    }
    let before = (time + -config.store.outputHistory).milliseconds / 1000
    let live = Set(tasks.values.flatMap { task in task.run.map { [$0.key.name, task.id.description] } ?? [] })
      .union(worktrees.keys.map(\.description))
    // A folder that a task may be about to write into stays, empty or not; later tasks have greater numbers.
    let kept = Set(tasks.keys.map { paths.output(of: $0).folder })
    let (outputs, newest) = (paths.outputs, nextTask / 1000)
    let inputs = paths.state + "/inputs"
    let busy = Set(tasks.values.compactMap { $0.stored.step?.folder })
    await Task.detached(priority: .background) { [store] in
      // Pruning has read whole tables into the caches, and the first one comes right after a start, which has, too.
      store.releaseMemory()
      jarvis_release_memory()
      Self.removeInputs(in: inputs, before: before, except: busy)
      Self.removeOutputs(in: outputs, before: before, except: live) { folder, name in
        kept.contains(folder) || UInt64(name).map { $0 >= newest } ?? true
      }
    }.value
  }

  private static func removeOutputs(
    in folder: String, before: Int64, except live: Set<String>, keep: (_ folder: String, _ name: String) -> Bool
  ) {
    for name in Folder.names(in: folder) {
      let inner = "\(folder)/\(name)"
      for file in Folder.names(in: inner) {
        var status = stat()
        let path = "\(inner)/\(file)"
        guard lstat(path, &status) == 0, status.st_mtim.tv_sec < before,
          !live.contains(String(file.prefix { $0 != "." }))
        else { continue }
        // What can't be deleted now is tried again with the next pruning.
        try? removeFolder(file, in: inner)
      }
      if !keep(inner, name) { rmdir(inner) }
    }
  }

  /// The folders of links to outputs, which are as old as their making.
  private static func removeInputs(in folder: String, before: Int64, except busy: Set<String>) {
    for run in Folder.names(in: folder) {
      let inner = "\(folder)/\(run)"
      for name in Folder.names(in: inner) {
        var status = stat()
        let path = "\(inner)/\(name)"
        guard lstat(path, &status) == 0, status.st_mtim.tv_sec < before, !busy.contains(path) else { continue }
        OutputFolder.remove(path)
      }
      rmdir(inner)
    }
  }
}
