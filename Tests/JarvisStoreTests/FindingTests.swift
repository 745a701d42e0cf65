import JarvisProtocol
import Testing

@testable import JarvisStore

@Suite struct FindingTests {
  private func search(
    _ store: Store, _ query: String, branch: String = "main", limit: Int = 20
  ) async throws -> [Int64] {
    var search = FindingSearch(scope: "repo", branch: branch, query: query, now: noon)
    search.limit = limit
    return try await store.searchFindings(search).rows.map(\.finding.id)
  }

  @Test func findingsComeBackAsStoredAndInPages() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let full = FindingRow(
      id: 5, scope: "repo", branch: "main", taskID: TaskID(9), kind: "vulnerability", title: "Tïtle", text: "Text",
      tagsJSON: #"["sql","auth"]"#, key: "k", confidence: 0.25, at: noon, expiresAt: noon + 60)
    let bare = FindingRow(id: 6, scope: "repo", branch: "dev", kind: "", text: "", at: noon)
    try await store.commit([.finding(full), .finding(bare)])
    #expect(try await store.finding(5) == full)
    #expect(try await store.finding(6) == bare)
    #expect(try await store.finding(7) == nil)
    let page = try await store.findingsPage(FindingFilter(scope: "repo"), limit: 1)
    #expect(page.rows == [bare] && page.next == 6)
    #expect(try await store.findingsPage(FindingFilter(scope: "repo"), after: page.next, limit: 1).rows == [full])
    #expect(try await store.findingsPage(FindingFilter(branches: ["dev"])).rows == [bare])
    #expect(
      try await store.findingsPage(FindingFilter(kind: "vulnerability", key: "k", taskID: TaskID(9))).rows == [full])
    #expect(try await store.findingsPage(FindingFilter(now: noon + 60)).rows == [bare])
    #expect(try store.loadLive().nextFindingID == 7)
  }

  @Test func theBestMatchComesFirstWithItsPassage() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([
      .finding(
        someFinding(1, "The word injection occurs here once, among many others that have nothing to do with it.")),
      .finding(someFinding(2, "login.php builds its query by hand", title: "SQL injection in the login")),
      .finding(someFinding(3, "Nothing of the kind")),
      .finding(someFinding(4, "injection", scope: "elsewhere")),
      .finding(someFinding(5, "injection", branch: "dev")),
      .finding(someFinding(6, "codebase_search is slow", tags: #"["performance","search"]"#)),
    ])
    #expect(try await search(store, "injection") == [2, 1])
    #expect(try await search(store, "INJECTIONS") == [2, 1])
    #expect(try await search(store, "sql login") == [2])
    #expect(try await search(store, "codebase_search") == [6])
    #expect(try await search(store, "performance") == [6])
    #expect(try await search(store, "injection", branch: "dev") == [5])
    #expect(try await search(store, "injection", branch: "none") == [])
    #expect(try await search(store, "injection", limit: 1) == [2])
    // Nothing holds both words, so either will do; and the beginning of a word.
    #expect(try await search(store, "kind unicorn") == [3])
    #expect(try await search(store, "perfor") == [6])
    #expect(try await search(store, "\"by hand\"") == [2])
    #expect(try await search(store, "\"hand by\"") == [])
    let hand = FindingSearch(scope: "repo", branch: "main", query: "hand", now: noon)
    let hit = try await store.searchFindings(hand).rows.first
    #expect(hit?.snippet == "login.php builds its query by [hand]")
    #expect((hit?.score ?? 0) > 0)
  }

  @Test func eachHitHasItsOwnPassageHoweverManyMatchesOfOthersLieBetween() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    // More than are walked over: the older half of the own ones has to be found one by one.
    let strangers = Int64(FindingFinder.window) + 500
    let own = Array(1...10) + Array(11 + strangers...20 + strangers)
    try await store.commit(
      own.map { .finding(someFinding($0, "login \($0)", branch: "own")) }
        + (11..<11 + strangers).map { .finding(someFinding($0, "login \($0)", branch: "other")) })
    let hits = try await store.searchFindings(FindingSearch(scope: "repo", branch: "own", query: "login", now: noon))
      .rows
    #expect(hits.map(\.finding.id).sorted() == own)
    for hit in hits { #expect(hit.snippet == "[login] \(hit.finding.id)") }
  }

  @Test func wordsThatTheIndexKnowsNoLettersOfHurtNoSearch() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([.finding(someFinding(1, "login")), .finding(someFinding(2, "another one", title: "login"))])
    // Adlam is younger than the tokenizer's tables, so that it is a phrase without words.
    for query in [
      "\u{1E900} login", "login \u{1E900}", "\u{1E900} \u{1E901} login \u{1E902}\u{1E903}\u{1E904}\u{1E905}\u{1E906}",
    ] {
      #expect(try await search(store, query) == [2, 1])
    }
    #expect(try await search(store, "\u{1E900}") == [])
  }

  @Test func aSlipBesideWordsThatAreInMostFindingsHidesNoneOfThem() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit((1...1200).map { .finding(someFinding($0, $0 == 7 ? "login performance" : "login")) })
    var slip = FindingSearch(scope: "repo", branch: "main", query: "unicorn login", now: noon)
    slip.limit = 500
    var found: [Int64] = []
    repeat {
      let page = try await store.searchFindings(slip)
      found += page.rows.map(\.finding.id)
      slip.cursor = page.next
    } while slip.cursor != nil
    #expect(found.sorted() == Array(1...1200))
    #expect(try await search(store, "a1 b2 c3 d4 e5 f6 g7 h8 i9 login", limit: 3).count == 3)
    #expect(try await search(store, "perfor login", limit: 20) == [7], "the beginning of a word")
  }

  @Test func theIndexFollowsReplacementRemovalAndExpiry() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([
      .finding(someFinding(1, "alpha", key: "k")), .finding(someFinding(2, "alpha", branch: "dev", key: "k")),
      .finding(someFinding(3, "alpha", expiresAt: noon)), .finding(someFinding(4, "alpha", expiresAt: noon + 1)),
    ])
    #expect(Set(try await search(store, "alpha")) == [1, 4], "3 has expired")
    try await store.commit([.finding(someFinding(5, "beta", key: "k"))])
    #expect(try await search(store, "alpha") == [4])
    #expect(try await search(store, "alpha", branch: "dev") == [2])
    #expect(try await search(store, "beta") == [5])
    #expect(try await store.finding(1) == nil)
    try await store.commit([.expireFindings(before: noon), .removeFinding(id: 5), .removeFinding(id: 99)])
    #expect(try await store.findingsPage().rows.map(\.id) == [4, 2])
    #expect(try await search(store, "beta") == [])
    #expect(try store.loadLive().nextFindingID == 6, "the id of a removed finding is not given again")
    try await store.pool.write {
      try $0.execute(sql: "INSERT INTO finding_fts(finding_fts) VALUES ('integrity-check')")
    }
  }

  @Test func noQueryIsAnError() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([.finding(someFinding(1, "alpha AND beta NEAR gamma", title: "C++ (a OR b)"))])
    let fragments = [
      "AND", "OR", "NOT", "NEAR(", ")", "(", "\"", "\"\"", "'", "*", "^", ":", "title:", "-", "+", "{", "}", "a*", "ß",
      "日本語", "é", "e\u{301}", "\u{301}", "🙂", "\u{0}", "\n", "\t", "\\", ";", "--", "/*", "%", "_", "?", "?1", "alpha",
      "\u{FFFF}", "\u{E000}", "½", "²", "\u{1E030}", " ", "\u{3000}", String(repeating: "a", count: 5000),
    ]
    for fragment in fragments { _ = try await search(store, fragment) }
    var generator = SeededGenerator(state: 42)
    for _ in 0..<2000 {
      let query = (0..<Int.random(in: 1...8, using: &generator)).map { _ in
        fragments.randomElement(using: &generator)! + (Bool.random(using: &generator) ? " " : "")
      }.joined()
      _ = try await search(store, query)
    }
    for _ in 0..<1000 {
      let scalars = (0..<20).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0...0x2FFF, using: &generator)) }
      _ = try await search(store, String(String.UnicodeScalarView(scalars)))
    }
    #expect(try await search(store, String(repeating: "alpha ", count: 10_000)) == [1])
    #expect(try await search(store, "c++") == [1])
    #expect(try await search(store, "  ") == [])
  }

  @Test func lessonsAreKeptNewestFirst() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let first = LearnedRow(
      taskType: "codebase_search", parallelBenefit: 0.85, notes: "Saves 60%", cpu: 0.4, ram: 0.2, at: noon,
      session: "s", branch: "b")
    let second = LearnedRow(taskType: "codebase_search", notes: "", at: noon, session: "s", branch: "b")
    let other = LearnedRow(taskType: "api_call", parallelBenefit: 0.1, notes: "", at: noon, session: "s", branch: "b")
    try await store.commit([.learned(first), .learned(second), .learned(other)])
    #expect(try await store.learned() == [other, second, first])
    #expect(try await store.learned(type: "codebase_search") == [second, first])
    #expect(try await store.latestLearned(type: "codebase_search") == second)
    #expect(try await store.latestLearned(type: "none") == nil)
    #expect(try await store.latestLearned() == [other, second])
  }

  @Test func valuesAreSetFoundByPrefixAndTakenAway() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([.meta(key: "profile/a%", value: "1"), .meta(key: "profile/b", value: "2")])
    try await store.commit([.meta(key: "profile/b", value: "3"), .meta(key: "other", value: "4")])
    #expect(try await store.metas(prefix: "profile/") == ["profile/a%": "1", "profile/b": "3"])
    try await store.commit([.meta(key: "other", value: nil), .meta(key: "none", value: nil)])
    #expect(try await store.meta("other") == nil)
  }
}

/// The same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
