import CLinux
import Dispatch
import Glibc
import JarvisConfig
import JarvisLinux
import JarvisProtocol
import Logging
import Synchronization

/// What sort of thing a person is told about.
enum AlertKind: String, Sendable, Hashable {
  /// A limit is near.
  case alert
  case throttle, freeze, kill
  /// The machine needs room.
  case machine
}

/// Something that a person is told.
struct Alert: Sendable {
  var kind: AlertKind
  var task: TaskID?
  var title: String
  var text: String
}

/// Reaches people outside of Jarvis: a configured command, and a desktop notification where there is a session bus.
///
/// At most one alert of a kind about a task in a while, at most four helpers at once, each killed after 30 s: an agent
/// that misbehaves must not make Jarvis misbehave.
final class Alerter: Sendable {
  private struct State {
    var last: [String: Timestamp] = [:]
    var running = 0
  }

  private static let mostAtOnce = 4
  private static let longest = 30.0

  private let environment: [String: String]
  private let log: Logger
  private let logFile: String
  private let state = Mutex(State())

  init(environment: [String: String], logFile: String, log: Logger) {
    self.environment = environment
    self.logFile = logFile
    self.log = log
  }

  func raise(_ alert: Alert, _ config: Config.Alerts, now: Timestamp) {
    let key = "\(alert.kind.rawValue)/\(alert.task?.description ?? "")"
    let isDue = state.withLock { state -> Bool in
      if let last = state.last[key], now - last < config.every, last <= now { return false }
      state.last = state.last.filter { now - $0.value < config.every }
      state.last[key] = now
      return true
    }
    guard isDue else { return }
    if !config.command.isEmpty { run(config.command, alert) }
    if config.desktop, let bus = sessionBus, let busctl = Self.busctl {
      // What follows -- may begin with a dash: the -1 does (the desktop's own time), and a text might.
      run(
        [
          busctl, "--address=\(bus)", "call", "--", "org.freedesktop.Notifications", "/org/freedesktop/Notifications",
          "org.freedesktop.Notifications", "Notify", "susssasa{sv}i", "Jarvis", "0", "dialog-warning",
          "Jarvis: \(alert.title)", alert.text, "0", "0", "-1",
        ], alert)
    }
  }

  /// The address of the user's session bus, if there is one.
  private var sessionBus: String? {
    if let address = environment["DBUS_SESSION_BUS_ADDRESS"], !address.isEmpty { return address }
    guard let runtime = environment["XDG_RUNTIME_DIR"], access(runtime + "/bus", R_OK | W_OK) == 0 else { return nil }
    return "unix:path=\(runtime)/bus"
  }

  /// systemd's own client; nil where there is none.
  private static let busctl = try? ExecutableFinder.find("busctl", path: "/usr/bin:/bin", folder: "/")

  private func run(_ line: [String], _ alert: Alert) {
    let mayRun = state.withLock { state -> Bool in
      guard state.running < Self.mostAtOnce else { return false }
      state.running += 1
      return true
    }
    guard mayRun else { return log.warning("an alert was dropped: \(Self.mostAtOnce) are on their way already") }
    var variables = environment
    variables["JARVIS_ALERT_KIND"] = alert.kind.rawValue
    variables["JARVIS_ALERT_TITLE"] = alert.title
    variables["JARVIS_ALERT_TEXT"] = alert.text
    variables["JARVIS_ALERT_TASK"] = alert.task?.description
    var argv: [UnsafeMutablePointer<CChar>?] = line.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    let pid = jarvis_start_service(line[0], &argv, &envp, logFile)
    guard pid > 0 else {
      state.withLock { $0.running -= 1 }
      return log.warning("an alert could not be sent: \(line[0]): \(String(cString: strerror(-pid)))")
    }
    let isOver = Mutex(false)
    let done = Done(isOver)
    DispatchQueue.global(qos: .utility).async { [self] in
      var status: Int32 = 0
      while waitpid(pid, &status, 0) < 0, errno == EINTR {}
      done.set()
      state.withLock { $0.running -= 1 }
      if status != 0 { log.warning("\(line[0]) could not deliver an alert (wait status \(status))") }
    }
    DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + Self.longest) {
      // Not reaped yet, so the number is still its.
      done.unlessSet { kill(pid, SIGKILL) }
    }
  }

  /// Whether a helper has been reaped; checked and acted on under one lock, so that no stranger is killed.
  private final class Done: Sendable {
    private let isOver: Mutex<Bool>
    init(_ isOver: consuming Mutex<Bool>) { self.isOver = isOver }
    func set() { isOver.withLock { $0 = true } }
    func unlessSet(_ body: () -> Void) {
      isOver.withLock { if !$0 { body() } }
    }
  }
}
