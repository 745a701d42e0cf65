import NIOCore

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

extension EventLoop {
  /// Sleeps without waking any thread but the loop's own. Returns early, without an error, when the task is cancelled.
  func sleep(seconds: Double) async {
    let promise = makePromise(of: Void.self)
    let timer = scheduleTask(in: .nanoseconds(Int64(max(0, seconds) * 1e9))) { promise.succeed() }
    await withTaskCancellationHandler {
      try? await promise.futureResult.get()
    } onCancel: {
      timer.cancel()
      promise.succeed()
    }
  }
}
