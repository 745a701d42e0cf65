import Testing

@testable import JarvisConfig
@testable import JarvisProtocol

@Suite struct SkillExpansionTests {
  private func skill(_ text: String, name: String = "mine") throws(ConfigError) -> SkillFile {
    try SkillFile(text: "name = \"\(name)\"\n" + text, file: "/s/\(name).toml")
  }

  private func problem(_ text: String) -> String {
    do throws(ConfigError) {
      _ = try skill(text)
      return ""
    } catch {
      return error.description
    }
  }

  private func failure(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return ""
  }

  private let fanOut = """
    parameters.words = { type = "list", default = ["a b", "c"] }
    parameters.n = { type = "integer", default = 2 }
    [[tasks]]
    name = "find"
    shell = "ls"
    [[tasks]]
    name = "files"
    each = { glob = "src/*.c" }
    shell = "wc {item}"
    [[tasks]]
    name = "words"
    each = { list = ["x", "{words}"] }
    command = ["echo", "{index}", "{item}", "{words}"]
    after = ["files:any"]
    [[tasks]]
    name = "numbers"
    each = { count = "{n}" }
    shell = "echo {item}"
    [[tasks]]
    name = "found"
    each = { lines = "find", max = 3 }
    shell = "cat {item}"
    [[tasks]]
    name = "sum"
    after = ["words", "found"]
    shell = "cat {outputs}/* {words}"
    description = "of {words} in {outputs}"
    """

  @Test func aStepBecomesOneTaskForEachItemAndTheirGroup() throws {
    let plan = try skill(fanOut).plan([:], files: ["src/*.c": ["src/a.c", "src/b c.c"]])
    #expect(
      plan.map(\.task.name) == [
        "find", "files.1", "files.2", "files", "words.1", "words.2", "words.3", "words", "numbers.1", "numbers.2",
        "numbers", "found", "sum",
      ])
    #expect(plan.map { $0.kind == .work }.filter { !$0 }.count == 4)
    #expect(plan[2].task.work == .shell("wc 'src/b c.c'"))
    #expect(plan[3].kind == .group)
    #expect(plan[3].task.after.map(\.task) == ["files.1", "files.2"])
    #expect(plan[3].task.after.allSatisfy { $0.condition == .any })
    // A list parameter alone in an argument is as many arguments.
    #expect(plan[5].task.work == .argv(["echo", "2", "a b", "a b", "c"]))
    #expect(plan[5].task.after == [SkillDependency(task: "files", condition: .any)])
    let sum = try #require(plan.last)
    #expect(sum.task.work == .shell("cat '/in/sum'/* 'a b' 'c'"))
    #expect(sum.task.description == "of a b, c in /in/sum")
    #expect(sum.inputs == "/in/sum" && sum.task.environment["JARVIS_OUTPUTS"] == "/in/sum")
  }

  @Test func aStepOverAnOutputIsExpandedWhenItIsThere() throws {
    let skill = try skill(fanOut)
    let plan = try skill.plan([:], files: ["src/*.c": ["a"]])
    let found = try #require(plan.first { $0.task.name == "found" })
    guard case .expansion(let step) = found.kind else { return #expect(Bool(false)) }
    #expect(found.task.after == [SkillDependency(task: "find", condition: .success)])
    #expect(try SkillExpansion.items(in: " a b \n\n\tc\r\n", of: step, skills: ["mine": skill]) == ["a b", "c"])
    var expansion = SkillExpansion(skills: ["mine": skill], inputs: "/in", most: 10) { (_, _) throws(SkillError) in [] }
    let tasks = try expansion.tasks(of: step, items: ["a b", "it's"])
    #expect(tasks.map(\.task.name) == ["found.1", "found.2"])
    #expect(tasks[1].task.work == .shell("cat 'it'\\''s'"))
    #expect(tasks.allSatisfy { $0.task.after.isEmpty })
    #expect(
      failure { _ = try expansion.tasks(of: step, items: ["1", "2", "3", "4"]) }.contains("more than its max = 3"))
  }

  @Test func aJSONListIsTakenElementByElement() throws {
    let skill = try skill("tasks = [{name=\"a\", shell=\"b\"}, {name=\"c\", shell=\"echo {item}\", each={json=\"a\"}}]")
    guard case .expansion(let step) = try skill.plan([:])[1].kind else { return #expect(Bool(false)) }
    func items(_ text: String) throws -> [String] {
      try SkillExpansion.items(in: text, of: step, skills: ["mine": skill])
    }
    #expect(try items("[\"x y\", 3, {\"a\": 1}]\n") == ["x y", "3", "{\"a\":1}"])
    #expect(failure { _ = try items("{}") }.contains("a wrote an object; expected a JSON list"))
    #expect(failure { _ = try items("[1,") }.contains("did not write a JSON list"))
  }

  @Test func aStepCanBeAnotherSkillsTree() throws {
    let inner = try skill(
      """
      parameters.target = { type = "string" }
      parameters.tags = { type = "list", default = [] }
      [[tasks]]
      name = "one"
      shell = "echo {target}"
      [[tasks]]
      name = "two"
      after = ["one:failure"]
      command = ["echo", "{tags}"]
      """, name: "inner")
    let outer = try skill(
      """
      requires = ["inner"]
      parameters.all = { type = "list", default = ["p", "q"] }
      [[tasks]]
      name = "before"
      shell = "true"
      [[tasks]]
      name = "sub"
      skill = "inner"
      each = { list = "{all}" }
      with = { target = "<{item}>", tags = ["{all}", "z"] }
      after = ["before"]
      [[tasks]]
      name = "end"
      after = ["sub"]
      shell = "cat {outputs}/*"
      """)
    let plan = try outer.plan([:], others: [inner])
    #expect(
      plan.map(\.task.name) == [
        "before", "sub.1.one", "sub.1.two", "sub.1", "sub.2.one", "sub.2.two", "sub.2", "sub", "end",
      ])
    #expect(plan[4].task.work == .shell("echo '<q>'"))
    #expect(plan[5].task.work == .argv(["echo", "p", "q", "z"]))
    #expect(plan[4].task.after.map(\.task) == ["before"])
    #expect(plan[5].task.after == [SkillDependency(task: "sub.2.one", condition: .failure)])
    #expect(plan[7].task.after.map(\.task) == ["sub.1", "sub.2"])
    #expect(failure { _ = try outer.plan([:], others: [inner], most: 5) }.contains("more than 5 tasks"))
  }

  @Test func skillsThatRequireEachOtherAreRefusedWithTheirPath() throws {
    func link(_ name: String, _ to: String) throws -> SkillFile {
      try skill("requires = [\"\(to)\"]\ntasks = [{name = \"s\", skill = \"\(to)\"}]", name: name)
    }
    var all = LoadedFiles<SkillFile>()
    all.files = ["a": try link("a", "b"), "b": try link("b", "c"), "c": try link("c", "a")]
    #expect(failure { _ = try SkillForest.tree(of: "a", in: all) }.contains("in a circle: a → b → c → a"))
    all.files["c"] = nil
    #expect(failure { _ = try SkillForest.tree(of: "a", in: all) }.contains("\"b\" requires \"c\""))
    all.files["c"] = try skill("parameters.x.type=\"string\"\ntasks = [{name = \"s\", shell = \"ls\"}]", name: "c")
    #expect(failure { _ = try SkillForest.tree(of: "a", in: all) }.contains("must give \"c\" its parameter \"x\""))
  }

  @Test(arguments: [
    ("number", "1e3", "1e3"), ("number", "x", "expected a number"), ("boolean", "yes", "true"),
    ("boolean", "maybe", "expected true or false"), ("integer", "007", "7"), ("integer", "1.5", "a whole number"),
    ("choice", "fast", "fast"), ("choice", "fats", "did you mean \"fast\""), ("list", "a, b ,,c", "a, b, c"),
    ("list", "a,b\nc", "a,b, c"), ("path", "-x", "./-x"), ("path", "", "expected the path"),
  ])
  func valuesAreCheckedByTheirType(type: String, given: String, expected: String) throws {
    let choices = type == "choice" ? ", choices = [\"fast\", \"slow\"]" : ""
    let skill = try skill(
      "parameters.x = { type = \"\(type)\"\(choices) }\ntasks = [{name=\"a\", description=\"{x}\"}]")
    do throws(SkillError) {
      #expect(try skill.plan(["x": .string(given)])[0].task.description == expected)
    } catch {
      #expect(error.message.contains(expected), "\(error)")
    }
  }

  @Test(arguments: [
    ("parameters.item.type = \"string\"", "has a meaning of its own"),
    ("parameters.x = { type = \"choice\" }", "a choice needs choices"),
    ("parameters.x = { type = \"choice\", choices = [\"a\"], default = \"b\" }", "expected one of a"),
    ("parameters.x = { type = \"boolean\", default = \"true\" }", "expected true or false"),
    ("requires = [\"other\"]", "no step runs the skill"),
  ])
  func mistakesInTheHeadAreTold(lines: String, part: String) {
    #expect(problem("\(lines)\ntasks = [{name=\"a\", shell=\"b\"}]").contains(part))
  }

  @Test(arguments: [
    ("shell = \"echo {item}\"", "unknown placeholder {item}"),
    ("shell = \"cat {outputs}\"", "unknown placeholder {outputs}"),
    ("shell = \"b\"\neach = {}", "expected one of glob, list, count, lines, json"),
    ("shell = \"b\"\neach = { glob = \"*\", count = 2 }", "only one of"),
    ("shell = \"b\"\neach = { lines = \"nobody\" }", "no task is called \"nobody\""),
    ("shell = \"b\"\neach = { list = \"x\" }", "one text is one item"),
    ("shell = \"b\"\neach = { count = 2, max = 0 }", "expected a whole number from 1 to 5000"),
    ("skill = \"other\"", "is not in requires"), ("skill = \"other\"\nshell = \"b\"", "unknown key"),
  ])
  func mistakesInAStepAreTold(lines: String, part: String) {
    let found = problem("[[tasks]]\nname = \"a\"\n\(lines)")
    #expect(found.contains(part), "\(found)")
    #expect(found.contains("mine.toml:"))
  }

  @Test func everyShippedSkillIsWholeAndItsTreeStands() {
    let all = SkillFile.load(directories: ["\(shippedFolder)/skills"])
    #expect(all.diagnostics.isEmpty, "\(all.diagnostics)")
    #expect(
      all.files.keys.sorted() == [
        "independent-research", "map-reduce", "pipeline", "refactoring-analysis", "security-audit", "test-shards",
      ])
    for name in all.files.keys { #expect(throws: Never.self) { try SkillForest.tree(of: name, in: all) } }
  }

  private func done(_ id: Int, _ line: String, after: [String] = [], folder: String = "/p") -> DoneTask {
    DoneTask(
      id: "t\(id)", name: nil, type: "command:x", priority: .medium, description: "", work: .shell(line), runner: nil,
      folder: folder, environment: [:], after: after.map { SkillDependency(task: $0, condition: .success) }, retries: 0,
      limits: SkillLimits())
  }

  @Test func aBatchBecomesASkillWithTheWordsThatDiffer() throws {
    let tasks = [
      done(1, "grep {x} a.c > /tmp/a.c.out"), done(2, "wc -l a.c"), done(3, "wc -l b.c"), done(4, "wc -l c.c"),
      done(5, "echo \"done\"", after: ["t2", "t3", "t4"]),
    ]
    let text = try SkillDraft(name: "mine", batch: "b1", strategy: .auto, tasks: tasks).text()
    let skill = try SkillFile(text: text, file: "/s/mine.toml")
    let plan = try skill.plan(["path": "/q"])
    #expect(
      plan.map(\.task.name) == ["step-1", "each-2.1", "each-2.2", "each-2.3", "each-2", "step-3"], "\(text)")
    #expect(plan[0].task.work == .shell("grep {x} a.c > /tmp/a.c.out"))
    #expect(plan[2].task.work == .shell("wc -l 'b.c'") && plan[2].task.cwd == "/q")
    #expect(plan[5].task.after == [SkillDependency(task: "each-2", condition: .success)])
    #expect(plan[5].task.work == .shell("echo \"done\""))
    let more = try skill.plan(["items_a": ["x", "y"]])
    #expect(more.count == 5)
  }

  @Test func whatIsNotAPatternIsKeptAsItIs() throws {
    let tasks = [done(1, "wc '$a'"), done(2, "wc '$b'"), done(3, "wc '$c'"), done(4, "ls one two", folder: "/r")]
    let skill = try SkillFile(
      text: SkillDraft(name: "mine", batch: "b1", strategy: .parallel, tasks: tasks).text(), file: "/s/mine.toml")
    let plan = try skill.plan([:])
    #expect(plan.count == 4 && skill.parameters.isEmpty)
    #expect(plan[0].task.work == .shell("wc '$a'") && plan[3].task.cwd == "/r")
  }
}
