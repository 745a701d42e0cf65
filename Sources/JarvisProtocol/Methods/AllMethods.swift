/// The whole socket API, in the order of the document.
public enum Methods {
  /// Every method that the daemon answers, beside MCP's.
  public static let all: [any Method.Type] = [
    TaskSpawn.self, TaskList.self, TaskGet.self, TaskWait.self, TaskCancel.self, TaskPause.self, TaskResume.self,
    TaskRetry.self, TaskEdit.self, TaskWhy.self, TaskLogs.self, TaskResult.self, TaskAsk.self,
    BatchList.self, BatchGet.self, BatchReport.self,
    WorktreeList.self, WorktreeChanges.self, WorktreeMerge.self, WorktreeRemove.self,
    StatsGet.self,
    LearnRecord.self, LearnGet.self, LearnList.self, LearnExport.self, LearnImport.self, LearnForget.self,
    SkillList.self, SkillShow.self, SkillRun.self, SkillPlan.self, SkillCheck.self, SkillSave.self,
    HivePut.self, HiveSearch.self, HiveGet.self, HiveExport.self,
    BranchCreate.self, BranchList.self, BranchMerge.self, BranchArchive.self,
    EventsSubscribe.self, EventsUnsubscribe.self,
    DaemonInfo.self, DaemonReload.self, DaemonDrain.self, DaemonDoctor.self, DaemonAttach.self,
  ]

  /// The names that are near to a word that is no method.
  public static func near(_ name: String) -> [String] {
    let ranked = all.map { $0.name }.map { (name: $0, distance: editDistance($0, name)) }.sorted {
      $0.distance < $1.distance
    }
    return ranked.prefix(3).filter { $0.distance <= 5 }.map { $0.name }
  }
}

/// Jarvis's version, the same in all of its programs.
public let jarvisVersion = "0.1.0"
