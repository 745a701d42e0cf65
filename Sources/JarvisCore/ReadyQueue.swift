import JarvisProtocol

/// A task's place among those that are ready: earliest `submitted + patience` first, then the order of submission.
struct Rank: Sendable, Hashable, Comparable {
  /// Milliseconds.
  var key: Int64
  var sequence: UInt64
  var id: TaskID

  static func < (a: Rank, b: Rank) -> Bool {
    if a.key != b.key { return a.key < b.key }
    if a.sequence != b.sequence { return a.sequence < b.sequence }
    return a.id < b.id
  }
}

/// The best task of one session.
struct Offer: Sendable, Hashable, Comparable {
  var rank: Rank
  var session: Int32

  static func < (a: Offer, b: Offer) -> Bool { a.rank < b.rank }
}

/// The tasks that nothing but their turn and the gate keeps from starting.
///
/// Each session has its tasks in order, and offers the best of them to a list over all sessions. A session that has as
/// many agents as it may is parked: it offers nothing until that changes, so its queue, however long, costs nothing.
struct ReadyQueue: Sendable {
  private struct Line: Sendable {
    var ready = SortedList<Rank>()
    var offered: Rank?
    /// How many of its first tasks the decision at hand has looked past.
    var passed = 0
    var isParked = false
  }

  private var lines: [Line] = []
  private var offers = SortedList<Offer>()
  private var parked: Set<Int32> = []
  private var passing: [Int32] = []

  /// The best task that is offered.
  var first: Offer? { offers.first }

  /// Whether nothing is offered.
  var isEmpty: Bool { offers.isEmpty }

  /// Makes room for sessions below `count`.
  mutating func reserve(sessions count: Int) {
    while lines.count < count { lines.append(Line()) }
  }

  mutating func insert(_ rank: Rank, of session: Int32) {
    lines[Int(session)].ready.insert(rank)
    refresh(session)
  }

  mutating func remove(_ rank: Rank, of session: Int32) {
    lines[Int(session)].ready.remove(rank)
    refresh(session)
  }

  mutating func removeAll() {
    lines = Array(repeating: Line(), count: lines.count)
    offers = SortedList()
    parked = []
    passing = []
  }

  /// The session may start nothing more for now.
  mutating func park(_ session: Int32) {
    lines[Int(session)].isParked = true
    parked.insert(session)
    refresh(session)
  }

  /// The session may have room again.
  mutating func unpark(_ session: Int32) {
    guard lines[Int(session)].isParked else { return }
    lines[Int(session)].isParked = false
    parked.remove(session)
    refresh(session)
  }

  /// Caps changed: all sessions may have room again.
  mutating func unparkAll() {
    // The order doesn't matter: offers are sorted.
    for session in parked {
      lines[Int(session)].isParked = false
      refresh(session)
    }
    parked = []
  }

  /// The session offers the task behind the one it offered, until `lookAtAllAgain`.
  mutating func lookPast(_ offer: Offer) {
    if lines[Int(offer.session)].passed == 0 { passing.append(offer.session) }
    lines[Int(offer.session)].passed += 1
    refresh(offer.session)
  }

  /// Every session offers its best task again.
  mutating func lookAtAllAgain() {
    let sessions = passing
    passing = []
    for session in sessions {
      lines[Int(session)].passed = 0
      refresh(session)
    }
  }

  /// How many tasks of all sessions come before `rank`.
  func countBefore(_ rank: Rank) -> Int { lines.reduce(0) { $0 + $1.ready.countBefore(rank) } }

  /// How many tasks of `session` come before `rank`.
  func countBefore(_ rank: Rank, in session: Int32) -> Int { lines[Int(session)].ready.countBefore(rank) }

  /// For checks: what a session has ready, and whether it is parked.
  func contents(of session: Int32) -> (ready: [Rank], offered: Rank?, isParked: Bool) {
    let line = lines[Int(session)]
    return (line.ready.elements, line.offered, line.isParked)
  }

  /// For checks: everything that is offered.
  var offered: [Offer] { offers.elements }

  private mutating func refresh(_ session: Int32) {
    let at = Int(session)
    let next = lines[at].isParked ? nil : lines[at].ready.element(at: lines[at].passed)
    let old = lines[at].offered
    guard next != old else { return }
    if let old { offers.remove(Offer(rank: old, session: session)) }
    if let next { offers.insert(Offer(rank: next, session: session)) }
    lines[at].offered = next
  }
}
