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
