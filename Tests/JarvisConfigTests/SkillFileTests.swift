import Testing

@testable import JarvisConfig
@testable import JarvisProtocol

@Suite struct SkillFileTests {
  private func skill(_ text: String) throws(ConfigError) -> SkillFile {
    try SkillFile(document: TOMLDocument(text, file: "/s/mine.toml"))
  }

  private func problems(_ text: String) -> [Diagnostic] {
    do throws(ConfigError) {
      _ = try skill(text)
      return []
    } catch {
      return error.diagnostics
    }
  }

  private let whole = """
    name = "mine"
    description = "A skill"
    branch = "b"
    strategy = "sequential"
    prelude = "set -e"
    [parameters.path]
    type = "path"
    default = "."
    [parameters.count]
    type = "integer"
    default = 3
    [parameters.note]
    required = false
    [parameters.word]
    description = "what to look for"

    [[tasks]]
    name = "one"
    description = "look for {word} in {path}, {{word}} ${word} {0,3} {note}"
    type = "codebase_search"
    priority = "high"
    command = ["grep", "-m{count}", "--", "{word}", "{path}"]
    cwd = "{path}"
    env = { WORD = "<{word}>" }
    limits = { memory = "64M", cpu = 0.5, pids = 9, time = "5m", output = "1M" }
    retries = 2

    [[tasks]]
    name = "two"
    shell = "echo {word} {count}"
    after = ["one", { task = "three", on = "any" }]

    [[tasks]]
    name = "three"
    description = "think"
    runner = "claude"
    after = ["one:failure"]
    """

  @Test func everyTextGetsTheParametersValues() throws {
    let skill = try skill(whole)
    #expect(skill.branch == "b" && skill.strategy == .sequential && skill.stepCount == 3)
    #expect(skill.parameters.map(\.name) == ["count", "note", "path", "word"])
    #expect(skill.parameters.map(\.required) == [false, false, false, true])
    let tasks = try skill.instantiate(parameters: ["word": "it's {path}", "path": "-x"])
    #expect(tasks[0].description == "look for it's {path} in ./-x, {word} ${word} {0,3} ")
    #expect(tasks[0].work == .argv(["grep", "-m3", "--", "it's {path}", "./-x"]))
    #expect(tasks[0].cwd == "./-x")
    #expect(tasks[0].environment == ["WORD": "<it's {path}>"])
    #expect(tasks[0].limits == SkillLimits(memory: 64 << 20, cpu: 0.5, pids: 9, time: 300, output: 1 << 20))
    #expect(tasks[0].priority == .high && tasks[0].type == "codebase_search" && tasks[0].retries == 2)
    #expect(tasks[1].work == .shell("set -e\necho 'it'\\''s {path}' '3'"))
    #expect(tasks[1].priority == .medium)
    #expect(tasks[1].after.map(\.task) == ["one", "three"])
    #expect(tasks[1].after.map(\.condition) == [.success, .any])
    #expect(tasks[2].work == .prompt && tasks[2].runner == "claude")
    #expect(tasks[2].after.map(\.condition) == [.failure])
  }

  @Test func wrongParametersAreNamed() throws {
    let skill = try skill(whole)
    func failure(_ values: [String: String]) -> String {
      do throws(SkillError) {
        _ = try skill.instantiate(parameters: values)
        return ""
      } catch {
        return error.description
      }
    }
    #expect(failure([:]) == "parameter word: the skill \"mine\" needs it: what to look for")
    #expect(
      failure(["wrod": "x"]) == "parameter wrod: the skill \"mine\" has no such parameter; did you mean \"word\"?")
    #expect(failure(["word": "x", "count": "many"]).contains("expected a whole number"))
    #expect(failure(["word": "x", "path": ""]).contains("expected the path"))
    #expect(failure(["word": "x\0"]).contains("NUL"))
  }

  @Test(arguments: [
    ("shell = \"echo '{x}'\"", "stands in quotes"), ("shell = 'echo \"{x}\"'", "stands in quotes"),
    ("shell = 'echo `ls {x}`'", "backquotes"), ("shell = 'echo \\{x}'", "backslash"),
    ("shell = \"cat <<E\\n{x}\\nE\"", "here-document"), ("shell = \"# don't\\necho '{x}'\"", "stands in quotes"),
    ("shell = \"echo {y}\"", "unknown placeholder {y}"), ("shell = \" \"", "the line is empty"),
    ("command = []", "expected a program"), ("command = \"ls\"", "expected a list"),
    ("command = [\"ls\"]\nshell = \"ls\"", "expected one of the two"), ("type = \"x\"", "nothing to do"),
    ("shell = \"ls\"\nafter = [\"b\"]", "no task is called \"b\""),
    ("shell = \"ls\"\nafter = [\"a\"]", "in a circle: a"),
    ("shell = \"ls\"\nafter = [\"a:never\"]", "expected one of success, failure, any"),
    ("shell = \"ls\"\npriority = \"urgent\"", "\"critical\", \"high\", \"medium\", \"low\""),
    ("shell = \"ls\"\nlimits = { time = \"x\" }", "expected a duration"),
    ("shell = \"ls\"\nretries = -1", "expected a whole number"), ("shell = \"ls\"\ncmd = 1", "unknown key"),
  ])
  func mistakesInATaskAreTold(lines: String, part: String) throws {
    let found = problems("name = \"mine\"\nparameters.x.type = \"string\"\n[[tasks]]\nname = \"a\"\n\(lines)")
    #expect(found.count == 1, "\(found)")
    let first = try #require(found.first)
    #expect(first.message.contains(part), "\(first)")
    #expect(first.keyPath?.hasPrefix("tasks[0]") == true && first.line != nil, "\(first)")
  }

  @Test func mistakesInTheFileAreTold() {
    #expect(problems("name = \"mine\"").map(\.keyPath) == ["tasks"])
    #expect(problems("name = \"mine\"\ntasks = []").first?.message.contains("expected 1 to") == true)
    #expect(problems("name = \"other\"\ntasks = [{name=\"a\",shell=\"b\"}]").map(\.keyPath) == ["name"])
    let twice = problems("name = \"mine\"\ntasks = [{name=\"a\",shell=\"b\"}, {name=\"a\",shell=\"b\"}]")
    #expect(twice.first?.message == "another task is called \"a\" too")
    let parameter = problems(
      """
      name = "mine"
      tasks = [{name="a", shell="b"}]
      [parameters.Bad]
      [parameters.n]
      type = "integer"
      default = "3"
      required = true
      """)
    #expect(parameter.map(\.keyPath) == ["parameters.Bad", "parameters.n.default", "parameters.n.required"])
  }

  @Test(arguments: [
    "", " ", "a'b", "'; exit 9; '", "$(exit 9)", "`exit 9`", "\\", "\"", "a\nb", "*", "-n", "é", "!!", "'",
  ])
  func aShellSeesAnyValueAsOneWord(value: String) throws {
    let text = "name = \"mine\"\nparameters.x.type = \"string\"\n[[tasks]]\nname = \"a\"\nshell = 'printf %s, {x} end'"
    let tasks = try skill(text).instantiate(parameters: ["x": value])
    guard case .shell(let line) = tasks[0].work else { return #expect(Bool(false)) }
    #expect(run(line).output == "\(value),end,")
  }
}
