import Glibc
import Logging
import Testing

@testable import JarvisLinux

/// Serialized: these change the environment of the process.
@Suite(.serialized) struct SystemdTests {
  /// A socket as systemd would have it, and what arrives on it.
  private struct Manager {
    let descriptor: Int32

    init(_ path: String) throws {
      descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
      let fd = descriptor
      let bound = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      try #require(bound == 0)
    }

    func next() -> String {
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
  }

  @Test func messagesArriveAsSystemdWantsThem() throws {
    let folder = try TemporaryFolder()
    let manager = try Manager(folder("notify"))
    setenv("NOTIFY_SOCKET", folder("notify"), 1)
    defer {
      unsetenv("NOTIFY_SOCKET")
      close(manager.descriptor)
    }
    let notifier = SystemdNotifier()
    #expect(notifier.isActive)
    notifier.ready(status: "3 running\nREADY=0", mainPID: 42)
    #expect(manager.next() == "READY=1\nMAINPID=42\nSTATUS=3 running READY=0")
    notifier.watchdog()
    #expect(manager.next() == "WATCHDOG=1")
    notifier.reloading()
    let reload = manager.next()
    #expect(reload.hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
    #expect(UInt64(reload.dropFirst(27)) != nil)
    notifier.status("zone safe")
    #expect(manager.next() == "STATUS=zone safe")
    notifier.stopping()
    #expect(manager.next() == "STOPPING=1")
  }

  @Test func outsideOfSystemdNothingHappens() {
    unsetenv("NOTIFY_SOCKET")
    unsetenv("WATCHDOG_USEC")
    let notifier = SystemdNotifier()
    #expect(!notifier.isActive)
    notifier.ready()
    notifier.watchdog()
    #expect(notifier.watchdogInterval == nil)
    #expect(SocketActivation.listenFDs().isEmpty)
  }

  @Test func theWatchdogIsOnlyForTheProcessThatItNames() {
    defer {
      unsetenv("WATCHDOG_USEC")
      unsetenv("WATCHDOG_PID")
    }
    setenv("WATCHDOG_USEC", "30000000", 1)
    setenv("WATCHDOG_PID", "\(getpid())", 1)
    #expect(SystemdNotifier().watchdogInterval == .seconds(30))
    setenv("WATCHDOG_PID", "1", 1)
    #expect(SystemdNotifier().watchdogInterval == nil)
  }

  @Test func handedOverSocketsHaveTheirNamesAndAreTakenOnce() {
    // Descriptor 3 is whatever this process has there; only its close-on-exec flag is touched.
    let made = fcntl(3, F_GETFD) < 0 ? dup2(1, 3) : -1
    defer { if made == 3 { close(3) } }
    setenv("LISTEN_PID", "\(getpid())", 1)
    setenv("LISTEN_FDS", "1", 1)
    setenv("LISTEN_FDNAMES", "jarvis", 1)
    #expect(SocketActivation.listenFDs() == [ListenFD(name: "jarvis", descriptor: 3)])
    #expect(getenv("LISTEN_FDS") == nil && getenv("LISTEN_FDNAMES") == nil)
    #expect(SocketActivation.listenFDs().isEmpty)
  }

  @Test func stderrIsTheJournalWhenDeviceAndInodeAgree() throws {
    var status = stat()
    try #require(fstat(2, &status) == 0)
    #expect(JournalLogHandler.isStream("\(status.st_dev):\(status.st_ino)", descriptor: 2))
    #expect(!JournalLogHandler.isStream("\(status.st_dev):\(status.st_ino + 1)", descriptor: 2))
    #expect(!JournalLogHandler.isStream("nonsense", descriptor: 2))
  }
}
