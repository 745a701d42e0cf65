import Glibc
import Testing

@testable import JarvisProtocol

@Suite struct WireTests {
  /// The message for parameters that must be refused.
  func refusal<T: WireObject>(_ type: T.Type, _ json: JSON) -> String? {
    do throws(WireError) {
      _ = try T.read(json, at: .root("params"))
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `the specification's example is read to the letter`() throws {
    let text = """
      {"tasks": [{"description": "Search codebase for authentication logic", "type": "explore", "priority": "high"},
        {"description": "Analyze security vulnerabilities", "type": "analyze", "priority": "medium"}],
       "branch_id": "security-audit", "strategy": "auto"}
      """
    let batch = try TaskSpawn.Parameters.read(try JSON(parsing: text), at: .root("params"))
    #expect(batch.tasks.map(\.priority) == [.high, .medium])
    #expect(batch.tasks.map(\.type) == ["explore", "analyze"])
    #expect(batch.branchID == "security-audit")
    #expect(batch.strategy == .auto)
  }

  @Test(arguments: Methods.all.map { $0.name }) func `every method's example is accepted by its own parameters`(
    name: String
  ) throws {
    func check<M: Method>(_ method: M.Type) throws {
      let value = try M.Parameters.read(M.example, at: .root("params"))
      #expect(try M.Parameters.read(value.json, at: .root("params")).json == value.json)
    }
    let method = try #require(Methods.all.first { $0.name == name })
    try check(method)
  }

  @Test func `no two methods share a name`() {
    #expect(Set(Methods.all.map { $0.name }).count == Methods.all.count)
  }

  @Test func `an unknown field is refused with its path and a guess`() {
    let message = refusal(TaskSpawn.Parameters.self, ["tasks": [["description": "x", "prioritty": "high"]]])
    #expect(message?.hasPrefix("`params.tasks[0].prioritty` is not a known field; did you mean `priority`?") == true)
  }

  @Test(arguments: [
    (#"{}"#, "`params.tasks` is missing"), (#"{"tasks":[]}"#, "`params.tasks` must not be empty"),
    (#"{"tasks":{}}"#, "`params.tasks` must be a list, found an object"),
    (
      #"{"tasks":[{"description":"x","priority":"urgent"}]}"#,
      "`params.tasks[0].priority` must be one of critical, high, medium, low, found \"urgent\""
    ),
    (
      #"{"tasks":[{"description":"x"}],"strategy":"fast"}"#,
      "`params.strategy` must be one of auto, parallel, sequential, adaptive, found \"fast\""
    ),
    (#"{"tasks":[{"description":7}]}"#, "`params.tasks[0].description` must be a string, found a number"),
    (#"{"tasks":[{"description":" "}]}"#, "`params.tasks[0].description` is missing"),
    (#"{"tasks":[{"command":[]}]}"#, "`params.tasks[0].command` must name a program"),
    (#"{"tasks":[{"command":""}]}"#, "`params.tasks[0].command` must not be empty"),
    (#"{"tasks":[{"command":["a\u0000b"]}]}"#, "`params.tasks[0].command[0]` must not contain a NUL character"),
    (#"{"tasks":[{"command":"x","limits":{"memory":-1}}]}"#, "`params.tasks[0].limits.memory` must not be negative"),
    (#"{"tasks":[{"command":"x","limits":{"time":"soon"}}]}"#, "`params.tasks[0].limits.time` must be seconds"),
    (#"{"tasks":[{"command":"x","limits":{"cpu":0}}]}"#, "`params.tasks[0].limits.cpu` must be above 0 cores"),
    (#"{"tasks":[{"command":"x","retries":-1}]}"#, "`params.tasks[0].retries` must be 0 to 100, found -1"),
    (#"{"tasks":[{"command":"x","name":"t5"}]}"#, "`params.tasks[0].name` must not look like a task's id"),
    (
      #"{"tasks":[{"command":"x","after":["a:later"]}]}"#,
      "`params.tasks[0].after[0]` must be one of success, failure, any, found \"later\""
    ),
    (#"{"tasks":[{"command":"x","env":{"A=B":"1"}}]}"#, "`params.tasks[0].env.A=B` is no name of an environment"),
    (
      #"{"tasks":[{"command":"x","delay":1,"not_before":"2026-11-24T07:00:00Z"}]}"#,
      "`params.tasks[0].not_before` can't stand beside `delay`"
    ),
  ]) func `a bad submission names the field and what would be right`(text: String, message: String) throws {
    let found = refusal(TaskSpawn.Parameters.self, try JSON(parsing: text))
    #expect(found?.hasPrefix(message) == true, "\(found ?? "accepted")")
  }

  @Test func `what a newer server adds to an answer is passed over, at any depth`() throws {
    var task =
      TaskView(
        id: TaskID(1), batchID: BatchID(1), branchID: "main", sessionID: "s", type: "x", priority: .high,
        state: .queued,
        reason: "r", runner: "command", submittedAt: Timestamp(milliseconds: 0)
      ).json.objectValue ?? JSONObject()
    task["mood"] = "curious"
    let answer: JSON = ["tasks": [.object(task)], "more": 1]
    #expect(try TaskListResult.read(answer, at: .answer).tasks.count == 1)
    #expect(throws: WireError.self) { try TaskListResult.read(answer, at: .root("params")) }
  }

  @Test func `10,001 tasks are refused by their number`() {
    let tasks = JSON.array(Array(repeating: ["command": "true"], count: 10_001))
    #expect(
      refusal(TaskSpawn.Parameters.self, ["tasks": tasks])?.contains("at most 10,000 tasks in a batch, found 10001")
        == true)
  }

  @Test(arguments: [
    #"["build","lint:any"]"#, #"[{"task":"build"},{"name":"lint","on":"any"}]"#,
    #"[{"id":"build","condition":"success"},{"task":"lint","when":"any"}]"#, #"{"build":"success","lint":"any"}"#,
  ]) func `dependencies can be written in each of their forms`(text: String) throws {
    let list = try AfterList.read(try JSON(parsing: text), at: .root("after"))
    #expect(list.items == [After(task: "build", condition: .success), After(task: "lint", condition: .any)])
  }

  @Test(
    arguments: [
      ("1048576", 1_048_576), ("512M", 512 << 20), ("1.5G", 3 << 29), ("2GiB", 2 << 30), ("4KB", 4096), ("1T", 1 << 40),
    ] as [(String, UInt64)]) func `sizes are powers of 1024`(text: String, bytes: UInt64)
  {
    #expect(ByteSize(text)?.bytes == bytes)
  }

  @Test(arguments: ["", "M", "-1", "1X", "1,5G", "1e9", "99999999999T"]) func `what is no size is refused`(text: String)
  {
    #expect(ByteSize(text) == nil)
  }

  @Test(
    arguments: [
      ("90", 90), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("2d", 172_800), ("250ms", 0.25), ("1.5h", 5400),
    ] as [(String, Double)]) func `durations are read`(text: String, seconds: Double)
  {
    #expect(TimeSpan(text)?.seconds == seconds)
  }

  @Test(arguments: ["", "s", "5x", "1h30", "-5s", "1..5s"]) func `what is no duration is refused`(text: String) {
    #expect(TimeSpan(text) == nil)
  }

  @Test(arguments: 0..<300) func `times are written and read back to the millisecond`(seed: Int) {
    var random = Random(seed: UInt64(seed))
    let time = Timestamp(milliseconds: Int64.random(in: -62_000_000_000_000...250_000_000_000_000, using: &random))
    #expect(Timestamp(rfc3339: time.description) == time)
  }

  @Test func `known times are right`() {
    #expect(Timestamp(milliseconds: 0).description == "1970-01-01T00:00:00.000Z")
    #expect(Timestamp(milliseconds: 1_709_210_096_789).description == "2024-02-29T12:34:56.789Z")
    #expect(Timestamp(rfc3339: "2024-02-29T14:34:56.789+02:00")?.milliseconds == 1_709_210_096_789)
    #expect(Timestamp(rfc3339: "2024-02-29 12:34") == nil)
  }

  @Test func `the protocol's document is up to date`() throws {
    let file = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/docs/protocol.md"
    let found = try #require(Self.contents(of: file), "docs/protocol.md is missing: run `make docs`")
    #expect(found == ProtocolDocument.markdown, "docs/protocol.md is stale: run `make docs`")
  }

  static func contents(of file: String) -> String? {
    guard let stream = fopen(file, "r") else { return nil }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let n = fread(&piece, 1, piece.count, stream)
      if n == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += piece[..<n]
    }
  }
}
