import JarvisProtocol
import Testing

@testable import JarvisDaemon

/// Who is told what goes wrong: the client by an error, the model by a result.
@Suite("MCP: errors", .timeLimit(.minutes(1)))
struct MCPErrorTests {
  @Test(
    "a call of the wrong shape, or of an unknown tool, is the client's fault",
    arguments: [
      ["name": "no_such_tool"], ["name": 3], [:], ["name": "get_task_stats", "arguments": []],
      ["name": "get_task_stats", "arguments": "{}"], ["name": "get_task_stats", "_meta": 3], [1, 2],
    ] as [JSON])
  func malformed(params: JSON) async throws {
    let client = MCPClient()
    try await client.open(.v2025November)
    let failure = try await client.failure("tools/call", params)
    #expect(failure.code == -32602)
    #expect(failure.message.contains("params"))
  }

  @Test(
    "a value that is wrong is told to the model, with its path",
    arguments: [
      ("spawn_parallel_tasks", [:], "`arguments.tasks` is missing"),
      ("spawn_parallel_tasks", ["tasks": []], "`arguments.tasks` must not be empty"),
      (
        "spawn_parallel_tasks", ["tasks": [["description": "x", "priority": "urgent"]]], "`arguments.tasks[0].priority`"
      ),
      ("spawn_parallel_tasks", ["tasks": [["command": "x"]], "strategy": "fast"], "`arguments.strategy`"),
      (
        "spawn_parallel_tasks", ["tasks": [["command": "x", "cwd": "/missing"]]],
        "`arguments.tasks[0].cwd` is no folder"
      ),
      (
        "spawn_parallel_tasks", ["tasks": [["command": "x"]], "session_id": "y"],
        "`arguments.session_id` is not a known"
      ),
      ("spawn_parallel_tasks", ["tasks": [["comand": "x", "description": "y"]]], "did you mean `command`"),
      (
        "learn_parallelization", ["task_type": "x", "parallel_benefit": 2],
        "`arguments.parallel_benefit` must be 0 to 1"
      ),
      ("get_task_stats", ["limit": 1000], "`arguments.limit` must be 0 to 200"),
      ("wait_for_tasks", [:], "`arguments.ids` or `batch_id` must be given"),
      ("wait_for_tasks", ["batch_id": "b1", "timeout_seconds": 3600], "must be 0 to 600"),
      ("wait_for_tasks", ["ids": ["t77"]], "there is no task t77"),
      ("get_task_result", ["id": "t77"], "there is no task t77"),
      ("get_task_result", ["id": "t1", "max_bytes": 0], "`arguments.max_bytes`"),
      ("get_task_result", ["id": "t1", "offset": .int(.max)], "`arguments.offset`"),
      ("cancel_tasks", ["batch_id": "b77"], "there is no batch b77"),
    ] as [(String, JSON, String)])
  func wrongValue(tool: String, arguments: JSON, part: String) async throws {
    for revision in [MCPRevision.v2024November, .v2026July] {
      let client = MCPClient()
      try await client.open(revision)
      let result = try await client.tool(tool, arguments, revision)
      #expect(result["isError"] == true)
      #expect(result.toolText.contains(part), "\(result.toolText)")
      #expect(result["structuredContent"] == nil)
      #expect((result["resultType"] == "complete") == (revision == .v2026July))
      #expect(await client.daemon.submissions.isEmpty)
    }
  }

  @Test("an id must be a string or a whole number")
  func ids() async throws {
    let client = MCPClient()
    for id in [JSON.null, 1.5, true, []] { #expect(try await client.failure("ping", id: id).code == -32600) }
    #expect(try await client.request("ping", id: "a")?.get() == [:])
  }

  @Test("a task beside the arguments: ignored where the revision has none, refused for a tool that can be none")
  func taskAugmentation() async throws {
    let call: JSON = ["name": "get_task_stats", "task": ["ttl": 1000]]
    let old = MCPClient()
    try await old.open(.v2025June)
    let result = try await old.result("tools/call", call)
    #expect(result["isError"] == false)
    #expect(result["task"] == nil)
    let new = MCPClient()
    try await new.open(.v2025November)
    #expect(try await new.failure("tools/call", call).code == -32601)
    #expect(try await new.failure("tools/call", ["name": "wait_for_tasks", "task": 3]).code == -32602)
  }
}
