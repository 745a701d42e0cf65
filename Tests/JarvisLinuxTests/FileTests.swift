import Glibc
import JarvisProtocol
import Testing

@testable import JarvisLinux

@Suite struct FileTests {
  @Test func aLockIsHeldOnceAndNamesItsHolder() throws {
    let folder = try TemporaryFolder()
    let path = folder("lock")
    let first = try FileLock(path: path)
    let error = #expect(throws: FileLockError.self) { try FileLock(path: path) }
    #expect(error == .held(path: path, holder: getpid()))
    #expect(error?.description.contains("process \(getpid())") == true)
    first.release()
    let second = try FileLock(path: path)
    second.release()
    second.release()
  }

  @Test func aLockIsGivenUpWithItsOwner() throws {
    let folder = try TemporaryFolder()
    do { _ = try FileLock(path: folder("lock")) }
    _ = try FileLock(path: folder("lock"))
    #expect(throws: FileLockError.self) { try FileLock(path: folder("no/such/folder/lock")) }
  }

  @Test func aPrivateFolderIsMadeWithItsParents() throws {
    let folder = try TemporaryFolder()
    for path in [folder("a/b/c"), folder("a/b/c"), folder("d/")] {
      try ensurePrivateDirectory(path)
      var status = stat()
      #expect(stat(path, &status) == 0 && status.st_mode & 0o7777 == 0o700)
    }
    try fsyncDirectory(folder("a/b"))
    #expect(throws: SystemError.self) { try fsyncDirectory(folder("missing")) }
  }

  @Test func foldersThatOthersControlAreRefused() throws {
    let folder = try TemporaryFolder()
    let real = try folder.folder("real", mode: 0o700)
    symlink(real, folder("link"))
    #expect(throws: PrivateFolderError.self) { try ensurePrivateDirectory(folder("link/")) }
    var error = #expect(throws: PrivateFolderError.self) { try ensurePrivateDirectory(folder("link")) }
    #expect(error?.description.contains("symbolic link") == true)
    chmod(real, 0o770)
    error = #expect(throws: PrivateFolderError.self) { try ensurePrivateDirectory(real) }
    #expect(error?.description.contains("chmod go-w \(real)") == true)
    let file = try folder.write("file", "")
    error = #expect(throws: PrivateFolderError.self) { try ensurePrivateDirectory(file) }
    #expect(error?.description.contains("is a file") == true)
    if geteuid() == 0 {
      chmod(real, 0o700)
      chown(real, 12345, 0)
      error = #expect(throws: PrivateFolderError.self) { try ensurePrivateDirectory(real) }
      #expect(error?.description.contains("uid 12345") == true)
    }
  }

  @Test func theFileLimitIsAtTheHardOneAfterwards() throws {
    let raised = try raiseFileLimit()
    var limit = rlimit()
    try #require(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
    #expect(raised == limit.rlim_cur && limit.rlim_cur == limit.rlim_max)
  }

  @Test func programsAreFoundAlongThePathGiven() throws {
    let folder = try TemporaryFolder()
    try folder.write("one/tool", "", mode: 0o644)
    try folder.folder("one/thing")
    let tool = try folder.write("two/tool", "", mode: 0o755)
    try folder.write("two/plain", "", mode: 0o644)
    let path = "\(folder("one")):\(folder("two"))"
    #expect(try ExecutableFinder.find("tool", path: path, folder: "/") == tool)
    #expect(try ExecutableFinder.find("tool", path: ":two", folder: folder.path) == tool)
    #expect(try ExecutableFinder.find("two/tool", path: "", folder: folder.path) == tool)
    #expect(try ExecutableFinder.find(tool, path: "", folder: "/") == tool)
    #expect(try ExecutableFinder.find("sh", path: "/usr/bin:/bin", folder: "/").hasSuffix("/sh"))
    for (name, reason) in [
      ("nothing", ExecutableNotFound.Reason.missing), ("plain", .notExecutable), ("thing", .isFolder),
      ("./one", .isFolder), ("./nothing", .missing), ("", .missing), ("two/plain", .notExecutable),
    ] {
      let error = #expect(throws: ExecutableNotFound.self) {
        try ExecutableFinder.find(name, path: path, folder: folder.path)
      }
      #expect(error?.reason == reason, "\(name)")
    }
  }

  @Test func clocksAdvance() throws {
    #expect(SystemClock.now() > Timestamp(milliseconds: 1_700_000_000_000))
    let before = SystemClock.monotonicNanoseconds()
    #expect(eventually { SystemClock.monotonicNanoseconds() > before })
    let boot = try #require(SystemClock.bootID())
    #expect(boot.utf8.count == 36 && boot == SystemClock.bootID())
    #expect(SystemClock.bootID(procFolder: "/nowhere") == nil)
  }

  @Test func aPeerIsWhoTheKernelSays() throws {
    var ends: [Int32] = [0, 0]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    defer { for end in ends { close(end) } }
    let peer = try PeerCredentials(socket: ends[0])
    #expect(peer.pid == getpid() && peer.uid == geteuid() && peer.gid == getegid())
    #expect(throws: SystemError.self) { try PeerCredentials(socket: -1) }
  }
}

@Suite struct GitBranchTests {
  @Test func theBranchIsReadFromTheNearestRepositoryUpwards() throws {
    let folder = try TemporaryFolder()
    try folder.write("repo/.git/HEAD", "ref: refs/heads/feature/x\n")
    let deep = try folder.folder("repo/src/deep")
    #expect(GitBranch.current(of: deep) == "feature/x")
    #expect(GitBranch.commonDirectory(of: deep) == folder("repo/.git"))
  }

  @Test func aDetachedHeadAndNoRepositoryHaveNoBranch() throws {
    let folder = try TemporaryFolder()
    try folder.write("repo/.git/HEAD", "0123456789abcdef0123456789abcdef01234567\n")
    #expect(GitBranch.current(of: folder("repo")) == nil)
    #expect(GitBranch.commonDirectory(of: folder("repo")) != nil)
    #expect(GitBranch.current(of: folder.path) == nil)
    #expect(GitBranch.commonDirectory(of: folder("missing")) == nil)
  }

  @Test func workTreesHaveTheirOwnBranchAndOneCommonFolder() throws {
    let folder = try TemporaryFolder()
    try folder.write("repo/.git/HEAD", "ref: refs/heads/main\n")
    try folder.write("repo/.git/worktrees/wt/HEAD", "ref: refs/heads/fix\n")
    try folder.write("repo/.git/worktrees/wt/commondir", "../..\n")
    try folder.write("wt/.git", "gitdir: \(folder("repo/.git/worktrees/wt"))\n")
    try folder.write("relative/.git", "gitdir: ../repo/.git/worktrees/wt\n")
    for name in ["wt", "relative"] {
      #expect(GitBranch.current(of: folder(name)) == "fix")
      #expect(GitBranch.commonDirectory(of: folder(name)) == folder("repo/.git"))
    }
    #expect(GitBranch.current(of: folder("repo")) == "main")
  }
}
