import JarvisProtocol
import Testing

@testable import JarvisStore

/// Branches, keys, bounds, merges and paging of the hive-mind.
@Suite struct HiveTests {
  private func search(
    _ store: Store, _ query: String?, branch: String = "main", _ change: (inout FindingSearch) -> Void = { _ in }
  ) async throws -> [Int64] {
    var search = FindingSearch(scope: "repo", branch: branch, query: query, now: noon)
    change(&search)
    return try await store.searchFindings(search).rows.map(\.finding.id)
  }

  private func pages(_ store: Store, _ query: String?, limit: Int, branch: String = "main") async throws -> [[Int64]] {
    var search = FindingSearch(scope: "repo", branch: branch, query: query, now: noon)
    search.limit = limit
    var pages: [[Int64]] = []
    repeat {
      let page = try await store.searchFindings(search)
      pages.append(page.rows.map(\.finding.id))
      search.cursor = page.next
      #expect(page.next.map { FindingCursor($0.description) == $0 } ?? true)
    } while search.cursor != nil && pages.count < 100
    return pages
  }

  private func check(_ store: Store) async throws {
    try await store.pool.write {
      try $0.execute(sql: "INSERT INTO finding_fts(finding_fts) VALUES ('integrity-check')")
    }
    for branch in try await store.branches(scope: nil) {
      let count = try await store.findingsPage(
        FindingFilter(scope: branch.scope, branches: [branch.name]), limit: 10_000
      ).rows.count
      #expect(branch.findings == count, "the count of \(branch.name)")
    }
  }

  @Test func aSearchFallsThroughToTheParentsNearestFirst() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([
      .branch(scope: "repo", name: "child", parent: "middle", at: noon),
      .branch(scope: "repo", name: "middle", parent: "main", at: noon),
      .finding(someFinding(1, "login login login", title: "login", branch: "main")),
      .finding(someFinding(2, "a login among many other words that make it a poor match", branch: "child")),
      .finding(someFinding(3, "login", branch: "middle")), .finding(someFinding(4, "login", branch: "stranger")),
      .finding(someFinding(5, "login", scope: "elsewhere", branch: "child")),
    ])
    #expect(try await search(store, "login", branch: "child") == [2, 3, 1])
    #expect(try await search(store, "login", branch: "middle") == [3, 1])
    #expect(try await search(store, "login", branch: "main") == [1])
    #expect(try await search(store, "login", branch: "child") { $0.withParents = false } == [2])
    #expect(try await search(store, nil, branch: "child") == [2, 3, 1])
    #expect(try await pages(store, "login", limit: 1, branch: "child").flatMap(\.self) == [2, 3, 1])
    try await store.commit([.archiveBranch(scope: "repo", name: "middle", at: noon, merged: false)])
    #expect(try await search(store, "login", branch: "child") == [2, 1], "archived is hidden")
    #expect(try await search(store, "login", branch: "child") { $0.withArchived = true } == [2, 3, 1])
    try await store.commit([.finding(someFinding(6, "new", branch: "middle"))])
    #expect(try await search(store, "login", branch: "child") == [2, 3, 1], "a new finding shows it again")
    try await check(store)
  }

  @Test func kindsAndTagsNarrowASearch() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    var warning = someFinding(1, "login", tags: #"["auth","web"]"#)
    warning.kind = "warning"
    try await store.commit([
      .finding(warning), .finding(someFinding(2, "login", tags: #"["auth"]"#)),
      .finding(someFinding(3, "login", tags: #"["authentic"]"#)),
    ])
    #expect(try await search(store, "login") { $0.kind = "warning" } == [1])
    #expect(try await search(store, "login") { $0.tags = ["auth"] }.sorted() == [1, 2])
    #expect(try await search(store, nil) { $0.tags = ["auth", "web"] } == [1])
    #expect(try await search(store, "kwarning") == [], "the marks are no text")
  }

  @Test func aBranchHasOneParentAndIsNeverItsOwnAncestor() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([.branch(scope: "repo", name: "a", parent: "b", at: noon)])
    try await store.commit([.branch(scope: "repo", name: "b", parent: "c", at: noon)])
    try await store.commit([.branch(scope: "repo", name: "a", parent: "b", at: noon)])
    for (name, parent) in [("a", "c"), ("c", "a"), ("c", "c")] {
      await #expect(throws: StoreError.self) {
        try await store.commit([.branch(scope: "repo", name: name, parent: parent, at: noon)])
      }
    }
    #expect(try await store.lineage(scope: "repo", branch: "a").map(\.name) == ["a", "b", "c"])
    for n in 0..<16 {
      try? await store.commit([.branch(scope: "repo", name: "d\(n + 1)", parent: "d\(n)", at: noon)])
    }
    #expect(try await store.lineage(scope: "repo", branch: "d16").count <= Branches.maximumDepth + 1)
  }

  @Test func pagesHoldEveryMatchOnceWhateverIsPutMeanwhile() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let count = FindingFinder.window * 2 + 300
    try await store.commit((1...Int64(count)).map { .finding(someFinding($0, "login number \($0)")) })
    var search = FindingSearch(scope: "repo", branch: "main", query: "login", now: noon)
    search.limit = 170
    var seen: [Int64] = []
    var late = Int64(count)
    repeat {
      let page = try await store.searchFindings(search)
      seen += page.rows.map(\.finding.id)
      search.cursor = page.next
      late += 1
      try await store.commit([.finding(someFinding(late, "login"))])
    } while search.cursor != nil
    #expect(seen.sorted() == Array(1...Int64(count)))
  }

  @Test func keysAreComparedAndSet() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let first = someFinding(1, "one", key: "k")
    #expect(try await store.put(first, FindingRules(expectedRevision: 0)) == 1)
    await #expect(throws: StoreError.revision(key: "k", expected: 0, found: 1)) {
      _ = try await store.put(someFinding(2, "two", key: "k"), FindingRules(expectedRevision: 0))
    }
    #expect(try await store.put(someFinding(3, "three", key: "k"), FindingRules(expectedRevision: 1)) == 2)
    #expect(try await store.put(someFinding(4, "four", key: "k")) == 3)
    await #expect(throws: StoreError.revision(key: "k", expected: 2, found: 3)) {
      _ = try await store.put(someFinding(5, "five", key: "k"), FindingRules(expectedRevision: 2))
    }
    await #expect(throws: StoreError.revision(key: "new", expected: 1, found: 0)) {
      _ = try await store.put(someFinding(6, "six", key: "new"), FindingRules(expectedRevision: 1))
    }
    #expect(try await store.findingsPage().rows.map(\.text) == ["four"])
    // What has expired is not there, but its revisions are not given again.
    _ = try await store.put(someFinding(7, "seven", key: "k", expiresAt: noon))
    #expect(try await store.put(someFinding(8, "eight", key: "k"), FindingRules(expectedRevision: 0)) == 5)
    try await check(store)
  }

  @Test func ofManyAtOnceOneWins() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let winners = await withTaskGroup(of: Int.self) { group in
      for n in 1...50 {
        group.addTask {
          let finding = someFinding(Int64(n), "by \(n)", key: "lock")
          return (try? await store.put(finding, FindingRules(expectedRevision: 0))) == nil ? 0 : 1
        }
      }
      return await group.reduce(0, +)
    }
    #expect(winners == 1)
    #expect(store.metrics.transactions < 50, "puts share their waits for the disk")
  }

  @Test func tasksAndBranchesHoldABoundedNumber() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let rules = FindingRules(perTask: 2, perBranch: 3)
    for n in 1...2 { _ = try await store.put(someFinding(Int64(n), "x", key: "k\(n)"), rules) }
    await #expect(throws: StoreError.bound("task t1", limit: 2)) {
      _ = try await store.put(someFinding(3, "x"), rules)
    }
    _ = try await store.put(someFinding(4, "replaced", key: "k1"), rules)
    var other = someFinding(5, "x")
    other.taskID = nil
    _ = try await store.put(other, rules)
    other.id = 6
    await #expect(throws: StoreError.bound("branch \"main\"", limit: 3)) { _ = try await store.put(other, rules) }
    try await check(store)
  }

  @Test func aMergeFoldsDuplicatesAndShowsConflicts() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([
      .branch(scope: "repo", name: "child", parent: "main", at: noon),
      .finding(someFinding(1, "same")), .finding(someFinding(2, "parent's", key: "k")),
      .finding(someFinding(3, "agreed", key: "a")),
      .finding(someFinding(4, "same", branch: "child")), .finding(someFinding(5, "same", branch: "child")),
      .finding(someFinding(6, "own", branch: "child")), .finding(someFinding(7, "own", branch: "child")),
      .finding(someFinding(8, "child's", branch: "child", key: "k")),
      .finding(someFinding(9, "agreed", branch: "child", key: "a")),
      .finding(someFinding(10, "gone", branch: "child", expiresAt: noon)),
    ])
    let conflicts = try await store.mergeConflicts(scope: "repo", "child", into: "main", now: noon, limit: 10)
    #expect(conflicts.map { [$0.branch.text, $0.parent.text] } == [["child's", "parent's"]])
    await #expect(throws: StoreError.self) {
      _ = try await store.mergeBranch(scope: "repo", "child", into: "main", nil, at: noon)
    }
    let merged = try await store.mergeBranch(scope: "repo", "child", into: "main", .branch, at: noon)
    #expect(merged.moved == 2)
    let main = try await store.findingsPage(FindingFilter(branches: ["main"]), newestFirst: false).rows
    #expect(main.map(\.text) == ["same", "agreed", "own", "child's"])
    #expect(main.last?.revision == 2)
    #expect(try await store.findingsPage(FindingFilter(branches: ["child"])).rows == [])
    #expect(try await search(store, "own") == [6], "the index follows")
    let child = try await store.lineage(scope: "repo", branch: "child").first
    #expect(child?.archivedAt == noon && child?.mergedAt == noon)
    try await check(store)
  }

  @Test func whatIsOlderThanTheHiveIsFoldedAsADuplicateToo() async throws {
    let folder = try TemporaryFolder()
    try StoredSchemas.make(folder.database, sql: StoredSchemas.all[3], version: 4)
    let store = try folder.open()
    var again = someFinding(2, "In login.php", title: "SQL injection", branch: "child", tags: #"["sql"]"#)
    again.kind = "note"
    try await store.commit([.finding(again)])
    let merged = try await store.mergeBranch(scope: "repo", "child", into: "main", nil, at: noon)
    #expect(merged.folded == 1 && merged.moved == 0)
    try await check(store)
  }

  @Test func aSearchIsTheSameWhetherItsBranchHoldsMostFindingsOrFew() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    // Rare enough to be looked up one by one.
    let many: Int64 = 3000
    try await store.commit(
      (1...many).map { .finding(someFinding($0, $0 % 500 == 0 ? "login \($0)" : "other \($0)", branch: "big")) })
    let wanted = stride(from: Int64(500), through: many, by: 500).sorted(by: >)
    func both(_ query: String) async throws -> [Int64] {
      var found: [Int64] = []
      for page in try await pages(store, query, limit: 7, branch: "big") { found += page }
      return found.sorted(by: >)
    }
    #expect(try await both("login") == wanted)
    #expect(try await both("login other") == wanted, "never together, and the other word is in too many")
    #expect(try await search(store, "login", branch: "big") { $0.kind = "warning" } == [])
  }

  @Test func whereMostMatchesAreOfAnotherBranchASearchStillFindsItsOwn() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    let strangers = Int64(FindingFinder.window) * 2
    // The newest id says how many findings there are, so the word seems to be rare.
    try await store.commit(
      (1...50).map { .finding(someFinding($0, "login \($0)", branch: "big")) }
        + (51...50 + strangers).map { .finding(someFinding($0, "login \($0)", branch: "small")) }
        + [.finding(someFinding(1_000_000, "other", branch: "big"))])
    try await store.pool.write { try $0.execute(sql: "UPDATE branch SET findings = 900000 WHERE name = 'big'") }
    let found = try await pages(store, "login", limit: 20, branch: "big").flatMap(\.self)
    #expect(found.sorted() == Array(1...50))
  }

  @Test func aMergeIntoAnArchivedBranchShowsItAgain() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([
      .finding(someFinding(1, "old")), .archiveBranch(scope: "repo", name: "main", at: noon, merged: false),
      .branch(scope: "repo", name: "empty", parent: "main", at: noon),
      .finding(someFinding(2, "new", branch: "child")),
    ])
    _ = try await store.mergeBranch(scope: "repo", "empty", into: "main", nil, at: noon)
    #expect(try await search(store, "old") == [], "nothing came")
    _ = try await store.mergeBranch(scope: "repo", "child", into: "main", nil, at: noon)
    #expect(try await search(store, "new") == [2])
  }

  @Test(arguments: [MergeRule.parent, .both]) func theRuleSaysWhichValueStays(rule: MergeRule) async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([
      .finding(someFinding(1, "parent's", key: "k")), .finding(someFinding(2, "child's", branch: "child", key: "k")),
    ])
    _ = try await store.mergeBranch(scope: "repo", "child", into: "main", rule, at: noon)
    let rows = try await store.findingsPage(FindingFilter(branches: ["main"]), newestFirst: false).rows
    let values = Dictionary(rows.map { ($0.key ?? "", $0.text) }) { first, _ in first }
    #expect(values == (rule == .both ? ["k": "parent's", "k@child": "child's"] : ["k": "parent's"]))
    try await check(store)
  }

  @Test func bothValuesOfAKeyStayWhereTheirNewNameIsTakenToo() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit([
      .finding(someFinding(1, "parent's", key: "k")), .finding(someFinding(2, "child's", branch: "child", key: "k")),
      .finding(someFinding(3, "child's other", branch: "child", key: "k@child")),
      .finding(someFinding(4, "parent's other", key: "k@child-2")),
    ])
    _ = try await store.mergeBranch(scope: "repo", "child", into: "main", .both, at: noon)
    let rows = try await store.findingsPage(FindingFilter(branches: ["main"]), newestFirst: false).rows
    #expect(rows.map(\.key) == ["k", "k@child-3", "k@child", "k@child-2"])
    try await check(store)
  }

  @Test func expiryGoesOnUntilAllAreGone() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try await store.commit((1...4500).map { .finding(someFinding($0, "x", expiresAt: noon)) })
    try await store.commit([.finding(someFinding(9999, "x"))])
    #expect(try await search(store, "x") == [9999])
    try await store.expireFindings(before: noon)
    #expect(try await store.findingsPage().rows.map(\.id) == [9999])
    try await check(store)
  }
}
