import JarvisConfig
import JarvisCore
import JarvisLinux
import JarvisProtocol
import JarvisStore

extension MethodTable {
  /// `learn.*`, `hive.*` and `skill.*`.
  mutating func addKnowledgeMethods(_ coordinator: Coordinator, _ inspector: PeerInspector) {
    addLearning(coordinator)
    add(HivePut.self) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.put(parameters, caller, inspector)
    }
    add(HiveSearch.self) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.search(parameters, caller, inspector)
    }
    add(HiveGet.self) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.finding(parameters.id, caller)
    }
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

extension Coordinator {
  // MARK: The hive-mind

  /// The repository and the branch that a caller's findings belong to.
  private func place(_ caller: Caller, branch: String?, _ inspector: PeerInspector) -> (scope: String, branch: String) {
    let folder = caller.agent.flatMap { tasks[$0.task]?.stored.cwd } ?? inspector.workingDirectory(of: caller) ?? "/"
    let scope = GitBranch.commonDirectory(of: folder) ?? ""
    return (scope, caller.agent?.branch ?? branch ?? GitBranch.current(of: folder) ?? "main")
  }

  func put(_ finding: HivePut.Parameters, _ caller: Caller, _ inspector: PeerInspector) async throws(RPC.Failure)
    -> FindingView
  {
    let place = place(caller, branch: finding.branchID, inspector)
    let row = FindingRow(
      id: nextFinding, scope: place.scope, branch: place.branch, taskID: caller.agent?.task,
      kind: finding.kind.rawValue, title: finding.title, text: finding.text, tagsJSON: finding.tags.json.text,
      confidence: finding.confidence, at: now())
    nextFinding += 1
    try await stored { (store) throws(StoreError) in try await store.commit([.finding(row)]) }
    return FindingView(row)
  }

  func search(_ query: HiveSearch.Parameters, _ caller: Caller, _ inspector: PeerInspector) async throws(RPC.Failure)
    -> HiveSearch.Result
  {
    let place = place(caller, branch: query.branchID, inspector)
    let time = now()
    if let words = query.query, words.contains(where: { !$0.isWhitespace }) {
      let hits = try await stored { (store) throws(StoreError) in
        try await store.searchFindings(
          scope: place.scope, branches: [place.branch], query: words, now: time, limit: query.limit,
          offset: query.offset)
      }
      return HiveSearch.Result(
        findings: hits.map { hit in
          var view = FindingView(hit.finding)
          view.snippet = hit.snippet
          return view
        })
    }
    let filter = FindingFilter(scope: place.scope, branches: [place.branch], now: time)
    let page = try await stored { (store) throws(StoreError) in
      try await store.findingsPage(filter, limit: query.limit + query.offset)
    }
    return HiveSearch.Result(findings: page.rows.dropFirst(query.offset).map { FindingView($0) })
  }

  func finding(_ text: String, _ caller: Caller) async throws(RPC.Failure) -> FindingView {
    guard let id = Int64(text.hasPrefix("f") ? text.dropFirst() : text[...]), id > 0,
      let row = try await stored({ (store) throws(StoreError) in try await store.finding(id) }),
      caller.agent == nil || caller.agent?.branch == row.branch
    else { throw RPC.Failure(.notFound, "there is no finding \"\(text.prefix(60))\"", data: ["id": .string(text)]) }
    return FindingView(row)
  }
}

extension FindingView {
  init(_ row: FindingRow) {
    self.init(
      id: "f\(row.id)", branchID: row.branch, kind: FindingKind(rawValue: row.kind) ?? .finding, text: row.text,
      at: row.at)
    taskID = row.taskID
    title = row.title
    confidence = row.confidence
    if let json = try? JSON(parsing: row.tagsJSON), let tags = try? [String].read(json, at: .root("tags")) {
      self.tags = tags
    }
  }
}
