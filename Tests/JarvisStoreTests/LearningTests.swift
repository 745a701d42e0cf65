import JarvisProtocol
import Testing

@testable import JarvisStore

@Suite struct LearningTests {
  private func row(_ id: Int64, _ type: String = "a", at: Double = 0) -> Change {
    .observation(ObservationRow(id: id, type: type, at: noon + at, json: "{\"n\":\(id)}"))
  }

  @Test func observationsComeBackInOrderAndAfterANumber() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([row(1), row(2, "b"), row(3)])
    var found: [Int64] = []
    #expect(try store.loadObservations(after: 1) { found.append($0.id) } == 3)
    #expect(found == [2, 3])
    #expect(try await store.observations(of: "a", limit: 10).map(\.id) == [3, 1])
    #expect(try await store.observations(of: "a", limit: 1).map(\.id) == [3])
  }

  @Test func profilesComeBackByUseAndTheNewestStands() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    for (type, at, json) in [("a", 3.0, "1"), ("b", 2, "2"), ("a", 1, "3")] {
      try await store.commit([.profile(ProfileRow(type: type, at: noon + at, json: json))])
    }
    var found: [String] = []
    try store.loadProfiles { found.append("\($0.type)\($0.json)") }
    #expect(found == ["a3", "b2"])
  }

  @Test func pruningKeepsTheNewestOfEachKind() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit((1...20).map { row($0, at: Double($0)) })
    try await store.commit((1...9).map { .profile(ProfileRow(type: "t\($0)", at: noon + Double($0), json: "{}")) })
    #expect(try await store.pruneLearning(before: noon + 5, keep: 10, profiles: 4) == 15)
    var observations: [Int64] = []
    try store.loadObservations(after: 0) { observations.append($0.id) }
    #expect(observations == Array(11...20))
    var profiles: [String] = []
    try store.loadProfiles { profiles.append($0.type) }
    #expect(profiles == ["t6", "t7", "t8", "t9"])
    #expect(try await store.pruneLearning(before: noon + 18, keep: 1000, profiles: 4) == 7)
  }

  @Test func forgettingATypeLeavesOthers() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let lesson = { LearnedRow(taskType: $0, notes: "", at: noon, session: "s", branch: "") }
    try await store.commit([
      row(1), row(2, "b"), .learned(lesson("a")), .learned(lesson("b")),
      .profile(ProfileRow(type: "a", at: noon, json: "{}")), .forgetType("a"),
    ])
    #expect(try await store.observations(of: "a", limit: 10).isEmpty)
    #expect(try await store.observations(of: "b", limit: 10).map(\.id) == [2])
    #expect(try await store.latestLearned().map(\.taskType) == ["b"])
    var profiles = 0
    try store.loadProfiles { _ in profiles += 1 }
    #expect(profiles == 0)
  }
}
