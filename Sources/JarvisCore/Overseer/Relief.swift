import JarvisProtocol

/// How near the machine is to running out of memory.
public enum GuardStage: Int, Sendable, Hashable, Comparable {
  /// Nothing must be done.
  case calm
  /// Memory has been in danger for long: `low` tasks make room.
  case emergency
  /// Memory is almost gone, or nothing moves for want of it: every task may have to make room.
  case severe
  /// About to fall: at once, the last critical task included.
  case falling

  /// By urgency.
  public static func < (a: GuardStage, b: GuardStage) -> Bool { a.rawValue < b.rawValue }
}

/// What about the machine makes the guard act. Shares are 0…1.
public enum MachineCause: Sendable, Hashable {
  /// Memory is in the danger zone.
  case memory(used: Double, danger: Double)
  /// Everything stood still for memory for this share of time.
  case memoryPressure(Double, line: Double)
  /// Everything stood still for the disks for this share of time.
  case ioPressure(Double, line: Double)
  /// Something waited for a processor for this share of time.
  case cpuPressure(Double, line: Double)
  /// This share of memory is available.
  case available(Double, line: Double)
  /// A session's agents together hold this share of memory.
  case session(SessionKey, held: Double, line: Double)
  /// All agents together hold this share of memory.
  case jarvis(held: Double, line: Double)
  /// The agents of a session, or all of them (nil), have so many processes and threads together.
  case processes(SessionKey?, count: Int, line: Int)

  /// The session that it is about; nil for the whole machine or all agents.
  public var session: SessionKey? {
    switch self {
    case .session(let session, _, _): session
    case .processes(let session, _, _): session
    default: nil
    }
  }

  /// Whether there are too many processes.
  public var isOfProcesses: Bool { if case .processes = self { true } else { false } }

  /// A clause for people: "RAM 90 %, danger from 85 %".
  public var sentence: String {
    switch self {
    case .memory(let used, let danger): "RAM \(Figures.percent(used)), danger from \(Figures.percent(danger))"
    case .memoryPressure(let share, let line):
      "stalled for memory \(Figures.percent(share)) of the time, too much from \(Figures.percent(line))"
    case .ioPressure(let share, let line):
      "stalled for the disks \(Figures.percent(share)) of the time, too much from \(Figures.percent(line))"
    case .cpuPressure(let share, let line):
      "waits for a processor \(Figures.percent(share)) of the time, too much from \(Figures.percent(line))"
    case .available(let share, let line):
      "\(Figures.percent(share)) of memory available, too little below \(Figures.percent(line))"
    case .session(let session, let held, let line):
      "the agents of session \(session) hold \(Figures.percent(held)) of memory, their limit is \(Figures.percent(line))"
    case .jarvis(let held, let line):
      "all agents hold \(Figures.percent(held)) of memory, their limit is \(Figures.percent(line))"
    case .processes(let session, let count, let line):
      "\(session.map { "the agents of session \($0)" } ?? "all agents") have \(count) processes and threads, "
        + "their limit is \(line)"
    }
  }

  /// The figure and its line, by name.
  public var numbers: [(String, Double)] {
    switch self {
    case .memory(let used, let line): [("ram", used), ("line", line)]
    case .memoryPressure(let share, let line): [("memory_pressure", share), ("line", line)]
    case .ioPressure(let share, let line): [("io_pressure", share), ("line", line)]
    case .cpuPressure(let share, let line): [("cpu_pressure", share), ("line", line)]
    case .available(let share, let line): [("available", share), ("line", line)]
    case .session(_, let held, let line), .jarvis(let held, let line): [("held", held), ("line", line)]
    case .processes(_, let count, let line): [("processes", Double(count)), ("line", Double(line))]
    }
  }
}

/// What the guard knows of an agent.
public struct AgentSummary: Sendable, Hashable {
  /// Its task.
  public var id: TaskID
  /// How urgent it is.
  public var priority: Priority
  /// Whose it is.
  public var session: SessionKey
  /// Share of the machine's memory that it holds, 0…1; before its first sample, what it is expected to use.
  public var memory: Double
  /// How that grows, for each second.
  public var growth: Double
  /// How many processes and threads it has.
  public var processes: Int
  /// When it was started.
  public var startedAt: Timestamp
  /// Whether it is frozen: it holds its memory, and will not use more.
  public var isFrozen: Bool
  /// Whether it is on its way out already.
  public var isEnding: Bool

  /// Takes what is known.
  public init(
    id: TaskID, priority: Priority, session: SessionKey = "", memory: Double, growth: Double = 0,
    processes: Int = 0, startedAt: Timestamp, isFrozen: Bool = false, isEnding: Bool = false
  ) {
    self.id = id
    self.priority = priority
    self.session = session
    self.memory = memory
    self.growth = growth
    self.processes = processes
    self.startedAt = startedAt
    self.isFrozen = isFrozen
    self.isEnding = isEnding
  }
}

/// Which agent makes room for the machine, and why.
public struct Relief: Sendable, Equatable {
  /// The victim.
  public var task: TaskID
  /// Its priority.
  public var priority: Priority
  /// How near the end the machine is.
  public var stage: GuardStage
  /// What is wrong with it.
  public var cause: MachineCause
  /// For how many seconds.
  public var seconds: Double
  /// Share of the machine's memory that the victim holds, and how it grows each second.
  public var memory: Double, growth: Double
  /// How many processes and threads the victim has.
  public var processes: Int

  /// Whether it is killed for the machine's sake (state `killed`), and not just made to wait or cancelled as `low` in
  /// an emergency.
  public var isKill: Bool {
    switch cause {
    case .session, .jarvis, .processes: true
    default: stage >= .severe
    }
  }

  /// Whether there is no time for a polite signal and a grace period.
  public var isUrgent: Bool { stage == .falling || cause.isOfProcesses }

  /// A clause for people: "RAM 90 %, danger from 85 %, for 31 s; of the low tasks it holds the most memory, 3 %".
  public var sentence: String {
    if cause.isOfProcesses { return "\(cause.sentence); it has most of them, \(processes)" }
    let grows = growth > 0.0005 ? ", growing by \(Figures.percent(growth)) a second" : ""
    return "\(cause.sentence), for \(Figures.seconds(seconds)); of the \(priority.rawValue) tasks it weighs most "
      + "with \(Figures.percent(memory)) of memory\(grows)"
  }

  /// The figures by name.
  public var numbers: [(String, Double)] {
    cause.numbers + [
      ("seconds", seconds), ("victim_memory", memory), ("victim_growth", growth),
      ("victim_processes", Double(processes)),
    ]
  }
}

/// The level was left for another, and on what figures.
public struct LevelChange: Sendable, Equatable {
  /// The level before.
  public var from: Level
  /// The level now.
  public var to: Level
  /// What it turns on, if the guard knows.
  public var cause: MachineCause?
  /// The machine at that moment.
  public var machine: MachineState
  /// Tasks that waited and ran at that moment.
  public var queued: Int, running: Int

  /// A sentence for people and the journal.
  public var sentence: String {
    let word = to > from ? "the level rises" : "the level falls"
    let why = cause.map { "; \($0.sentence)" } ?? ""
    return "\(word) from \(from.rawValue) to \(to.rawValue): CPU \(Figures.percent(machine.cpu)), "
      + "RAM \(Figures.percent(machine.ram))\(pressure)\(why); \(running) running, \(queued) queued"
  }

  /// The figures by name, for events and the journal's fields.
  public var numbers: [(String, Double)] {
    var all = [("cpu", machine.cpu), ("ram", machine.ram), ("available", 1 - machine.ram)]
    let pressures = [
      ("memory_pressure", machine.memoryFullPSI), ("io_pressure", machine.ioFullPSI),
      ("cpu_pressure", machine.cpuSomePSI),
    ]
    for (name, value) in pressures { if let value { all.append((name, value)) } }
    return all + [("queued", Double(queued)), ("running", Double(running))]
  }

  private var pressure: String {
    let parts = [
      machine.memoryFullPSI.map { "memory \(Figures.percent($0))" },
      machine.ioFullPSI.map { "io \(Figures.percent($0))" },
      machine.cpuSomePSI.map { "cpu \(Figures.percent($0))" },
    ].compactMap { $0 }
    return parts.isEmpty ? "" : ", pressure " + parts.joined(separator: " ")
  }
}

extension Level {
  private var severity: Int {
    switch self {
    case .ideal: 0
    case .constrained: 1
    case .starved: 2
    case .emergency: 3
    }
  }

  static func > (a: Level, b: Level) -> Bool { a.severity > b.severity }
}
