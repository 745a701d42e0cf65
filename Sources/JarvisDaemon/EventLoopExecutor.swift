import NIOCore
import Synchronization

/// Runs tasks on an event loop: what reads the sockets, what decides, and what answers share one thread, so that a
/// message costs no switch between threads on its way. Only the store's writer has a thread of its own.
///
/// For short work. What reads much or computes long belongs on the common pool, or everybody waits for it.
final class EventLoopExecutor: TaskExecutor {
  let loop: any EventLoop

  init(_ loop: any EventLoop) { self.loop = loop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
  }
}

/// A sleep that wakes no thread but the loop's own, and that can be ended early. For one sleeper.
final class Alarm: Sendable {
  private let loop: any EventLoop
  private let sleeper = Mutex<EventLoopPromise<Void>?>(nil)

  init(_ loop: any EventLoop) { self.loop = loop }

  /// Returns when the time is up, when it is rung, or when the task is cancelled.
  func sleep(seconds: Double) async {
    let promise = loop.makePromise(of: Void.self)
    sleeper.withLock { $0 = promise }
    let timer = loop.scheduleTask(in: .nanoseconds(Int64(max(0, seconds) * 1e9))) { promise.succeed() }
    await withTaskCancellationHandler {
      try? await promise.futureResult.get()
    } onCancel: {
      promise.succeed()
    }
    timer.cancel()
  }

  /// Wakes the sleeper, if there is one.
  func ring() { sleeper.withLock { $0 }?.succeed() }
}
