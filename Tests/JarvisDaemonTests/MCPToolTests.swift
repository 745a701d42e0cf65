import JarvisProtocol
import Testing

@testable import JarvisDaemon

/// The tools as a model meets them.
@Suite("MCP: tools", .timeLimit(.minutes(1)))
struct MCPToolTests {
  private let names = [
    "spawn_parallel_tasks", "get_task_stats", "learn_parallelization", "wait_for_tasks", "get_task_result",
    "ask_agent", "cancel_tasks", "run_skill", "store_finding", "search_findings", "get_finding", "get_batch_report",
    "list_tasks", "get_task_log", "explain_task", "pause_tasks", "resume_tasks", "retry_tasks", "edit_task",
    "manage_worktrees",
  ]

  @Test("the list has the same tools in the same order in every revision", arguments: MCPRevision.allCases)
  func list(revision: MCPRevision) async throws {
    let client = MCPClient()
    try await client.open(revision)
    let result = try await client.result("tools/list", MCPClient.params(revision))
    let tools = try #require(result["tools"]?.arrayValue)
    #expect(tools.map { $0["name"]?.stringValue } == names)
    for tool in tools {
      #expect((tool["description"]?.stringValue ?? "").utf8.count < 2048)
      #expect(tool["inputSchema"]?["type"] == "object")
      #expect(tool["inputSchema"]?["additionalProperties"] == false)
      for word in ["anyOf", "oneOf", "allOf"] { #expect(tool["inputSchema"]?[word] == nil) }
      #expect((tool["annotations"] != nil) == (revision >= "2025-03-26"))
      #expect((tool["outputSchema"] != nil) == (revision >= "2025-06-18"))
      #expect((tool["title"] != nil) == (revision >= "2025-06-18"))
      #expect((tool["_meta"]?["anthropic/searchHint"] != nil) == (revision >= "2025-06-18"))
      let mayBeTask = ["spawn_parallel_tasks", "wait_for_tasks"].contains(tool["name"]?.stringValue)
      #expect((tool["execution"] != nil) == (revision == .v2025November && mayBeTask))
    }
    #expect(result["nextCursor"] == nil)
    #expect((result["ttlMs"] != nil) == (revision == .v2026July))
    #expect(try await client.result("tools/list", MCPClient.params(revision)) == result)
  }

  @Test("only what changes nothing says so")
  func hints() {
    #expect(
      MCPTools.all.filter { $0.hints.readOnly }.map { $0.name } == [
        "get_task_stats", "wait_for_tasks", "get_task_result", "search_findings", "get_finding", "get_batch_report",
        "list_tasks", "get_task_log", "explain_task",
      ])
    #expect(
      MCPTools.all.filter { $0.hints.destructive }.map { $0.name } == [
        "spawn_parallel_tasks", "ask_agent", "cancel_tasks", "run_skill", "retry_tasks", "edit_task",
      ])
    #expect(SpawnTool.meta["anthropic/alwaysLoad"] == true)
    #expect(ResultTool.meta["anthropic/maxResultSizeChars"] == 500_000)
  }

  @Test("the schemas are those of Jarvis's methods")
  func schemas() {
    let whole = TaskSpawn.Parameters.schema.json["properties"]
    let offered = SpawnTool.Arguments.schema.json["properties"]
    #expect(offered?.objectValue?.members.map(\.key) == ["tasks", "branch_id", "strategy", "wait"])
    #expect(offered?["tasks"] == whole?["tasks"])
    #expect(offered?["strategy"] == whole?["strategy"])
    let taught = LearnTool.Arguments.schema.json["properties"]?.objectValue?.members.map(\.key)
    #expect(taught == ["task_type", "parallel_benefit", "notes", "resource_cost"])
  }

  @Test("every cursor is refused")
  func cursor() async throws {
    let client = MCPClient()
    try await client.open(.v2025November)
    #expect(try await client.failure("tools/list", ["cursor": "x"]).code == -32602)
    #expect(try await client.failure("tools/list", ["cursor": ""]).code == -32602)
    #expect(try await client.result("tools/list", ["cursor": .null])["tools"] != nil)
  }

  /// Three tasks, t1 and t2 running, t3 queued.
  private static let three: JSON = [
    "tasks": [
      ["description": "Search", "type": "explore", "priority": "high"], ["name": "lint", "command": ["true"]],
      ["command": "wc -l x", "after": ["lint"]],
    ],
    "branch_id": "security-audit", "strategy": "auto",
  ]

  @Test("results carry the same JSON twice where the revision has structured content", arguments: MCPRevision.allCases)
  func results(revision: MCPRevision) async throws {
    let client = MCPClient()
    try await client.open(revision)
    let calls: [(any MCPTool.Type, JSON)] = [
      (SpawnTool.self, Self.three), (StatsTool.self, [:]), (StatsTool.self, ["branch_id": "main", "limit": 1]),
      (LearnTool.self, ["task_type": "x", "parallel_benefit": 0.85, "resource_cost": ["cpu": 0.4, "ram": 0.2]]),
      (WaitTool.self, ["batch_id": "b1", "timeout_seconds": 0]), (ResultTool.self, ["id": "t1"]),
      (ResultTool.self, ["id": "t1", "offset": 10, "stream": "stderr"]), (LogTool.self, ["id": "t1"]),
      (ListTool.self, ["limit": 2]), (ExplainTool.self, ["id": "t3"]), (PauseTool.self, ["batch_id": "b1"]),
      (ResumeTool.self, ["ids": ["t1"]]), (RetryTool.self, ["batch_id": "b1"]),
      (EditTool.self, ["id": "t3", "priority": "high"]), (CancelTool.self, ["ids": ["t1", "t2"]]),
      (WorktreeTool.self, ["action": "list"]), (WorktreeTool.self, ["action": "diff", "id": "t1"]),
      (WorktreeTool.self, ["action": "merge", "id": "t1", "squash": true]),
    ]
    for (tool, arguments) in calls {
      let result = try await client.tool(tool.name, arguments, revision)
      #expect(result["isError"] == false, "\(result.toolText)")
      let output = try JSON(parsing: result.toolText)
      #expect((result["structuredContent"] == output) == (revision >= "2025-06-18"))
      #expect((result["resultType"] == "complete") == (revision == .v2026July))
      #expect(output["summary"]?.stringValue?.hasSuffix(".") == true)
      // Reading is strict: a field too many or of another type is an error.
      func reads<T: MCPTool>(_ tool: T.Type) throws { _ = try T.Output.read(output, at: .root(tool.name)) }
      try reads(tool)
    }
  }

  @Test("a submission says what started, what waits and why, and what to call next")
  func spawn() async throws {
    let client = MCPClient()
    try await client.open(.v2025November)
    let output = try #require(try await client.tool("spawn_parallel_tasks", Self.three)["structuredContent"])
    #expect(output["batch_id"] == "b1")
    #expect(output["branch_id"] == "security-audit")
    #expect(output["tasks"]?.arrayValue?.map { $0["state"] } == ["running", "running", "queued"])
    let first = try #require(output["tasks"]?.arrayValue?.first?.objectValue)
    #expect(first.members.map(\.key) == ["id", "state", "reason", "priority", "type"])
    #expect(
      output["summary"]?.stringValue
        == "3 tasks accepted as batch b1 on branch security-audit. Started: t1, t2. "
        + "Waiting: t3 (The session runs 2 agents already). "
        + "Next: wait_for_tasks with batch_id \"b1\", then get_task_result for the ids you need.")
    let submission = try #require(await client.daemon.submissions.first)
    #expect(submission.tasks[2].after.items == [After(task: "lint", condition: .success)])
    #expect(submission.requestKey == nil)
  }

  @Test("a long list is cut, what did not succeed first, and says how much is missing")
  func shortlist() async throws {
    let client = MCPClient()
    try await client.open(.v2025November)
    let many = JSON.array((0..<300).map { _ in ["command": "true"] })
    _ = try await client.tool("spawn_parallel_tasks", ["tasks": many])
    for id in 1...300 { await client.daemon.finish(UInt64(id), as: id == 300 ? .failed : .succeeded) }
    let output = try #require(try await client.tool("wait_for_tasks", ["batch_id": "b1"])["structuredContent"])
    #expect(output["tasks"]?.arrayValue?.count == 200)
    #expect(output["tasks"]?.arrayValue?.first?["id"] == "t300")
    #expect(output["omitted"] == 100)
    #expect(output["succeeded"] == false)
    #expect(output["counts"] == ["failed": 1, "succeeded": 299])
  }

  @Test("an agent's calls carry what the kernel says of it")
  func agent() async throws {
    let agent = AgentIdentity(task: TaskID(9), branch: "inherited", session: "parent", depth: 1)
    let client = MCPClient(agent: agent)
    try await client.open(.v2025November)
    let spawned = try await client.tool("spawn_parallel_tasks", ["tasks": [["command": "true"]], "branch_id": "other"])
    #expect(spawned["structuredContent"]?["branch_id"] == "inherited")
    #expect(try await client.tool("get_task_stats", [:])["structuredContent"]?["branch_id"] == "inherited")
    #expect(await client.daemon.callers.allSatisfy { $0.agent == agent })
  }
}
