/// `daemon.info`
public enum DaemonInfo: Method {
  public static let name = "daemon.info"
  public static let summary = "Version, process, paths and configuration file of the daemon."
  public static let example: JSON = [:]
  public typealias Parameters = Empty

  /// The daemon.
  public struct Result: WireObject, Hashable {
    public var version: String
    public var pid: Int
    public var startedAt: Timestamp
    public var socket: String
    public var stateDirectory: String
    public var configFile: String?
    public var standalone: Bool
    public var wardenPID: Int?
    public var tier: Tier
    public var cgroupRoot: String?
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
  public static let name = "daemon.reload"
  public static let summary =
    "Reads the configuration again. A bad file is refused with its faults and the old one stays in force."
  public static let example: JSON = [:]
  public typealias Parameters = Empty

  /// What was read.
  public struct Result: WireObject, Hashable {
    public var configFile: String?
    public var changed: [String]
    public var needRestart: [String]

    /// A reload.
    public init(configFile: String?, changed: [String], needRestart: [String]) {
      self.configFile = configFile
      self.changed = changed
      self.needRestart = needRestart
    }

    public init(reading fields: inout ObjectReader) throws(WireError) {
      configFile = try fields.optional("config_file", "the file read; absent where only defaults are in force")
      changed = try fields.required("changed", "sections that changed")
      needRestart = try fields.required("need_restart", "changed sections that take effect at the next start only")
    }

    public func write(_ fields: inout ObjectWriter) {
      fields.set("config_file", configFile)
      fields.set("changed", changed)
      fields.set("need_restart", needRestart)
    }
  }
}

/// `daemon.drain`
public enum DaemonDrain: Method {
  public static let name = "daemon.drain"
  public static let summary = "Starts nothing more (running agents go on, submissions are queued), or starts again."
  public static let example: JSON = ["enabled": true]

  /// On or off.
  public struct Parameters: WireObject, Hashable {
    public var enabled: Bool

    /// On or off.
    public init(enabled: Bool) { self.enabled = enabled }

    public init(reading fields: inout ObjectReader) throws(WireError) {
      enabled = try fields.defaulted("enabled", "true: start nothing more; false: go on", true)
    }
    public func write(_ fields: inout ObjectWriter) { fields.set("enabled", enabled) }
  }

  /// What is still running.
  public struct Result: WireObject, Hashable {
    public var draining: Bool
    public var running: Int
    public var queued: Int

    /// Counts.
    public init(draining: Bool, running: Int, queued: Int) {
      self.draining = draining
      self.running = running
      self.queued = queued
    }

    public init(reading fields: inout ObjectReader) throws(WireError) {
      draining = try fields.required("draining", "whether nothing new is started")
      running = try fields.required("running", "agents that still run")
      queued = try fields.required("queued", "tasks that wait")
    }

    public func write(_ fields: inout ObjectWriter) {
      fields.set("draining", draining)
      fields.set("running", running)
      fields.set("queued", queued)
    }
  }
}

/// `daemon.doctor`
public enum DaemonDoctor: Method {
  public static let name = "daemon.doctor"
  public static let summary = "What was found on this machine, what is missing, and how to mend it."
  public static let example: JSON = [:]
  public typealias Parameters = Empty

  /// The findings.
  public struct Result: WireObject, Hashable {
    public var checks: [Check]

    /// Checks.
    public init(checks: [Check]) { self.checks = checks }

    public init(reading fields: inout ObjectReader) throws(WireError) {
      checks = try fields.required("checks", "one a subject")
    }
    public func write(_ fields: inout ObjectWriter) { fields.set("checks", checks) }
  }

  /// How one check came out.
  public enum Status: String, WireEnum {
    case ok, warning, problem
  }

  /// One check.
  public struct Check: WireObject, Hashable {
    public var subject: String
    public var status: Status
    public var found: String
    public var advice: String?

    /// A check.
    public init(subject: String, status: Status, found: String, advice: String? = nil) {
      self.subject = subject
      self.status = status
      self.found = found
      self.advice = advice
    }

    public init(reading fields: inout ObjectReader) throws(WireError) {
      subject = try fields.required("subject", "what was looked at")
      status = try fields.required("status", "ok; warning: works with less; problem: something does not work")
      found = try fields.required("found", "what was found")
      advice = try fields.optional("advice", "how to mend it")
    }

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
  public static let name = "daemon.attach"
  public static let summary =
    "Names this connection's session, so that a client that reconnects stays the same session. Sent by `jarvisctl mcp`."
  public static let example: JSON = ["session_id": "mcp-7f3a"]

  /// The session.
  public struct Parameters: WireObject, Hashable {
    public var sessionID: String

    /// A session.
    public init(sessionID: String) { self.sessionID = sessionID }

    public init(reading fields: inout ObjectReader) throws(WireError) {
      sessionID = try fields.required(
        "session_id", "any text that is unique to the client", schema: .string(format: nil, maxLength: 128))
      try fields.check("session_id", !sessionID.isEmpty && sessionID.utf8.count <= 128, "must be 1 to 128 bytes")
      try fields.check(
        "session_id", !sessionID.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F },
        "must not contain control characters")
    }
    public func write(_ fields: inout ObjectWriter) { fields.set("session_id", sessionID) }
  }

  /// The session.
  public typealias Result = Parameters
}

/// `events.subscribe`
public enum EventsSubscribe: Method {
  public static let name = "events.subscribe"
  public static let summary = "Sends an `event` notification for each change from now on, on this connection."
  public static let example: JSON = ["kinds": ["task"]]

  /// Which events.
  public struct Parameters: WireObject, Hashable {
    public var kinds: [EventKind]?
    public var batchID: BatchID?
    public var branchID: String?

    /// All events.
    public init(kinds: [EventKind]? = nil, batchID: BatchID? = nil, branchID: String? = nil) {
      self.kinds = kinds
      self.batchID = batchID
      self.branchID = branchID
    }

    public init(reading fields: inout ObjectReader) throws(WireError) {
      kinds = try fields.optional("kinds", "only these kinds")
      batchID = try fields.optional("batch_id", "task events of this batch only")
      branchID = try fields.optional("branch_id", "task events of this branch only")
    }

    public func write(_ fields: inout ObjectWriter) {
      fields.set("kinds", kinds)
      fields.set("batch_id", batchID)
      fields.set("branch_id", branchID)
    }
  }

  /// Done.
  public struct Result: WireObject, Hashable {
    public var subscribed: Bool
    public var sequence: Int

    /// A subscription.
    public init(subscribed: Bool, sequence: Int) {
      self.subscribed = subscribed
      self.sequence = sequence
    }

    public init(reading fields: inout ObjectReader) throws(WireError) {
      subscribed = try fields.required("subscribed", "whether events come now")
      sequence = try fields.required("sequence", "the number of the newest event before")
    }

    public func write(_ fields: inout ObjectWriter) {
      fields.set("subscribed", subscribed)
      fields.set("sequence", sequence)
    }
  }
}

/// `events.unsubscribe`
public enum EventsUnsubscribe: Method {
  public static let name = "events.unsubscribe"
  public static let summary = "Ends this connection's subscription."
  public static let example: JSON = [:]
  public typealias Parameters = Empty
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
  public var sequence: Int
  public var at: Timestamp
  public var kind: EventKind
  public var message: String
  public var task: TaskView?
  public var previousState: TaskState?
  public var zone: Zone?
  public var level: Level?

  /// An event.
  public init(sequence: Int, at: Timestamp, kind: EventKind, message: String) {
    self.sequence = sequence
    self.at = at
    self.kind = kind
    self.message = message
  }

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
