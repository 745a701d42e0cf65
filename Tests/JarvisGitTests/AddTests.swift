import Glibc
import JarvisLinux
import Testing

@testable import JarvisGit

@Suite struct AddTests {
  @Test func aWorktreeIsOnABranchOfItsOwnAtTheCommitOfItsFolder() async throws {
    let fixture = try await Fixture()
    let state = try await fixture.worktrees.look(at: fixture.repository, dirt: true)
    let place = try await fixture.worktrees.add(task: "t1", from: state)
    #expect(
      place
        == WorktreePlace(
          commonDirectory: state.commonDirectory, path: fixture.root + "/t1", branch: "jarvis/t1", base: state.head))
    #expect(fixture.read(place.path + "/a.txt") == "one\ntwo\nthree\n")
    #expect(place.folder("src") == place.path + "/src" && fixture.read(place.folder("src") + "/b.txt") == "b\n")
    #expect(try await fixture.git("branch", "--show-current", in: place.path) == "jarvis/t1")
    #expect(try await fixture.git("rev-parse", "HEAD", in: place.path) == state.head)
    #expect(try await fixture.git("status", "--porcelain", in: place.path) == "")
    // The repository itself has noticed nothing.
    #expect(try await fixture.git("branch", "--show-current", in: fixture.repository) == "main")
    #expect(try await fixture.git("status", "--porcelain", in: fixture.repository) == "")
  }

  @Test func aWorktreeOfAWorktreeBeginsWhereThatOneIs() async throws {
    let fixture = try await Fixture()
    let parent = try await fixture.add("t1")
    try fixture.write(parent.path + "/a.txt", "parent\n")
    try await fixture.git("commit", "-qam", "parent", in: parent.path)
    let state = try await fixture.worktrees.look(at: parent.path + "/src", dirt: true)
    #expect(state.branch == "jarvis/t1" && state.subfolder == "src")
    let child = try await fixture.worktrees.add(task: "t2", from: state)
    #expect(fixture.read(child.path + "/a.txt") == "parent\n" && child.commonDirectory == parent.commonDirectory)
  }

  @Test(.timeLimit(.minutes(2))) func thirtyAtOnceAllSucceed() async throws {
    let fixture = try await Fixture()
    let state = try await fixture.worktrees.look(at: fixture.repository, dirt: false)
    let places = try await withThrowingTaskGroup(of: WorktreePlace.self) { group in
      for number in 1...30 { group.addTask { try await fixture.worktrees.add(task: "t\(number)", from: state) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(places.map(\.path)).count == 30 && Set(places.map(\.branch)).count == 30)
    for place in places { #expect(fixture.read(place.path + "/a.txt") == "one\ntwo\nthree\n") }
    let list = try await fixture.git("worktree", "list", "--porcelain", in: fixture.repository)
    #expect(list.split(separator: "\n").filter { $0.hasPrefix("worktree ") }.count == 31)
    #expect(!list.contains("locked") && !list.contains("prunable"))
    #expect(try await fixture.worktrees.sweep() == places.map { "t" + $0.path.split(separator: "/t").last! }.sorted())
  }

  @Test(.timeLimit(.minutes(2))) func somebodyElsesGitAtTheSameTimeIsWaitedFor() async throws {
    let fixture = try await Fixture()
    let state = try await fixture.worktrees.look(at: fixture.repository, dirt: false)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 1...10 {
        group.addTask { _ = try await fixture.worktrees.add(task: "t\(number)", from: state) }
        group.addTask {
          // Of the user's own some may fail; that is plain git.
          let path = "\(fixture.path)/user\(number)"
          _ = try await fixture.run("git", ["worktree", "add", "-q", "--detach", path], in: fixture.repository)
        }
      }
      try await group.waitForAll()
    }
    #expect(try await fixture.worktrees.sweep().count == 10)
  }

  @Test func aLockThatIsGivenUpInTimeIsNoFailure() async throws {
    let fixture = try await Fixture()
    let state = try await fixture.worktrees.look(at: fixture.repository, dirt: false)
    let lock = try fixture.write("repo/.git/refs/heads/jarvis/t1.lock", "")
    async let place = fixture.worktrees.add(task: "t1", from: state)
    // It has tried when it has noted that it is at work.
    #expect(await eventually { fixture.worktrees.root.isUnfinished("t1") })
    unlink(lock)
    #expect(try await place.branch == "jarvis/t1")
  }

  @Test func aLockThatStaysIsNamedAndNothingIsLeft() async throws {
    var bounds = GitBounds()
    bounds.locks = .milliseconds(300)
    let fixture = try await Fixture(bounds: bounds)
    try fixture.write("repo/.git/refs/heads/jarvis/t1.lock", "")
    let error = await #expect(throws: GitFailure.self) { try await fixture.add("t1") }
    #expect(error?.kind == .refused && error?.description.contains("t1.lock") == true)
    #expect(!Folder.exists(fixture.root + "/t1") && !Folder.exists(fixture.repository + "/.git/worktrees"))
    #expect(!fixture.worktrees.root.isUnfinished("t1"))
  }

  @Test(arguments: [true, false]) func anAddAfterAKilledOneSucceeds(marked: Bool) async throws {
    let fixture = try await Fixture()
    try await fixture.killedAdd("t1", marked: marked)
    let place = try await fixture.add("t1")
    #expect(place.branch == "jarvis/t1" && fixture.read(place.path + "/src/b.txt") == "b\n")
    #expect(try await fixture.git("status", "--porcelain", in: place.path) == "")
    let list = try await fixture.git("worktree", "list", "--porcelain", in: fixture.repository)
    #expect(!list.contains("locked") && list.components(of: "worktree ") == 2)
  }

  @Test func anAddAfterAKilledOneTakesTheNewCommit() async throws {
    let fixture = try await Fixture()
    try await fixture.killedAdd("t1")
    try fixture.write("repo/a.txt", "newer\n")
    try await fixture.git("commit", "-qam", "newer", in: fixture.repository)
    let place = try await fixture.add("t1")
    #expect(place.branch == "jarvis/t1" && fixture.read(place.path + "/a.txt") == "newer\n")
  }

  @Test func aGitThatOutlivedItsDaemonIsEndedFirst() async throws {
    var bounds = GitBounds()
    bounds.leftover = .milliseconds(300)
    let fixture = try await Fixture(bounds: bounds)
    try await fixture.slowCheckout()
    let first = GitWorktrees(root: fixture.root, environment: fixture.environment, log: fixture.worktrees.log)
    let state = try await first.look(at: fixture.repository, dirt: false)
    _ = try first.root.ready()
    try first.root.begin("t1")
    // As the daemon had started it; the daemon's own descriptor goes away with it.
    var lock: InheritedLock? = try first.root.lock(of: state.commonDirectory)
    #expect(try lock?.take() == true)
    let held = try #require(lock?.descriptor)
    var program = BoundedProgram(
      "/bin/sh", ["-c", "git worktree add -b jarvis/t1 '\(fixture.root)/t1' HEAD"], environment: fixture.environment,
      folder: fixture.repository, timeout: .seconds(60), outputLimit: 1000)
    program.kept = held
    let run = program
    async let ended = run.run()
    let filter = try await fixture.started()
    lock = nil
    try await fixture.fastCheckout()
    let place = try await fixture.worktrees.add(task: "t1", from: state)
    #expect(!isAlive(filter))
    #expect(try await ended.status == nil)
    #expect(fixture.read(place.path + "/src/b.txt") == "b\n")
  }

  @Test func aCheckoutThatTakesTooLongEndsAndLeavesNothing() async throws {
    var bounds = GitBounds()
    bounds.writing = .milliseconds(500)
    let fixture = try await Fixture(bounds: bounds)
    try await fixture.slowCheckout()
    let error = await #expect(throws: GitFailure.self) { try await fixture.add("t1") }
    #expect(error?.kind == .timedOut)
    let filter = try await fixture.started()
    #expect(await eventually { !isAlive(filter) })
    #expect(!Folder.exists(fixture.root + "/t1") && !Folder.exists(fixture.repository + "/.git/worktrees"))
    #expect(try await fixture.git("branch", "--list", "jarvis/*", in: fixture.repository) == "")
    try await fixture.fastCheckout()
    #expect(try await fixture.worktrees.sweep() == [])
  }

  @Test func aLinkInItsPlaceIsReplacedAndNotFollowed() async throws {
    let fixture = try await Fixture()
    try fixture.write("elsewhere/precious", "mine")
    _ = try fixture.worktrees.root.ready()
    symlink("\(fixture.path)/elsewhere", fixture.root + "/t1")
    let place = try await fixture.add("t1")
    #expect(Folder.isFolder(place.path) && fixture.read(place.path + "/a.txt") != nil)
    #expect(fixture.read("elsewhere/precious") == "mine")
    #expect(!Folder.exists(fixture.path + "/elsewhere/a.txt"))
  }

  @Test func aFinishedOneThatNobodyTouchedIsTakenAsItIs() async throws {
    let fixture = try await Fixture()
    let first = try await fixture.add("t1")
    #expect(try await fixture.add("t1") == first)
    #expect(try await fixture.git("branch", "--list", "jarvis/*", in: fixture.repository).components(of: "\n") == 0)
  }

  @Test func workInItsPlaceIsNotDeleted() async throws {
    let fixture = try await Fixture()
    let first = try await fixture.add("t1")
    try fixture.write(first.path + "/new.txt", "work")
    var error = await #expect(throws: GitFailure.self) { try await fixture.add("t1") }
    #expect(error?.kind == .refused && error?.description.contains("new.txt") == true)
    try await fixture.git("add", "-A", in: first.path)
    try await fixture.git("commit", "-qm", "work", in: first.path)
    error = await #expect(throws: GitFailure.self) { try await fixture.add("t1") }
    #expect(error?.description.contains("1 commit") == true)
    #expect(fixture.read(first.path + "/new.txt") == "work")
    // Its registration is gone: its files are still somebody's.
    try await fixture.git("commit", "-q", "--allow-empty", "-m", "x", in: fixture.repository)
    try removeFolder("worktrees", in: fixture.repository + "/.git")
    error = await #expect(throws: GitFailure.self) { try await fixture.add("t1") }
    #expect(error?.kind == .refused && fixture.read(first.path + "/new.txt") == "work")
  }

  @Test func aFolderThatWasDeletedIsMadeAnew() async throws {
    let fixture = try await Fixture()
    let first = try await fixture.add("t1")
    try removeFolder("t1", in: fixture.root)
    #expect(try await fixture.add("t1") == first)
    #expect(fixture.read(first.path + "/a.txt") != nil)
    let list = try await fixture.git("worktree", "list", "--porcelain", in: fixture.repository)
    #expect(!list.contains("prunable") && list.components(of: "worktree ") == 2)
  }

  @Test func branchesOfOthersAreLeftAlone() async throws {
    let fixture = try await Fixture()
    // Work of another Jarvis, say.
    try await fixture.git("branch", "jarvis/t1", in: fixture.repository)
    try await fixture.git("switch", "-q", "jarvis/t1", in: fixture.repository)
    try await fixture.git("commit", "-q", "--allow-empty", "-m", "work", in: fixture.repository)
    let work = try await fixture.git("rev-parse", "jarvis/t1", in: fixture.repository)
    try await fixture.git("switch", "-q", "main", in: fixture.repository)
    #expect(try await fixture.add("t1").branch == "jarvis/t1-2")
    #expect(try await fixture.git("rev-parse", "jarvis/t1", in: fixture.repository) == work)
    // Checked out by the user, at the same commit.
    try await fixture.git("switch", "-q", "-c", "jarvis/t2", in: fixture.repository)
    #expect(try await fixture.add("t2").branch == "jarvis/t2-2")
    // Refs are files in folders.
    try await fixture.git("branch", "jarvis/t3/deeper", in: fixture.repository)
    #expect(try await fixture.add("t3").branch == "jarvis/t3-2")
  }

  @Test func aBranchNamedJarvisIsNoObstacle() async throws {
    let fixture = try await Fixture()
    try await fixture.git("branch", "jarvis", in: fixture.repository)
    let place = try await fixture.add("t1")
    #expect(place.branch == "jarvis-t1")
    try await fixture.worktrees.remove(place, force: false)
    #expect(try await fixture.git("branch", "--list", "jarvis*", in: fixture.repository) == "  jarvis")
  }

  @Test func aNearlyFullDiskStartsNothing() async throws {
    var bounds = GitBounds()
    bounds.reserve = .max
    let fixture = try await Fixture(bounds: bounds)
    let error = await #expect(throws: GitFailure.self) { try await fixture.add("t1") }
    #expect(error?.kind == .diskFull && error?.description.contains("MiB") == true)
    #expect(!Folder.exists(fixture.root + "/t1"))
  }

  @Test func hooksOfTheRepositoryDoNotRun() async throws {
    let fixture = try await Fixture()
    for hook in ["post-checkout", "reference-transaction"] {
      let file = try fixture.write("repo/.git/hooks/\(hook)", "#!/bin/sh\ntouch \(fixture.path)/ran\n")
      chmod(file, 0o755)
    }
    _ = try await fixture.add("t1")
    #expect(!Folder.exists(fixture.path + "/ran"))
  }

  @Test(arguments: ["", ".", "..", "../t1", "a/b", "-x", ".x", "a..b", "a.lock", "a.", "a b", "ä", "a\u{0}"])
  func namesThatWouldLeadElsewhereAreRefused(name: String) async throws {
    let fixture = try await Fixture()
    let error = await #expect(throws: GitFailure.self) { try await fixture.add(name) }
    #expect(error?.kind == .refused)
  }
}

extension String {
  /// How often a text occurs.
  func components(of text: String) -> Int { indices.count { self[$0...].hasPrefix(text) } }
}
