import JarvisProtocol
import Testing

@testable import JarvisDaemon

/// What the server says by itself: log messages and questions.
@Suite("MCP: logging and questions", .timeLimit(.minutes(1)))
struct MCPConversationTests {
  private static let three: JSON = ["tasks": [["command": "true"], ["command": "true"], ["command": "true"]]]
  private static let asks: JSON = ["elicitation": [:]]

  @Test("messages from the level on, about the session's own tasks and the machine")
  func logging() async throws {
    let client = MCPClient()
    try await client.open(.v2025November)
    #expect(try await client.failure("logging/setLevel", ["level": "loud"]).code == -32602)
    #expect(try await client.result("logging/setLevel", ["level": "info"]) == [:])
    let changes = client.daemon.changes
    changes.task(1, state: .queued, from: nil)
    changes.task(1, state: .succeeded, from: .running)
    changes.task(2, state: .failed, from: .running, session: "another")
    changes.task(3, state: .failed, from: .running)
    changes.publish(["kind": "machine", "message": "memory", "level": "emergency"])
    let told = try await client.messages("notifications/message", count: 3).map { $0["params"] }
    #expect(told.map { $0?["level"] } == ["info", "error", "critical"])
    #expect(told[1]?["data"] == ["message": "t3 is failed", "task_id": "t3", "batch_id": "b1", "state": "failed"])
    #expect(told.allSatisfy { $0?["logger"] == "jarvis" })
  }

  @Test("a flood of messages is cut, and says so")
  func flood() {
    var log = MCPLog()
    let caller = Caller(pid: 1, uid: 1, startTicks: nil, session: "s", agent: nil)
    let event: JSON = ["kind": "daemon", "message": "x"]
    let sent = (0..<1000).compactMap { _ in log.message(for: event, level: .debug, to: caller) }
    #expect(sent.count >= MCPLog.mostASecond && sent.count < 1000)
  }

  @Test("2026-07-28: a request's own level, for as long as it runs")
  func perRequest() async throws {
    let client = MCPClient()
    _ = try await client.tool("spawn_parallel_tasks", Self.three, .v2026July)
    guard
      case .object(var params) = MCPClient.params(
        .v2026July, ["name": "wait_for_tasks", "arguments": ["batch_id": "b1"]]),
      var meta = params["_meta"]?.objectValue
    else { return }
    meta["io.modelcontextprotocol/logLevel"] = "info"
    params["_meta"] = .object(meta)
    let wanted = JSON.object(params)
    async let answer = client.result("tools/call", wanted)
    await client.daemon.untilWaiting(1)
    client.daemon.changes.task(1, state: .running, from: .starting)
    _ = try await client.messages("notifications/message", count: 1)
    for id in 1...3 { await client.daemon.finish(UInt64(id)) }
    _ = try await answer
    #expect(client.daemon.changes.listeners == 0)
  }

  @Test(
    "a costly fan-out is asked about first, and a refusal changes nothing", arguments: ["accept", "decline", "cancel"])
  func asked(action: String) async throws {
    let client = MCPClient(daemon: MCPStandIn(confirmAbove: 2))
    try await client.open(.v2025June, capabilities: Self.asks)
    async let answer = client.tool("spawn_parallel_tasks", Self.three)
    let question = try await client.messages("elicitation/create", count: 1)[0]
    #expect(question["params"]?["message"]?.stringValue?.contains("3 tasks") == true)
    #expect(await client.daemon.submissions.isEmpty)
    let content: JSON = action == "accept" ? ["proceed": true] : [:]
    await client.session.receive(
      response: question["id"] ?? .null, .success(["action": .string(action), "content": content]))
    let result = try await answer
    #expect(result["isError"] == .bool(action != "accept"))
    #expect(await client.daemon.submissions.count == (action == "accept" ? 1 : 0))
  }

  @Test("2026-07-28: the question is the result, and the call comes again with the answer")
  func inputRequired() async throws {
    let client = MCPClient(daemon: MCPStandIn(confirmAbove: 2))
    var call: JSONObject = ["name": "spawn_parallel_tasks", "arguments": Self.three]
    func send() async throws -> JSON {
      try await client.result("tools/call", MCPClient.params(.v2026July, call, capabilities: Self.asks))
    }
    let asked = try await send()
    #expect(asked["resultType"] == "input_required")
    #expect(asked["inputRequests"]?["confirm"]?["method"] == "elicitation/create")
    call["inputResponses"] = ["confirm": ["action": "decline"]]
    #expect(try await send()["isError"] == true)
    #expect(await client.daemon.submissions.isEmpty)
    call["inputResponses"] = ["confirm": ["action": "accept", "content": ["proceed": true]]]
    #expect(try await send()["isError"] == false)
    #expect(await client.daemon.submissions.count == 1)
  }

  @Test(
    "a skill or a retry that makes many tasks is asked about too",
    arguments: [
      ("run_skill", ["name": "map-reduce"], "4 tasks"), ("retry_tasks", ["ids": ["t1", "t2", "t3"]], "3 tasks"),
    ] as [(String, JSON, String)])
  func askedAboutOthers(tool: String, arguments: JSON, words: String) async throws {
    let client = MCPClient(daemon: MCPStandIn(confirmAbove: 2))
    try await client.open(.v2025June, capabilities: Self.asks)
    async let answer = client.tool(tool, arguments)
    let question = try await client.messages("elicitation/create", count: 1)[0]
    #expect(question["params"]?["message"]?.stringValue?.contains(words) == true)
    await client.session.receive(response: question["id"] ?? .null, .success(["action": "decline"]))
    #expect(try await answer["isError"] == true)
    #expect(await client.daemon.skillRuns.isEmpty)
    #expect(await client.daemon.retryKeys.isEmpty)
  }

  @Test("nobody is asked who can't be, nor about few tasks")
  func notAsked() async throws {
    for (revision, capabilities, above) in [
      (.v2025November, [:], 2), (.v2024November, Self.asks, 2), (.v2025November, Self.asks, 3),
      (.v2025November, Self.asks, 0), (.v2025November, ["elicitation": ["url": [:]]], 2),
    ] as [(MCPRevision, JSON, Int)] {
      let client = MCPClient(daemon: MCPStandIn(confirmAbove: above))
      try await client.open(revision, capabilities: capabilities)
      #expect(try await client.tool("spawn_parallel_tasks", Self.three, revision)["isError"] == false)
      #expect(client.notifications.isEmpty)
    }
  }

  @Test("a call that is cancelled takes its question back")
  func withdrawn() async throws {
    let client = MCPClient(daemon: MCPStandIn(confirmAbove: 2))
    try await client.open(.v2025November, capabilities: Self.asks)
    let params: JSON = ["name": "spawn_parallel_tasks", "arguments": Self.three]
    let work = await client.session.begin(id: 9, method: "tools/call", params: params)
    let question = try await client.messages("elicitation/create", count: 1)[0]
    await client.session.receive(notification: "notifications/cancelled", params: ["requestId": 9])
    #expect(await work.value == nil)
    let withdrawn = try await client.messages("notifications/cancelled", count: 1)[0]
    #expect(withdrawn["params"]?["requestId"] == question["id"])
    #expect(await client.daemon.submissions.isEmpty)
  }
}
