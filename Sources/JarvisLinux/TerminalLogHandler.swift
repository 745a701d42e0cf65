import Glibc
import JarvisProtocol
import Logging

/// A swift-log handler that writes one line a message to a descriptor: time, level, message, `key=value` pairs.
///
/// On a terminal the time is local and of the day, and levels are coloured unless NO_COLOR is set; elsewhere the time is
/// RFC 3339 in UTC and nothing is coloured. A line is one write(2), so lines of several threads and processes do not
/// mix. What cannot be written is dropped. It masks no secrets: see `redacted`.
public struct TerminalLogHandler: LogHandler {
  /// The least severe level that is written.
  public var logLevel: Logger.Level
  /// Written with every message of this handler.
  public var metadata: Logger.Metadata = [:]
  /// Metadata of the moment, such as the task at hand.
  public var metadataProvider: Logger.MetadataProvider?
  private let descriptor: Int32
  private let isTerminal: Bool
  private let hasColor: Bool

  /// A handler that writes to `descriptor`, stderr by default, which stays the caller's.
  public init(
    level: Logger.Level = .info, descriptor: Int32 = 2, metadataProvider: Logger.MetadataProvider? = nil
  ) {
    let isTerminal = isatty(descriptor) == 1
    // https://no-color.org: set and not empty.
    let noColor = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
    self.init(
      level: level, descriptor: descriptor, isTerminal: isTerminal, hasColor: isTerminal && !noColor,
      metadataProvider: metadataProvider)
  }

  /// For tests: whatever the descriptor is.
  init(
    level: Logger.Level, descriptor: Int32, isTerminal: Bool, hasColor: Bool,
    metadataProvider: Logger.MetadataProvider? = nil
  ) {
    logLevel = level
    self.descriptor = descriptor
    self.isTerminal = isTerminal
    self.hasColor = hasColor
    self.metadataProvider = metadataProvider
  }

  /// One entry of `metadata`.
  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes the message.
  public func log(event: LogEvent) {
    let line = Array(line(for: event, at: SystemClock.now()).utf8)
    line.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let written = retryingInterrupts {
          write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        }
        guard written > 0 else { return }
        rest = rest.dropFirst(written)
      }
    }
  }

  /// The line with its newline.
  func line(for event: LogEvent, at now: Timestamp) -> String {
    var line = isTerminal ? Self.timeOfDay(now) : now.description
    line += " " + painted(Self.name(event.level), Self.color(event.level)) + " "
    line += LogText.visible("\(event.message)", keepingNewlines: false)
    var pairs = LogText.merged(metadata, metadataProvider, event.metadata)
    if let error = event.error { pairs.append(("error", "\(error)")) }
    for (key, value) in pairs { line += " " + painted("\(key)=", "2") + Self.quoted(value) }
    return line + "\n"
  }

  /// The value, in quotes where a reader could not tell where it ends.
  static func quoted(_ value: String) -> String {
    let text = LogText.visible(value, keepingNewlines: false)
    guard text.isEmpty || text.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) else { return text }
    var result = "\""
    for c in text { result += c == "\"" ? "\\\"" : String(c) }
    return result + "\""
  }

  private func painted(_ text: String, _ code: String) -> String {
    hasColor && !code.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }

  private static func name(_ level: Logger.Level) -> String {
    switch level {
    case .trace: "trace"
    case .debug: "debug"
    case .info: "info "
    case .notice: "note "
    case .warning: "warn "
    case .error: "error"
    case .critical: "crit "
    }
  }

  private static func color(_ level: Logger.Level) -> String {
    switch level {
    case .trace, .debug: "2"
    case .info: ""
    case .notice: "36"
    case .warning: "33"
    case .error: "31"
    case .critical: "1;31"
    }
  }

  private static func timeOfDay(_ now: Timestamp) -> String {
    var seconds = time_t(now.milliseconds / 1000)
    var parts = tm()
    localtime_r(&seconds, &parts)
    func pad(_ n: Int, _ width: Int) -> String {
      let digits = String(n)
      return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    let milliseconds = Int(now.milliseconds % 1000)
    return
      "\(pad(Int(parts.tm_hour), 2)):\(pad(Int(parts.tm_min), 2)):\(pad(Int(parts.tm_sec), 2)).\(pad(milliseconds, 3))"
  }
}
