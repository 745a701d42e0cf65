import Logging

/// The MESSAGE_ID of Jarvis's main events in the journal: `journalctl MESSAGE_ID=…` finds them whatever their words.
/// The values are part of the interface and never change (sd-id128(3)).
public enum MessageID: String, Sendable, CaseIterable {
  case taskStarted = "a59eb076c03c4ddfa7a631d5f9361fb5"
  case taskEnded = "c9dc8437e7084d20a930dc5988c3c496"
  /// The overseer killed a task that broke a limit.
  case taskKilled = "7660e223242b4568b520ecb590bca458"
  /// The overseer alerted, throttled, froze or thawed an agent.
  case overseerActed = "5012a3f31999468bbe73b725f662c286"
  case zoneChanged = "5f0116bf581f490fa50be5c764af34f5"
  case levelChanged = "ad811fa4d520496cb40bbcd609be0a67"
  case daemonStarted = "2e53ce4e5f524bfa906a9a6a841ef719"
  case daemonStopping = "5d12f03908df4f7f91fd083ef54547aa"
  /// The warden died or cannot be reached.
  case wardenLost = "3a243a9f3f85469db2dd6dc138e113fd"

  /// The metadata key under which log handlers look for it.
  public static let metadataKey = "message_id"

  /// For a logger's metadata: `log.info("…", metadata: [MessageID.metadataKey: MessageID.taskStarted.metadata])`.
  public var metadata: Logger.Metadata.Value { .string(rawValue) }
}
