import JarvisProtocol
import Synchronization

/// Hands events to the connections that asked for them. A connection that can't take one misses it: the gap in
/// `sequence` tells it so. Nobody waits for a slow reader.
final class EventHub: Sendable {
  /// Sends one line; false when the connection can't take it now.
  typealias Sink = @Sendable (JSON) -> Bool

  private struct Subscriber {
    let filter: EventsSubscribe.Parameters
    /// An agent's repository: it hears of no other's findings. Nil for everybody else.
    let scope: String?
    let sink: Sink
  }

  private struct State {
    var sequence = 0
    var subscribers: [Int: Subscriber] = [:]
  }

  private let state = Mutex(State())

  /// The number of the newest event.
  var sequence: Int { state.withLock { $0.sequence } }

  /// Whether an event would reach anybody; building one costs.
  var hasSubscribers: Bool { state.withLock { !$0.subscribers.isEmpty } }

  func subscribe(connection: Int, filter: EventsSubscribe.Parameters, scope: String? = nil, sink: @escaping Sink) {
    state.withLock { $0.subscribers[connection] = Subscriber(filter: filter, scope: scope, sink: sink) }
  }

  func unsubscribe(connection: Int) {
    _ = state.withLock { $0.subscribers.removeValue(forKey: connection) }
  }

  /// Numbers the event and sends it to those whose filter lets it through.
  /// - Parameter scope: the repository that it is of; nil where it is of none.
  func publish(scope: String? = nil, _ make: () -> Event) {
    let sinks: [Subscriber]
    var event: Event
    do {
      let (next, all) = state.withLock { state -> (Int, [Subscriber]) in
        state.sequence += 1
        return (state.sequence, Array(state.subscribers.values))
      }
      guard !all.isEmpty else { return }
      event = make()
      event.sequence = next
      sinks = all
    }
    let line = RPC.notification(method: "event", params: event.json)
    for subscriber in sinks where subscriber.filter.lets(event) {
      if let scope, let own = subscriber.scope, scope != own { continue }
      _ = subscriber.sink(line)
    }
  }
}

extension EventsSubscribe.Parameters {
  /// Whether an event is asked for. A batch narrows to its tasks; a branch, to its tasks and findings and to what
  /// concerns all.
  func lets(_ event: Event) -> Bool {
    if let kinds, !kinds.contains(event.kind) { return false }
    guard let task = event.task else {
      if let branchID, let branch = event.branchID, branch != branchID { return false }
      return batchID == nil
    }
    if let batchID, task.batchID != batchID { return false }
    if let branchID, task.branchID != branchID { return false }
    return true
  }
}
