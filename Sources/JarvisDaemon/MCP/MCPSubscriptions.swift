import JarvisProtocol

/// What a client wants to be told of: by `resources/subscribe`, by having read a list, or by `subscriptions/listen`.
struct MCPSubscriptions {
  /// More URIs or ids on one connection are refused.
  static let most = 1000

  /// A list that a client may hold and that can become stale. The tools never change while a daemon lives.
  enum List: String, Sendable {
    case resources, prompts
  }

  /// One `subscriptions/listen`, or all that was asked for in the older way.
  struct Subscription {
    var uris: Set<String> = []
    var lists: Set<List> = []
    var taskIDs: Set<String> = []
  }

  /// By the id of the request that listens; the older way has `nil`.
  var all: [RPC.ID?: Subscription] = [:]

  /// How many URIs and ids there are in all.
  var count: Int { all.values.reduce(0) { $0 + $1.uris.count + $1.taskIDs.count } }

  /// Whether any of them names the URI.
  func has(_ uri: String) -> Bool { all.values.contains { $0.uris.contains(uri) } }

  // MARK: Bounds in time

  private var sentAt: [String: ContinuousClock.Instant] = [:]
  private var pending: Set<String> = []

  /// What to do about a change of `key`: tell it now (zero), later (the wait), or nothing as that is under way (nil).
  mutating func due(_ key: String, interval: Duration, now: ContinuousClock.Instant = .now) -> Duration? {
    if pending.contains(key) { return nil }
    if sentAt.count > 4 * Self.most { sentAt = sentAt.filter { now - $0.value < interval } }
    guard let last = sentAt[key], now - last < interval else {
      sentAt[key] = now
      return .zero
    }
    pending.insert(key)
    return interval - (now - last)
  }

  /// A change that waited is told now.
  mutating func told(_ key: String, now: ContinuousClock.Instant = .now) {
    pending.remove(key)
    sentAt[key] = now
  }
}
