import JarvisClient
import JarvisProtocol

/// The connection of the screen: it never blocks, and comes back by itself after the daemon was away.
struct TopLink {
  /// What came over it.
  enum Arrival {
    case connected
    /// With the requests that have no answer now.
    case lost([TopRequest])
    case answer(TopRequest, Result<JSON, RPC.Failure>)
    case event(JSON)
  }

  private enum State {
    /// Not connected since `since`; the next attempt is at `next`, and the one after it `pause` seconds later.
    case away(since: Double, next: Double, pause: Double)
    case connected(UnixStream)
  }

  private let path: String
  private var state: State
  private var lines = LineBuffer(limit: Client.maximumLine)
  private var out = OutBuffer()
  private var lastID: Int64 = 0
  private var pending: [Int64: (request: TopRequest, at: Double)] = [:]

  init(path: String, now: Double) {
    self.path = path
    state = .away(since: now, next: now, pause: 0.05)
  }

  /// For poll(2); -1 while the daemon is away.
  var descriptor: Int32 { if case .connected(let stream) = state { stream.descriptor } else { -1 } }

  /// Whether bytes wait to be written.
  var wantsToWrite: Bool { !out.isEmpty }

  /// When to connect.
  var deadline: Double? { if case .away(_, let next, _) = state { next } else { nil } }

  /// Since when the daemon has been away.
  var awaySince: Double? { if case .away(let since, _, _) = state { since } else { nil } }

  /// Since when the oldest request that is answered at once has been waiting.
  var waitsSince: Double? {
    pending.values.filter { if case .log = $0.request { false } else { true } }.map(\.at).min()
  }

  /// Whether a request of stats.get has no answer yet.
  var isAskingForStats: Bool { pending.values.contains { if case .stats = $0.request { true } else { false } } }

  /// Connects where it is time to.
  /// - Throws: `badSocketPath` only.
  mutating func connectIfDue(now: Double) throws(ClientError) -> [Arrival] {
    guard case .away(let since, let next, let pause) = state, now >= next else { return [] }
    do throws(ClientError) {
      state = .connected(try UnixStream(connectingTo: path))
      return [.connected]
    } catch {
      if case .badSocketPath = error { throw error }
      state = .away(since: since, next: now + pause, pause: min(pause * 2, 1))
      return []
    }
  }

  /// Sends a request; false while the daemon is away.
  mutating func send(_ request: TopRequest, now: Double) -> Bool {
    guard case .connected = state else { return false }
    lastID += 1
    pending[lastID] = (request, now)
    let call = request.call
    out.append(line: RPC.request(id: .int(lastID), method: call.method, params: call.params).bytes)
    return true
  }

  /// Writes and reads what can be moved now.
  mutating func move(now: Double) -> [Arrival] {
    guard case .connected(let stream) = state else { return [] }
    while !out.isEmpty {
      let moved = stream.write(out.front(1 << 20))
      if case .moved(let count) = moved { out.drop(count) } else if moved == .closed { return lose(now) } else { break }
    }
    var arrivals: [Arrival] = []
    // Bounded, so that a flood of events leaves time for keys.
    for _ in 0..<16 {
      let moved = stream.read(into: &lines)
      while let line = lines.next() {
        guard case .whole(let bytes) = line, let arrival = take(bytes) else { continue }
        arrivals.append(arrival)
      }
      switch moved {
      case .moved: continue
      case .wouldBlock: return arrivals
      case .closed: return arrivals + lose(now)
      }
    }
    return arrivals
  }

  /// Reads one message; nil for what can't be read or is of no use here.
  private mutating func take(_ bytes: [UInt8]) -> Arrival? {
    guard let json = try? JSON(parsing: bytes), let message = try? RPC.Message(json) else { return nil }
    switch message {
    case .response(.int(let id), let result):
      return pending.removeValue(forKey: id).map { .answer($0.request, result) }
    case .notification("event", let params): return params.map { .event($0) }
    case .response, .notification, .request: return nil
    }
  }

  private mutating func lose(_ now: Double) -> [Arrival] {
    let open = pending.sorted { $0.key < $1.key }.map(\.value.request)
    pending = [:]
    out.clear()
    lines = LineBuffer(limit: Client.maximumLine)
    state = .away(since: now, next: now, pause: 0.05)
    return [.lost(open)]
  }
}
