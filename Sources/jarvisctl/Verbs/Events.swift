import ArgumentParser
import Glibc
import JarvisClient
import JarvisProtocol

/// `jarvisctl events`
struct Events: ParsableCommand {
  static let configuration = verb(
    "events", "Prints what happens from now on, until it is interrupted.",
    example: """
      jarvisctl events --kind task --batch b7
      jarvisctl events --json | jq -r .message
      """)

  @OptionGroup var globals: GlobalOptions

  @Flag(name: .shortAndLong, help: "Go on until interrupted (always so).")
  var follow = false

  @Option(name: .long, help: "Only this kind (repeatable): task, machine, daemon, overseer, progress, finding.")
  var kind: [EventKind] = []

  @Option(name: .long, help: "Only task events of this batch.")
  var batch: BatchID?

  @Option(name: .long, help: "Only task and finding events of this branch.")
  var branch: String?

  func run() throws {
    var isFirst = true
    try globals.persevering(globals.connect()) { client in
      if !isFirst { complain("the daemon went away and came back; events of the meantime are lost") }
      isFirst = false
      try follow(client)
    }
  }

  private func follow(_ client: Client) throws {
    let parameters = EventsSubscribe.Parameters(kinds: kind.isEmpty ? nil : kind, batchID: batch, branchID: branch)
    _ = try client.call(EventsSubscribe.self, parameters)
    let screen = globals.screen
    while let notification = try client.nextNotification() {
      guard notification.method == "event" else { continue }
      if globals.json { put(notification.params) } else { put(Self.line(notification.params.json, on: screen)) }
    }
  }

  private static func line(_ event: JSON, on screen: Screen) -> String {
    let at = event["at"]?.stringValue ?? ""
    let kind = event["kind"]?.stringValue ?? ""
    let message = escaped(event["message"]?.stringValue ?? "")
    guard screen.width != nil else { return "\(escaped(at))\t\(escaped(kind))\t\(message)\n" }
    let state = event["task"]?["state"]?.stringValue.flatMap { TaskState(rawValue: $0) }
    let time = Timestamp(rfc3339: at).map(localTime) ?? escaped(at)
    return screen.paint(time, .dim) + "  \(padded(escaped(kind), to: 8))  "
      + screen.paint(message, state.flatMap(style(of:))) + "\n"
  }

  /// `07:00:27` where the terminal stands.
  private static func localTime(_ timestamp: Timestamp) -> String {
    var seconds = time_t(timestamp.milliseconds / 1000)
    var parts = tm()
    localtime_r(&seconds, &parts)
    return [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
  }
}
