/// A mean in which about the last 64 values count.
struct RunningMean: Sendable, Equatable {
  static let memory: Float = 64

  var weight: Float = 0
  var mean: Float = 0

  /// The mean; nil if nothing was seen.
  var value: Double? { weight > 0 ? Double(mean) : nil }

  /// Takes in one value; what isn't finite is left out.
  mutating func add(_ x: Double) {
    guard x.isFinite else { return }
    weight = min(weight + 1, Self.memory)
    mean += (Float(x) - mean) / weight
  }

  /// Lets the share 1 − `share` of the weight fade.
  mutating func fade(to share: Double) { weight *= Float(share) }
}

/// How often a type succeeds, and why it fails when it does. Newer tasks count more, and only the most frequent causes
/// are kept (space-saving, Metwally et al. 2005), so that causes which never repeat can't fill the memory.
struct OutcomeTally: Sendable, Equatable {
  struct Cause: Sendable, Equatable {
    var name: String
    var share: Float
  }

  static let capacity = 4

  /// 1 for each that succeeded, 0 for others.
  var success = RunningMean()
  /// The causes and the shares of all tasks that they ended.
  private(set) var causes: [Cause] = []

  init() {}

  init(success: RunningMean, causes: [Cause]) {
    self.success = success
    self.causes = causes
  }

  /// Takes in one outcome; `failure` is nil if it succeeded.
  mutating func add(failure: String?) {
    success.add(failure == nil ? 1 : 0)
    let gain = 1 / success.weight
    for i in causes.indices { causes[i].share *= 1 - gain }
    if let failure {
      let name = Self.short(failure)
      if let at = causes.firstIndex(where: { $0.name == name }) {
        causes[at].share += gain
      } else if causes.count < Self.capacity {
        causes.append(Cause(name: name, share: gain))
      } else if let rarest = causes.indices.min(by: { causes[$0].share < causes[$1].share }) {
        causes[rarest] = Cause(name: name, share: causes[rarest].share + gain)
      }
    }
    causes.removeAll { $0.share < 0.001 }
  }

  /// At most 48 bytes.
  private static func short(_ name: String) -> String {
    guard name.utf8.count > 48 else { return name }
    var cut = ""
    for character in name {
      if cut.utf8.count + character.utf8.count > 45 { break }
      cut.append(character)
    }
    return cut + "…"
  }
}
