import Glibc
import JarvisLinux
import Testing

@testable import JarvisGit

@Suite struct MergeTests {
  @Test func commitsMoveTheBranchForwardWhereThatIsEnough() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    try fixture.write(place.path + "/a.txt", "work\n")
    try await fixture.git("commit", "-qam", "work", in: place.path)
    let tip = try await fixture.git("rev-parse", "HEAD", in: place.path)
    let outcome = try await fixture.worktrees.merge(
      place, into: fixture.repository, expecting: "main", message: "m", squash: false)
    #expect(outcome == MergeOutcome(kind: .fastForward, branch: "main", commit: tip, committedRest: false))
    #expect(fixture.read("repo/a.txt") == "work\n")
    #expect(try await fixture.git("status", "--porcelain", in: fixture.repository) == "")
    // Merged is merged.
    let again = try await fixture.worktrees.merge(
      place, into: fixture.repository, expecting: nil, message: "m", squash: false)
    #expect(again == MergeOutcome(kind: .nothing, branch: "main", commit: tip, committedRest: false))
    #expect(try await fixture.worktrees.loss(of: place).isEmpty)
    try await fixture.worktrees.remove(place, force: false)
  }

  @Test(arguments: [true, false]) func uncommittedWorkIsCommittedFirstAndDivergedBranchesMeet(squash: Bool) async throws
  {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    try fixture.write(place.path + "/a.txt", "ONE\ntwo\nthree\n")
    try await fixture.git("commit", "-qam", "agent's own", in: place.path)
    try fixture.write(place.path + "/new.txt", "new\n")
    unlink(place.path + "/src/b.txt")
    try fixture.write("repo/mine.txt", "mine\n")
    try await fixture.git("add", "-A", in: fixture.repository)
    try await fixture.git("commit", "-qm", "mine", in: fixture.repository)
    let outcome = try await fixture.worktrees.merge(
      place, into: fixture.repository + "/src", expecting: "main", message: "Task t1: do it\n\nall of it",
      squash: squash)
    #expect(outcome.kind == (squash ? .squashed : .merged) && outcome.committedRest && outcome.branch == "main")
    #expect(try await fixture.git("rev-parse", "main", in: fixture.repository) == outcome.commit)
    #expect(fixture.read("repo/a.txt") == "ONE\ntwo\nthree\n" && fixture.read("repo/new.txt") == "new\n")
    #expect(fixture.read("repo/mine.txt") == "mine\n" && !Folder.exists(fixture.repository + "/src/b.txt"))
    #expect(try await fixture.git("status", "--porcelain", in: fixture.repository) == "")
    let body = try await fixture.git("log", "-1", "--format=%an|%B", in: fixture.repository)
    let subjects = try await fixture.git("log", "--format=%s", in: fixture.repository)
    if squash {
      #expect(body == "U|Task t1: do it\n\nall of it\n" && subjects == "Task t1: do it\nmine\nfirst")
    } else {
      #expect(body == "U|Merge branch 'jarvis/t1'\n\nTask t1: do it\n\nall of it\n")
      #expect(subjects.contains("agent's own") && subjects.components(of: "Task t1: do it") == 1)
    }
    // The worktree is clean and its branch has everything.
    #expect(try await fixture.git("status", "--porcelain", in: place.path) == "")
    #expect(try await fixture.worktrees.loss(of: place).uncommitted.isEmpty)
    #expect(try await fixture.git("log", "-1", "--format=%s", in: place.path) == "Task t1: do it")
    try await fixture.worktrees.remove(place, force: true)
    #expect(try await fixture.git("branch", "--list", in: fixture.repository) == "* main")
  }

  @Test func longerCommitNamesAreNoObstacle() async throws {
    let fixture = try await Fixture(format: "sha256")
    let place = try await fixture.add()
    #expect(place.base.utf8.count == 64)
    try fixture.write(place.path + "/a.txt", "work\n")
    #expect(try await fixture.worktrees.diff(of: place, patchTo: nil, limit: 0).insertions == 1)
    let outcome = try await fixture.worktrees.merge(
      place, into: fixture.repository, expecting: "main", message: "m", squash: false)
    #expect(outcome.kind == .fastForward && outcome.commit.utf8.count == 64)
    try await fixture.worktrees.remove(place, force: false)
  }

  @Test func workInSubmodulesIsNotLostUnseen() async throws {
    let fixture = try await Fixture()
    let other = try await Fixture()
    let allow = ["-c", "protocol.file.allow=always"]
    var ended = try await fixture.run(
      "git", allow + ["submodule", "--quiet", "add", other.repository, "sub"], in: fixture.repository)
    #expect(ended.status == 0)
    try await fixture.commit("submodule", in: fixture.repository)
    let place = try await fixture.add()
    // Not checked out, it is no change.
    #expect(try await fixture.worktrees.diff(of: place, patchTo: nil, limit: 0).isEmpty)
    #expect(try await fixture.worktrees.loss(of: place).isEmpty)
    ended = try await fixture.run("git", allow + ["submodule", "--quiet", "update", "--init"], in: place.path)
    #expect(ended.status == 0)
    #expect(try await fixture.worktrees.diff(of: place, patchTo: nil, limit: 0).isEmpty)
    #expect(try await fixture.worktrees.loss(of: place).summary.contains("submodules"))
    try fixture.write(place.path + "/sub/a.txt", "work\n")
    try await fixture.git("commit", "-qam", "work", in: place.path + "/sub")
    let diff = try await fixture.worktrees.diff(of: place, patchTo: nil, limit: 0)
    #expect(diff.files.map(\.path) == ["sub"] && diff.uncommitted)
    let before = try await fixture.picture()
    for _ in 0..<2 {
      let error = await #expect(throws: GitFailure.self) {
        try await fixture.worktrees.merge(place, into: fixture.repository, expecting: nil, message: "m", squash: false)
      }
      #expect(error?.kind == .refused && error?.description.contains("sub in") == true)
      #expect(try await fixture.picture() == before)
    }
    try await fixture.worktrees.remove(place, force: true)
    #expect(!Folder.exists(place.path) && !Folder.exists(fixture.repository + "/.git/worktrees"))
  }

  @Test(arguments: [true, false]) func aConflictNamesTheFilesAndChangesNothing(squash: Bool) async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    try fixture.write(place.path + "/a.txt", "agent\n")
    try fixture.write(place.path + "/new.txt", "uncommitted\n")
    try fixture.write("repo/a.txt", "mine\n")
    try await fixture.git("commit", "-qam", "mine", in: fixture.repository)
    try fixture.write("repo/untracked.txt", "stays\n")
    let before = try await fixture.picture()
    let index = fixture.read("repo/.git/worktrees/t1/index")
    let error = await #expect(throws: GitFailure.self) {
      try await fixture.worktrees.merge(
        place, into: fixture.repository, expecting: "main", message: "m", squash: squash)
    }
    #expect(error?.kind == .conflict(["a.txt"]) && error?.description.contains("a.txt") == true)
    #expect(try await fixture.picture() == before && fixture.read("repo/untracked.txt") == "stays\n")
    #expect(fixture.read("repo/.git/worktrees/t1/index") == index)
    #expect(try await fixture.git("status", "--porcelain", in: place.path) == " M a.txt\n?? new.txt")
  }

  @Test func aFolderThatIsNotReadyIsRefusedAndNothingChanges() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    try fixture.write(place.path + "/a.txt", "work\n")
    func failure(_ branch: String?) async -> GitFailure? {
      await #expect(throws: GitFailure.self) {
        try await fixture.worktrees.merge(
          place, into: fixture.repository, expecting: branch, message: "m", squash: false)
      }
    }
    let before = try await fixture.picture()
    let wrong = await failure("release")
    #expect(wrong?.kind == .refused && wrong?.description.contains("git switch release") == true)
    #expect(try await fixture.picture() == before)
    try fixture.write("repo/src/b.txt", "dirty\n")
    let dirty = await failure("main")
    #expect(dirty?.kind == .dirty(Dirt(count: 1, names: ["src/b.txt"])))
    try await fixture.git("checkout", "-q", "src/b.txt", in: fixture.repository)
    try await fixture.git("checkout", "-q", "--detach", in: fixture.repository)
    #expect(await failure(nil)?.kind == .refused)
    #expect(fixture.read("repo/a.txt") == "one\ntwo\nthree\n")
    let other = try await Fixture()
    let elsewhere = await #expect(throws: GitFailure.self) {
      try await fixture.worktrees.merge(place, into: other.repository, expecting: "main", message: "m", squash: false)
    }
    #expect(elsewhere?.kind == .refused)
    let itself = await #expect(throws: GitFailure.self) {
      try await fixture.worktrees.merge(place, into: place.path, expecting: nil, message: "m", squash: false)
    }
    #expect(itself?.kind == .refused)
  }

  @Test(arguments: ["new.txt", "ignored.log"]) func filesThatAreInNoCommitAreNotOverwritten(name: String) async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    try fixture.write(place.path + "/" + name, "agent\n")
    try fixture.write("repo/\(name)", "mine\n")
    try fixture.write("repo/.git/info/exclude", "*.log\n")
    try await fixture.git("add", "-f", name, in: place.path)
    let before = try await fixture.picture()
    let error = await #expect(throws: GitFailure.self) {
      try await fixture.worktrees.merge(place, into: fixture.repository, expecting: nil, message: "m", squash: false)
    }
    #expect(error?.kind == .refused && error?.description.contains(name) == true)
    #expect(fixture.read("repo/\(name)") == "mine\n")
    #expect(try await fixture.picture() == before)
  }

  @Test func withoutANameInTheSettingsJarvisIsTheAuthor() async throws {
    let fixture = try await Fixture(hasName: false)
    let place = try await fixture.add()
    try fixture.write(place.path + "/a.txt", "work\n")
    _ = try await fixture.worktrees.merge(
      place, into: fixture.repository, expecting: "main", message: " \n", squash: false)
    let log = try await fixture.git("log", "-1", "--format=%an %ae %cn %s", in: fixture.repository)
    #expect(log == "Jarvis jarvis@localhost Jarvis Work of jarvis/t1")
  }

  @Test func aMessageOfAnyLengthIsTaken() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    try fixture.write(place.path + "/a.txt", "work\n")
    let message = "-m\u{0} --amend\n\n" + String(repeating: "é", count: 200_000)
    _ = try await fixture.worktrees.merge(
      place, into: fixture.repository, expecting: "main", message: message, squash: true)
    #expect(try await fixture.git("log", "-1", "--format=%s", in: fixture.repository) == "-m --amend")
    #expect(try await fixture.git("rev-list", "--count", "HEAD", in: fixture.repository) == "2")
  }

  @Test func hooksAndSettingsOfTheUserDecideNothing() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    try fixture.write(place.path + "/a.txt", "work\n")
    try fixture.write("repo/mine.txt", "mine\n")
    try await fixture.git("add", "-A", in: fixture.repository)
    try await fixture.git("commit", "-qm", "mine", in: fixture.repository)
    for hook in ["pre-commit", "commit-msg", "pre-merge-commit", "post-merge", "prepare-commit-msg", "post-commit"] {
      let file = try fixture.write("repo/.git/hooks/\(hook)", "#!/bin/sh\ntouch \(fixture.path)/ran\nexit 1\n")
      chmod(file, 0o755)
    }
    for (key, value) in [
      ("merge.ff", "only"), ("branch.main.mergeOptions", "--no-commit --squash"), ("commit.gpgSign", "true"),
      ("gpg.program", "/bin/false"), ("core.editor", "/bin/false"), ("merge.verifySignatures", "true"),
    ] { try await fixture.git("config", key, value, in: fixture.repository) }
    let outcome = try await fixture.worktrees.merge(
      place, into: fixture.repository, expecting: "main", message: "m", squash: false)
    #expect(outcome.kind == .merged && !Folder.exists(fixture.path + "/ran"))
    #expect(try await fixture.git("status", "--porcelain", in: fixture.repository) == "")
  }

  @Test func aSquashOfWhatIsThereAlreadyMakesNoCommit() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    try fixture.write(place.path + "/a.txt", "same\n")
    try fixture.write("repo/a.txt", "same\n")
    try await fixture.git("commit", "-qam", "mine", in: fixture.repository)
    let before = try await fixture.picture()
    let outcome = try await fixture.worktrees.merge(
      place, into: fixture.repository, expecting: "main", message: "m", squash: true)
    #expect(outcome.kind == .nothing)
    #expect(try await fixture.picture().filter { !$0.contains("refs/") } == before.filter { !$0.contains("refs/") })
  }

  @Test func aWorktreeThatIsNotReadyIsRefused() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    func failure() async -> GitFailure? {
      await #expect(throws: GitFailure.self) {
        try await fixture.worktrees.merge(place, into: fixture.repository, expecting: nil, message: "m", squash: false)
      }
    }
    // A repository within, whose files would be lost.
    try await fixture.git("init", "-q", "inner", in: place.path)
    try await fixture.git("commit", "-q", "--allow-empty", "-m", "x", in: place.path + "/inner")
    let inner = await failure()
    #expect(inner?.kind == .refused && inner?.description.contains("inner") == true)
    try removeFolder("inner", in: place.path)
    // In the middle of a merge.
    try fixture.write("repo/a.txt", "mine\n")
    try await fixture.git("commit", "-qam", "mine", in: fixture.repository)
    try fixture.write(place.path + "/a.txt", "work\n")
    try await fixture.git("commit", "-qam", "work", in: place.path)
    _ = try await fixture.run("git", ["merge", "main"], in: place.path)
    #expect(await failure()?.kind == .busy("merge"))
    try await fixture.git("merge", "--abort", in: place.path)
    // On another branch.
    try await fixture.git("switch", "-q", "-c", "own", in: place.path)
    let other = await failure()
    #expect(other?.kind == .refused && other?.description.contains("own") == true)
    #expect(fixture.read("repo/a.txt") == "mine\n")
  }

  @Test func aLostFolderStillMergesWhatItsBranchHas() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    try fixture.write(place.path + "/a.txt", "work\n")
    try await fixture.git("commit", "-qam", "work", in: place.path)
    try removeFolder("t1", in: fixture.root)
    let outcome = try await fixture.worktrees.merge(
      place, into: fixture.repository, expecting: "main", message: "m", squash: false)
    #expect(outcome.kind == .fastForward && fixture.read("repo/a.txt") == "work\n")
  }

  @Test func aChildsWorkGoesIntoItsParentsWorktree() async throws {
    let fixture = try await Fixture()
    let parent = try await fixture.add("t1")
    let child = try await fixture.worktrees.add(
      task: "t2", from: fixture.worktrees.look(at: parent.path, dirt: false))
    try fixture.write(child.path + "/a.txt", "child\n")
    let outcome = try await fixture.worktrees.merge(
      child, into: parent.path, expecting: "jarvis/t1", message: "m", squash: false)
    #expect(outcome.branch == "jarvis/t1" && fixture.read(parent.path + "/a.txt") == "child\n")
    #expect(fixture.read("repo/a.txt") == "one\ntwo\nthree\n")
  }

  @Test(.timeLimit(.minutes(2))) func manyMergesAtOnceAllArrive() async throws {
    let fixture = try await Fixture()
    let state = try await fixture.worktrees.look(at: fixture.repository, dirt: false)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 1...8 {
        group.addTask {
          let place = try await fixture.worktrees.add(task: "t\(number)", from: state)
          try fixture.write("\(place.path)/f\(number)", "x\n")
          _ = try await fixture.worktrees.merge(
            place, into: fixture.repository, expecting: "main", message: "t\(number)", squash: true)
          try await fixture.worktrees.remove(place, force: true)
        }
      }
      try await group.waitForAll()
    }
    #expect(try await fixture.git("ls-files", "f*", in: fixture.repository).components(of: "f") == 8)
    #expect(try await fixture.git("status", "--porcelain", in: fixture.repository) == "")
    #expect(try await fixture.git("branch", "--list", in: fixture.repository) == "* main")
  }
}
