import JarvisConfig
import JarvisCore
import JarvisLinux
import JarvisProtocol
import JarvisStore

extension MethodTable {
  /// `learn.*`, `hive.*` and `skill.*`.
  mutating func addKnowledgeMethods(_ coordinator: Coordinator, _ inspector: PeerInspector) {
    addLearning(coordinator)
    addHiveMethods(coordinator, inspector)
    add(SkillList.self) { (_, _, _) throws(RPC.Failure) in
      let loaded = SkillLibrary.load()
      return SkillList.Result(
        skills: loaded.files.values.sorted { $0.name < $1.name }.map { SkillView($0) },
        faults: loaded.diagnostics.map(\.description))
    }
    add(SkillRun.self) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.spawn(try SkillLibrary.batch(parameters, caller, inspector), caller, inspector)
    }
  }
}
