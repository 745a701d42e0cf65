import JarvisProtocol
import JarvisStore
import WardenProtocol

/// What is done once the changes that go with it are on the disk, in this order.
enum Effect: Sendable {
  /// Tell the warden to start this attempt.
  case start(TaskID, RunKey)
  /// Tell the warden that it may forget this exit.
  case acknowledge(RunKey)
  /// A task is over for good: tell those who wait, and forget it.
  case ended(TaskID, TaskState)
}

/// Changes and what follows them, on the way to the store.
struct Parcel: Sendable {
  var changes: [Change] = []
  var effects: [Effect] = []

  var isEmpty: Bool { changes.isEmpty && effects.isEmpty }
}

/// How a parcel came back from the store.
struct Delivery: Sendable {
  let parcel: Parcel
  let result: Result<Void, StoreError>
}
