import CSystemd
import Glibc
import Logging

/// A swift-log handler that writes to the systemd journal with fields (sd_journal_sendv(3), systemd.journal-fields(7)).
///
/// The metadata keys `task`, `batch`, `branch`, `session` and `message_id` become JARVIS_TASK_ID, JARVIS_BATCH_ID,
/// JARVIS_BRANCH, JARVIS_SESSION and MESSAGE_ID; any other key becomes JARVIS_ and the key in capitals. Each message is
/// one datagram; when there is no journal it is dropped. It masks no secrets: see `redacted`.
public struct JournalLogHandler: LogHandler {
  /// The least severe level that is written.
  public var logLevel: Logger.Level
  /// Written with every message of this handler.
  public var metadata: Logger.Metadata = [:]
  /// Metadata of the moment, such as the task at hand.
  public var metadataProvider: Logger.MetadataProvider?
  private let label: String
  private let identifier: String

  /// A handler for the logger `label`; `identifier` is what `journalctl -t` finds, the program's name.
  public init(
    label: String, identifier: String, level: Logger.Level = .info, metadataProvider: Logger.MetadataProvider? = nil
  ) {
    self.label = label
    self.identifier = identifier
    logLevel = level
    self.metadataProvider = metadataProvider
  }

  /// Whether messages would reach a journal: stderr is connected to it (JOURNAL_STREAM, systemd.exec(5)), or its socket
  /// is there. A program on a terminal asks `isStderrJournal` instead.
  public static var isAvailable: Bool { isStderrJournal || access("/run/systemd/journal/socket", F_OK) == 0 }

  /// Whether stderr goes to the journal: JOURNAL_STREAM is set and holds stderr's device and inode.
  public static var isStderrJournal: Bool {
    guard let text = getenv("JOURNAL_STREAM") else { return false }
    return isStream(String(cString: text), descriptor: 2)
  }

  /// Whether `stream`, as `device:inode`, is the file behind a descriptor.
  static func isStream(_ stream: String, descriptor: Int32) -> Bool {
    let parts = stream.split(separator: ":")
    var status = stat()
    guard parts.count == 2, let device = UInt64(parts[0]), let inode = UInt64(parts[1]),
      fstat(descriptor, &status) == 0
    else { return false }
    return device == UInt64(status.st_dev) && inode == UInt64(status.st_ino)
  }

  /// One entry of `metadata`.
  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes the message.
  public func log(event: LogEvent) { Self.send(fields(of: event)) }

  /// The fields of a message, each as `NAME=value`.
  func fields(of event: LogEvent) -> [String] {
    var fields = [
      "MESSAGE=" + LogText.visible("\(event.message)", keepingNewlines: true),
      "PRIORITY=\(Self.priority(event.level))", "SYSLOG_IDENTIFIER=\(identifier)", "LOGGER=\(label)",
      "CODE_FILE=\(event.file)", "CODE_FUNC=\(event.function)", "CODE_LINE=\(event.line)",
    ]
    if let error = event.error { fields.append("JARVIS_ERROR=" + LogText.visible("\(error)", keepingNewlines: true)) }
    for (key, value) in LogText.merged(metadata, metadataProvider, event.metadata) {
      if let name = Self.fieldName(key) { fields.append("\(name)=" + LogText.visible(value, keepingNewlines: true)) }
    }
    return fields
  }

  /// syslog(3) priorities: critical 2, error 3, warning 4, notice 5, info 6, debug and trace 7.
  static func priority(_ level: Logger.Level) -> Int {
    switch level {
    case .critical: 2
    case .error: 3
    case .warning: 4
    case .notice: 5
    case .info: 6
    case .debug, .trace: 7
    }
  }

  /// A name that journald takes: capitals, digits and underscores, a letter first, at most 64; nil for an empty key.
  static func fieldName(_ key: String) -> String? {
    switch key {
    case "": return nil
    case "task": return "JARVIS_TASK_ID"
    case "batch": return "JARVIS_BATCH_ID"
    case "branch": return "JARVIS_BRANCH"
    case "session": return "JARVIS_SESSION"
    case "message_id": return "MESSAGE_ID"
    default:
      let name = key.utf8.map { byte -> UInt8 in
        switch byte {
        case 0x61...0x7A: byte - 0x20
        case 0x41...0x5A, 0x30...0x39: byte
        default: 0x5F
        }
      }
      return String(("JARVIS_" + String(decoding: name, as: UTF8.self)).prefix(64))
    }
  }

  private static func send(_ fields: [String]) {
    var bytes: [UInt8] = []
    let lengths = fields.map { field in
      bytes.append(contentsOf: field.utf8)
      return field.utf8.count
    }
    bytes.withUnsafeMutableBytes { buffer in
      guard let start = buffer.baseAddress else { return }
      var offset = 0
      let vectors = lengths.map { length in
        defer { offset += length }
        return iovec(iov_base: start + offset, iov_len: length)
      }
      sd_journal_sendv(vectors, Int32(vectors.count))
    }
  }
}
