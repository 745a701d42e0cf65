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
  /// The warden is told to start these once the store has the parcel in its hands. It does not wait for the disk: when
  /// jarvisd dies in between, the warden knows what it was told, and the next jarvisd takes the run up (`reconcile`).
  /// Only a power cut in those milliseconds makes a task start anew that had just begun.
  var starts: [(id: TaskID, key: RunKey)] = []

  var isEmpty: Bool { changes.isEmpty && effects.isEmpty }

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
