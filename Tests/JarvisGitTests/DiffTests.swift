import Glibc
import JarvisLinux
import Testing

@testable import JarvisGit

@Suite struct DiffTests {
  @Test func anUntouchedWorktreeHasAnEmptyDiff() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    let diff = try await fixture.worktrees.diff(of: place, patchTo: fixture.path + "/patch", limit: 1 << 20)
    #expect(diff.isEmpty && diff.files == [] && diff.patchBytes == 0 && !diff.isTruncated)
    #expect(fixture.read("patch") == "")
    try fixture.write(place.path + "/new.txt", "")
    #expect(try await !fixture.worktrees.diff(of: place, patchTo: nil, limit: 0).isEmpty)
  }

  @Test func committedUncommittedAndNewFilesAreAllThere() async throws {
    let fixture = try await Fixture()
    try fixture.write("repo/.gitignore", "*.log\n")
    try fixture.write("repo/gone.txt", "gone\n")
    try fixture.write("repo/old name.txt", String(repeating: "the same line\n", count: 20))
    try await fixture.git("add", "-A", in: fixture.repository)
    try await fixture.commit("more", in: fixture.repository)
    let place = try await fixture.add()
    try fixture.write(place.path + "/a.txt", "one\nTWO\nthree\n")
    try await fixture.git("commit", "-qam", "first", in: place.path)
    try await fixture.git("mv", "old name.txt", "new name.txt", in: place.path)
    try await fixture.git("commit", "-qam", "second", in: place.path)
    try fixture.write(place.path + "/src/b.txt", "b\nuncommitted\n")
    unlink(place.path + "/gone.txt")
    try fixture.write(place.path + "/src/new.txt", "x\ny\n")
    try fixture.write(place.path + "/staged.txt", "s\n")
    try await fixture.git("add", "staged.txt", in: place.path)
    try fixture.write(place.path + "/noise.log", "ignored\n")
    try fixture.write(Array("\(place.path)/picture".utf8CString), [0, 1, 2, 255, 0])
    let diff = try await fixture.worktrees.diff(of: place, patchTo: fixture.path + "/patch", limit: 1 << 20)
    #expect(diff.commits == 2 && diff.uncommitted && !diff.isTruncated)
    #expect(
      diff.files == [
        .init(path: "a.txt", added: 1, removed: 1), .init(path: "gone.txt", added: 0, removed: 1),
        .init(path: "new name.txt", renamedFrom: "old name.txt", added: 0, removed: 0),
        .init(path: "picture", added: nil, removed: nil), .init(path: "src/b.txt", added: 1, removed: 0),
        .init(path: "src/new.txt", added: 2, removed: 0), .init(path: "staged.txt", added: 1, removed: 0),
      ])
    #expect(diff.filesChanged == 7 && diff.insertions == 5 && diff.deletions == 2)
    // The patch makes of the base what the worktree has.
    #expect(fixture.read("patch")?.utf8.count == diff.patchBytes)
    try await fixture.git("apply", fixture.path + "/patch", in: fixture.repository)
    let same = try await fixture.run(
      "diff", ["-r", "-x", ".git", "-x", "noise.log", place.path, fixture.repository], in: fixture.path)
    #expect(same.status == 0, "\(String(decoding: same.output, as: UTF8.self))")
    var status = stat()
    #expect(stat(fixture.path + "/patch", &status) == 0 && status.st_mode & 0o777 == 0o600)
  }

  @Test func theAgentsIndexAndTheRepositoryAreNotTouched() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    try fixture.write(place.path + "/staged.txt", "s\n")
    try await fixture.git("add", "staged.txt", in: place.path)
    try fixture.write(place.path + "/a.txt", "changed\n")
    try fixture.write(place.path + "/new.txt", "a content that is nowhere else\n")
    let index = fixture.read("repo/.git/worktrees/t1/index")
    _ = try await fixture.worktrees.diff(of: place, patchTo: fixture.path + "/patch", limit: 1 << 20)
    #expect(fixture.read("repo/.git/worktrees/t1/index") == index)
    #expect(try await fixture.git("status", "--porcelain", in: place.path) == " M a.txt\nA  staged.txt\n?? new.txt")
    let object = try await fixture.git("hash-object", "new.txt", in: place.path)
    #expect(try await fixture.run("git", ["cat-file", "-e", object], in: place.path).status != 0)
    #expect(Registration.folders(fixture.root) == ["t1"])
  }

  @Test func aChangeInTheSameMomentAsTheCheckoutIsSeen() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    // One moment, made by hand: times can only be set, and not those of the inode's change.
    try await fixture.git("config", "core.trustctime", "false", in: fixture.repository)
    var before = stat()
    #expect(stat(place.path + "/a.txt", &before) == 0)
    try fixture.write(place.path + "/a.txt", "eno\ntwo\nthree\n")
    for file in [place.path + "/a.txt", fixture.repository + "/.git/worktrees/t1/index"] {
      #expect(utimensat(AT_FDCWD, file, [before.st_atim, before.st_mtim], 0) == 0)
    }
    let diff = try await fixture.worktrees.diff(of: place, patchTo: nil, limit: 0)
    #expect(diff.files.map(\.path) == ["a.txt"] && diff.uncommitted)
  }

  @Test func namesMayBeAnyBytes() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    let odd = [CChar(bitPattern: 0xE9)]
    try fixture.write(Array("\(place.path)/caf".utf8CString.dropLast()) + odd + [0], Array("1\n".utf8))
    try fixture.write(place.path + "/two\nlines\t\"", "2\n")
    try fixture.write(place.path + "/-n", "3\n")
    try fixture.write(place.path + "/ümlaut", "4\n")
    let diff = try await fixture.worktrees.diff(of: place, patchTo: fixture.path + "/patch", limit: 1 << 20)
    #expect(Set(diff.files.map(\.path)) == ["caf\\351", "two\nlines\t\"", "-n", "ümlaut"])
    #expect(diff.insertions == 4)
    try await fixture.git("apply", fixture.path + "/patch", in: fixture.repository)
    #expect(fixture.read("repo/two\nlines\t\"") == "2\n")
  }

  @Test func aPatchIsCutAtItsLimit() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    try fixture.write(place.path + "/big.txt", String(repeating: "0123456789abcde\n", count: 100_000))
    let diff = try await fixture.worktrees.diff(of: place, patchTo: fixture.path + "/patch", limit: 10_000)
    #expect(diff.isTruncated && diff.patchBytes == 10_000 && fixture.read("patch")?.utf8.count == 10_000)
    #expect(diff.insertions == 100_000 && diff.files.count == 1)
    let files = try #require(opendir(fixture.path))
    defer { closedir(files) }
    var names: [String] = []
    while let entry = readdir(files) {
      names.append(
        withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    #expect(names.filter { $0.hasPrefix("patch") } == ["patch"])
  }

  @Test func moreFilesThanAreNamedAreCounted() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    for number in 0..<1100 { try fixture.write(place.path + "/f\(number)", "x\n") }
    let diff = try await fixture.worktrees.diff(of: place, patchTo: nil, limit: 0)
    #expect(diff.filesChanged == 1100 && diff.files.count == 1000 && diff.insertions == 1100)
  }

  @Test(arguments: [
    ("diff.noprefix", "true"), ("diff.external", "/bin/false"), ("color.ui", "always"), ("diff.context", "0"),
    ("diff.relative", "true"), ("core.pager", "false"), ("diff.renames", "false"), ("status.showUntrackedFiles", "no"),
    ("core.fsmonitor", "/bin/false"), ("diff.orderFile", "/nonexistent"), ("core.splitIndex", "true"),
  ]) func theUsersSettingsForDiffsDecideNothing(key: String, value: String) async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    try fixture.write(place.path + "/a.txt", "one\nTWO\nthree\n")
    let plain = try await fixture.worktrees.diff(of: place, patchTo: fixture.path + "/plain", limit: 1 << 20)
    #expect(plain.insertions == 1 && plain.deletions == 1 && plain.uncommitted)
    try await fixture.git("config", key, value, in: fixture.repository)
    #expect(try await fixture.worktrees.diff(of: place, patchTo: fixture.path + "/patch", limit: 1 << 20) == plain)
    #expect(fixture.read("patch") == fixture.read("plain"))
  }

  @Test func whatAgentsDoToTheirWorktreeIsStillCompared() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    // A repository in the worktree, without and with a commit.
    for name in ["empty", "full"] { try await fixture.git("init", "-q", name, in: place.path) }
    try await fixture.git("commit", "-q", "--allow-empty", "-m", "x", in: place.path + "/full")
    try fixture.write(place.path + "/new.txt", "new\n")
    mkfifo(place.path + "/pipe", 0o600)
    symlink("/etc/passwd", place.path + "/link")
    // The link to the repository, deleted or turned elsewhere.
    unlink(place.path + "/.git")
    try fixture.write(place.path + "/.git", "gitdir: /nonexistent\n")
    let diff = try await fixture.worktrees.diff(of: place, patchTo: fixture.path + "/patch", limit: 1 << 20)
    let paths = diff.files.map(\.path)
    #expect(paths.contains("new.txt") && paths.contains("link") && !paths.contains("pipe"))
    #expect(fixture.read("patch")?.contains("root:") == false)
  }

  @Test func aLostFolderLeavesWhatItsBranchHas() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    try fixture.write(place.path + "/a.txt", "work\n")
    try await fixture.git("commit", "-qam", "work", in: place.path)
    try removeFolder("t1", in: fixture.root)
    let diff = try await fixture.worktrees.diff(of: place, patchTo: fixture.path + "/patch", limit: 1 << 20)
    #expect(diff.commits == 1 && !diff.uncommitted && diff.files.map(\.path) == ["a.txt"])
    #expect(fixture.read("patch")?.contains("+work") == true)
  }

  @Test func aLostRegistrationLeavesTheFiles() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    try fixture.write(place.path + "/a.txt", "work\n")
    try fixture.write(place.path + "/new.txt", "new\n")
    try removeFolder("worktrees", in: fixture.repository + "/.git")
    let diff = try await fixture.worktrees.diff(of: place, patchTo: nil, limit: 0)
    #expect(diff.uncommitted && diff.files.map(\.path) == ["a.txt", "new.txt"])
  }

  @Test func everythingGoneIsSaid() async throws {
    let fixture = try await Fixture()
    let place = try await fixture.add()
    try await fixture.worktrees.remove(place, force: true)
    var error = await #expect(throws: GitFailure.self) {
      try await fixture.worktrees.diff(of: place, patchTo: nil, limit: 0)
    }
    #expect(error?.description.contains("gone") == true)
    try removeFolder("repo", in: fixture.path)
    error = await #expect(throws: GitFailure.self) {
      try await fixture.worktrees.diff(of: place, patchTo: nil, limit: 0)
    }
    #expect(error?.description.contains("gone") == true)
  }
}
