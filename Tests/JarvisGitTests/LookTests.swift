import Glibc
import Testing

@testable import JarvisGit

@Suite struct LookTests {
  @Test func aRepositoryIsSeenFromItsTopAndFromASubfolder() async throws {
    let fixture = try await Fixture()
    let top = try await fixture.worktrees.look(at: fixture.repository, dirt: true)
    let head = try await fixture.git("rev-parse", "HEAD", in: fixture.repository)
    #expect(
      top
        == RepositoryState(
          commonDirectory: fixture.repository + "/.git", topLevel: fixture.repository, subfolder: "", head: head,
          branch: "main", dirt: .none))
    symlink("\(fixture.repository)/src", "\(fixture.path)/link")
    for folder in [fixture.repository + "/src", fixture.path + "/link"] {
      let state = try await fixture.worktrees.look(at: folder, dirt: true)
      #expect(state.subfolder == "src" && state.topLevel == fixture.repository)
      #expect(state.commonDirectory == top.commonDirectory)
    }
  }

  @Test func changesOfTrackedFilesAreDirtAndNewFilesAreNot() async throws {
    let fixture = try await Fixture()
    try fixture.write("repo/new.txt", "new")
    #expect(try await fixture.worktrees.look(at: fixture.repository, dirt: true).dirt == .none)
    try fixture.write("repo/a.txt", "changed\n")
    try fixture.write("repo/staged \n.txt", "staged\n")
    try await fixture.git("add", "staged \n.txt", in: fixture.repository)
    let dirt = try await fixture.worktrees.look(at: fixture.repository + "/src", dirt: true).dirt
    #expect(dirt == Dirt(count: 2, names: ["a.txt", "staged \n.txt"]))
    #expect(dirt.summary == "a.txt, staged ?.txt")
    #expect(try await fixture.worktrees.look(at: fixture.repository, dirt: false).dirt == .none)
  }

  @Test func manyChangesAreCountedAndFewNamed() async throws {
    let fixture = try await Fixture()
    for number in 0..<12 { try fixture.write("repo/f\(number)", "") }
    try await fixture.git("add", "-A", in: fixture.repository)
    let dirt = try await fixture.worktrees.look(at: fixture.repository, dirt: true).dirt
    #expect(dirt.count == 12 && dirt.names.count == 5 && dirt.summary.hasSuffix("and 7 more"))
  }

  @Test func lookingLeavesTheIndexAsItIs() async throws {
    let fixture = try await Fixture()
    // Only its time is another: git would like to write that down.
    try fixture.write("repo/a.txt", "one\ntwo\nthree\n")
    let index = fixture.read("repo/.git/index")
    _ = try await fixture.worktrees.look(at: fixture.repository, dirt: true)
    #expect(fixture.read("repo/.git/index") == index)
  }

  @Test func aDetachedHeadHasNoBranch() async throws {
    let fixture = try await Fixture()
    try await fixture.git("checkout", "-q", "--detach", in: fixture.repository)
    #expect(try await fixture.worktrees.look(at: fixture.repository, dirt: true).branch == nil)
  }

  @Test func whatHasNoWorktreesIsRefusedWithAReason() async throws {
    let fixture = try await Fixture()
    func failure(_ folder: String) async -> GitFailure? {
      await #expect(throws: GitFailure.self) { try await fixture.worktrees.look(at: folder, dirt: true) }
    }
    #expect(await failure(fixture.path)?.kind == .notARepository)
    #expect(await failure(fixture.path + "/missing")?.kind == .notARepository)
    #expect(await failure(fixture.repository + "/.git")?.kind == .notARepository)
    try await fixture.git("init", "-q", "--bare", "bare.git", in: fixture.path)
    #expect(await failure(fixture.path + "/bare.git")?.kind == .bare)
    try await fixture.git("init", "-q", "unborn", in: fixture.path)
    #expect(await failure(fixture.path + "/unborn")?.kind == .noCommit)
    try fixture.write("repo/untracked/file", "")
    let untracked = await failure(fixture.repository + "/untracked")
    #expect(untracked?.kind == .notInHead && untracked?.description.contains("untracked") == true)
  }

  @Test func aRepositoryInTheMiddleOfSomethingIsRefused() async throws {
    let fixture = try await Fixture()
    try await fixture.git("switch", "-q", "-c", "other", in: fixture.repository)
    try fixture.write("repo/a.txt", "other\n")
    try await fixture.git("commit", "-q", "-am", "other", in: fixture.repository)
    try await fixture.git("switch", "-q", "main", in: fixture.repository)
    try fixture.write("repo/a.txt", "mine\n")
    try await fixture.git("commit", "-q", "-am", "mine", in: fixture.repository)
    for (start, end, name) in [
      (["rebase", "other"], ["rebase", "--abort"], "rebase"), (["merge", "other"], ["merge", "--abort"], "merge"),
      (["cherry-pick", "other"], ["cherry-pick", "--abort"], "cherry-pick"),
      (["bisect", "start"], ["bisect", "reset"], "bisect"),
    ] {
      _ = try await fixture.run("git", start, in: fixture.repository)
      let error = await #expect(throws: GitFailure.self) {
        try await fixture.worktrees.look(at: fixture.repository, dirt: false)
      }
      #expect(error?.kind == .busy(name))
      #expect(try await fixture.run("git", end, in: fixture.repository).status == 0)
    }
    _ = try await fixture.worktrees.look(at: fixture.repository, dirt: false)
  }

  @Test func aMissingGitIsSaid() async throws {
    let fixture = try await Fixture()
    let other = GitWorktrees(
      root: fixture.root, environment: ["PATH": fixture.path], log: fixture.worktrees.log)
    let error = await #expect(throws: GitFailure.self) { try await other.look(at: fixture.repository, dirt: false) }
    #expect(error?.kind == .notInstalled && error?.description.contains("PATH") == true)
  }

  @Test func aStatusThatHangsEndsWithAllItsChildren() async throws {
    var bounds = GitBounds()
    bounds.reading = .milliseconds(500)
    let fixture = try await Fixture(bounds: bounds)
    try fixture.write(
      "slow.sh", "echo $$ > \(fixture.path)/new && mv \(fixture.path)/new \(fixture.path)/started; sleep 300\n")
    try fixture.write("repo/.gitattributes", "a.txt filter=slow\n")
    try await fixture.git("config", "filter.slow.clean", "sh \(fixture.path)/slow.sh", in: fixture.repository)
    // Of the same size, so that git has to read it.
    try fixture.write("repo/a.txt", "eno\nowt\neerht\n")
    let error = await #expect(throws: GitFailure.self) {
      try await fixture.worktrees.look(at: fixture.repository, dirt: true)
    }
    #expect(error?.kind == .timedOut)
    let filter = try await fixture.started()
    #expect(await eventually { !isAlive(filter) })
  }
}
