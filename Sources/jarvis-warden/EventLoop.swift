import CLinux
import Glibc

/// One epoll set and one thread. Handlers run to their end, one after another; nothing in them may block.
final class EventLoop {
  /// What a descriptor is watched for. Errors and hang-ups are always reported.
  struct Interest: OptionSet {
    let rawValue: UInt32
    static let readable = Interest(rawValue: EPOLLIN.rawValue)
    static let writable = Interest(rawValue: EPOLLOUT.rawValue)
    /// The kernel's "this file has changed" (cgroup.events).
    static let priority = Interest(rawValue: EPOLLPRI.rawValue)
  }

  typealias Handler = (Interest) -> Void

  private struct Watch {
    let generation: UInt32
    let handler: Handler
  }

  private let epoll: Int32
  private var watches: [Int32: Watch] = [:]
  // A descriptor's number is reused at once; the generation tells an old event from a new one.
  private var generation: UInt32 = 0
  private var stopped = false

  init() throws(SystemError) {
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard epoll >= 0 else { throw SystemError("epoll could not be set up") }
  }

  /// Begins to watch a descriptor.
  func add(_ fd: Int32, _ interest: Interest, _ handler: @escaping Handler) throws(SystemError) {
    generation &+= 1
    guard control(EPOLL_CTL_ADD, fd, interest, generation) == 0 else {
      throw SystemError("epoll refused descriptor \(fd)")
    }
    watches[fd] = Watch(generation: generation, handler: handler)
  }

  /// Changes what a descriptor is watched for.
  func modify(_ fd: Int32, _ interest: Interest) {
    guard let watch = watches[fd] else { return }
    _ = control(EPOLL_CTL_MOD, fd, interest, watch.generation)
  }

  /// Ends the watch; call it before the descriptor is closed.
  func remove(_ fd: Int32) {
    guard watches.removeValue(forKey: fd) != nil else { return }
    _ = control(EPOLL_CTL_DEL, fd, [], 0)
  }

  private func control(_ operation: Int32, _ fd: Int32, _ interest: Interest, _ generation: UInt32) -> Int32 {
    var event = epoll_event()
    event.events = interest.rawValue
    event.data.u64 = UInt64(generation) << 32 | UInt64(UInt32(bitPattern: fd))
    return epoll_ctl(epoll, operation, fd, &event)
  }

  /// Makes `run` return at the end of this turn.
  func stop() { stopped = true }

  /// Runs until `stop`.
  ///
  /// - Parameters:
  ///   - deadline: when the next turn must begin even if nothing happens (`Clock.boottimeNs`; 0: at once), asked
  ///     before each wait.
  ///   - turn: called once at first and after each turn's handlers: the place for time and for flushing.
  func run(deadline: () -> UInt64?, turn: () -> Void) {
    let capacity = 64
    let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: capacity)
    defer { events.deallocate() }
    turn()
    while !stopped {
      let count = epoll_wait(epoll, events, Int32(capacity), timeout(deadline()))
      for index in 0..<Int(max(count, 0)) {
        let data = events[index].data.u64
        guard let watch = watches[Int32(truncatingIfNeeded: data)], watch.generation == UInt32(data >> 32) else {
          continue
        }
        watch.handler(Interest(rawValue: events[index].events))
      }
      turn()
    }
  }

  private func timeout(_ deadline: UInt64?) -> Int32 {
    guard let deadline else { return -1 }
    if deadline == 0 { return 0 }
    let now = Clock.boottimeNs
    guard deadline > now else { return 0 }
    // Rounded up, so that the deadline has passed when the turn begins.
    return Int32(clamping: (deadline - now + 999_999) / 1_000_000)
  }
}
