import JarvisCore
import JarvisProtocol

/// How many of a batch's tasks run at once, and why: what the learner says of a batch that leaves it to Jarvis.
struct BatchPlan: Sendable {
  /// `auto` or `adaptive`.
  let strategy: Strategy
  /// The same number for the batch's whole life, so that its width follows what is known and not the dice.
  let luck: Double
  /// How many tasks it had when it came.
  let total: Int
  /// How many of each type aren't over.
  var remaining: [String: Int]
  var finished = 0
  /// The most at once; nil for no limit but those that hold for all.
  var width: Int?
  /// In words and numbers.
  var reason = ""

  /// The type that most of the tasks that are left have; the first by name of equals.
  var mainType: String? {
    remaining.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }

  mutating func ended(_ type: String) {
    finished += 1
    if let left = remaining[type] { remaining[type] = left > 1 ? left - 1 : nil }
  }

  /// Whether it is to be looked at again, now that another task has ended. `adaptive` follows each; `auto` after the
  /// first, which may have been kept alone, and from time to time.
  var isDue: Bool { strategy == .adaptive || finished == 1 || finished.isMultiple(of: 4) }
}
