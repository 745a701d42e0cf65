import Glibc
import JarvisClient
import JarvisProtocol

/// Carries MCP between a client on stdin and stdout and the daemon's socket, in one thread around poll(2).
///
/// The client never sees the daemon leave: the bridge connects again, gives the connection its session back
/// (`daemon.attach`), repeats the client's `initialize`, and sends again what was not answered. The daemon knows a
/// submission by session and request id, so nothing runs twice. Lines go through as they are.
struct Bridge {
  /// How the daemon is connected.
  private enum Link {
    /// Not connected; the next attempt is at `next`, and the one after it `pause` seconds later.
    case away(next: Double, pause: Double)
    /// Connected; waits for the answer to a request of the bridge's own, at most until `deadline`.
    case greeting(UnixStream, Greeting, id: String, deadline: Double)
    case ready(UnixStream)
  }

  private enum Greeting {
    case attach, initialize
  }

  private static let maximumLine = 16 << 20
  /// Above this many bytes on their way out, the side that they come from is not read.
  private static let highWater = 1 << 20
  /// A request is answered with an error when the daemon has been away so long: seconds, at the start and later.
  private static let patienceAtStart = 10.0
  private static let patience = 30.0
  /// A request that comes when the daemon has been away for longer has this long.
  private static let patienceOnceGone = 2.0
  private static let drainTime = 5.0
  private static let ownPrefix = "jarvis-bridge-"

  private let socket: String
  private let isVerbose: Bool
  private let session = "mcp-\(randomWord())"
  private var link: Link
  private var awaySince: Double?
  private var wasEverReady = false
  private var lastOwnID = 0
  private var fromClient = LineBuffer(limit: maximumLine)
  private var fromDaemon = LineBuffer(limit: Client.maximumLine)
  private var toClient = OutBuffer()
  private var toDaemon = OutBuffer()
  private var backlog = Backlog()
  /// The parameters of the `initialize` that was answered, and the notification after it, for the next connection.
  private var initializeParams: JSON?
  private var initializedLine: [UInt8]?
  /// What the client has set up and a new daemon must be told again.
  private var standing = Standing()
  /// Set when stdin has ended: when to leave at the latest.
  private var leaveAt: Double?
  private var clientIsGone = false

  init(socket: String, isVerbose: Bool) {
    self.socket = socket
    self.isVerbose = isVerbose
    link = .away(next: 0, pause: 0.05)
    awaySince = Monotonic.now
  }

  /// Runs until stdin has ended and what was asked is answered (for 5 seconds at most), or until stdout is closed.
  mutating func run() {
    while !clientIsGone {
      let now = Monotonic.now
      if let leaveAt, now >= leaveAt || (!backlog.hasRequests && toClient.isEmpty && toDaemon.isEmpty) { return }
      if case .away(let next, let pause) = link, now >= next { connect(now: now, pause: pause) }
      if case .greeting(_, _, _, let deadline) = link, now >= deadline { lose("it does not answer") }
      giveUpOnOverdue(now: now)
      wait()
    }
  }

  // MARK: - Waiting

  private mutating func wait() {
    let mayRead = toClient.count < Self.highWater
    let readsClient = leaveAt == nil && mayRead && toDaemon.count < Self.highWater
    var entries = [
      pollfd(fd: readsClient ? 0 : -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: 1, events: toClient.isEmpty ? 0 : Int16(POLLOUT), revents: 0),
    ]
    if let stream {
      let events = (mayRead ? POLLIN : 0) | (toDaemon.isEmpty ? 0 : POLLOUT)
      entries.append(pollfd(fd: stream.descriptor, events: Int16(events), revents: 0))
    }
    guard poll(&entries, UInt(entries.count), Monotonic.pollTimeout(until: nextDeadline)) > 0 else { return }
    if entries[1].revents & Int16(POLLERR | POLLNVAL) != 0 { clientIsGone = true }
    if entries[1].revents & Int16(POLLOUT) != 0 { writeToClient() }
    if entries.count > 2 {
      if entries[2].revents & Int16(POLLOUT) != 0 { writeToDaemon() }
      if entries[2].revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 { readFromDaemon() }
    }
    if entries[0].revents != 0 { readFromClient() }
  }

  private var stream: UnixStream? {
    switch link {
    case .away: nil
    case .greeting(let stream, _, _, _), .ready(let stream): stream
    }
  }

  private var nextDeadline: Double? {
    var times = [leaveAt, backlog.deadline]
    switch link {
    case .away(let next, _): times.append(next)
    case .greeting(_, _, _, let deadline): times.append(deadline)
    case .ready: break
    }
    return times.compactMap { $0 }.min()
  }

  // MARK: - The client's side

  private mutating func readFromClient() {
    let count = fromClient.append(atMost: 65_536) { read(0, $0.baseAddress, $0.count) }
    if count < 0, errno == EINTR || errno == EAGAIN { return }
    if count <= 0 {
      leaveAt = Monotonic.now + Self.drainTime
      // A last line without its newline is a line.
      if !fromClient.isEmpty {
        _ = fromClient.append(atMost: 1) {
          $0.copyBytes(from: [0x0A]); return 1
        }
      }
      log("stdin has ended")
    }
    while let line = fromClient.next() {
      switch line {
      case .whole(let bytes) where bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }): break
      case .whole(let bytes): take(fromClient: bytes)
      case .tooLong:
        answer(.null, RPC.Failure(.lineTooLong, "a message may have \(Self.maximumLine >> 20) MiB at most"))
      }
    }
  }

  private mutating func take(fromClient line: [UInt8]) {
    let isReady = if case .ready = link { true } else { false }
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: line) } catch {
      if isReady {
        toDaemon.append(line: line)
      } else {
        answer(.null, RPC.Failure(.parseError, "this line is not JSON: \(error)"))
      }
      return
    }
    switch (json["method"]?.stringValue, json["id"]) {
    case (let method?, let id?): takeRequest(line, method, id, isReady: isReady)
    case (let method?, nil): takeNotification(line, method, json, isReady: isReady)
    case (nil, _) where isReady: toDaemon.append(line: line)
    case (nil, _?): break  // An answer to a question of a daemon that is gone.
    case (nil, nil): answer(.null, RPC.Failure(.invalidRequest, "`method` is missing"))
    }
  }

  private mutating func takeRequest(_ line: [UInt8], _ method: String, _ id: JSON, isReady: Bool) {
    let now = Monotonic.now
    var entry = Backlog.Entry(id: id, line: line, isInitialize: method == "initialize")
    if entry.isInitialize { initializedLine = nil }
    if isReady {
      entry.sentAt = now
    } else {
      let deadline = (awaySince ?? now) + (wasEverReady ? Self.patience : Self.patienceAtStart)
      entry.deadline = max(deadline, now + Self.patienceOnceGone)
    }
    guard backlog.add(entry) else {
      return answer(id, RPC.Failure(.internalError, "too many requests wait for an answer: jarvis daemon is away"))
    }
    if isReady {
      toDaemon.append(line: line)
    } else if case .away(let next, _) = link, next > now + 2 {
      // It was given up on: a request is a reason to look again.
      link = .away(next: now, pause: 0.05)
    }
  }

  private mutating func takeNotification(_ line: [UInt8], _ method: String, _ json: JSON, isReady: Bool) {
    switch method {
    case "notifications/cancelled":
      // Cancelled requests get no answer, so nothing is kept for them; a new daemon would not know them anyway.
      if let id = json["params"]?["requestId"] { _ = backlog.remove(id: id) }
      if isReady { toDaemon.append(line: line) }
    case "notifications/initialized":
      initializedLine = line
      if isReady { toDaemon.append(line: line) } else if backlog.hasInitialize { hold(line) }
    case _ where isReady: toDaemon.append(line: line)
    default: hold(line)
    }
  }

  /// Keeps a notification until the daemon is there; beyond the bounds it is dropped, as nobody waits for it.
  private mutating func hold(_ line: [UInt8]) {
    _ = backlog.add(Backlog.Entry(id: nil, line: line, isInitialize: false))
  }

  private mutating func answer(_ id: JSON, _ failure: RPC.Failure) {
    toClient.append(line: RPC.response(id: id, .failure(failure)).bytes)
  }

  /// Writes without blocking, whatever stdout is: a socket takes MSG_DONTWAIT, a pipe that polls as writable takes
  /// PIPE_BUF bytes (pipe(7)).
  private mutating func writeToClient() {
    let front = toClient.front(65_536)
    var count = front.withUnsafeBytes { send(1, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)) }
    if count < 0, errno == ENOTSOCK {
      count = toClient.front(4096).withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
    }
    if count >= 0 {
      toClient.drop(count)
    } else if errno != EINTR, errno != EAGAIN {
      clientIsGone = true
    }
  }

  // MARK: - The daemon's side

  private mutating func connect(now: Double, pause: Double) {
    do throws(ClientError) {
      let stream = try UnixStream(connectingTo: socket)
      fromDaemon = LineBuffer(limit: Client.maximumLine)
      toDaemon.clear()
      greet(stream, .attach, DaemonAttach.name, DaemonAttach.Parameters(sessionID: session).json)
    } catch {
      // Once given up on, the daemon is looked for seldom: a request that comes is a reason to look at once.
      let isGone = !backlog.hasRequests && now - (awaySince ?? now) > Self.patience
      link = .away(next: now + (isGone ? 30 : pause), pause: min(pause * 2, 2))
      log("\(error)")
    }
  }

  private mutating func greet(_ stream: UnixStream, _ greeting: Greeting, _ method: String, _ params: JSON) {
    lastOwnID += 1
    let id = "\(Self.ownPrefix)\(lastOwnID)"
    toDaemon.append(line: RPC.request(id: .string(id), method: method, params: params).bytes)
    // Socket activation accepts before the daemon is up, so this may take as long as its start.
    link = .greeting(stream, greeting, id: id, deadline: Monotonic.now + Self.patience)
  }

  private mutating func greeted(_ stream: UnixStream, _ greeting: Greeting, _ line: [UInt8]) {
    if let error = RawJSON.member("error", of: line) {
      log("\(greeting) was refused: \(String(decoding: error, as: UTF8.self))")
    }
    switch greeting {
    case .attach:
      if let initializeParams { return greet(stream, .initialize, "initialize", initializeParams) }
    case .initialize:
      if let initializedLine { toDaemon.append(line: initializedLine) }
      for (method, params) in standing.requests {
        lastOwnID += 1
        toDaemon.append(
          line: RPC.request(id: .string("\(Self.ownPrefix)\(lastOwnID)"), method: method, params: params).bytes)
      }
    }
    link = .ready(stream)
    awaySince = nil
    wasEverReady = true
    log("connected to \(socket) as \(session); \(backlog.entries.count) messages to send")
    backlog.passOn(now: Monotonic.now) { toDaemon.append(line: $0) }
  }

  private mutating func readFromDaemon() {
    guard let stream else { return }
    let transfer = stream.read(into: &fromDaemon)
    while let line = fromDaemon.next() {
      switch line {
      case .whole(let bytes): take(fromDaemon: bytes)
      case .tooLong: return lose("a line is over \(Client.maximumLine >> 20) MiB")
      }
    }
    if transfer == .closed { lose("it has closed the connection") }
  }

  private mutating func take(fromDaemon line: [UInt8]) {
    if RawJSON.member("method", of: line) == nil, let text = RawJSON.member("id", of: line),
      let id = try? JSON(parsing: text)
    {
      if case .greeting(let stream, let greeting, let own, _) = link, id == .string(own) {
        return greeted(stream, greeting, line)
      }
      // Answers to what was told again; the client has had its own.
      if id.stringValue?.hasPrefix(Self.ownPrefix) == true { return }
      if let entry = backlog.remove(id: id), RawJSON.member("result", of: line) != nil {
        if entry.isInitialize {
          initializeParams = (try? JSON(parsing: entry.line))?["params"] ?? [:]
          standing = Standing()
        } else {
          standing.note(answered: entry.line)
        }
      }
    }
    toClient.append(line: line)
  }

  private mutating func writeToDaemon() {
    guard let stream else { return }
    switch stream.write(toDaemon.front(262_144)) {
    case .moved(let count): toDaemon.drop(count)
    case .wouldBlock: break
    case .closed: lose("it has closed the connection")
    }
  }

  private mutating func lose(_ why: String) {
    let now = Monotonic.now
    log("the daemon is away: \(why); connecting again")
    if awaySince == nil { awaySince = now }
    link = .away(next: now + 0.05, pause: 0.1)
    toDaemon.clear()
    let patience = wasEverReady ? Self.patience : Self.patienceAtStart
    for entry in backlog.hold(now: now, until: max((awaySince ?? now) + patience, now + Self.patienceOnceGone)) {
      guard let id = entry.id else { continue }
      let times = Backlog.maximumLosses
      answer(id, RPC.Failure(.internalError, "the jarvis daemon left \(times) times right after it got this request"))
    }
  }

  private mutating func giveUpOnOverdue(now: Double) {
    for entry in backlog.remove(where: { ($0.deadline ?? .infinity) <= now }) {
      guard let id = entry.id else { continue }
      answer(
        id,
        RPC.Failure(
          .internalError,
          "jarvis daemon is away: nobody answers at \(socket). Start it with `systemctl --user start jarvis.target` or "
            + "`jarvisd --standalone`, then try again."))
    }
  }

  private func log(_ message: String) { if isVerbose { complain("mcp: \(message)") } }
}
