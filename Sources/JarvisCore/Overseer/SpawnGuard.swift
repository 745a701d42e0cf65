import JarvisProtocol

/// How much agents may multiply. What people submit is bounded elsewhere, by the length of the queue: a person who
/// submits 10,000 tasks means it.
public struct SpawnPolicy: Sendable, Hashable {
  /// How deep agents may spawn agents; 0: not at all.
  public var maxDepth = 3
  /// Tasks that one agent and its descendants may spawn.
  public var maxChildren = 50
  /// Tasks spawned by agents of one session that may be live (waiting or running) at once; 0: no limit.
  public var maxLivePerSession = 500
  /// Tasks that the agents of one session may spawn in any 60 seconds; 0: no limit.
  public var maxPerMinute = 120
  /// What happens to agents that a lowered cap makes too many.
  public var whenOverCap = CapAction.drain

  /// The defaults; set what should differ.
  public init() {}
}

/// What is done with agents that run over a cap which was lowered under them.
public enum CapAction: String, Sendable, Hashable, CaseIterable {
  /// They end by themselves, and nothing new starts until there is room.
  case drain
  /// They are frozen, and go on when there is room.
  case freeze
}

/// Somebody asks for tasks.
public struct SpawnRequest: Sendable, Hashable {
  /// How many.
  public var count: Int
  /// The session that they count for.
  public var session: SessionKey
  /// The agent that asks; nil for a person or a program that is none of Jarvis's.
  public var agent: TaskID?
  /// How many agents are above the asking one; 0 for one that a person started.
  public var depth: Int
  /// How many tasks that agent and its descendants have spawned already.
  public var children: Int
  /// How many tasks that agents of the session spawned are live.
  public var live: Int

  /// Takes what is known of whoever asks.
  public init(count: Int, session: SessionKey, agent: TaskID?, depth: Int = 0, children: Int = 0, live: Int = 0) {
    self.count = count
    self.session = session
    self.agent = agent
    self.depth = depth
    self.children = children
    self.live = live
  }
}

/// Why tasks are refused.
public enum SpawnRefusal: Error, Sendable, Hashable, CustomStringConvertible {
  /// The agent is as deep as agents may be.
  case depth(TaskID, depth: Int, limit: Int)
  /// The agent has spawned as many as it may.
  case children(TaskID, spawned: Int, asked: Int, limit: Int)
  /// As many tasks that agents spawned are live as may be.
  case live(SessionKey, live: Int, asked: Int, limit: Int)
  /// The session's agents have spawned as many in a minute as they may; there is room in `seconds`, nil if never.
  case rate(SessionKey, spawned: Int, asked: Int, limit: Int, seconds: Double?)

  /// The configuration key of the bound.
  public var bound: String {
    switch self {
    case .depth: "max_depth"
    case .children: "max_children"
    case .live: "max_live_per_session"
    case .rate: "max_per_minute"
    }
  }

  /// The bound's size.
  public var limit: Int {
    switch self {
    case .depth(_, _, let limit), .children(_, _, _, let limit), .live(_, _, _, let limit),
      .rate(_, _, _, let limit, _):
      limit
    }
  }

  /// What is wrong, and what to do about it.
  public var description: String {
    let key = "`[agents] \(bound)` = \(limit)"
    switch self {
    case .depth(let task, let depth, _):
      return "task \(task) is \(depth) agents deep and may spawn no further (\(key)); do the work in this task"
    case .children(let task, let spawned, let asked, _):
      return "task \(task) and its descendants have spawned \(spawned) tasks, \(asked) more would be over \(key); "
        + "do the rest in this task"
    case .live(let session, let live, let asked, _):
      return "\(live) tasks that agents of session \(session) spawned are live, \(asked) more would be over \(key); "
        + "wait for some to end"
    case .rate(let session, let spawned, let asked, _, let seconds):
      let advice = seconds.map { "ask again in \(Figures.seconds($0.rounded(.up)))" } ?? "ask for fewer"
      return "agents of session \(session) spawned \(spawned) tasks in the last minute, \(asked) more would be over "
        + "\(key); \(advice)"
    }
  }
}

/// Keeps agents that spawn agents from running away.
public struct SpawnGuard: Sendable, Equatable {
  private struct Spawn: Sendable, Equatable {
    var at: Timestamp
    var count: Int
  }

  /// What the agents of each session spawned in the last minute, oldest first.
  private var recent: [SessionKey: [Spawn]] = [:]

  /// Has seen nothing yet.
  public init() {}

  /// Lets tasks in, and counts them; or says why not, and counts nothing.
  public mutating func admit(_ request: SpawnRequest, policy: SpawnPolicy, now: Timestamp) -> SpawnRefusal? {
    guard let agent = request.agent, request.count > 0 else { return nil }
    let asked = request.count
    guard request.depth < policy.maxDepth else {
      return .depth(agent, depth: request.depth, limit: policy.maxDepth)
    }
    guard request.children + asked <= policy.maxChildren else {
      return .children(agent, spawned: request.children, asked: asked, limit: policy.maxChildren)
    }
    if policy.maxLivePerSession > 0, request.live + asked > policy.maxLivePerSession {
      return .live(request.session, live: request.live, asked: asked, limit: policy.maxLivePerSession)
    }
    guard policy.maxPerMinute > 0 else { return nil }
    forget(before: now + -60, now: now)
    let window = recent[request.session] ?? []
    let spawned = window.reduce(0) { $0 + $1.count }
    guard spawned + asked <= policy.maxPerMinute else {
      return .rate(
        request.session, spawned: spawned, asked: asked, limit: policy.maxPerMinute,
        seconds: wait(window, toFree: spawned + asked - policy.maxPerMinute, now: now))
    }
    recent[request.session, default: []].append(Spawn(at: now, count: asked))
    return nil
  }

  /// Drops what is older than a minute; what a clock that was set back put into the future counts as now.
  private mutating func forget(before: Timestamp, now: Timestamp) {
    for (session, window) in recent {
      let kept = window.filter { $0.at > before }.map { Spawn(at: min($0.at, now), count: $0.count) }
      recent[session] = kept.isEmpty ? nil : kept
    }
  }

  private func wait(_ window: [Spawn], toFree need: Int, now: Timestamp) -> Double? {
    var freed = 0
    for spawn in window {
      freed += spawn.count
      if freed >= need { return max(0, spawn.at + 60 - now) }
    }
    return nil
  }
}

/// An agent, as caps see it.
public struct CappedAgent: Sendable, Hashable {
  /// Its task.
  public var id: TaskID
  /// Whose it is.
  public var session: SessionKey
  /// How urgent it is.
  public var priority: Priority
  /// When it was started.
  public var startedAt: Timestamp
  /// The agent that spawned it, if one did.
  public var parent: TaskID?
  /// How many agents are above it.
  public var depth: Int

  /// Takes what is known.
  public init(
    id: TaskID, session: SessionKey, priority: Priority, startedAt: Timestamp, parent: TaskID? = nil, depth: Int = 0
  ) {
    self.id = id
    self.session = session
    self.priority = priority
    self.startedAt = startedAt
    self.parent = parent
    self.depth = depth
  }
}

/// An agent that is one too many under a lowered cap.
public struct OverCap: Sendable, Hashable {
  /// Its task.
  public var id: TaskID
  /// What to do with it.
  public var action: CapAction
  /// A sentence for people: "3 agents run where `[scheduler] max_agents` allows 2; it is the youngest of the least urgent".
  public var sentence: String
}

extension SpawnGuard {
  /// Which of the working agents (frozen ones left out) are too many, the least urgent and youngest first. To be asked
  /// when a cap was lowered.
  public static func overCap(
    spawn: SpawnPolicy, scheduler: SchedulerPolicy, running: [CappedAgent]
  ) -> [OverCap] {
    // The most urgent and oldest stay.
    let order = running.sorted { a, b in
      if a.priority != b.priority { return a.priority.rank < b.priority.rank }
      return a.startedAt != b.startedAt ? a.startedAt < b.startedAt : a.id < b.id
    }
    var all = 0
    var bySession: [SessionKey: Int] = [:]
    var byParent: [TaskID: Int] = [:]
    var over: [OverCap] = []
    for agent in order {
      let ofSession = bySession[agent.session] ?? 0
      let ofParent = agent.parent.flatMap { byParent[$0] } ?? 0
      let why: String?
      if all >= scheduler.maxAgents {
        why = tooMany(running.count, "agents", "[scheduler] max_agents", scheduler.maxAgents)
      } else if ofSession >= scheduler.maxAgentsPerSession {
        let count = running.count { $0.session == agent.session }
        why = tooMany(
          count, "agents of its session", "[scheduler] max_agents_per_session", scheduler.maxAgentsPerSession)
      } else if agent.depth > spawn.maxDepth {
        why = "it is \(agent.depth) agents deep where `[agents] max_depth` allows \(spawn.maxDepth)"
      } else if agent.parent != nil, ofParent >= spawn.maxChildren {
        let count = running.count { $0.parent == agent.parent }
        why = tooMany(count, "children of its parent", "[agents] max_children", spawn.maxChildren)
      } else {
        why = nil
      }
      if let why {
        over.append(OverCap(id: agent.id, action: spawn.whenOverCap, sentence: why))
      } else {
        all += 1
        bySession[agent.session] = ofSession + 1
        if let parent = agent.parent { byParent[parent] = ofParent + 1 }
      }
    }
    return over.reversed()
  }

  private static func tooMany(_ count: Int, _ what: String, _ key: String, _ limit: Int) -> String {
    "\(count) \(what) run where `\(key)` allows \(limit), and it is among the least urgent and youngest"
  }
}
