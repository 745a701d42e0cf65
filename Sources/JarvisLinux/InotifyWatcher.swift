import CSystemd
import Glibc
import Synchronization

/// Tells when files are written to (inotify(7)), without polling.
///
/// One inotify descriptor and one thread serve all watches; the thread sleeps in poll(2) until the kernel has an event
/// or the watcher is closed. It reports that something was written, not what: wake-ups that nobody has taken yet are
/// merged into one. To lose nothing, call `watch` first, then read to the end, then wait, and read to the end again.
/// Writes through a memory map, and writes of other machines to network file systems, are not seen.
public final class InotifyWatcher: Sendable {
  private let core: WatcherCore

  /// Opens the descriptor and starts the thread.
  ///
  /// - Parameter maximumWatches: how many files may be watched at once.
  /// - Throws: `SystemError`; EMFILE when the user has no inotify instance left.
  public init(maximumWatches: Int = 4096) throws(SystemError) {
    core = try WatcherCore(maximumWatches: maximumWatches)
    try core.startThread()
  }

  deinit { core.stop() }

  /// Watches a file that exists.
  ///
  /// The stream ends when the file is deleted and no process holds it open any more, its file system is unmounted, or
  /// the watcher is closed. Ending the iteration, or dropping the stream, ends the watch.
  ///
  /// - Throws: `SystemError`: ENOENT when the file is missing, ENOSPC when the limit on watches is reached.
  public func watch(_ path: String) throws(SystemError) -> AsyncStream<Void> {
    try core.watch(path, UInt32(IN_MODIFY | IN_CLOSE_WRITE))
  }

  /// Watches a folder that exists: files in it are written, come or go. Otherwise the same.
  ///
  /// - Throws: `SystemError`; ENOTDIR when it is no folder.
  public func watchFolder(_ path: String) throws(SystemError) -> AsyncStream<Void> {
    let coming = UInt32(IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE)
    return try core.watch(path, coming | UInt32(IN_MOVED_FROM | IN_DELETE | IN_MOVE_SELF) | UInt32(IN_ONLYDIR))
  }

  /// Ends all streams and the thread; later calls of `watch` throw.
  public func close() { core.stop() }
}

/// What the watcher and its thread share. The descriptors are closed when the last of them lets go.
private final class WatcherCore: Sendable {
  private struct Subscription {
    let id: UInt64
    let continuation: AsyncStream<Void>.Continuation
  }

  private struct State {
    /// By watch descriptor. The kernel gives two watches of one file the same descriptor, so each can have several.
    var subscriptions: [Int32: [Subscription]] = [:]
    var nextID: UInt64 = 0
    var isStopped = false
  }

  private let inotify: Int32
  private let wakeup: Int32
  private let maximumWatches: Int
  private let state = Mutex(State())

  init(maximumWatches: Int) throws(SystemError) {
    self.maximumWatches = maximumWatches
    inotify = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
    guard inotify >= 0 else {
      let advice = errno == EMFILE ? "raise fs.inotify.max_user_instances (sysctl) or end other watchers" : ""
      throw SystemError("start", "file watching (inotify)", advice: advice)
    }
    wakeup = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    guard wakeup >= 0 else {
      let error = SystemError("make", "an eventfd")
      Glibc.close(inotify)
      throw error
    }
  }

  deinit {
    Glibc.close(inotify)
    Glibc.close(wakeup)
  }

  func startThread() throws(SystemError) {
    try startServiceThread("jarvis-inotify") { self.run() }
  }

  func watch(_ path: String, _ mask: UInt32) throws(SystemError) -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let (descriptor, id) = try state.withLock { (state) throws(SystemError) -> (Int32, UInt64) in
      guard !state.isStopped else { throw SystemError("watch", path, code: ESHUTDOWN, advice: "the watcher is closed") }
      guard state.subscriptions.count < maximumWatches else {
        throw SystemError("watch", path, code: ENOSPC, advice: "this watcher holds \(maximumWatches) files, its limit")
      }
      let descriptor = inotify_add_watch(inotify, path, mask)
      guard descriptor >= 0 else {
        let advice = errno == ENOSPC ? "raise fs.inotify.max_user_watches (sysctl)" : ""
        throw SystemError("watch", path, advice: advice)
      }
      state.nextID += 1
      state.subscriptions[descriptor, default: []].append(Subscription(id: state.nextID, continuation: continuation))
      return (descriptor, state.nextID)
    }
    continuation.onTermination = { [weak self] _ in self?.unsubscribe(descriptor, id) }
    return stream
  }

  private func unsubscribe(_ descriptor: Int32, _ id: UInt64) {
    state.withLock { state in
      guard var left = state.subscriptions[descriptor] else { return }
      left.removeAll { $0.id == id }
      state.subscriptions[descriptor] = left.isEmpty ? nil : left
      // Under the lock, so that a new watch of the same file cannot get the descriptor that is being removed.
      if left.isEmpty { inotify_rm_watch(inotify, descriptor) }
    }
  }

  func stop() {
    let ended = state.withLock { state in
      state.isStopped = true
      defer { state.subscriptions = [:] }
      return state.subscriptions.values.flatMap { $0 }
    }
    // Outside of the lock: finishing a stream runs its onTermination, which takes the lock.
    for subscription in ended { subscription.continuation.finish() }
    eventfd_write(wakeup, 1)
  }

  private func run() {
    var polled = [
      pollfd(fd: inotify, events: Int16(POLLIN), revents: 0), pollfd(fd: wakeup, events: Int16(POLLIN), revents: 0),
    ]
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 8)
    defer { buffer.deallocate() }
    while true {
      guard poll(&polled, 2, -1) >= 0 || errno == EINTR else { break }
      if polled[1].revents != 0 { return }
      let count = retryingInterrupts { read(inotify, buffer.baseAddress, buffer.count) }
      if count > 0 {
        deliver(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      } else if count == 0 || errno != EAGAIN {
        break
      }
    }
    // The descriptor broke, which should not happen; a stream that ends is better than one that hangs.
    stop()
  }

  private func deliver(_ events: UnsafeRawBufferPointer) {
    var touched: Set<Int32> = []
    var gone: Set<Int32> = []
    var overflow = false
    var at = 0
    while at + MemoryLayout<inotify_event>.size <= events.count {
      let event = events.loadUnaligned(fromByteOffset: at, as: inotify_event.self)
      at += MemoryLayout<inotify_event>.size + Int(event.len)
      if event.mask & UInt32(IN_Q_OVERFLOW) != 0 { overflow = true }
      if event.mask & UInt32(IN_IGNORED) != 0 { gone.insert(event.wd) } else { touched.insert(event.wd) }
    }
    let (woken, ended) = state.withLock { state in
      let ended = gone.flatMap { state.subscriptions.removeValue(forKey: $0) ?? [] }
      let woken =
        overflow
        // The kernel dropped events: anything may have changed.
        ? state.subscriptions.values.flatMap { $0 }
        : touched.flatMap { state.subscriptions[$0] ?? [] }
      return (woken, ended)
    }
    for subscription in woken { subscription.continuation.yield() }
    for subscription in ended {
      // One last look at the file, then the end.
      subscription.continuation.yield()
      subscription.continuation.finish()
    }
  }
}
