import JarvisLinux
import JarvisProtocol
import JarvisStore

/// Whose findings a caller means.
struct HivePlace: Sendable, Hashable {
  /// The git folder that all work trees of the repository share; empty outside of one.
  var scope: String
  var branch: String
}

extension Coordinator {
  /// The repository and the branch that a caller's findings belong to. For an agent both are its task's, whatever it
  /// says and wherever it went; for others the branch is the one named, else the folder's.
  func place(_ caller: Caller, branch: String?, _ inspector: PeerInspector) async throws(RPC.Failure) -> HivePlace {
    if let agent = caller.agent {
      guard let task = tasks[agent.task] else {
        throw RPC.Failure(.forbidden, "task \(agent.task) is over, so its agent has no branch any more")
      }
      let place = HivePlace(scope: task.stored.scope, branch: agent.branch)
      if let branch, branch != place.branch {
        let lineage = try await stored { (store) throws(StoreError) in
          try await store.lineage(scope: place.scope, branch: place.branch)
        }
        guard lineage.contains(where: { $0.name == branch }) else {
          throw RPC.Failure(
            .forbidden,
            "the agent of task \(agent.task) reads its own branch \"\(place.branch)\" and its parents, not "
              + "\"\(branch.prefix(100))\"")
        }
        return HivePlace(scope: place.scope, branch: branch)
      }
      return place
    }
    return await Self.place(of: inspector.workingDirectory(of: caller) ?? "/", branch: branch)
  }

  /// Beside the actor: a folder can be on a disk that hangs.
  @concurrent private nonisolated static func place(of folder: String, branch: String?) async -> HivePlace {
    HivePlace(
      scope: GitBranch.commonDirectory(of: folder) ?? "", branch: branch ?? GitBranch.current(of: folder) ?? "main")
  }

  func put(_ finding: HivePut.Parameters, _ caller: Caller, _ inspector: PeerInspector) async throws(RPC.Failure)
    -> FindingView
  {
    // An agent may read what is above its branch, and write on its own only.
    let place = try await place(caller, branch: caller.agent == nil ? finding.branchID : nil, inspector)
    guard finding.text.utf8.count <= config.hive.maxFinding else {
      throw RPC.Failure(
        WireError(
          path: "params.text",
          "has \(finding.text.utf8.count) bytes, over `[hive] max_finding` = \(config.hive.maxFinding): store the whole "
            + "in a file and its path as an artifact"))
    }
    let time = now()
    var row = FindingRow(
      id: nextFinding, scope: place.scope, branch: place.branch, taskID: caller.agent?.task,
      kind: finding.kind.rawValue, title: finding.title, text: finding.text, tagsJSON: finding.tags.json.text,
      key: finding.key, confidence: finding.confidence, at: time, expiresAt: finding.ttl.map { time + $0.seconds },
      agent: caller.agent.flatMap { tasks[$0.task]?.run?.key.description })
    nextFinding += 1
    let rules = FindingRules(
      expectedRevision: finding.expectedRevision.map { Int64($0) }, perTask: config.hive.maxPerTask,
      perBranch: config.hive.maxPerBranch,
      request: finding.requestKey.map { "\(caller.agent?.session ?? caller.session)\u{1F}\($0)" })
    do throws(StoreError) { row.revision = try await store.put(row, rules) } catch {
      switch error {
      case .revision(let key, _, let found):
        throw RPC.Failure(.conflict, error.description, data: ["key": .string(key), "revision": .int(found)])
      case .duplicateFinding(let id): return try await self.finding("f\(id)", caller)
      case .bound(_, let limit):
        throw RPC.Failure(.tooMany, error.description, data: ["limit": .int(Int64(limit))])
      default: throw RPC.Failure(.storage, error.description)
      }
    }
    hive.noteFinding(scope: place.scope, branch: place.branch)
    tellFinding(row)
    return FindingView(row)
  }

  func search(_ query: HiveSearch.Parameters, _ caller: Caller, _ inspector: PeerInspector) async throws(RPC.Failure)
    -> HiveSearch.Result
  {
    let place = try await place(caller, branch: query.branchID, inspector)
    var search = FindingSearch(scope: place.scope, branch: place.branch, query: query.query, now: now())
    if let words = query.query, words.allSatisfy(\.isWhitespace) { search.query = nil }
    search.kind = query.kind?.rawValue
    search.tags = query.tags
    search.withParents = query.parents
    search.withArchived = query.archived
    search.limit = query.limit
    if let text = query.cursor {
      guard let cursor = FindingCursor(text) else {
        throw RPC.Failure(WireError(path: "params.cursor", "is no cursor of this method"))
      }
      search.cursor = cursor
    }
    let page = try await stored { [search] (store) throws(StoreError) in try await store.searchFindings(search) }
    return HiveSearch.Result(
      findings: page.rows.map { hit in
        var view = FindingView(hit.finding).cut(to: 2000)
        if !hit.snippet.isEmpty { view.snippet = hit.snippet }
        return view
      }, nextCursor: page.next?.description)
  }

  func finding(_ text: String, _ caller: Caller) async throws(RPC.Failure) -> FindingView {
    let missing = RPC.Failure(.notFound, "there is no finding \"\(text.prefix(60))\"", data: ["id": .string(text)])
    guard let id = Int64(text.hasPrefix("f") ? text.dropFirst() : text[...]), id > 0,
      let row = try await stored({ (store) throws(StoreError) in try await store.finding(id) }),
      row.expiresAt.map({ $0 > now() }) ?? true
    else { throw missing }
    if let agent = caller.agent {
      let scope = tasks[agent.task]?.stored.scope
      let lineage = try await stored { (store) throws(StoreError) in
        try await store.lineage(scope: row.scope, branch: agent.branch)
      }
      // An agent is not told that there is something which it may not read.
      guard row.scope == scope, row.branch == agent.branch || lineage.contains(where: { $0.name == row.branch }) else {
        throw missing
      }
    }
    return FindingView(row)
  }

  /// One page of a branch's findings, whole.
  func export(_ query: HiveExport.Parameters, _ caller: Caller, _ inspector: PeerInspector) async throws(RPC.Failure)
    -> HiveExport.Result
  {
    let place = try await place(caller, branch: query.branchID, inspector)
    let filter = FindingFilter(scope: place.scope, branches: [place.branch], now: now())
    let after = query.cursor.flatMap { Int64($0) }
    guard query.cursor == nil || after != nil else {
      throw RPC.Failure(WireError(path: "params.cursor", "is no cursor of this method"))
    }
    let page = try await stored { (store) throws(StoreError) in
      try await store.findingsPage(filter, after: after, limit: query.limit, newestFirst: false)
    }
    var rows: [FindingRow] = []
    var bytes = 0
    for row in page.rows {
      bytes += row.text.utf8.count
      if bytes > 1 << 20, !rows.isEmpty { break }
      rows.append(row)
    }
    let next = rows.count < page.rows.count ? rows.last?.id : page.next
    var result = HiveExport.Result(branchID: place.branch, findings: rows.map { FindingView($0) })
    result.nextCursor = next?.description
    return result
  }

  // MARK: Branches

  func makeBranch(
    _ branch: BranchCreate.Parameters, _ caller: Caller, _ inspector: PeerInspector
  ) async throws(RPC.Failure) -> BranchView {
    let place = try await place(caller, branch: branch.branchID, inspector)
    try await change([
      .branch(scope: place.scope, name: place.branch, parent: branch.parentBranchID, at: now())
    ])
    let view = try await branchView(place)
    hive.note(scope: place.scope, branch: place.branch, parent: view.parentBranchID)
    return view
  }

  func archive(_ query: BranchArchive.Parameters, _ caller: Caller, _ inspector: PeerInspector)
    async throws(RPC.Failure) -> BranchView
  {
    let place = try await place(caller, branch: query.branchID, inspector)
    _ = try await branchView(place)
    try await change([
      .archiveBranch(scope: place.scope, name: place.branch, at: query.archived ? now() : nil, merged: false)
    ])
    return try await branchView(place)
  }

  func branchList(_ query: BranchList.Parameters, _ caller: Caller, _ inspector: PeerInspector)
    async throws(RPC.Failure) -> BranchList.Result
  {
    let place = try await place(caller, branch: nil, inspector)
    let rows = try await stored { (store) throws(StoreError) in
      try await store.branches(scope: query.all ? nil : place.scope)
    }
    return BranchList.Result(
      branches: rows.filter { query.archived || $0.archivedAt == nil }.map { BranchView($0) })
  }

  func merge(_ query: BranchMerge.Parameters, _ caller: Caller, _ inspector: PeerInspector)
    async throws(RPC.Failure) -> BranchMerge.Result
  {
    let place = try await place(caller, branch: query.branchID, inspector)
    let branch = try await branchView(place)
    guard let into = query.into ?? branch.parentBranchID else {
      throw RPC.Failure(
        .conflict,
        "branch \"\(place.branch)\" has no parent: name where to merge with `into`, or give it one with `branch.create`"
      )
    }
    guard into != place.branch else {
      throw RPC.Failure(WireError(path: "params.into", "is the branch itself"))
    }
    let time = now()
    let found = try await stored { (store) throws(StoreError) in
      try await store.mergeConflicts(scope: place.scope, place.branch, into: into, now: time, limit: 100)
    }
    var result = BranchMerge.Result(
      branchID: place.branch, into: into, merged: false, moved: 0, folded: 0,
      conflicts: found.map {
        KeyConflict(
          key: $0.branch.key ?? "", branch: FindingView($0.branch).cut(to: 1000),
          parent: FindingView($0.parent).cut(to: 1000))
      })
    if query.dryRun || (query.resolution == .refuse && !found.isEmpty) { return result }
    let rule: MergeRule? =
      switch query.resolution {
      case .refuse: nil
      case .parent: .parent
      case .branch: .branch
      case .both: .both
      }
    do throws(StoreError) {
      (result.moved, result.folded) = try await store.mergeBranch(
        scope: place.scope, place.branch, into: into, rule, at: time)
    } catch {
      if case .refused = error {
        throw RPC.Failure(.conflict, "a key got a second value while the branch was merged; merge it again: \(error)")
      }
      throw RPC.Failure(.storage, error.description)
    }
    hive.noteFinding(scope: place.scope, branch: into)
    tellMerge(place, into: into, moved: result.moved)
    result.merged = true
    return result
  }

  private func change(_ changes: [Change]) async throws(RPC.Failure) {
    do throws(StoreError) { try await store.commit(changes) } catch {
      if case .refused = error { throw RPC.Failure(.conflict, error.description) }
      throw RPC.Failure(.storage, error.description)
    }
  }

  private func branchView(_ place: HivePlace) async throws(RPC.Failure) -> BranchView {
    let row = try await stored { (store) throws(StoreError) in
      try await store.lineage(scope: place.scope, branch: place.branch).first
    }
    guard let row else {
      throw RPC.Failure(.notFound, "there is no branch \"\(place.branch)\"", data: ["id": .string(place.branch)])
    }
    return BranchView(row)
  }
}

extension BranchView {
  init(_ row: BranchRow) {
    self.init(branchID: row.name, findings: row.findings, createdAt: row.createdAt)
    parentBranchID = row.parent
    repository = row.scope.isEmpty ? nil : row.scope
    archivedAt = row.archivedAt
    mergedAt = row.mergedAt
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
    key = row.key
    revision = row.key == nil ? nil : Int(row.revision)
    agent = row.agent
    expiresAt = row.expiresAt
    if let json = try? JSON(parsing: row.tagsJSON), let tags = try? [String].read(json, at: .root("tags")) {
      self.tags = tags
    }
  }

  /// With at most so many bytes of text.
  func cut(to most: Int) -> FindingView {
    guard text.utf8.count > most else { return self }
    var view = self
    view.text = Phrase.shortened(text, to: most / 4)
    view.truncated = true
    return view
  }
}

extension MethodTable {
  /// `hive.*` and `branch.*`.
  mutating func addHiveMethods(_ coordinator: Coordinator, _ inspector: PeerInspector) {
    add(HivePut.self) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.put(parameters, caller, inspector)
    }
    add(HiveSearch.self) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.search(parameters, caller, inspector)
    }
    add(HiveGet.self) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.finding(parameters.id, caller)
    }
    add(HiveExport.self, forAgents: false) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.export(parameters, caller, inspector)
    }
    add(BranchCreate.self, forAgents: false) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.makeBranch(parameters, caller, inspector)
    }
    add(BranchList.self, forAgents: false) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.branchList(parameters, caller, inspector)
    }
    add(BranchMerge.self, forAgents: false) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.merge(parameters, caller, inspector)
    }
    add(BranchArchive.self, forAgents: false) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.archive(parameters, caller, inspector)
    }
    add(BatchReport.self) { (parameters, caller, _) throws(RPC.Failure) in
      try await BatchReporter(coordinator: coordinator).report(parameters, caller)
    }
  }
}
