import JarvisProtocol

/// One of the two resources that zones are made of.
public enum Resource: String, Sendable, Hashable {
  case cpu, ram

  var label: String { self == .cpu ? "CPU" : "RAM" }
}

/// What a resource's use would be after a start. All values are shares of the machine.
public struct ProjectedUse: Sendable, Equatable {
  /// What the last sample says.
  public var sampled: Double
  /// What agents that started lately are expected to use and don't use yet.
  public var reserved: Double
  /// What the candidate is expected to use.
  public var expected: Double
  /// Whether the submitter declared that, instead of the learner or the policy's default.
  public var isDeclared: Bool
  /// Above this is danger; 1.0 or more: never.
  public var danger: Double

  /// The sum.
  public var total: Double { sampled + reserved + expected }

  /// Whether the start would keep the resource out of danger.
  public var fits: Bool { danger >= 1 || total <= danger + Self.rounding }

  /// 0.80 + 0.05 is a little more than 0.85 in binary; that must not decide.
  static let rounding = 1e-9
}

/// Why a task waits, starts, or is stopped, with the numbers that the decision was made on.
public struct Reason: Sendable, Equatable {
  /// What the decision turned on.
  public enum Kind: Sendable, Equatable {
    /// The machine has not been sampled yet.
    case noSample
    /// Nothing is started any more.
    case draining
    /// The level is `emergency`. Shares of the machine.
    case emergency(ram: Double, memoryPressure: Double?)
    /// Waits for another task; `unmet` counts all that it waits for.
    case dependency(Dependency, state: TaskState, unmet: Int)
    /// Waits for a time, `seconds` from now.
    case notBefore(Timestamp, seconds: Double)
    /// Its batch runs one at a time, in the order given, and this task comes before it.
    case sequentialBatch(behind: TaskID, state: TaskState)
    /// Its batch runs only so many at once.
    case widthLimit(active: Int, limit: Int)
    /// Its session has as many agents as it may.
    case sessionCap(active: Int, limit: Int)
    /// Its session has as many agents as it may in the `warning` zone.
    case warningCap(active: Int, limit: Int)
    /// There are as many agents as there may be.
    case agentCap(active: Int, limit: Int)
    /// The pause between two starts isn't over for `seconds`.
    case startGap(seconds: Double)
    /// The zone is `danger`, because of this resource, until its use falls below `leavesBelow`.
    case zoneDanger(Resource, used: Double, danger: Double, leavesBelow: Double)
    /// It would bring the processors' use into danger.
    case cpuProjection(ProjectedUse)
    /// It would bring the memory's use into danger.
    case ramProjection(ProjectedUse)
    /// The agents of its session, or all agents, would use more together than they may.
    case groupTotal(GroupScope, Resource, ProjectedUse)
    /// It may start, but others come first.
    case behindOthers
    /// A task that smaller ones have overtaken for too long holds the line.
    case heldLine(by: TaskID, seconds: Double)
    /// It is frozen, and nobody has asked to resume it.
    case paused
    /// It fits, and is started.
    case started(zone: Zone, cpu: ProjectedUse, ram: ProjectedUse, strategy: Strategy)
    /// It doesn't fit, but no agent works, and one always may.
    case boundedProgress(zone: Zone, cpu: ProjectedUse, ram: ProjectedUse)
    /// It fits, and is resumed.
    case resumed(zone: Zone, cpu: ProjectedUse, ram: ProjectedUse)
    /// It runs since before the daemon started.
    case takenOver
    /// Everything has stood still for the disks or the processors for `seconds`.
    case stalled(MachineCause, seconds: Double)
    /// Stopped or frozen to relieve the machine.
    case relieved(EmergencyAction, Relief)
    /// The API of its runner bears no more now.
    case api(String, APIRefusal)
    /// A budget that it counts for is used up.
    case budget(BudgetBreach)
  }

  /// What the decision turned on.
  public var kind: Kind
  /// How many tasks that are ready to run come before this one; nil where that says nothing. For a session's cap only
  /// those of the same session are counted.
  public var ahead: Int?

  init(_ kind: Kind, ahead: Int? = nil) {
    self.kind = kind
    self.ahead = ahead
  }

  /// Whether the lack of resources is what the task waits for.
  public var isShortage: Bool {
    switch kind {
    case .emergency, .warningCap, .zoneDanger, .cpuProjection, .ramProjection, .groupTotal, .heldLine, .stalled: true
    default: false
    }
  }

  /// Who was chosen to relieve the machine, and why; nil for other reasons.
  public var relief: Relief? {
    if case .relieved(_, let relief) = kind { return relief }
    return nil
  }

  /// A stable word for machines, such as `ram_projection`.
  public var code: String {
    switch kind {
    case .noSample: "no_sample"
    case .draining: "draining"
    case .emergency: "emergency"
    case .dependency: "dependency"
    case .notBefore: "not_before"
    case .sequentialBatch: "sequential_batch"
    case .widthLimit: "width_limit"
    case .sessionCap: "session_cap"
    case .warningCap: "warning_cap"
    case .agentCap: "agent_cap"
    case .startGap: "start_gap"
    case .zoneDanger: "zone_danger"
    case .cpuProjection: "cpu_projection"
    case .ramProjection: "ram_projection"
    case .groupTotal(let scope, let resource, _): "\(scope.rawValue)_\(resource.rawValue)_total"
    case .behindOthers: "behind_others"
    case .heldLine: "held_line"
    case .paused: "paused"
    case .started: "started"
    case .boundedProgress: "bounded_progress"
    case .resumed: "resumed"
    case .takenOver: "taken_over"
    case .stalled: "stalled"
    case .relieved: "relieved"
    case .api(_, .width): "api_width"
    case .api(_, .pause): "api_pause"
    case .api(_, .usageLimit): "usage_limit"
    case .api(_, .gap): "api_gap"
    case .budget: "budget"
    }
  }

  /// The reason for people: "waits: RAM 80.2 % + 3.1 % reserved + 4.0 % expected = 87.3 %, danger from 85.0 %".
  public var sentence: String {
    let text = kind.sentence
    guard let ahead, ahead > 0 else { return text }
    return text + (ahead == 1 ? "; 1 task is ahead of it" : "; \(ahead) tasks are ahead of it")
  }

  /// The reason's numbers by name, in a fixed order; shares of the machine are 0…1.
  public var numbers: [(String, Double)] {
    var all = kind.numbers
    if let ahead { all.append(("ahead", Double(ahead))) }
    return all
  }
}

extension Reason.Kind {
  var sentence: String {
    switch self {
    case .noSample: return "waits: the machine has not been sampled yet"
    case .draining: return "waits: Jarvis is draining and starts nothing"
    case .emergency(let ram, let pressure):
      return "waits: emergency, " + Self.memory(ram, pressure)
    case .dependency(let dependency, let state, let unmet):
      let wanted =
        switch dependency.condition {
        case .success: "succeed"
        case .failure: "fail"
        case .any: "end"
        }
      let others = unmet > 1 ? " (and for \(unmet - 1) more)" : ""
      return "waits for \(dependency.task) to \(wanted), which is \(state.rawValue)\(others)"
    case .notBefore(let time, let seconds):
      return "waits: not before \(time), \(number(seconds)) s from now"
    case .sequentialBatch(let first, let state):
      return "waits: its batch is sequential, and \(first), which is \(state.rawValue), comes before it"
    case .widthLimit(let active, let limit):
      return "waits: its batch has \(active) of at most \(limit) at once"
    case .sessionCap(let active, let limit):
      return "waits: its session has \(active) of at most \(limit) agents"
    case .warningCap(let active, let limit):
      return "waits: its session has \(active) of at most \(limit) agents in the warning zone"
    case .agentCap(let active, let limit):
      return "waits: there are \(active) of at most \(limit) agents"
    case .startGap(let seconds):
      return "waits: the next start is \(number(seconds)) s away"
    case .zoneDanger(let resource, let used, let danger, let leavesBelow):
      return "waits: \(resource.label) \(percent(used)), danger from \(percent(danger)) "
        + "until below \(percent(leavesBelow))"
    case .cpuProjection(let use): return "waits: " + Self.sum(.cpu, use)
    case .ramProjection(let use): return "waits: " + Self.sum(.ram, use)
    case .groupTotal(let scope, let resource, let use):
      return "waits: \(scope == .session ? "its session's agents" : "all agents") together: \(resource.label) "
        + "\(percent(use.sampled)) + \(percent(use.reserved)) reserved + \(percent(use.expected)) "
        + "\(use.isDeclared ? "declared" : "expected") = \(percent(use.total)), their limit is \(percent(use.danger))"
    case .behindOthers: return "waits for its turn"
    case .heldLine(let task, let seconds):
      return "waits: \(task) is too big for now and was overtaken for \(number(seconds)) s; it comes first"
    case .paused: return "paused"
    case .started(let zone, let cpu, let ram, let strategy):
      let note = strategy == .adaptive ? "; adaptive follows auto for now" : ""
      return "runs: zone \(zone.rawValue), \(Self.sum(.cpu, cpu)); \(Self.sum(.ram, ram))\(note)"
    case .boundedProgress(let zone, let cpu, let ram):
      return "runs because no other agent works, and one always may: zone \(zone.rawValue), "
        + "\(Self.sum(.cpu, cpu)); \(Self.sum(.ram, ram))"
    case .resumed(let zone, let cpu, let ram):
      return "resumed: zone \(zone.rawValue), \(Self.sum(.cpu, cpu)); \(Self.sum(.ram, ram))"
    case .takenOver: return "runs: it was taken over from before Jarvis started"
    case .stalled(let cause, let seconds): return "waits: \(cause.sentence), for \(number(seconds)) s"
    case .relieved(let action, let relief):
      let done =
        switch action {
        case .cancel: relief.isKill ? "killed" : "cancelled"
        case .requeue: "stopped and queued again"
        case .freeze: "frozen"
        }
      return "\(done) to relieve the machine: \(relief.sentence)"
    case .api(let runner, let refusal):
      switch refusal {
      case .width(let active, let limit):
        return "waits: the API of \(runner) bears \(limit) agents at once now, and \(active) work"
      case .pause(let seconds):
        return "waits: the API of \(runner) refused calls; the next start is in \(number(seconds)) s"
      case .usageLimit(let until, _): return "waits: the usage limit of \(runner) is reached until \(until)"
      case .gap(let seconds):
        return "waits: starts of \(runner) are staggered; the next is in \(number(seconds)) s"
      }
    case .budget(let breach): return "waits: \(breach.sentence)"
    }
  }

  var numbers: [(String, Double)] {
    switch self {
    case .noSample, .draining, .behindOthers, .paused, .takenOver: return []
    case .emergency(let ram, let pressure): return [("ram", ram)] + Self.optional("memory_pressure", pressure)
    case .dependency(_, _, let unmet): return [("unmet", Double(unmet))]
    case .notBefore(_, let seconds), .startGap(let seconds): return [("seconds", seconds)]
    case .sequentialBatch(let behind, _): return [("behind", Double(behind.raw))]
    case .heldLine(let by, let seconds): return [("held_by", Double(by.raw)), ("seconds", seconds)]
    case .widthLimit(let active, let limit), .sessionCap(let active, let limit), .warningCap(let active, let limit),
      .agentCap(let active, let limit):
      return [("active", Double(active)), ("limit", Double(limit))]
    case .zoneDanger(let resource, let used, let danger, let leavesBelow):
      return [(resource.rawValue, used), ("danger", danger), ("leaves_below", leavesBelow)]
    case .cpuProjection(let use): return Self.numbers(.cpu, use)
    case .ramProjection(let use): return Self.numbers(.ram, use)
    case .groupTotal(_, let resource, let use): return Self.numbers(resource, use)
    case .started(_, let cpu, let ram, _), .boundedProgress(_, let cpu, let ram), .resumed(_, let cpu, let ram):
      return Self.numbers(.cpu, cpu) + Self.numbers(.ram, ram)
    case .stalled(let cause, let seconds): return cause.numbers + [("seconds", seconds)]
    case .relieved(_, let relief): return relief.numbers
    case .api(_, .width(let active, let limit)): return [("active", Double(active)), ("limit", Double(limit))]
    case .api(_, .pause(let seconds)), .api(_, .gap(let seconds)), .api(_, .usageLimit(_, let seconds)):
      return [("seconds", seconds)]
    case .budget(let breach): return [("spent", breach.spent), ("limit", breach.limit)]
    }
  }

  private static func sum(_ resource: Resource, _ use: ProjectedUse) -> String {
    "\(resource.label) \(percent(use.sampled)) + \(percent(use.reserved)) reserved + \(percent(use.expected)) "
      + "\(use.isDeclared ? "declared" : "expected") = \(percent(use.total)), "
      + (use.danger >= 1 ? "never danger" : "danger from \(percent(use.danger))")
  }

  private static func memory(_ ram: Double, _ pressure: Double?) -> String {
    "RAM \(percent(ram))" + (pressure.map { ", stalled for memory \(percent($0)) of the time" } ?? "")
  }

  private static func numbers(_ resource: Resource, _ use: ProjectedUse) -> [(String, Double)] {
    let name = resource.rawValue
    return [
      ("\(name)_sampled", use.sampled), ("\(name)_reserved", use.reserved), ("\(name)_expected", use.expected),
      ("\(name)_projected", use.total), ("\(name)_danger", use.danger),
    ]
  }

  private static func optional(_ name: String, _ value: Double?) -> [(String, Double)] {
    value.map { [(name, $0)] } ?? []
  }
}

/// A share in per cent with one decimal: "87.3 %".
private func percent(_ share: Double) -> String { number(share * 100) + " %" }

/// One decimal, without Foundation: "87.3".
private func number(_ value: Double) -> String {
  guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
  let tenths = Int64((abs(value) * 10).rounded())
  return (value < 0 && tenths > 0 ? "-" : "") + "\(tenths / 10).\(tenths % 10)"
}
