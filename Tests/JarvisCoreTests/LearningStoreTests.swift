import JarvisProtocol
import Testing

@testable import JarvisCore

private func observation(
  _ type: String, _ i: Int, using random: inout SplitMix64
) -> Observation {
  Observation(
    type: type, width: Double(Int.random(in: 1...5, using: &random)), queueSeconds: 1,
    durationSeconds: Double.random(in: 1...20, using: &random), cpuSeconds: Double.random(in: 0...1, using: &random),
    peakMemoryBytes: Double.random(in: 1e6...1e9, using: &random),
    ioBytes: Double.random(in: 0...1e9, using: &random), stalls: StallShares(cpu: 0.1, memory: 0.01, io: 0.2),
    outcome: i % 7 == 6 ? .failed : .succeeded, cause: i % 7 == 6 ? "exit \(i % 5)" : nil, cost: 0.1, tokens: 900,
    at: at(Double(i)))
}

@Suite("The store of profiles")
struct LearningStoreTests {
  @Test("the least recently used type makes room")
  func eviction() {
    var store = ProfileStore(capacity: 3)
    var random = SplitMix64(seed: 1)
    for type in ["a", "b", "c", "a", "d"] { store.observe(observation(type, 0, using: &random)) }
    #expect(store.types == ["d", "a", "c"])
    #expect(store["b"] == nil)
    #expect(store["a"]?.total == 2)
    #expect(store.profile(of: "new").total == 0 && store.count == 3)
    #expect(store.forget("a") && !store.forget("a"))
    #expect(store.types == ["d", "c"])
  }

  @Test("any sequence of uses keeps the order of use", arguments: [1, 2, 3])
  func order(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var store = ProfileStore(capacity: 8)
    var model: [String] = []
    for _ in 0..<2000 {
      let type = "t\(Int.random(in: 0..<14, using: &random))"
      if random.chance(0.2) {
        #expect(store.forget(type) == model.contains(type))
        model.removeAll { $0 == type }
      } else {
        store.teach(type, Taught(benefit: 0.5, at: at(0)))
        model.removeAll { $0 == type }
        model.insert(type, at: 0)
        if model.count > 8 { model.removeLast() }
      }
      #expect(store.types == model)
      #expect(model.allSatisfy { store[$0]?.type == $0 })
    }
  }

  @Test("what is exported reads back the same")
  func roundTrip() throws {
    var random = SplitMix64(seed: 2)
    var store = ProfileStore()
    for i in 0..<600 { store.observe(observation("t\(i % 6)", i, using: &random)) }
    store.teach("t1", Taught(benefit: 0.85, cpu: 0.4, ram: 0.2, at: at(9)))
    store.teach("taught only", Taught(benefit: 0.1, at: at(9)))
    let json = try JSON(parsing: store.json.text)
    let copy = try ProfileStore(json: json)
    #expect(copy.types == store.types)
    for type in store.types { #expect(copy[type] == store[type]) }
    #expect(copy.json.text == store.json.text)
    let one = observation("x", 6, using: &random)
    #expect(try Observation(json: JSON(parsing: one.json.text)) == one)
  }

  @Test("an import takes what has seen more, and nothing of a faulty one")
  func merging() throws {
    var random = SplitMix64(seed: 3)
    var mine = ProfileStore()
    var other = ProfileStore()
    for i in 0..<10 { mine.observe(observation("a", i, using: &random)) }
    for i in 0..<5 { other.observe(observation("a", i, using: &random)) }
    for i in 0..<5 { other.observe(observation("b", i, using: &random)) }
    #expect(try mine.importing(other.json) == 1)
    #expect(mine["a"]?.total == 10 && mine["b"]?.total == 5)
    var profile = try #require(other["b"]).json.objectValue ?? JSONObject()
    // Too few, words among the numbers, and tasks that are more or fewer than there can be.
    let faults: [JSON] = [
      [[1, 2, 3]], [[1, 1.5, 9, 0.1, 0, 0, 1, "x"]], [[1, 1.5, 9, "x", 0.1, 0, 0, 1]],
      [[1, 1.5, 9, 0.1, 0, 0, 1, 65_536]], [[1, 1.5, 9, 0.1, 0, 0, 1, -1]],
    ]
    for widths in faults {
      profile["widths"] = widths
      #expect {
        try mine.importing(["version": 1, "profiles": [["type": "c", "total": 1], .object(profile)]])
      } throws: { error in
        (error as? LearningFormatError)?.path == "profiles[1].widths[0]"
      }
    }
    #expect(mine["c"] == nil)
    #expect(throws: LearningFormatError.self) { try mine.importing(["version": 2, "profiles": []]) }
    #expect(throws: LearningFormatError.self) { try mine.importing([]) }
  }

  @Test("no damaged export does harm", arguments: [1, 2])
  func fuzz(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var profile = TypeProfile(type: "x")
    for i in 0..<60 { profile.observe(observation("x", i, using: &random)) }
    let values: [JSON] = [
      .null, -1, 0, 1e300, "x", [], [1, 2], [["a"]], [:], true, .double(0.5), [[0, 1, 1, 1, 0, 0]],
    ]
    for _ in 0..<400 {
      var object = profile.json.objectValue ?? JSONObject()
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let key = object.members[Int.random(in: 0..<object.count, using: &random)].key
        object[key] = values[Int.random(in: 0..<values.count, using: &random)]
      }
      guard var read = try? TypeProfile(json: .object(object)) else { continue }
      read.observe(observation("x", 1, using: &random))
      #expect(read.law().sigma.value.isFinite)
      #expect(!read.explain(now: at(5)).isEmpty)
    }
  }

  @Test("10,000 types take less than 20 MB")
  func memory() {
    var random = SplitMix64(seed: 6)
    var store = ProfileStore()
    for i in 0..<10_000 {
      for j in 0..<30 { store.observe(observation("command:type-\(i):run", j, using: &random)) }
    }
    #expect(store.count == 10_000)
    // The index of names: a word for each of at most 2^14/0.75 places, and the name's two; the list: a word and two
    // half ones for each of at most 2^14 places.
    let index = 16_384 * (MemoryLayout<String>.stride + 4 + 1) + 16_384 * 16
    let profiles = store.types.reduce(0) { $0 + (store[$1]?.footprint ?? 0) }
    let used = index + profiles
    print("10,000 profiles: \(used / 1_000_000) MB, \(used / 10_000) bytes each")
    #expect(used < 20_000_000)
  }
}

extension TypeProfile {
  /// The bytes it takes in its box, with all it points to, as the allocator rounds them.
  fileprivate var footprint: Int {
    func block(_ bytes: Int) -> Int { (bytes + 8 + 15) / 16 * 16 }
    func array<T>(_ array: [T]) -> Int { array.isEmpty ? 0 : block(32 + array.capacity * MemoryLayout<T>.stride) }
    func text(_ text: String) -> Int { text.utf8.count > 15 ? block(32 + text.utf8.count + 1) : 0 }
    let sketches = [sketches.duration, sketches.cpuSeconds, sketches.cores, sketches.memory, sketches.io]
    return block(32 + MemoryLayout<TypeProfile>.stride) + text(type) + array(durations.records)
      + sketches.reduce(0) { $0 + array($1.centroids) } + array(outcomes.causes)
      + outcomes.causes.reduce(0) { $0 + text($1.name) }
  }
}
