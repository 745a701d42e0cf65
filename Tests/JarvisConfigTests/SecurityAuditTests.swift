import Glibc
import Testing

@testable import JarvisConfig
@testable import JarvisProtocol

/// The shipped skill, run for real: with ripgrep where it is installed, and with grep.
@Suite struct SecurityAuditTests {
  let scratch: Scratch
  let skill: SkillFile

  init() throws {
    scratch = try Scratch()
    let loaded = SkillFile.load(directories: [shippedFolder + "/skills"])
    #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics)")
    skill = try #require(loaded.files["security-audit"])
    try scratch.write(
      "src it's/-x/a.py",
      """
      cur.execute("SELECT * FROM users WHERE id = " + uid)
      el.innerHTML = name
        password = "hunter22"
      # nothing to see
      """)
    try scratch.write("src it's/node_modules/b.js", "el.innerHTML = name\n")
    try scratch.write("src it's/notes.txt", "el.innerHTML = name\n")
  }

  private func output(of task: String, path: String, onlyGrep: Bool) throws -> (status: Int32, output: String) {
    let tasks = try skill.instantiate(parameters: ["path": path])
    guard case .shell(let line)? = tasks.first(where: { $0.name == task })?.work else { return (-1, "no such task") }
    let script = try scratch.write("script", line)
    var setting = ""
    if onlyGrep {
      let tools = scratch.path + "/tools"
      #expect(
        run("mkdir -p \(tools); for t in sh cat grep sort awk; do ln -sf \"$(command -v $t)\" \(tools)/$t; done").status
          == 0)
      setting = "PATH=\(tools)"
    }
    return run("cd '\(scratch.path)' && \(setting) sh '\(script)'")
  }

  @Test func itHasTheThreeTasksOfTheScenario() throws {
    #expect(skill.branch == "security-audit" && skill.strategy == .parallel)
    let tasks = try skill.instantiate(parameters: [:])
    #expect(tasks.map(\.name) == ["sql-injection", "xss", "authentication"])
    #expect(Set(tasks.map(\.type)) == ["codebase_search"])
  }

  @Test(arguments: [true, false])
  func itFindsWhatIsThereAndCountsIt(onlyGrep: Bool) throws {
    let path = "src it's/"
    let expected = [
      ("sql-injection", "src it's/-x/a.py:1: cur.execute(\"SELECT * FROM users WHERE id = \" + uid)"),
      ("xss", "src it's/-x/a.py:2: el.innerHTML = name"),
      ("authentication", "src it's/-x/a.py:3: password = \"hunter22\""),
    ]
    for (task, line) in expected {
      let result = try output(of: task, path: path, onlyGrep: onlyGrep)
      #expect(result.status == 0)
      #expect(result.output == "\(line)\ntotal: 1 matches in 1 files\n")
    }
  }

  @Test(arguments: [true, false])
  func noMatchIsASuccessAndAMissingPathAFailure(onlyGrep: Bool) throws {
    try scratch.write("clean/a.c", "int main(void) { return 0; }\n")
    let none = try output(of: "xss", path: "clean", onlyGrep: onlyGrep)
    #expect(none.status == 0 && none.output == "total: 0 matches in 0 files\n")
    let missing = try output(of: "xss", path: "nowhere", onlyGrep: onlyGrep)
    #expect(missing.status == 2 && missing.output == "nowhere: no such file or folder\n")
  }

  @Test(arguments: [true, false])
  func longListsAndLongLinesAreCut(onlyGrep: Bool) throws {
    let long = "x.innerHTML = " + String(repeating: "a", count: 5000) + "\n"
    try scratch.write("many/a.js", String(repeating: long, count: 300))
    let result = try output(of: "xss", path: "many", onlyGrep: onlyGrep)
    let lines = result.output.split(separator: "\n")
    #expect(lines.count == 201)
    #expect(lines.allSatisfy { $0.utf8.count <= 200 })
    #expect(lines.last == "total: 300 matches in 1 files, the first 200 shown")
  }

  @Test func aSingleFileCanBeSearched() throws {
    let result = try output(of: "xss", path: "src it's/-x/a.py", onlyGrep: false)
    #expect(result.output.hasPrefix("src it's/-x/a.py:2: el.innerHTML"), "\(result.output)")
  }
}
