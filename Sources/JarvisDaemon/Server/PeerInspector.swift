import Glibc
import JarvisLinux
import JarvisProtocol
import Synchronization

/// What a peer is to Jarvis.
enum Peer: Sendable {
  case person
  case agent(AgentIdentity)
  /// Its process has ended, or it belongs to an agent whose task is over.
  case undecided
}

/// Asks the kernel who is at the other end of a socket.
final class PeerInspector: Sendable {
  private let table = ProcessTable()
  private let mount = CgroupMount.version2()
  private let last = Mutex(LastEnvironment())

  /// Who submits often has the same environment each time: it is taken apart once.
  private struct LastEnvironment {
    var pid: Int32 = 0
    var startTicks: UInt64?
    /// When it was read, in nanoseconds.
    var at: UInt64 = 0
    var bytes: [UInt8] = []
    var values: [String: String] = [:]
  }

  /// The peer's process and user, its session (getsid(2)), and its start time.
  func caller(of pid: Int32, uid: UInt32) -> Caller {
    let stat = table.stat(of: pid)
    let session = stat.map { "sid-\($0.session)" } ?? "pid-\(pid)"
    return Caller(pid: pid, uid: uid, startTicks: stat?.startTicks, session: session, agent: nil)
  }

  /// Whether the peer is one of Jarvis's agents. In doubt it is not taken for a person: the news of an agent's start
  /// can be behind its first connection, so the question is asked again for up to a second.
  func peer(of caller: Caller, _ coordinator: Coordinator) async -> Peer {
    var answer = Peer.undecided
    for attempt in 0..<50 where !Task.isCancelled {
      if attempt > 0 { try? await Task.sleep(for: .milliseconds(20), clock: .continuous) }
      guard isSame(caller) else { return .undecided }
      let folder = mount?.folder(of: caller.pid)
      let chain = [caller.pid] + table.parentChain(of: caller.pid)
      answer = await coordinator.peer(inCgroup: folder, ancestors: chain) { table.stat(of: $0) }
      if case .undecided = answer { continue }
      return answer
    }
    return answer
  }

  /// The peer's folder, and its environment as it was when its program started (proc_pid_environ(5)), at most 1 MiB of
  /// it; nil when the process has been replaced by another. Who submits many tasks is asked for its environment once a
  /// second; its folder can change at any time.
  func surroundings(of caller: Caller) -> (folder: String?, environment: [String: String]?)? {
    let folder = workingDirectory(of: caller.pid)
    let time = SystemClock.monotonicNanoseconds()
    let known = last.withLock { last in
      last.pid == caller.pid && last.startTicks == caller.startTicks && time &- last.at < 1_000_000_000
        ? last.values : nil
    }
    if let known { return (folder, known) }
    let read = environment(of: caller.pid)
    guard isSame(caller) else { return nil }
    guard let (bytes, values) = read else { return (folder, nil) }
    last.withLock {
      $0 = LastEnvironment(pid: caller.pid, startTicks: caller.startTicks, at: time, bytes: bytes, values: values)
    }
    return (folder, values)
  }

  /// The peer's folder, unless the process has been replaced by another.
  func workingDirectory(of caller: Caller) -> String? {
    let folder = workingDirectory(of: caller.pid)
    return isSame(caller) ? folder : nil
  }

  private func workingDirectory(of pid: Int32) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = readlink("/proc/\(pid)/cwd", &buffer, buffer.count)
    guard count > 0, count < buffer.count else { return nil }
    let path = String(decoding: buffer[..<count], as: UTF8.self)
    return path.hasSuffix(" (deleted)") ? nil : path
  }

  private func environment(of pid: Int32) -> (bytes: [UInt8], values: [String: String])? {
    let descriptor = open("/proc/\(pid)/environ", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let known = last.withLock { ($0.bytes, $0.values) }
    let bytes = Self.readAll(descriptor, like: known.0.count)
    return (bytes, bytes == known.0 ? known.1 : Self.values(bytes))
  }

  /// All of it, at most 1 MiB; in one read when it is no longer than `expected`.
  private static func readAll(_ descriptor: Int32, like expected: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var room = max(4096, expected + 1)
    while bytes.count < 1 << 20 {
      let wanted = room
      let piece = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
        count = max(0, read(descriptor, buffer.baseAddress, wanted))
      }
      if bytes.isEmpty { bytes = piece } else { bytes += piece }
      // The kernel fills the buffer where there is more.
      if piece.count < min(wanted, 4096) { break }
      room = 16_384
    }
    return bytes
  }

  private static func values(_ bytes: [UInt8]) -> [String: String] {
    var values: [String: String] = [:]
    for entry in bytes.split(separator: 0) {
      guard let equals = entry.firstIndex(of: UInt8(ascii: "=")), equals > entry.startIndex,
        let name = String(validating: entry[..<equals], as: UTF8.self),
        let value = String(validating: entry[entry.index(after: equals)...], as: UTF8.self)
      else { continue }
      values[name] = value
    }
    return values
  }

  private func isSame(_ caller: Caller) -> Bool {
    caller.startTicks != nil && table.startTicks(of: caller.pid) == caller.startTicks
  }
}
