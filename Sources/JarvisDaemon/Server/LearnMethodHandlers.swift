import JarvisCore
import JarvisProtocol
import JarvisStore

extension MethodTable {
  /// `learn.*`.
  mutating func addLearning(_ coordinator: Coordinator) {
    add(LearnRecord.self) { (parameters, caller, _) throws(RPC.Failure) in
      try await coordinator.learn(parameters, caller)
    }
    add(LearnGet.self) { (parameters, _, _) throws(RPC.Failure) in try await coordinator.learned(parameters) }
    add(LearnList.self) { (parameters, _, _) throws(RPC.Failure) in
      let rows = try await coordinator.stored { (store) throws(StoreError) in try await store.latestLearned() }
      // A value: the laws of many types are worked out beside the coordinator.
      let snapshot = await coordinator.learningSnapshot
      return LearnList.Result(
        profiles: snapshot.profiles.types.prefix(parameters.limit).compactMap { snapshot.view(of: $0) },
        learnings: rows.map { Learning($0) }.sorted { $0.taskType < $1.taskType })
    }
    add(LearnExport.self) { (parameters, _, _) throws(RPC.Failure) in
      let profiles = await coordinator.learningSnapshot.profiles
      if let type = parameters.taskType {
        guard let profile = profiles[type] else { throw Coordinator.noType(type) }
        return LearnExport.Result(version: 1, profiles: [profile.json], nextCursor: nil)
      }
      let rest = profiles.types.filter { $0 > parameters.cursor ?? "" }.sorted()
      let page = rest.prefix(parameters.limit)
      return LearnExport.Result(
        version: 1, profiles: page.compactMap { profiles[$0]?.json },
        nextCursor: page.count < rest.count ? page.last : nil)
    }
    add(LearnImport.self, forAgents: false) { (parameters, _, _) throws(RPC.Failure) in
      try await coordinator.importLearning(parameters)
    }
    add(LearnForget.self, forAgents: false) { (parameters, _, _) throws(RPC.Failure) in
      try await coordinator.forgetType(parameters.taskType)
      return parameters
    }
  }
}

extension Coordinator {
  /// Stores a learning; it is what tasks of that type are expected to be like until measured ones say otherwise.
  func learn(_ learning: Learning, _ caller: Caller) async throws(RPC.Failure) -> Learning {
    if learning.recordedAt != nil {
      throw RPC.Failure(WireError(path: "params.recorded_at", "is set by Jarvis and can't be given"))
    }
    let row = LearnedRow(
      taskType: learning.taskType, parallelBenefit: learning.parallelBenefit, notes: learning.notes ?? "",
      cpu: learning.resourceCost?.cpu, ram: learning.resourceCost?.ram, at: now(),
      session: caller.agent?.session ?? caller.session, branch: caller.agent?.branch ?? "")
    try await stored { (store) throws(StoreError) in try await store.commit([.learned(row)]) }
    learner.teach(row)
    return Learning(row)
  }

  func learned(_ query: LearnGet.Parameters) async throws(RPC.Failure) -> LearnGet.Result {
    let type = query.taskType
    let rows = try await stored { (store) throws(StoreError) in try await store.learned(type: type) }
    let profile = learningSnapshot.view(of: type)
    var observations: [JSON]?
    if query.observations > 0 {
      observations = try await stored { (store) throws(StoreError) in
        try await store.observations(of: type, limit: query.observations)
      }.compactMap { try? JSON(parsing: $0.json) }
    }
    return LearnGet.Result(
      taskType: type, profile: profile, learnings: rows.map { Learning($0) }, observations: observations)
  }

  /// Takes in an export, all or nothing, and returns when it is durable.
  func importLearning(_ parameters: LearnImport.Parameters) async throws(RPC.Failure) -> LearnImport.Result {
    var profiles: [TypeProfile] = []
    do throws(LearningFormatError) {
      guard parameters.version == 1 else {
        throw LearningFormatError(
          "version", "must be 1, found \(parameters.version): a newer Jarvis wrote this; import it with one as new")
      }
      for (i, json) in parameters.profiles.enumerated() {
        profiles.append(try TypeProfile(json: json, at: "profiles[\(i)]"))
      }
    } catch {
      throw RPC.Failure(WireError(path: "params.\(error.path)", error.message))
    }
    var taken = 0
    for profile in profiles where learner.profiles.merge(profile) {
      learner.touch(profile.type)
      taken += 1
    }
    saveLearning(now: true)
    try await confirm()
    return LearnImport.Result(taken: taken, leftOut: profiles.count - taken)
  }

  /// Forgets a type, and returns when that is durable.
  func forgetType(_ type: String) async throws(RPC.Failure) {
    let taught = try await stored { (store) throws(StoreError) in try await store.latestLearned(type: type) }
    guard learner.profiles.forget(type) || taught != nil else { throw Self.noType(type) }
    // What is still to be replayed at start-up must not bring it back.
    saveLearning(now: true)
    parcel.changes.append(.forgetType(type))
    try await confirm()
  }

  static func noType(_ type: String) -> RPC.Failure {
    RPC.Failure(
      .notFound, "nothing is known of the task type \"\(type.prefix(128))\"; `jarvisctl learn list` names those known",
      data: ["id": .string(type)])
  }

  /// What is known now, as a value, with what it is judged by.
  var learningSnapshot: LearningSnapshot {
    LearningSnapshot(
      profiles: learner.profiles, chooser: learner.chooser, limit: max(2, scheduler.policy.maxAgentsPerSession),
      memory: (sample?.memoryTotal).map { Double($0) * min(1, scheduler.policy.zones.ramDanger) }, now: now())
  }
}

/// What is known of types at a moment.
struct LearningSnapshot: Sendable {
  let profiles: ProfileStore
  let chooser: WidthChooser
  /// The most at once in one session.
  let limit: Int
  /// Bytes that may be used; nil where not known.
  let memory: Double?
  let now: Timestamp

  /// A type's profile as clients see it; nil for one of which nothing is known.
  func view(of type: String) -> ProfileView? {
    guard let profile = profiles[type] else { return nil }
    let law = profile.law(now: now)
    let choice = chooser.auto(profile, now: now)
    let verdict =
      switch choice {
      case .parallel: "parallel"
      case .sequential: "sequential"
      case .zones: "zones"
      }
    var view = ProfileView(
      taskType: type, total: profile.total, sigma: IntervalView(law.sigma), kappa: IntervalView(law.kappa),
      bestWidth: profile.bestWidth(tasks: 1000, limit: limit, memory: memory, now: now), verdict: verdict,
      verdictReason: choice.reason)
    view.firstSeen = profile.firstSeen
    view.lastSeen = profile.lastSeen
    view.changedAt = profile.changedAt
    view.changeReason = profile.change?.words
    view.secondsAlone = law.time(at: 1).map { IntervalView($0) }
    let widest = max(limit, Int((profile.widthPoints.last?.width ?? 1).rounded(.up)))
    view.widths = (1...min(64, widest)).map { width in
      WidthView(
        width: Double(width), seconds: law.time(at: Double(width)).map { IntervalView($0) },
        benefit: IntervalView(law.benefit(Double(width))))
    }
    view.points = profile.widthPoints.map {
      WidthPointView(width: $0.width, seconds: $0.seconds, spread: $0.spread, observations: $0.observations)
    }
    view.duration = profile.duration.map { SpreadView($0) }
    view.cpuSeconds = profile.cpuSeconds.map { SpreadView($0) }
    view.cores = profile.cores.map { SpreadView($0) }
    view.peakMemory = profile.peakMemory.map { SpreadView($0) }
    view.io = profile.io.map { SpreadView($0) }
    view.bottleneck = profile.bottleneck.map {
      BottleneckView(
        kind: $0.bottleneck.rawValue, share: $0.share, computing: $0.computing, cpuStall: $0.cpuStall,
        memoryStall: $0.memoryStall, ioStall: $0.ioStall, waiting: $0.waiting)
    }
    view.successRate = profile.successRate
    view.failureCauses = profile.failureCauses.map { FailureCauseView(cause: $0.cause, share: $0.share) }
    view.meanCost = profile.meanCost
    view.meanTokens = profile.meanTokens
    view.explanation = profile.explain(policy: chooser.policy, now: now)
    return view
  }
}

extension IntervalView {
  init(_ estimate: Estimate) { self.init(value: estimate.value, low: estimate.low, high: estimate.high) }
}

extension SpreadView {
  init(_ spread: Spread) { self.init(p50: spread.p50, p95: spread.p95, observations: spread.observations) }
}

extension Learning {
  init(_ row: LearnedRow) {
    let cost = row.cpu == nil && row.ram == nil ? nil : ResourceShare(cpu: row.cpu, ram: row.ram)
    self.init(
      taskType: row.taskType, parallelBenefit: row.parallelBenefit, notes: row.notes.isEmpty ? nil : row.notes,
      resourceCost: cost, recordedAt: row.at)
  }
}
