import CSystemd
import Glibc
import Synchronization

/// Tells when files that somebody writes to pass a bound in bytes: soon after, and at little cost while nothing happens.
///
/// Files that are new or grow are looked at (fstat(2)) a third of the time before they would reach their bound, and
/// every 20 ms at least (100 ms when there are hundreds); files that rest are not looked at at all, since the kernel tells of the next write to them
/// (inotify(7), IN_ONESHOT). So what is written beyond the bound comes to what fits into some milliseconds, for steady
/// writers that suddenly begin to flood into such an interval. One thread serves all. Where inotify can't be had, resting
/// files are looked at as often.
public final class GrowthWatcher: Sendable {
  private let core: GrowthCore

  /// Starts the thread.
  ///
  /// - Parameter onPassed: called on the thread with a name and the bytes of its files together when these are above its
  ///   bound, again every 5 ms until it is removed or its bound raised. It must not wait.
  /// - Throws: `SystemError` when the thread or what wakes it can't be made.
  public init(onPassed: @escaping @Sendable (String, UInt64) -> Void) throws(SystemError) {
    core = try GrowthCore(onPassed)
    try startServiceThread("jarvis-growth") { [core] in core.run() }
  }

  deinit { core.stop() }

  /// Watches files, which need not exist yet; a name that is watched already gets another bound.
  public func add(_ name: String, files: [String], bound: UInt64) { core.add(name, files, bound) }

  /// Ends that.
  public func remove(_ name: String) { core.remove(name) }
}

/// What the watcher and its thread share.
private final class GrowthCore: Sendable {
  private struct Item {
    let files: [String]
    var bound: UInt64
    var descriptors: [Int32] = []
    var watches: [Int32] = []
    var bytes: UInt64 = 0
    var lookedAt: UInt64 = 0
    var due: UInt64
    /// Looks in a row that saw no growth.
    var quiet = 0
  }

  private struct State {
    var items: [String: Item] = [:]
    var byWatch: [Int32: String] = [:]
    /// Until when the thread sleeps.
    var sleepsUntil = UInt64.max
    var isStopped = false
  }

  private static let millisecond: UInt64 = 1_000_000
  private static let first = 10 * millisecond
  private static let shortest = 2 * millisecond
  /// Between two looks at a file that grows: the more there are, the longer, so that the cost stays bounded.
  private static let longest = (least: 20 * millisecond, most: 100 * millisecond, each: millisecond / 2)
  private static let again = 5 * millisecond
  /// Looks that are not urgent are done together.
  private static let raster = 10 * millisecond
  /// So many looks without growth, and a file rests.
  private static let patience = 5

  private let inotify: Int32
  private let wakeup: Int32
  private let onPassed: @Sendable (String, UInt64) -> Void
  private let state = Mutex(State())

  init(_ onPassed: @escaping @Sendable (String, UInt64) -> Void) throws(SystemError) {
    self.onPassed = onPassed
    inotify = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
    wakeup = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    guard wakeup >= 0 else { throw SystemError("make", "an eventfd") }
  }

  deinit {
    if inotify >= 0 { close(inotify) }
    if wakeup >= 0 { close(wakeup) }
  }

  func add(_ name: String, _ files: [String], _ bound: UInt64) {
    let mustWake = state.withLock { state -> Bool in
      let due = SystemClock.monotonicNanoseconds() + Self.first
      if state.items[name] != nil {
        state.items[name]?.bound = bound
        state.items[name]?.due = due
      } else {
        state.items[name] = Item(files: files, bound: bound, due: due)
      }
      return due < state.sleepsUntil
    }
    if mustWake { eventfd_write(wakeup, 1) }
  }

  func remove(_ name: String) {
    state.withLock { state in
      guard let item = state.items.removeValue(forKey: name) else { return }
      for watch in item.watches {
        state.byWatch[watch] = nil
        inotify_rm_watch(inotify, watch)
      }
      for descriptor in item.descriptors { close(descriptor) }
    }
  }

  func stop() {
    state.withLock { $0.isStopped = true }
    eventfd_write(wakeup, 1)
  }

  func run() {
    var polled = [
      pollfd(fd: inotify, events: Int16(POLLIN), revents: 0), pollfd(fd: wakeup, events: Int16(POLLIN), revents: 0),
    ]
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 8)
    defer { buffer.deallocate() }
    while true {
      let (isStopped, due) = state.withLock { state -> (Bool, UInt64) in
        let due = state.items.values.reduce(UInt64.max) { min($0, $1.due) }
        state.sleepsUntil = due
        return (state.isStopped, due)
      }
      if isStopped { break }
      let now = SystemClock.monotonicNanoseconds()
      // Rounded up, so that the time has come when it wakes.
      let wait: Int32 = due == .max ? -1 : due <= now ? 0 : Int32(clamping: (due - now) / Self.millisecond + 1)
      guard poll(&polled, 2, wait) >= 0 || errno == EINTR else { break }
      if polled[1].revents != 0 {
        var count: eventfd_t = 0
        eventfd_read(wakeup, &count)
      }
      let count = inotify >= 0 ? read(inotify, buffer.baseAddress, buffer.count) : 0
      if count > 0 { heed(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
      for (name, bytes) in look() { onPassed(name, bytes) }
    }
    state.withLock { state in
      for item in state.items.values { for descriptor in item.descriptors { close(descriptor) } }
      state.items = [:]
    }
  }

  /// Resting files that were written to are looked at now. Their watch is gone with the event.
  private func heed(_ events: UnsafeRawBufferPointer) {
    let now = SystemClock.monotonicNanoseconds()
    state.withLock { state in
      var at = 0
      while at + MemoryLayout<inotify_event>.size <= events.count {
        let event = events.loadUnaligned(fromByteOffset: at, as: inotify_event.self)
        at += MemoryLayout<inotify_event>.size + Int(event.len)
        if event.mask & UInt32(IN_Q_OVERFLOW) != 0 {
          // The kernel dropped events: anything may have been written to.
          for name in state.items.keys { state.items[name]?.due = now }
        }
        guard let name = state.byWatch.removeValue(forKey: event.wd) else { continue }
        state.items[name]?.watches.removeAll { $0 == event.wd }
        state.items[name]?.due = now
        state.items[name]?.quiet = 0
      }
    }
  }

  /// Looks at those that are due; returns those above their bound.
  private func look() -> [(String, UInt64)] {
    state.withLock { state in
      let now = SystemClock.monotonicNanoseconds()
      var passed: [(String, UInt64)] = []
      let awake = state.items.values.reduce(0) { $1.due == .max ? $0 : $0 + 1 }
      let longest = min(Self.longest.most, max(Self.longest.least, UInt64(awake) * Self.longest.each))
      for (name, var item) in state.items where item.due <= now {
        let grew = measure(&item, now)
        if item.bytes > item.bound {
          item.due = now + Self.again
          passed.append((name, item.bytes))
        } else if item.quiet >= Self.patience, watch(name, &item, &state.byWatch) {
          // Written to between the last look and the watch?
          let before = item.bytes
          _ = measure(&item, now)
          item.due = item.bytes == before ? .max : now + Self.shortest
        } else {
          item.due = next(item, grew, longest, now)
        }
        state.items[name] = item
      }
      return passed
    }
  }

  /// Takes the files' sizes; returns by how many bytes a nanosecond they grew.
  private func measure(_ item: inout Item, _ now: UInt64) -> Double {
    if item.descriptors.count < item.files.count {
      for descriptor in item.descriptors { close(descriptor) }
      item.descriptors = item.files.compactMap { file in
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        return descriptor >= 0 ? descriptor : nil
      }
    }
    var bytes: UInt64 = 0
    for descriptor in item.descriptors {
      var status = stat()
      if fstat(descriptor, &status) == 0 { bytes += UInt64(max(0, status.st_size)) }
    }
    defer {
      item.quiet = bytes == item.bytes ? item.quiet + 1 : 0
      item.bytes = bytes
      item.lookedAt = now
    }
    guard item.lookedAt > 0, now > item.lookedAt, bytes > item.bytes else { return 0 }
    return Double(bytes - item.bytes) / Double(now - item.lookedAt)
  }

  private func next(_ item: Item, _ growth: Double, _ longest: UInt64, _ now: UInt64) -> UInt64 {
    var wait = min(longest, Self.first << UInt64(min(item.quiet, 8)))
    if item.quiet == 0 {
      let left = Double(item.bound - min(item.bound, item.bytes))
      // Growth that has just begun may be far faster than it looks.
      wait = growth > 0 ? longest : Self.first
      if growth > 0 { wait = UInt64(min(Double(wait), left / growth / 3)) }
    }
    if wait >= Self.raster { return (now + wait) / Self.raster * Self.raster }
    return now + max(Self.shortest, wait)
  }

  /// Lets the kernel tell of the next write; false where that can't be.
  private func watch(_ name: String, _ item: inout Item, _ byWatch: inout [Int32: String]) -> Bool {
    guard inotify >= 0, item.descriptors.count == item.files.count else { return false }
    for file in item.files {
      let watch = inotify_add_watch(inotify, file, UInt32(IN_MODIFY) | UInt32(IN_ONESHOT))
      guard watch >= 0 else { return false }
      if !item.watches.contains(watch) { item.watches.append(watch) }
      byWatch[watch] = name
    }
    return true
  }
}
