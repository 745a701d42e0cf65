import JarvisProtocol

/// What the client has sent and the bridge still answers for: requests without an answer, whether they were passed on
/// or not, and notifications that could not be passed on yet; in the order in which they came.
struct Backlog {
  /// One message of the client's.
  struct Entry {
    /// Nil for a notification.
    let id: JSON?
    let line: [UInt8]
    let isInitialize: Bool
    /// When it was last passed on (`Monotonic`); nil while it waits for the daemon.
    var sentAt: Double?
    /// How often the daemon left right after it was passed on.
    var losses = 0
    /// When it is answered with an error; nil while the daemon is there.
    var deadline: Double?
  }

  /// More are refused: nobody waits for so many answers at once.
  static let maximumCount = 1000
  /// More bytes are refused.
  static let maximumBytes = 32 << 20
  /// The daemon may leave so often right after a request before the request is blamed for it.
  static let maximumLosses = 5

  private(set) var entries: [Entry] = []
  private var bytes = 0

  /// Whether requests are waiting for an answer.
  var hasRequests: Bool { entries.contains { $0.id != nil } }

  /// Whether the client's `initialize` is among them.
  var hasInitialize: Bool { entries.contains(where: \.isInitialize) }

  /// The earliest deadline.
  var deadline: Double? { entries.lazy.compactMap(\.deadline).min() }

  /// Adds a message; false where there are too many.
  mutating func add(_ entry: Entry) -> Bool {
    guard entries.count < Self.maximumCount, bytes + entry.line.count <= Self.maximumBytes else { return false }
    entries.append(entry)
    bytes += entry.line.count
    return true
  }

  /// Takes the request of this id out; nil where there is none.
  mutating func remove(id: JSON) -> Entry? {
    guard let index = entries.firstIndex(where: { $0.id == id }) else { return nil }
    bytes -= entries[index].line.count
    return entries.remove(at: index)
  }

  /// Takes out the entries that a test holds for.
  mutating func remove(where isGone: (Entry) -> Bool) -> [Entry] {
    let gone = entries.filter(isGone)
    guard !gone.isEmpty else { return [] }
    entries.removeAll(where: isGone)
    bytes -= gone.reduce(0) { $0 + $1.line.count }
    return gone
  }

  /// The daemon is there: everything is passed on (again), in order; notifications are done with that.
  mutating func passOn(now: Double, _ send: ([UInt8]) -> Void) {
    for index in entries.indices {
      send(entries[index].line)
      entries[index].sentAt = now
      entries[index].deadline = nil
    }
    _ = remove { $0.id == nil }
  }

  /// The daemon has left: everything has until `deadline`. Returns the requests that are to blame for it.
  mutating func hold(now: Double, until deadline: Double) -> [Entry] {
    for index in entries.indices {
      if let sentAt = entries[index].sentAt, now - sentAt < 2 { entries[index].losses += 1 }
      entries[index].sentAt = nil
      entries[index].deadline = deadline
    }
    return remove { $0.losses >= Self.maximumLosses }
  }
}
