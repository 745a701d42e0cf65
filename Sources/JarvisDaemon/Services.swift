import NIOCore
import ServiceLifecycle
import Synchronization

/// A long-running part: runs until it is told to end.
struct Running: Service {
  let name: String
  /// nil: on the common pool.
  let executor: EventLoopExecutor?
  let body: @Sendable () async -> Void

  init(_ name: String, on executor: EventLoopExecutor? = nil, _ body: @escaping @Sendable () async -> Void) {
    self.name = name
    self.executor = executor
    self.body = body
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withTaskExecutorPreference(executor) { await body() }
    }
  }
}

/// The socket, and the way down.
struct Front: Service {
  let parts: SocketServer
  let activated: Int32?
  let path: String
  let listening: Milestone
  let windDown: @Sendable () async -> Void

  func run() async throws {
    do {
      try await parts.start(path: path, activated: activated)
    } catch {
      throw StartupError(description: "can't listen on \(path): \(error)")
    }
    listening.reach()
    try? await gracefulShutdown()
    await windDown()
  }
}

/// Something that happens once, which others wait for.
final class Milestone: Sendable {
  struct State {
    var isReached = false
    var next = 0
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = Mutex(State())

  func reach() {
    let waiters = state.withLock { state in
      state.isReached = true
      defer { state.waiters = [:] }
      return state.waiters
    }
    for waiter in waiters.values { waiter.resume() }
  }

  /// Returns when it has been reached, or when the time is up.
  func reached(within seconds: Double) async {
    await withCheckedContinuation { continuation in
      let number = state.withLock { state -> Int? in
        guard !state.isReached else { return nil }
        state.next += 1
        state.waiters[state.next] = continuation
        return state.next
      }
      guard let number else { return continuation.resume() }
      Task { [weak self] in
        try? await Task.sleep(for: .seconds(seconds), clock: .continuous)
        self?.state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
      }
    }
  }
}
