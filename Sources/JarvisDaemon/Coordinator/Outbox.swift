import JarvisProtocol
import JarvisStore
import WardenProtocol

/// What is done once the changes that go with it are on the disk, in this order.
enum Effect: Sendable {
  /// Tell the warden that it may forget this exit.
  case acknowledge(RunKey)
  /// A task is over for good: tell those who wait, and forget it.
  case ended(TaskID, TaskState)
  /// Tell a caller that its change is durable, or that it is not.
  case confirm(CheckedContinuation<StoreError?, Never>)
}

/// Changes and what follows them, on the way to the store.
struct Parcel: Sendable {
  var changes: [Change] = []
  var effects: [Effect] = []
  /// What the warden has not been told to start yet.
  var starts: [(id: TaskID, key: RunKey)] = []
  /// Whether a caller waits for it.
  var isAwaited = false
  /// Where a task's row stands among the changes.
  private var rows: [TaskID: Int] = [:]

  var isEmpty: Bool { changes.isEmpty && effects.isEmpty }

  /// Adds a task's new state; of several of one task the last is enough.
  mutating func put(_ row: StateRow) {
    if let index = rows[row.id] {
      changes[index] = .state(row)
    } else {
      rows[row.id] = changes.count
      changes.append(.state(row))
    }
  }

  /// Tells the callers that wait for this parcel that it could not be stored, and lets go of them.
  mutating func answerConfirmations(_ error: StoreError) {
    for case .confirm(let continuation) in effects { continuation.resume(returning: error) }
    effects.removeAll { if case .confirm = $0 { true } else { false } }
  }
}

/// How a parcel came back from the store.
struct Delivery: Sendable {
  var parcel: Parcel
  let result: Result<Void, StoreError>
}
