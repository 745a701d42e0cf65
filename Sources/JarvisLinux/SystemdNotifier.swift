import CSystemd
import Glibc

/// Tells systemd how the service is (sd_notify(3)). Outside of systemd, where NOTIFY_SOCKET is not set, nothing is sent.
///
/// Failures to send are not reported: the service works on, and systemd's own time limits say that it was not heard.
public struct SystemdNotifier: Sendable {
  /// Nothing is opened: each message is a datagram of its own.
  public init() {}

  /// Whether somebody asked to be notified.
  public var isActive: Bool { getenv("NOTIFY_SOCKET") != nil }

  /// The service is up. `mainPID` names another process as the service's main one (after a re-exec through a helper).
  public func ready(status: String? = nil, mainPID: pid_t? = nil) {
    send([("READY", "1")] + (mainPID.map { [("MAINPID", "\($0)")] } ?? []) + Self.status(status))
  }

  /// The line that `systemctl status` shows.
  public func status(_ text: String) { send(Self.status(text)) }

  /// The service is alive. Call it from what must be alive, at less than `watchdogInterval`, and not from a timer.
  public func watchdog() { send([("WATCHDOG", "1")]) }

  /// The configuration is being read again; follow it with `ready`.
  public func reloading(status: String? = nil) {
    send(
      [("RELOADING", "1"), ("MONOTONIC_USEC", "\(SystemClock.systemdNanoseconds() / 1000)")] + Self.status(status))
  }

  /// The service is going down.
  public func stopping(status: String? = nil) { send([("STOPPING", "1")] + Self.status(status)) }

  /// Within which time systemd wants to hear `watchdog`, from WATCHDOG_USEC and WATCHDOG_PID (sd_watchdog_enabled(3));
  /// nil when the watchdog is off or meant for another process. Send at half of it.
  public var watchdogInterval: Duration? {
    var microseconds: UInt64 = 0
    guard sd_watchdog_enabled(0, &microseconds) > 0, microseconds > 0 else { return nil }
    return .microseconds(Int64(clamping: microseconds))
  }

  private static func status(_ text: String?) -> [(String, String)] { text.map { [("STATUS", $0)] } ?? [] }

  private func send(_ assignments: [(String, String)]) {
    // A line a variable: a newline inside a value would start another one.
    let lines = assignments.map { name, value in
      "\(name)=" + String(value.map { $0.isNewline || $0 == "\0" ? " " : $0 })
    }
    sd_notify(0, lines.joined(separator: "\n"))
  }
}

/// A socket that systemd opened for the service.
public struct ListenFD: Sendable, Hashable {
  /// `FileDescriptorName=` of the socket unit; `unknown` when systemd gave none.
  public let name: String
  /// The descriptor, close-on-exec. Whoever takes it closes it.
  public let descriptor: Int32
}

/// Socket activation (sd_listen_fds_with_names(3)).
public enum SocketActivation {
  /// The sockets handed over; empty when the service was not started by a socket.
  ///
  /// It removes LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES from the environment, so that no child takes them for its
  /// own: call it once, early, while there is one thread. A second call finds nothing.
  public static func listenFDs() -> [ListenFD] {
    var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    let count = sd_listen_fds_with_names(1, &names)
    defer {
      for index in 0..<Int(max(0, count)) { free(names?[index]) }
      free(names)
    }
    guard count > 0 else { return [] }
    return (0..<count).map { index in
      // SD_LISTEN_FDS_START is 3.
      ListenFD(name: names?[Int(index)].map { String(cString: $0) } ?? "unknown", descriptor: 3 + index)
    }
  }
}
