/// `daemon.info`
public enum DaemonInfo: Method {
  /// As on the wire.
  public static let name = "daemon.info"
  /// What it does.
  public static let summary = "Version, process, paths and configuration file of the daemon."
  /// Parameters that a test reads.
  public static let example: JSON = [:]
  /// What it takes.
  public typealias Parameters = Empty

  /// The daemon.
  public struct Result: WireObject, Hashable {
    /// Jarvis's version.
    public var version: String
    /// Jarvisd's process.
    public var pid: Int
    /// When it started.
    public var startedAt: Timestamp
    /// Where it listens.
    public var socket: String
    /// Where its store and the tasks' output are.
    public var stateDirectory: String
    /// The configuration in force; absent where only defaults are.
    public var configFile: String?
    /// Whether it started the warden itself.
    public var standalone: Bool
    /// The warden's process; absent while it is away.
    public var wardenPID: Int?
    /// How limits are enforced.
    public var tier: Tier
    /// Where the agents' cgroups are.
    public var cgroupRoot: String?
    /// Cgroup controllers that the warden has.
    public var controllers: [String]

    /// A daemon.
    public init(
      version: String, pid: Int, startedAt: Timestamp, socket: String, stateDirectory: String, configFile: String?,
      standalone: Bool, wardenPID: Int?, tier: Tier, cgroupRoot: String?, controllers: [String]
    ) {
      self.version = version
      self.pid = pid
      self.startedAt = startedAt
      self.socket = socket
      self.stateDirectory = stateDirectory
      self.configFile = configFile
      self.standalone = standalone
      self.wardenPID = wardenPID
      self.tier = tier
      self.cgroupRoot = cgroupRoot
      self.controllers = controllers
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      version = try fields.required("version", "Jarvis's version")
      pid = try fields.required("pid", "jarvisd's process")
      startedAt = try fields.required("started_at", "when it started")
      socket = try fields.required("socket", "where it listens")
      stateDirectory = try fields.required("state_directory", "where its store and the tasks' output are")
      configFile = try fields.optional("config_file", "the configuration in force; absent where only defaults are")
      standalone = try fields.required("standalone", "whether it started the warden itself")
      wardenPID = try fields.optional("warden_pid", "the warden's process; absent while it is away")
      tier = try fields.required("tier", "how limits are enforced")
      cgroupRoot = try fields.optional("cgroup_root", "where the agents' cgroups are")
      controllers = try fields.required("controllers", "cgroup controllers that the warden has")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("version", version)
      fields.set("pid", pid)
      fields.set("started_at", startedAt)
      fields.set("socket", socket)
      fields.set("state_directory", stateDirectory)
      fields.set("config_file", configFile)
      fields.set("standalone", standalone)
      fields.set("warden_pid", wardenPID)
      fields.set("tier", tier)
      fields.set("cgroup_root", cgroupRoot)
      fields.set("controllers", controllers)
    }
  }
}

/// `daemon.reload`
public enum DaemonReload: Method {
  /// As on the wire.
  public static let name = "daemon.reload"
  /// What it does.
  public static let summary =
    "Reads the configuration again. A bad file is refused with its faults and the old one stays in force."
  /// Parameters that a test reads.
  public static let example: JSON = [:]
  /// What it takes.
  public typealias Parameters = Empty

  /// What was read.
  public struct Result: WireObject, Hashable {
    /// The file read; absent where only defaults are in force.
    public var configFile: String?
    /// Sections that changed.
    public var changed: [String]
    /// Changed sections that take effect at the next start only.
    public var needRestart: [String]

    /// A reload.
    public init(configFile: String?, changed: [String], needRestart: [String]) {
      self.configFile = configFile
      self.changed = changed
      self.needRestart = needRestart
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      configFile = try fields.optional("config_file", "the file read; absent where only defaults are in force")
      changed = try fields.required("changed", "sections that changed")
      needRestart = try fields.required("need_restart", "changed sections that take effect at the next start only")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("config_file", configFile)
      fields.set("changed", changed)
      fields.set("need_restart", needRestart)
    }
  }
}

/// `daemon.drain`
public enum DaemonDrain: Method {
  /// As on the wire.
  public static let name = "daemon.drain"
  /// What it does.
  public static let summary = "Starts nothing more (running agents go on, submissions are queued), or starts again."
  /// Parameters that a test reads.
  public static let example: JSON = ["enabled": true]

  /// On or off.
  public struct Parameters: WireObject, Hashable {
    /// True: start nothing more; false: go on.
    public var enabled: Bool

    /// On or off.
    public init(enabled: Bool) { self.enabled = enabled }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      enabled = try fields.defaulted("enabled", "true: start nothing more; false: go on", true)
    }
    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) { fields.set("enabled", enabled) }
  }

  /// What is still running.
  public struct Result: WireObject, Hashable {
    /// Whether nothing new is started.
    public var draining: Bool
    /// Agents that still run.
    public var running: Int
    /// Tasks that wait.
    public var queued: Int

    /// Counts.
    public init(draining: Bool, running: Int, queued: Int) {
      self.draining = draining
      self.running = running
      self.queued = queued
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      draining = try fields.required("draining", "whether nothing new is started")
      running = try fields.required("running", "agents that still run")
      queued = try fields.required("queued", "tasks that wait")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("draining", draining)
      fields.set("running", running)
      fields.set("queued", queued)
    }
  }
}

/// `daemon.doctor`
public enum DaemonDoctor: Method {
  /// As on the wire.
  public static let name = "daemon.doctor"
  /// What it does.
  public static let summary = "What was found on this machine, what is missing, and how to mend it."
  /// Parameters that a test reads.
  public static let example: JSON = [:]
  /// What it takes.
  public typealias Parameters = Empty

  /// The findings.
  public struct Result: WireObject, Hashable {
    /// One a subject.
    public var checks: [Check]

    /// Checks.
    public init(checks: [Check]) { self.checks = checks }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      checks = try fields.required("checks", "one a subject")
    }
    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) { fields.set("checks", checks) }
  }

  /// How one check came out.
  public enum Status: String, WireEnum {
    case ok, warning, problem
  }

  /// One check.
  public struct Check: WireObject, Hashable {
    /// What was looked at.
    public var subject: String
    /// Ok; warning: works with less; problem: something does not work.
    public var status: Status
    /// What was found.
    public var found: String
    /// How to mend it.
    public var advice: String?

    /// A check.
    public init(subject: String, status: Status, found: String, advice: String? = nil) {
      self.subject = subject
      self.status = status
      self.found = found
      self.advice = advice
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      subject = try fields.required("subject", "what was looked at")
      status = try fields.required("status", "ok; warning: works with less; problem: something does not work")
      found = try fields.required("found", "what was found")
      advice = try fields.optional("advice", "how to mend it")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("subject", subject)
      fields.set("status", status)
      fields.set("found", found)
      fields.set("advice", advice)
    }
  }
}

/// `daemon.attach`
public enum DaemonAttach: Method {
  /// As on the wire.
  public static let name = "daemon.attach"
  /// What it does.
  public static let summary =
    "Names this connection's session, so that a client that reconnects stays the same session. Sent by `jarvisctl mcp`."
  /// Parameters that a test reads.
  public static let example: JSON = ["session_id": "mcp-7f3a"]

  /// The session.
  public struct Parameters: WireObject, Hashable {
    /// Any text that is unique to the client.
    public var sessionID: String

    /// A session.
    public init(sessionID: String) { self.sessionID = sessionID }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      sessionID = try fields.required(
        "session_id", "any text that is unique to the client", schema: .string(format: nil, maxLength: 128))
      try fields.check("session_id", !sessionID.isEmpty && sessionID.utf8.count <= 128, "must be 1 to 128 bytes")
      try fields.check(
        "session_id", !sessionID.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F },
        "must not contain control characters")
    }
    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) { fields.set("session_id", sessionID) }
  }

  /// The session.
  public typealias Result = Parameters
}

/// `events.subscribe`
public enum EventsSubscribe: Method {
  /// As on the wire.
  public static let name = "events.subscribe"
  /// What it does.
  public static let summary = "Sends an `event` notification for each change from now on, on this connection."
  /// Parameters that a test reads.
  public static let example: JSON = ["kinds": ["task"]]

  /// Which events.
  public struct Parameters: WireObject, Hashable {
    /// Only these kinds.
    public var kinds: [EventKind]?
    /// Task events of this batch only.
    public var batchID: BatchID?
    /// Task events of this branch only.
    public var branchID: String?

    /// All events.
    public init(kinds: [EventKind]? = nil, batchID: BatchID? = nil, branchID: String? = nil) {
      self.kinds = kinds
      self.batchID = batchID
      self.branchID = branchID
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      kinds = try fields.optional("kinds", "only these kinds")
      batchID = try fields.optional("batch_id", "task events of this batch only")
      branchID = try fields.optional("branch_id", "task events of this branch only")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("kinds", kinds)
      fields.set("batch_id", batchID)
      fields.set("branch_id", branchID)
    }
  }

  /// Done.
  public struct Result: WireObject, Hashable {
    /// Whether events come now.
    public var subscribed: Bool
    /// The number of the newest event before.
    public var sequence: Int

    /// A subscription.
    public init(subscribed: Bool, sequence: Int) {
      self.subscribed = subscribed
      self.sequence = sequence
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      subscribed = try fields.required("subscribed", "whether events come now")
      sequence = try fields.required("sequence", "the number of the newest event before")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("subscribed", subscribed)
      fields.set("sequence", sequence)
    }
  }
}

/// `events.unsubscribe`
public enum EventsUnsubscribe: Method {
  /// As on the wire.
  public static let name = "events.unsubscribe"
  /// What it does.
  public static let summary = "Ends this connection's subscription."
  /// Parameters that a test reads.
  public static let example: JSON = [:]
  /// What it takes.
  public typealias Parameters = Empty
  /// What it answers.
  public typealias Result = EventsSubscribe.Result
}

/// What an event is about.
public enum EventKind: String, WireEnum {
  /// A task changed its state.
  case task
  /// The zone or the level changed.
  case machine
  /// The daemon or the warden came, went, drains or was reloaded.
  case daemon
  /// The overseer acted.
  case overseer
}

/// The parameters of an `event` notification.
public struct Event: WireObject, Hashable {
  /// Counts up by one; a gap means that events were dropped for a slow reader.
  public var sequence: Int
  /// When.
  public var at: Timestamp
  /// What it is about.
  public var kind: EventKind
  /// What happened, in a sentence.
  public var message: String
  /// The task as it is now.
  public var task: TaskView?
  /// The state it left.
  public var previousState: TaskState?
  /// The machine's zone now.
  public var zone: Zone?
  /// The service's level now.
  public var level: Level?

  /// An event.
  public init(sequence: Int, at: Timestamp, kind: EventKind, message: String) {
    self.sequence = sequence
    self.at = at
    self.kind = kind
    self.message = message
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    sequence = try fields.required(
      "sequence", "counts up by one; a gap means that events were dropped for a slow reader")
    at = try fields.required("at", "when")
    kind = try fields.required("kind", "what it is about")
    message = try fields.required("message", "what happened, in a sentence")
    task = try fields.optional("task", "the task as it is now")
    previousState = try fields.optional("previous_state", "the state it left")
    zone = try fields.optional("zone", "the machine's zone now")
    level = try fields.optional("level", "the service's level now")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("sequence", sequence)
    fields.set("at", at)
    fields.set("kind", kind)
    fields.set("message", message)
    fields.set("task", task)
    fields.set("previous_state", previousState)
    fields.set("zone", zone)
    fields.set("level", level)
  }
}
