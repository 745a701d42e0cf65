import JarvisProtocol

/// The profiles of all types, the least recently used of which make room when there are too many.
public struct ProfileStore: Sendable {
  /// As many types are kept, unless told otherwise.
  public static let defaultCapacity = 10_000

  /// A place in the list from the most to the least recently used.
  private struct Slot: Sendable {
    /// An array of one: a box with the semantics of a value. So the spare room of `slots` costs little.
    var box: [TypeProfile]
    var newer: Int32
    var older: Int32
  }

  private static let none: Int32 = -1

  /// The most types that are kept.
  public let capacity: Int
  private var slots: [Slot] = []
  private var places: [String: Int32] = [:]
  private var newest = none
  private var oldest = none

  /// An empty store for at least one type.
  public init(capacity: Int = ProfileStore.defaultCapacity) { self.capacity = max(1, min(capacity, 1_000_000)) }

  /// In this time half of what was learned fades, if nothing new comes; seconds.
  public var halfLifeSeconds = TypeProfile.halfLifeSeconds {
    didSet { for i in slots.indices { slots[i].box[0].halfLife = Float(halfLifeSeconds) } }
  }

  /// How many types are known.
  public var count: Int { slots.count }

  /// The types, most recently used first.
  public var types: [String] {
    var types: [String] = []
    types.reserveCapacity(count)
    var at = newest
    while at != Self.none {
      let slot = slots[Int(at)]
      types.append(slot.box[0].type)
      at = slot.older
    }
    return types
  }

  /// What is known of a type; nil if nothing. Looking doesn't count as use.
  public subscript(type: String) -> TypeProfile? { places[type].map { slots[Int($0)].box[0] } }

  /// What is known of a type, or the profile of one of which nothing is.
  public func profile(of type: String) -> TypeProfile { self[type] ?? new(type) }

  private func new(_ type: String) -> TypeProfile {
    var profile = TypeProfile(type: type)
    profile.halfLife = Float(halfLifeSeconds)
    return profile
  }

  /// Takes in what a finished task showed. Costs a few microseconds.
  /// - Returns: whether it showed that the type's behaviour has changed.
  @discardableResult
  public mutating func observe(_ observation: Observation) -> Bool {
    slots[use(observation.type)].box[0].observe(observation)
  }

  /// Takes in what somebody taught about a type.
  public mutating func teach(_ type: String, _ lesson: Taught) { slots[use(type)].box[0].teach(lesson) }

  /// Takes in a profile, from the disk or from elsewhere. Where the type is known already, the one that has seen more
  /// tasks stays.
  /// - Returns: whether it was taken.
  @discardableResult
  public mutating func merge(_ profile: TypeProfile) -> Bool {
    if let known = self[profile.type], known.total > profile.total { return false }
    var profile = profile
    profile.halfLife = Float(halfLifeSeconds)
    slots[use(profile.type)].box[0] = profile
    return true
  }

  /// Forgets a type.
  /// - Returns: whether it was known.
  @discardableResult
  public mutating func forget(_ type: String) -> Bool {
    guard let place = places.removeValue(forKey: type) else { return false }
    unlink(place)
    let last = Int32(slots.count - 1)
    if place != last {
      // The last slot moves to the free place; its neighbours and its name must find it there.
      let moved = slots[Int(last)]
      slots[Int(place)] = moved
      if moved.newer == Self.none { newest = place } else { slots[Int(moved.newer)].older = place }
      if moved.older == Self.none { oldest = place } else { slots[Int(moved.older)].newer = place }
      places[moved.box[0].type] = place
    }
    slots.removeLast()
    return true
  }

  // MARK: The order of use

  /// The index of a type's slot, which becomes the most recently used.
  private mutating func use(_ type: String) -> Int {
    if let place = places[type] {
      if place != newest {
        unlink(place)
        link(place)
      }
      return Int(place)
    }
    if slots.count >= capacity, oldest != Self.none { forget(slots[Int(oldest)].box[0].type) }
    let place = Int32(slots.count)
    slots.append(Slot(box: [new(type)], newer: Self.none, older: Self.none))
    places[type] = place
    link(place)
    return Int(place)
  }

  private mutating func link(_ place: Int32) {
    slots[Int(place)].newer = Self.none
    slots[Int(place)].older = newest
    if newest != Self.none { slots[Int(newest)].newer = place }
    newest = place
    if oldest == Self.none { oldest = place }
  }

  private mutating func unlink(_ place: Int32) {
    let slot = slots[Int(place)]
    if slot.newer == Self.none { newest = slot.older } else { slots[Int(slot.newer)].older = slot.older }
    if slot.older == Self.none { oldest = slot.newer } else { slots[Int(slot.older)].newer = slot.newer }
  }
}

extension ProfileStore {
  /// All profiles, least recently used first, so that reading them in order restores the order of use.
  public var json: JSON {
    ["version": 1, "profiles": .array(types.reversed().compactMap { self[$0]?.json })]
  }

  /// Takes in profiles that `json` wrote, as `merge` does.
  /// - Returns: how many were taken.
  /// - Throws: which field is wrong; then nothing was changed.
  @discardableResult
  public mutating func importing(_ json: JSON) throws(LearningFormatError) -> Int {
    let fields = try LearningReader(json, at: "export")
    guard try fields.number("version", 0...1e6) == 1 else {
      throw LearningFormatError(
        fields.path("version"), "must be 1: a newer Jarvis wrote this; import it with one as new")
    }
    var profiles: [TypeProfile] = []
    for (i, element) in (try fields.optionalList("profiles", upTo: 1_000_000) ?? []).enumerated() {
      profiles.append(try TypeProfile(json: element, at: "profiles[\(i)]"))
    }
    return profiles.reduce(0) { $0 + (merge($1) ? 1 : 0) }
  }

  /// Reads a store that `json` wrote.
  /// - Throws: which field is wrong.
  public init(json: JSON, capacity: Int = ProfileStore.defaultCapacity) throws(LearningFormatError) {
    self.init(capacity: capacity)
    try importing(json)
  }
}
