import JarvisAgents
import JarvisLinux
import Synchronization
import WardenProtocol

/// Reads one agent's output file as it grows, and tells the coordinator what the agent says.
///
/// The kernel wakes it (inotify) and the agent's exit does; it never polls. Where inotify can't be had, all is read at
/// the end. It holds a piece of 64 KiB and what `AgentStream` holds.
final class AgentFollower: Sendable {
  private let wake: AsyncStream<Void>
  private let waker: AsyncStream<Void>.Continuation
  private let isEnding = Atomic(false)

  init() {
    (wake, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  /// The agent has exited: nothing more is written, so read to the end and be done.
  func finish() {
    isEnding.store(true, ordering: .sequentiallyConsistent)
    waker.yield()
  }

  /// Reads until `finish`, beside the coordinator.
  func start(_ stream: AgentStream, file: String, key: RunKey, coordinator: Coordinator) {
    // Watched before it is read, so that nothing written in between is slept through.
    let changes = try? coordinator.watcher?.watch(file)
    let watching = changes.map { changes in
      Task.detached { [waker] in for await _ in changes { waker.yield() } }
    }
    waker.yield()
    Task.detached { [self, weak coordinator] in
      var stream = stream
      for await _ in wake {
        let isLast = isEnding.load(ordering: .sequentiallyConsistent)
        var more = true
        while more {
          var events: [AgentEvent] = []
          more = Self.read(file, &stream, &events)
          if !events.isEmpty || more { await coordinator?.heard(key, stream, events) }
        }
        guard isLast else { continue }
        let events = stream.finish()
        await coordinator?.heardAll(key, stream, events)
        break
      }
      watching?.cancel()
    }
  }

  /// At most a MiB at a time; returns whether there is more.
  private static func read(_ file: String, _ stream: inout AgentStream, _ events: inout [AgentEvent]) -> Bool {
    for _ in 0..<16 {
      let bytes = Output.read(file, offset: stream.position, count: 65_536)
      if bytes.isEmpty { return false }
      events += stream.feed(bytes)
    }
    return true
  }
}
