import Testing

@testable import JarvisConfig

@Suite struct RunnerFileTests {
  private func problems(_ text: String, file: String = "/r/mine.toml") -> [Diagnostic] {
    do throws(ConfigError) {
      _ = try RunnerFile(document: TOMLDocument(text, file: file))
      return []
    } catch {
      return error.diagnostics
    }
  }

  private func shipped(_ name: String) throws -> RunnerFile {
    let loaded = RunnerFile.load(directories: [shippedFolder + "/runners"])
    #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics)")
    return try #require(loaded.files[name])
  }

  @Test func theShippedRunnersLoad() {
    let loaded = RunnerFile.load(directories: [shippedFolder + "/runners"])
    #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics)")
    #expect(loaded.files.keys.sorted() == (["command"] + Config.knownRunners).sorted())
  }

  @Test func theShippedCommandLinesAreThoseOfThePrograms() throws {
    #expect(try shipped("command").commandLine([.command: "echo $HOME"]) == ["/bin/sh", "-c", "echo $HOME"])
    #expect(
      try shipped("claude").commandLine([.prompt: "find it"])
        == ["claude", "-p", "find it", "--output-format", "stream-json", "--verbose"])
    #expect(
      try shipped("claude").commandLine([.prompt: "find it", .model: "opus", .maxTurns: "3"]).suffix(4)
        == ["--model", "opus", "--max-turns", "3"])
    #expect(
      try shipped("codex").commandLine([.prompt: "-x", .cwd: "/w"]) == [
        "codex", "exec", "--json", "--skip-git-repo-check", "--sandbox", "workspace-write", "-C", "/w", "--", "-x",
      ])
    #expect(try shipped("gemini").commandLine([.prompt: "p"]).prefix(5) == ["gemini", "-p", "p", "-o", "stream-json"])
    #expect(try shipped("opencode").commandLine([.prompt: "p"]) == ["opencode", "run", "--format", "json", "--", "p"])
  }

  @Test func aValueNeverBecomesAnOption() throws {
    let line = try shipped("claude").commandLine([.prompt: "--dangerously-skip-permissions"])
    #expect(line[2] == " --dangerously-skip-permissions")
    #expect(throws: RunnerError.self) { try shipped("claude").commandLine([.prompt: "p", .model: "--verbose"]) }
  }

  @Test func aValueIsNotLookedAtForPlaceholders() throws {
    #expect(try shipped("claude").commandLine([.prompt: "{model} {prompt}"])[2] == "{model} {prompt}")
  }

  @Test func aMissingValueIsAnErrorOutsideOfOptionalGroups() {
    #expect(throws: RunnerError.self) { try shipped("claude").commandLine([:]) }
    #expect(throws: RunnerError.self) { try shipped("claude").commandLine([.prompt: "a\0b"]) }
  }

  @Test func laterFoldersOverrideAndABrokenFileHidesTheOneItOverrides() throws {
    let scratch = try Scratch()
    let text = "name = \"mine\"\nexecutable = \"a\"\narguments = [\"{prompt}\"]"
    try scratch.write("one/mine.toml", text)
    try scratch.write("one/other.toml", text.replacing("mine", with: "other"))
    try scratch.write("one/README.md", "no runner")
    try scratch.write("two/mine.toml", text.replacing("\"a\"", with: "\"b\""))
    try scratch.write("three/mine.toml", "nonsense")
    let folders = ["one", "none", "two"].map { "\(scratch.path)/\($0)" }
    let loaded = RunnerFile.load(directories: folders)
    #expect(loaded.diagnostics.isEmpty)
    #expect(loaded.files["mine"]?.executable == "b")
    #expect(loaded.files["mine"]?.file == "\(scratch.path)/two/mine.toml")
    let broken = RunnerFile.load(directories: folders + ["\(scratch.path)/three"])
    #expect(broken.files.keys.sorted() == ["other"])
    #expect(broken.diagnostics.map(\.file) == ["\(scratch.path)/three/mine.toml"])
  }

  @Test func mistakesAreToldWithTheirPlace() {
    let found = problems(
      """
      name = "yours"
      executable = "./x"
      arguments = ["{promt}", ["-m", "{model}", 3], 4]
      output = "claude-stream"
      polite_signal = "SIGKILL"
      prompt_via = "argv"
      shell = true
      """)
    let expected = [
      ("name", "expected \"mine\""), ("executable", "a program's name or an absolute path"),
      ("arguments[0]", "did you mean {prompt}?"), ("arguments[1][2]", "text in quotes"),
      ("arguments[2]", "optional groups"), ("arguments", "no argument has {prompt}"),
      ("output", "did you mean \"claude-stream-json\"?"), ("polite_signal", "expected one of"),
      ("shell", "unknown key"),
    ]
    #expect(found.map(\.keyPath) == expected.map(\.0), "\(found)")
    for (diagnostic, (_, part)) in zip(found, expected) {
      #expect(diagnostic.message.contains(part), "\(diagnostic)")
    }
    #expect(problems("").map(\.keyPath) == ["name", "executable", "arguments"])
    #expect(
      problems("name = \"mine\"\nexecutable = \"a\"\nprompt_via = \"file\"\narguments = [\"{prompt}\"]").map(\.keyPath)
        == ["arguments"])
  }
}
