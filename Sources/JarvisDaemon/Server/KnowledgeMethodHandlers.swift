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
      try await coordinator.skillList()
    }
    add(SkillRun.self) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.runSkill(parameters, caller, inspector)
    }
    add(SkillShow.self) { (parameters, _, _) throws(RPC.Failure) in try await coordinator.skill(parameters.name) }
    add(SkillPlan.self) { (parameters, caller, _) throws(RPC.Failure) in
      try coordinator.planSkill(parameters, caller, inspector)
    }
    add(SkillCheck.self) { (parameters, _, _) throws(RPC.Failure) in
      SkillCheck.Result(problems: SkillLibrary.problems(parameters.text, file: parameters.file))
    }
    add(SkillSave.self, forAgents: false) { (parameters, _, _) throws(RPC.Failure) in
      SkillSave.Result(text: try await coordinator.saveSkill(parameters))
    }
  }
}
