import WardenProtocol

/// The coordinator's way to the warden: sends a message, never waits. Messages sent while the warden is away are
/// dropped; the reconciliation at the next connection makes up for them.
protocol WardenPort: Sendable {
  func send(_ message: DaemonMessage)
}

/// What arrives from the warden, in order.
enum WardenNews: Sendable {
  /// A connection stands: who the warden is, and all runs that it knows (held exits included).
  case connected(Welcome, [RunInfo])
  case messages([WardenMessage])
  case disconnected(String)
}
