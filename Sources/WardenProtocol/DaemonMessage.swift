/// Whom a signal is for.
public enum SignalScope: UInt8, Sendable, CaseIterable {
  /// The agent's main process only.
  case main = 1
  /// Every process of the agent.
  case all = 2
}

/// What `jarvisd` says to the warden. Commands are carried out in the order in which they come; each start is
/// answered with `started` or `startFailed`, a command that can't be done with `failed`, and the rest silently.
public enum DaemonMessage: Equatable, Sendable {
  /// The first message of a connection. It makes this connection the daemon's; an older one is closed.
  case hello(version: UInt32)
  /// Start an agent.
  case start(RunSpec)
  /// Send a signal to an agent.
  case signal(RunKey, signal: Int32, scope: SignalScope)
  /// Kill every process of an agent (SIGKILL; `setsid` doesn't help them). Its `exited` follows.
  case kill(RunKey)
  /// Stop every process of an agent without its knowing (the cgroup freezer; SIGSTOP in the tier `tree`).
  case freeze(RunKey)
  /// Let a frozen agent go on.
  case thaw(RunKey)
  /// Replace an agent's limits; what is absent becomes unlimited.
  case setLimits(RunKey, RunLimits)
  /// Replace what all agents may use together; what is absent becomes unlimited. Only a cgroup holds it.
  case setTotals(RunLimits)
  /// The exit of this run is durable at the daemon: forget it. Harmless when the run is unknown.
  case ack(RunKey)
  /// Answer with `runs`.
  case list
  /// Leave. With `killAgents`: SIGTERM to all, SIGKILL after 5 s. Without: start nothing more and leave when the
  /// last agent has ended; a new `hello` takes that back. Exits that are not acknowledged stay on disk either way.
  case shutdown(killAgents: Bool)
}

extension DaemonMessage {
  /// The body of a frame with this message.
  public func encode() -> [UInt8] {
    var writer = WireWriter()
    func tag(_ number: UInt8, _ key: RunKey? = nil) {
      writer.write(number)
      key?.encode(into: &writer)
    }
    switch self {
    case .hello(let version):
      tag(1)
      writer.write(version)
    case .start(let spec):
      tag(2)
      spec.encode(into: &writer)
    case .signal(let key, let signal, let scope):
      tag(3, key)
      writer.write(signal)
      writer.write(scope.rawValue)
    case .kill(let key): tag(4, key)
    case .freeze(let key): tag(5, key)
    case .thaw(let key): tag(6, key)
    case .setLimits(let key, let limits):
      tag(7, key)
      limits.encode(into: &writer)
    case .ack(let key): tag(8, key)
    case .list: tag(9)
    case .shutdown(let killAgents):
      tag(10)
      writer.write(killAgents)
    case .setTotals(let limits):
      tag(11)
      limits.encode(into: &writer)
    }
    return writer.bytes
  }

  /// Reads the body of a frame.
  ///
  /// - Throws: `WireError` when the bytes are not exactly one message; the sentence names the field.
  public init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = WireReader(bytes[...])
    switch try reader.read(UInt8.self, "the kind of message") {
    case 1: self = .hello(version: try reader.read(UInt32.self, "the version"))
    case 2: self = .start(try RunSpec(from: &reader))
    case 3:
      let key = try RunKey(from: &reader)
      let signal = try reader.read(Int32.self, "the signal")
      guard (1...64).contains(signal) else { throw WireError("The signal is \(signal), expected 1 to 64.") }
      let rawScope = try reader.read(UInt8.self, "the scope")
      guard let scope = SignalScope(rawValue: rawScope) else {
        throw WireError("The scope is \(rawScope), expected 1 (main) or 2 (all).")
      }
      self = .signal(key, signal: signal, scope: scope)
    case 4: self = .kill(try RunKey(from: &reader))
    case 5: self = .freeze(try RunKey(from: &reader))
    case 6: self = .thaw(try RunKey(from: &reader))
    case 7: self = .setLimits(try RunKey(from: &reader), try RunLimits(from: &reader))
    case 8: self = .ack(try RunKey(from: &reader))
    case 9: self = .list
    case 10: self = .shutdown(killAgents: try reader.readBool("killAgents"))
    case 11: self = .setTotals(try RunLimits(from: &reader))
    case let kind: throw WireError("A message of kind \(kind) from the daemon, expected 1 to 11.")
    }
    try reader.finish()
  }
}
