import Glibc
import Testing

@testable import JarvisConfig

@Suite struct LoaderTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func failure(_ path: String) -> Diagnostic? {
    do throws(ConfigError) {
      _ = try ConfigLoader.load(explicit: path, environment: [:])
      return nil
    } catch {
      return error.diagnostics.first
    }
  }

  @Test func theNamedFileComesFirstThenTheUsersOwn() throws {
    let named = try scratch.write("named.toml", "[server]\nmax_batch = 1")
    let own = try scratch.write("xdg/jarvis/jarvis.toml", "[server]\nmax_batch = 2")
    let home = try scratch.write("home/.config/jarvis/jarvis.toml", "[server]\nmax_batch = 3")
    let environment = ["XDG_CONFIG_HOME": scratch.path + "/xdg", "HOME": scratch.path + "/home"]
    let first = try ConfigLoader.load(explicit: named, environment: environment)
    #expect(first.config.server.maxBatch == 1 && first.source == named)
    let second = try ConfigLoader.load(explicit: nil, environment: environment)
    #expect(second.config.server.maxBatch == 2 && second.source == own)
    let third = try ConfigLoader.load(explicit: nil, environment: ["HOME": scratch.path + "/home"])
    #expect(third.config.server.maxBatch == 3 && third.source == home)
    #expect(ConfigLoader.paths(environment: environment).last == "/etc/jarvis/jarvis.toml")
    #expect(ConfigLoader.paths(environment: ["XDG_CONFIG_HOME": "relative"]) == ["/etc/jarvis/jarvis.toml"])
  }

  @Test func aNamedFileThatIsMissingIsAnError() {
    let path = scratch.path + "/none.toml"
    #expect(failure(path)?.message.contains("no such file") == true)
    #expect(failure(path)?.file == path)
    #expect(failure("")?.message.contains("no such file") == true)
  }

  @Test func aFileThatExistsAndIsBrokenIsNotPassedOver() throws {
    try scratch.write("jarvis/jarvis.toml", "[zones]\ncpu_safe = 7")
    #expect(throws: ConfigError.self) {
      try ConfigLoader.load(explicit: nil, environment: ["XDG_CONFIG_HOME": scratch.path])
    }
  }

  @Test func whatIsNoReadableTextFileIsToldApart() throws {
    #expect(failure(scratch.path)?.message.contains("folder") == true)
    #expect(failure("/dev/zero")?.message.contains("regular file") == true)
    let large = try scratch.write("large.toml", [UInt8](repeating: 35, count: FileText.largest + 1))
    #expect(failure(large)?.message.contains("larger than 1M") == true)
    let latin = try scratch.write("latin.toml", Array("# a\n# b".utf8) + [0xE9, 10])
    #expect(failure(latin)?.message.contains("line 2 is not UTF-8") == true)
    let fifo = scratch.path + "/fifo"
    #expect(mkfifo(fifo, 0o600) == 0)
    #expect(failure(fifo)?.message.contains("regular file") == true)
    #expect(
      FileText.failure(EACCES, "/x")
        == .unusable(
          "permission denied; make the file readable for this user (ls -l /x), or name another one"))
    #expect(FileText.failure(ELOOP, "/x") != .missing)
  }

  @Test func aByteOrderMarkIsNoMistake() throws {
    let path = try scratch.write("bom.toml", [0xEF, 0xBB, 0xBF] + Array("[server]\nmax_batch = 1".utf8))
    #expect(try ConfigLoader.load(explicit: path, environment: [:]).config.server.maxBatch == 1)
  }

  @Test func aFileThatOthersMayWriteToIsUsedWithAWarning() throws {
    let path = try scratch.write("open.toml", "")
    #expect(chmod(path, 0o644) == 0)
    #expect(try ConfigLoader.load(explicit: path, environment: [:]).warnings.isEmpty)
    #expect(chmod(path, 0o666) == 0)
    let loaded = try ConfigLoader.load(explicit: path, environment: [:])
    #expect(loaded.warnings.map(\.severity) == [.warning])
  }
}

@Suite struct DataFoldersTests {
  @Test func candidatesComeInOrderWithoutRepetition() throws {
    let scratch = try Scratch()
    try scratch.write("tree/etc/jarvis/jarvis.toml", "")
    let found = DataFolders.candidates(
      executable: scratch.path + "/tree/.build/debug/jarvisd",
      environment: ["JARVIS_DATA_DIR": "/d", "HOME": "/h", "XDG_DATA_HOME": "/x"])
    #expect(
      found == [
        "/d", scratch.path + "/tree/.build/share/jarvis", scratch.path + "/tree/etc/jarvis", "/x/jarvis",
        "/usr/share/jarvis",
      ])
    let plain = DataFolders.candidates(executable: "/h/.local/bin/jarvisd", environment: ["HOME": "/h"])
    #expect(plain.first == "/h/.local/share/jarvis")
    #expect(plain.count { $0 == "/h/.local/share/jarvis" } == 1)
  }

  @Test func theUsersFolderOverridesTheMachinesAndTheShippedOne() throws {
    let scratch = try Scratch()
    try scratch.write("data/runners/a.toml", "")
    let folders = DataFolders.search(
      "runners", executable: nil, environment: ["JARVIS_DATA_DIR": scratch.path + "/data", "HOME": "/h"])
    #expect(folders == [scratch.path + "/data/runners", "/etc/jarvis/runners", "/h/.config/jarvis/runners"])
  }

  @Test func aFolderOfAnotherUserAboveTheProgramDoesNotCount() throws {
    guard geteuid() == 0 else { return }
    let scratch = try Scratch()
    let file = try scratch.write("etc/jarvis/jarvis.toml", "")
    #expect(chown(file, 12_345, 12_345) == 0)
    let found = DataFolders.candidates(executable: scratch.path + "/bin/jarvisd", environment: [:])
    #expect(!found.contains(scratch.path + "/etc/jarvis"))
  }

  @Test func theRunningProgramIsKnown() throws {
    #expect(try #require(DataFolders.executable).hasPrefix("/"))
  }
}
