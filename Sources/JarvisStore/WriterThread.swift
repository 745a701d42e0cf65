import Glibc
import Synchronization

/// A thread that runs one piece of work each time it is woken. The database's writes wait for the disk, thousands of
/// times a second under load: always on the same thread, whose caches are warm and which nobody has to look for.
final class WriterThread: Sendable {
  private let work: @Sendable () -> Void
  // A semaphore of unnamed memory, sem_init(3); freed with the last reference, which the thread itself has one of.
  nonisolated(unsafe) private let semaphore: UnsafeMutablePointer<sem_t>
  private let isStopped = Atomic(false)
  private let thread = Mutex<pthread_t?>(nil)

  /// Starts the thread.
  /// - Throws: `errno` when the system has no room for one more.
  init(_ work: @escaping @Sendable () -> Void) throws(WriterThreadError) {
    self.work = work
    semaphore = .allocate(capacity: 1)
    sem_init(semaphore, 0, 0)
    var handle = pthread_t()
    let code = pthread_create(
      &handle, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<WriterThread>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    guard code == 0 else {
      Unmanaged.passUnretained(self).release()
      throw WriterThreadError(code: code)
    }
    thread.withLock { $0 = handle }
  }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  /// Makes it work, once more if it is working now.
  func wake() { sem_post(semaphore) }

  /// Lets it end after the work at hand, without waiting for that.
  func stop() {
    guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
    thread.withLock { thread in
      if let handle = thread { pthread_detach(handle) }
      thread = nil
    }
    wake()
  }

  /// Lets it end, and waits until it has. Not to be called from its own work.
  func join() {
    let handle = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    isStopped.store(true, ordering: .releasing)
    wake()
    if let handle { pthread_join(handle, nil) }
  }

  private func run() {
    while true {
      while sem_wait(semaphore) != 0 {}
      work()
      if isStopped.load(ordering: .acquiring) { return }
    }
  }
}

/// No thread could be made.
struct WriterThreadError: Error {
  let code: Int32
}
