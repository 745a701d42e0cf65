import Testing

@testable import JarvisConfig

@Suite struct WorkloadFileTests {
  @Test(arguments: ["laptop-day", "scenario-2", "scenario-3", "mixed"])
  func everyShippedWorkloadCanBeRead(name: String) throws {
    let file = try WorkloadFile.load("\(shippedFolder)/workloads/\(name).toml")
    #expect(file.name == name)
    #expect(!file.description.isEmpty && !file.types.isEmpty && !file.sources.isEmpty)
  }

  private func problems(_ text: String) -> [String] {
    do throws(ConfigError) {
      _ = try WorkloadFile.parse(text, file: "day.toml")
      return []
    } catch {
      return error.diagnostics.map(\.description)
    }
  }

  @Test func aFileWithoutTasksSaysWhatItNeeds() {
    #expect(
      problems("") == [
        "day.toml: error: type: there is none; expected [[type]] before each type of task",
        "day.toml: error: source: there is none; expected [[source]] before each source of tasks",
      ])
  }

  @Test(arguments: [
    ("strategies = [\"fixed\"]", "strategies[0]", "expected \"fixed 5\""),
    ("[machine]\ncores = 0", "machine.cores", "expected a number from 0.1"),
    ("[machine]\nmemroy = 1", "machine.memroy", "did you mean \"memory\"?"),
    ("[zones]\ncpu_safe = 3", "zones.cpu_safe", "expected a number from 0 to 1"),
    ("[[server]]\nname = \"a\"", "server[0].rate", "the key is missing"),
    ("[[type]]\nname = \"x\"\nseconds = 1", "type[1].name", "names must differ"),
    ("[[type]]\nname = \"y\"\nseconds = 1\nserver = \"api\"", "type[1].server", "is no [[server]] above"),
    ("[[source]]\nname = \"b\"\ntypes = [\"xx\"]", "source[1].types[0]", "did you mean \"x\"?"),
    ("[[source]]\nname = \"b\"\ntypes = []", "source[1].types", "at least one"),
    ("[[source]]\nname = \"b\"\ntypes = [\"x\"]\nfrom = 9\nuntil = 3", "source[1].until", "before from"),
    ("[[source]]\nname = \"b\"\ntypes = [\"x\"]\nbatches = 2000000\ntasks = 9", "source", "are the most"),
    (
      "[[source]]\nname = \"b\"\ntypes = [\"x\"]\narrivals = \"burts\"", "source[1].arrivals", "did you mean \"burst\"?"
    ),
  ])
  func eachMistakeNamesItsKeyAndWhatIsAllowed(addition: String, key: String, part: String) {
    let good = "\n[[type]]\nname = \"x\"\nseconds = 1\n[[source]]\nname = \"a\"\ntypes = [\"x\"]\n"
    #expect(problems(good) == [])
    let text = addition.hasPrefix("[[t") || addition.hasPrefix("[[so") ? good + addition : addition + good
    let found = problems(text)
    #expect(found.count == 1 && found[0].contains("error: \(key): ") && found[0].contains(part), "\(found)")
  }
}
