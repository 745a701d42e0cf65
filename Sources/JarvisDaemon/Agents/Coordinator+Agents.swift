import Glibc
import JarvisAgents
import JarvisConfig
import JarvisCore
import JarvisProtocol
import JarvisStore
import WardenProtocol

// Agents whose output is a stream of events: followed while they run, judged by it when they have exited.
extension Coordinator {
  /// The format of a task's output, if that has a terminal event.
  func streamFormat(of task: LiveTask) -> StreamFormat? {
    guard task.stored.runner != "command", let output = runner(of: task)?.output else { return nil }
    return StreamFormat(rawValue: output.rawValue).flatMap { $0.hasTerminalEvent ? $0 : nil }
  }

  /// Puts what is configured for agents in force.
  func configureAgents() {
    for (name, file) in published.withLock({ $0.runners.files }) where file.output != .text {
      var policy = APIGatePolicy()
      policy.maxWidth = file.maxAgents
      policy.gap = file.startGap
      scheduler.setAPIPolicy(policy, runner: name)
    }
    scheduler.setBudgets(BudgetPolicy(config.budgets))
    if let problem = MCPFiles.write(paths) { log.warning("agents get no MCP server of Jarvis: \(problem)") }
  }

  // MARK: Following

  /// Begins to read what an attempt writes, or goes on where the last daemon was.
  func follow(_ id: TaskID) {
    guard let task = tasks[id], let run = task.run, run.agent == nil, let format = streamFormat(of: task) else {
      return
    }
    var stream = AgentStream(format, before: task.stored.tokensBefore ?? TokenCount())
    var agent = AgentRun(format: format, report: stream.report)
    if let saved = savedAgents.removeValue(forKey: id), saved.run == run.key.name,
      let old = AgentStream(format, saved: saved.stream)
    {
      stream = old
      agent.report = old.report
      agent.counted = saved.counted
      agent.savedOffset = old.offset
      if old.report.isOver { agent.endBy = now() + config.agents.linger }
    }
    tasks[id]?.run?.agent = agent
    let follower = AgentFollower()
    followers[run.key] = follower
    follower.start(stream, file: outputPaths(of: id, run.key)[0], key: run.key, coordinator: self)
  }

  /// An agent said something.
  func heard(_ key: RunKey, _ stream: AgentStream, _ events: [AgentEvent]) {
    take(key, stream, events)
    endTurn()
  }

  /// An agent has exited, and this is the end of what it said.
  func heardAll(_ key: RunKey, _ stream: AgentStream, _ events: [AgentEvent]) {
    followers.removeValue(forKey: key)
    take(key, stream, events)
    if let id = task(of: key), let exit = tasks[id]?.run?.agent?.exit {
      tasks[id]?.run?.agent?.isRead = true
      tasks[id]?.run?.agent?.exit = nil
      save(id, stream)
      judge(id, exit)
    }
    endTurn()
  }

  /// An exit that must wait until the output has been read; false: there is nothing to wait for.
  func waitForOutput(_ id: TaskID, _ report: ExitReport) -> Bool {
    follow(id)
    guard let run = tasks[id]?.run, let agent = run.agent, !agent.isRead, let follower = followers[run.key] else {
      return false
    }
    tasks[id]?.run?.agent?.exit = report
    follower.finish()
    return true
  }

  private func take(_ key: RunKey, _ stream: AgentStream, _ events: [AgentEvent]) {
    guard let id = task(of: key), var agent = tasks[id]?.run?.agent else { return }
    let time = now()
    agent.report = stream.report
    for event in events {
      switch event {
      case .retry(let retry) where !retry.isBackPressure: break
      case .retry(let retry): scheduler.apiRefused(id, delay: retry.delay, now: time)
      case .turn: scheduler.apiWentWell(id)
      case .usageLimit(let limit): scheduler.apiLimited(id, until: Self.reset(limit, now: time), now: time)
      case .terminal: agent.endBy = time + config.agents.linger
      case .session, .action, .usage: break
      }
    }
    // A turn after what looked like the end.
    if !agent.report.isOver { agent.endBy = nil }
    tasks[id]?.run?.agent = agent
    if count(id) || stream.offset - agent.savedOffset > 1 << 20 { save(id, stream) }
    tellProgress(id, events, at: time)
  }

  /// Keeps what was read, with what was counted of it, in one piece: the next daemon counts nothing twice.
  private func save(_ id: TaskID, _ stream: AgentStream) {
    guard let task = tasks[id], let run = task.run, let agent = run.agent else { return }
    var saved = SavedAgent(run: run.key.name, counted: agent.counted, stream: stream.saved)
    if agent.isRead, let schema = task.stored.spec.resultSchema {
      let found = agent.report.structured ?? ResultSchema.json(in: agent.report.answer)
      saved.structured = found
      saved.schemaProblem =
        found.map { ResultSchema(schema).problem(with: $0) } ?? "the answer has no JSON in it"
    }
    parcel.changes.append(.agent(id, json: saved.json.text))
    tasks[id]?.run?.agent?.savedOffset = stream.offset
  }

  private func tellProgress(_ id: TaskID, _ events: [AgentEvent], at time: Timestamp) {
    guard self.events.hasSubscribers, !events.isEmpty, let agent = tasks[id]?.run?.agent else { return }
    if let told = agent.toldAt, time >= told, time - told < 1 {
      tasks[id]?.run?.agent?.tellAt = told + 1
    } else {
      tellProgress(id, at: time)
    }
  }

  /// Tells what came too soon after the last progress, when it is time: the last of many actions is told too.
  func tellLateProgress(_ id: TaskID, at time: Timestamp) {
    guard let at = tasks[id]?.run?.agent?.tellAt, at <= time else { return }
    tellProgress(id, at: time)
  }

  private func tellProgress(_ id: TaskID, at time: Timestamp) {
    tasks[id]?.run?.agent?.toldAt = time
    tasks[id]?.run?.agent?.tellAt = nil
    guard let task = tasks[id], let agent = task.run?.agent else { return }
    let doing = agent.report.action.map { ": \($0)" } ?? ""
    var event = Event(sequence: 0, at: time, kind: .progress, message: "\(id) is in turn \(agent.report.turn)\(doing)")
    event.task = view(of: task)
    self.events.publish { event }
  }

  /// What it says of itself, for clients.
  func activity(of task: LiveTask) -> TaskActivity? {
    guard let agent = task.run?.agent else { return nil }
    return TaskActivity(agent.report, cost: agent.report.cost.map { max(0, $0 - (task.stored.costBefore ?? 0)) })
  }

  // MARK: Judging

  /// Stream and exit together say how it ended.
  func judge(_ id: TaskID, _ agent: AgentRun, _ report: ExitReport, lingered: Bool) {
    let exit: AgentExit =
      switch report.status {
      case _ where lingered: .lingered
      case .exited(let code): .status(code)
      case .signalled(let signal, _): .signal(Text.signal(signal))
      }
    switch AgentOutcome(agent.report, exit) {
    case .succeeded(let why):
      scheduler.apiWentWell(id)
      end(id, .succeeded, why, report: report)
    case .failed(let why): settleOrRetry(id, .failed, why, report: report)
    case .limited(let limit, let why):
      let reset = Self.reset(limit, now: now())
      scheduler.apiLimited(id, until: reset, now: now())
      park(id, why, at: reset ?? now() + APIGatePolicy().unknownReset, report)
    case .overloaded(let retry, let why):
      scheduler.apiRefused(id, delay: retry.delay, now: now())
      let parks = tasks[id]?.stored.parks ?? 0
      // 2 s, 4 s … 2 minutes, and what the API asks for if that is more.
      let wait = max(min(120, Double(2 << min(parks, 6))), min(600, retry.delay ?? 0))
      park(id, why, at: now() + wait, report)
    }
  }

  /// When a limit is over; local time is the daemon's.
  private static func reset(_ limit: UsageLimit, now: Timestamp) -> Timestamp? {
    limit.reset(now: now) { time in
      var seconds = time_t(time.milliseconds / 1000)
      var parts = tm()
      return localtime_r(&seconds, &parts) == nil ? 0 : parts.tm_gmtoff
    }
  }

  /// The API, and not the agent, was in the way: the same conversation goes on later. It counts as no failure of the
  /// task, but not without end.
  private func park(_ id: TaskID, _ why: String, at time: Timestamp, _ report: ExitReport) {
    guard var task = tasks[id], task.stored.parks < 50, let agent = task.run?.agent else {
      return end(id, .failed, why, report: report)
    }
    task.stored.parks += 1
    var how = "it begins anew"
    if let session = agent.report.sessionID, runner(of: task)?.canResume == true {
      task.stored.session = session
      if agent.format.tellsCostOfConversation, let cost = agent.report.cost { task.stored.costBefore = cost }
      if agent.format.tellsTokensOfConversation {
        task.stored.tokensBefore = agent.report.tokensBefore + agent.report.tokens
      }
      how = "the same session goes on"
    }
    tasks[id] = task
    parcel.changes.append(.spec(id: id, specJSON: task.stored.json.text, priority: task.priority))
    again(id, "\(why); \(how) at \(time)", at: time, report: report)
  }
}
