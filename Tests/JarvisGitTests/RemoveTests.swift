import Glibc
import JarvisLinux
import Testing

@testable import JarvisGit

@Suite struct RemoveTests {
  @Test func aRemovalLeavesNoTraceAndMayBeRepeated() async throws {
    let fixture = try await Fixture()
    let before = try await fixture.picture()
    let place = try await fixture.add()
    try fixture.write("other/file", "stays")
    symlink(fixture.path + "/other", place.path + "/link")
    try fixture.write(place.path + "/.git-ignored/x", "")
    try fixture.write("repo/.git/info/exclude", "link\n.git-ignored\n")
    for _ in 0..<3 { try await fixture.worktrees.remove(place, force: false) }
    #expect(try await fixture.picture() == before)
    #expect(!Folder.exists(place.path) && !Folder.exists(fixture.repository + "/.git/worktrees"))
    #expect(fixture.read("other/file") == "stays")
    #expect(Registration.folders(fixture.root + "/.trash") == [])
    #expect(try await fixture.worktrees.sweep() == [])
  }

  @Test func whatWouldBeLostIsSaidAndKeptUnlessForced() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    #expect(try await fixture.worktrees.loss(of: place).isEmpty)
    try fixture.write(place.path + "/a.txt", "work\n")
    try await fixture.git("commit", "-qam", "work", in: place.path)
    try fixture.write(place.path + "/new.txt", "new\n")
    let loss = try await fixture.worktrees.loss(of: place)
    #expect(loss == Loss(uncommitted: Dirt(count: 1, names: ["new.txt"]), commits: 1))
    #expect(loss.summary == "1 commit that is in no other branch, and uncommitted changes in new.txt")
    let error = await #expect(throws: GitFailure.self) { try await fixture.worktrees.remove(place, force: false) }
    #expect(error?.kind == .refused && error?.description.contains(loss.summary) == true)
    #expect(fixture.read(place.path + "/new.txt") == "new\n")
    try await fixture.worktrees.remove(place, force: true)
    #expect(!Folder.exists(place.path))
    #expect(try await fixture.git("branch", "--list", in: fixture.repository) == "* main")
  }

  @Test func commitsThatAnotherBranchHasAreNotLost() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    try await fixture.git("commit", "-q", "--allow-empty", "-m", "work", in: place.path)
    #expect(try await fixture.worktrees.loss(of: place).commits == 1)
    try await fixture.git("branch", "kept", "jarvis/t1", in: fixture.repository)
    #expect(try await fixture.worktrees.loss(of: place).isEmpty)
    // And those of no branch at all are.
    try await fixture.git("checkout", "-q", "--detach", in: place.path)
    try await fixture.git("commit", "-q", "--allow-empty", "-m", "detached", in: place.path)
    #expect(try await fixture.worktrees.loss(of: place).commits == 1)
    try await fixture.worktrees.remove(place, force: true)
    #expect(try await fixture.git("log", "-1", "--format=%s", "kept", in: fixture.repository) == "work")
  }

  @Test func aLostFolderAndALostRepositoryAreTidiedUp() async throws {
    let fixture = try await Fixture()
    let first = try await fixture.add("t1")
    let second = try await fixture.add("t2")
    try removeFolder("t1", in: fixture.root)
    #expect(try await fixture.worktrees.sweep() == ["t2"])
    #expect(try await fixture.worktrees.loss(of: first).isEmpty)
    try await fixture.worktrees.remove(first, force: false)
    #expect(try await fixture.git("branch", "--list", in: fixture.repository) == "+ jarvis/t2\n* main")
    #expect(!Folder.exists(fixture.repository + "/.git/worktrees/t1"))
    try removeFolder("repo", in: fixture.path)
    let error = await #expect(throws: GitFailure.self) { try await fixture.worktrees.remove(second, force: false) }
    #expect(error?.kind == .refused && Folder.exists(second.path))
    try await fixture.worktrees.remove(second, force: true)
    try await fixture.worktrees.remove(second, force: false)
    #expect(!Folder.exists(second.path))
  }

  @Test func theRemainsOfAKilledAddAreRemoved() async throws {
    let fixture = try await Fixture()
    try await fixture.killedAdd("t1")
    let base = try await fixture.git("rev-parse", "HEAD", in: fixture.repository)
    let place = WorktreePlace(
      commonDirectory: fixture.repository + "/.git", path: fixture.root + "/t1", branch: "jarvis/t1", base: base)
    try await fixture.worktrees.remove(place, force: true)
    #expect(!Folder.exists(place.path) && !Folder.exists(fixture.repository + "/.git/worktrees"))
    #expect(try await fixture.git("branch", "--list", in: fixture.repository) == "* main")
  }

  @Test func aBranchThatSomebodyHasCheckedOutStays() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    try await fixture.git("switch", "-q", "--detach", in: place.path)
    try await fixture.git("switch", "-q", "jarvis/t1", in: fixture.repository)
    try await fixture.worktrees.remove(place, force: false)
    #expect(try await fixture.git("branch", "--show-current", in: fixture.repository) == "jarvis/t1")
    #expect(try await fixture.git("rev-parse", "jarvis/t1", in: fixture.repository) == place.base)
  }

  @Test func aPlaceElsewhereIsRefused() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    try fixture.write("precious/file", "mine")
    for (path, branch) in [
      (fixture.path + "/precious", place.branch), (fixture.root + "/../precious", place.branch),
      (fixture.root + "/..", place.branch), (fixture.root + "/.trash", place.branch), ("/", place.branch),
      (place.path, "main"),
    ] {
      let wrong = WorktreePlace(
        commonDirectory: place.commonDirectory, path: path, branch: branch, base: place.base)
      let error = await #expect(throws: GitFailure.self) { try await fixture.worktrees.remove(wrong, force: true) }
      #expect(error?.kind == .refused)
    }
    #expect(fixture.read("precious/file") == "mine" && fixture.read(place.path + "/a.txt") != nil)
  }

  @Test func whatAnInterruptedRemovalLeftIsDeletedAtTheNextStart() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    try fixture.worktrees.root.discard("t1")
    mkdir(fixture.root + "/.scratch/left", 0o700)
    #expect(try await fixture.worktrees.sweep() == [])
    #expect(Registration.folders(fixture.root + "/.trash") == [])
    #expect(Registration.folders(fixture.root + "/.scratch") == [])
    try await fixture.worktrees.remove(place, force: false)
  }
}
