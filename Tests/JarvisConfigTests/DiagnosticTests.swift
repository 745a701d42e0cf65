import Testing

@testable import JarvisConfig

@Suite struct DiagnosticTests {
  @Test func allProblemsOfAFileAreToldAtOnceInItsOrder() {
    let found = problems(
      """
      # comment
      [zones]
      cpu_saef = 0.5
      ram_safe = 1.5
      [scheduler]
      max_agents = "many"

      [server]
      max_line = "1X"
      """)
    #expect(found.map(\.line) == [3, 4, 6, 9])
    #expect(found.map(\.keyPath) == ["zones.cpu_saef", "zones.ram_safe", "scheduler.max_agents", "server.max_line"])
    #expect(
      found.map(\.description) == [
        #"jarvis.toml:3:1: error: zones.cpu_saef: unknown key; did you mean "cpu_safe"?"#,
        "jarvis.toml:4:1: error: zones.ram_safe: found the number 1.5; expected a number from 0 to 1",
        "jarvis.toml:6:1: error: scheduler.max_agents: found the text \"many\"; expected a whole number from 1 to 100000",
        "jarvis.toml:9:1: error: server.max_line: found the text \"1X\"; expected a size from 4K to 1G: bytes, or text "
          + "such as \"64K\", \"512M\", \"2G\" (powers of 1024)",
      ])
  }

  @Test(arguments: [
    ("[zone]\ncpu_safe = 1", "zone", "did you mean \"zones\"?"),
    ("zones = 3", "zones", "found the number 3; expected a table"),
    ("[[zones]]\ncpu_safe = 1", "zones", "expected a table"),
    ("[daemon]\nsocket = \"run/x\"", "daemon.socket", "is relative; expected an absolute path"),
    ("[daemon]\nstate_dir = \"~/x\"", "daemon.state_dir", "~ and variables are not expanded"),
    ("[daemon]\nlog_level = \"warn\"", "daemon.log_level", "did you mean \"warning\"?"),
    ("[daemon]\nlog_target = 1", "daemon.log_target", "expected one of \"auto\", \"journal\", \"stderr\""),
    ("[daemon]\nallowed_uids = [-1]", "daemon.allowed_uids[0]", "expected a user id"),
    ("[daemon]\nallowed_uids = \"me\"", "daemon.allowed_uids", "a list of user ids"),
    ("[monitor]\ninterval = \"10ms\"", "monitor.interval", "expected a duration from 0.1s to 1m"),
    ("[monitor]\ninterval = nan", "monitor.interval", "expected a duration"),
    ("[monitor]\nprocfs = \"\"", "monitor.procfs", "expected an absolute path"),
    ("[zones]\ncpu_safe = nan", "zones.cpu_safe", "expected a number from 0 to 1"),
    ("[zones]\ncpu_safe = inf", "zones.cpu_safe", "expected a number from 0 to 1"),
    ("[zones]\ncpu_safe = 0.9", "zones.cpu_safe", "safe must not be above danger"),
    ("[zones]\nram_danger = 0.1", "zones.ram_danger", "safe must not be above danger"),
    ("[zones]\ncpu_safe = 2026-11-24", "zones.cpu_safe", "found a date or time"),
    ("[scheduler]\nmax_agents = 1.5", "scheduler.max_agents", "expected a whole number"),
    ("[scheduler]\nmax_agents = true", "scheduler.max_agents", "found true"),
    ("[scheduler]\nmax_agents_per_session_warning = 9", "scheduler.max_agents_per_session_warning", "above"),
    ("[scheduler.patience]\nhigh = \"soon\"", "scheduler.patience.high", "found the text \"soon\""),
    ("[agents]\ndrop_environment = [1]", "agents.drop_environment[0]", "expected text in quotes"),
    ("[agents]\ndrop_environment = [\"A*B\"]", "agents.drop_environment[0]", "* only as its last letter"),
    ("[limits]\nmemory = -5", "limits.memory", "expected a size"),
    ("[limits]\npids = []", "limits.pids", "found an empty list"),
  ])
  func eachMistakeNamesItsKeyWhatWasFoundAndWhatIsAllowed(text: String, key: String, part: String) throws {
    let found = problems(text)
    #expect(found.count == 1, "\(found)")
    let first = try #require(found.first)
    #expect(first.keyPath == key)
    #expect(first.message.contains(part), "\(first)")
    #expect(first.line != nil)
  }

  @Test(arguments: [
    ("[zones]\ncpu_safe = ", 2), ("[zones\n", 1), ("a = \"x\nb = 1", 1), ("[daemon]\nsocket = /run/x", 2),
    ("[zones]\n[zones]", 2), ("[zones]\ncpu_safe = 1\ncpu_safe = 1", 3), ("= 1", 1), ("a = [1, 2", 1),
    ("a = 1\n[=]", 2), ("[[ {", 1), ("[é]", 1), ("[\n]", 1), ("a = [ } ]", 1), ("a = [\n\u{2028}]", 2),
    ("\u{A0}a = 1", 1),
  ])
  func textThatIsNotTOMLIsToldWithItsLine(text: String, line: Int) throws {
    let first = try #require(problems(text).first)
    #expect(first.message.hasPrefix("this is not valid TOML: "), "\(first)")
    #expect(first.line == line, "\(first)")
    #expect(first.column != nil)
  }

  @Test func nulBytesAndTheirEscapesAreRefusedRatherThanCutOff() throws {
    #expect(problems("[zones]\n# \0").first?.line == 2)
    #expect(problems("[daemon]\nsocket = \"/a\\u0000b\"").first?.line == 2)
    #expect(problems("\"a\\u0000b\" = 1").count == 1)
  }

  @Test func deepNestingIsRefused() {
    #expect(!problems("a = " + String(repeating: "[", count: 100_000)).isEmpty)
    #expect(!problems(String(repeating: "a.", count: 500) + "a = 1").isEmpty)
    #expect(!problems(String(repeating: "a.", count: 400_000) + "a = 1\n]").isEmpty)
  }
}

@Suite struct SourceMapTests {
  @Test func keysAreFoundThroughSectionsListsQuotesAndLongValues() {
    let map = SourceMap(
      """
      top = '''
      not = 1
      ''' # comment
      [a."b"]
        c = [ 1,
          2, # ] no end
          "]" ]
      d = 1
      [[tasks]]
      name = "x = 1"
      [tasks.limits]
      time = 1
      [[tasks]]
      "é" = 1
      'name' = { inner = 2 }
      """)
    func place(_ path: String) -> [Int]? { map.place(of: path).map { [$0.line, $0.column] } }
    #expect(place("top") == [1, 1])
    #expect(place("a.b") == [4, 1])
    #expect(place("a.b.c") == [5, 3])
    #expect(place("a.b.d") == [8, 1])
    #expect(place("tasks[0]") == [9, 1])
    #expect(place("tasks[0].name") == [10, 1])
    #expect(place("tasks[0].limits.time") == [12, 1])
    #expect(place("tasks[1]") == [13, 1])
    #expect(place("tasks[1].name.inner") == [15, 1], "inside an inline table: the key it belongs to")
    #expect(place("a.b.missing") == [4, 1], "not there: its section")
    #expect(place("not") == nil)
  }
}
