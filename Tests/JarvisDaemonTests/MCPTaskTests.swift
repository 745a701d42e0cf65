import JarvisProtocol
import Testing

@testable import JarvisDaemon

/// Long calls as tasks of MCP, in both dialects.
@Suite("MCP: tasks", .timeLimit(.minutes(1)))
struct MCPTaskTests {
  private static let batch: JSON = ["tasks": [["command": "true"], ["command": "true"]]]
  private static let declared: JSON = ["extensions": ["io.modelcontextprotocol/tasks": [:]]]

  private func params(_ arguments: JSON, task: JSON? = [:]) -> JSON {
    var params: JSONObject = ["name": "spawn_parallel_tasks", "arguments": arguments]
    params["task"] = task
    return .object(params)
  }

  private func started(_ client: MCPClient) async throws -> String {
    try await client.open(.v2025November)
    let result = try await client.result("tools/call", params(Self.batch, task: ["ttl": 120_000]))
    #expect(result["task"]?["status"] == "working")
    #expect(result["task"]?["ttl"] == 120_000)
    return try #require(result["task"]?["taskId"]?.stringValue)
  }

  @Test("2025-11-25: a handle at once, and the result is exactly the call's once all are over")
  func core() async throws {
    let client = MCPClient()
    let id = try await started(client)
    let reference: JSON = ["taskId": .string(id)]
    async let result = client.result("tasks/result", reference)
    await client.daemon.untilWaiting(2)
    #expect(try await client.result("tasks/get", reference)["status"] == "working")
    #expect(try await client.result("tasks/list", [:])["tasks"]?.arrayValue?.count == 1)
    await client.daemon.finish(1)
    await client.daemon.finish(2, as: .failed)
    let output = try await result
    #expect(output["isError"] == false)
    #expect(output["_meta"]?["io.modelcontextprotocol/related-task"] == reference)
    #expect(output["structuredContent"]?["done"] == true)
    #expect(output["structuredContent"]?["succeeded"] == false)
    #expect(output["structuredContent"]?["counts"] == ["failed": 1, "succeeded": 1])
    let task = try await client.result("tasks/get", reference)
    #expect(task["status"] == "completed")
    #expect(try await client.result("tasks/result", reference) == output)
    #expect(try await client.failure("tasks/cancel", reference).code == -32602)
    let told = try await client.messages("notifications/tasks/status", count: 1)
    #expect(told[0]["params"]?["status"] == "completed")
  }

  @Test("the task survives the daemon")
  func restart() async throws {
    let first = MCPStandIn()
    let id = try await started(MCPClient(daemon: first))
    let second = MCPStandIn(storage: first.storage)
    await second.take(await first.tasks)
    let client = MCPClient(daemon: second, session: "another")
    try await client.open(.v2025November)
    #expect(try await client.result("tasks/get", ["taskId": .string(id)])["status"] == "working")
    await second.finish(1)
    await second.finish(2)
    let result = try await client.result("tasks/result", ["taskId": .string(id)])
    #expect(result["structuredContent"]?["succeeded"] == true)
    #expect(result["structuredContent"]?["batch_id"] == "b1")
  }

  @Test("cancelling cancels the batch, says so before it answers, and stays")
  func cancel() async throws {
    let client = MCPClient()
    let id = try await started(client)
    let cancelled = try await client.result("tasks/cancel", ["taskId": .string(id)])
    #expect(cancelled["status"] == "cancelled")
    #expect(await client.daemon.tasks.map(\.state) == [.cancelled, .cancelled])
    #expect(try await client.result("tasks/get", ["taskId": .string(id)])["status"] == "cancelled")
    #expect(try await client.failure("tasks/cancel", ["taskId": .string(id)]).code == -32602)
    #expect(try await client.result("tasks/result", ["taskId": .string(id)])["structuredContent"] != nil)
  }

  @Test("giving a wait up cancels no task; one that is up answers")
  func waits() async throws {
    let client = MCPClient()
    try await client.open(.v2025November)
    _ = try await client.tool("spawn_parallel_tasks", Self.batch)
    let wait: JSON = ["name": "wait_for_tasks", "arguments": ["batch_id": "b1", "timeout_seconds": 500], "task": [:]]
    let id = try #require(try await client.result("tools/call", wait)["task"]?["taskId"])
    #expect(try await client.result("tasks/cancel", ["taskId": id])["status"] == "cancelled")
    #expect(await client.daemon.tasks.map(\.state) == [.running, .running])
    let short: JSON = ["name": "wait_for_tasks", "arguments": ["batch_id": "b1", "timeout_seconds": 0], "task": [:]]
    let up = try #require(try await client.result("tools/call", short)["task"]?["taskId"])
    let result = try await client.result("tasks/result", ["taskId": up])
    #expect(result["structuredContent"]?["timed_out"] == true)
  }

  @Test(
    "a call that can't begin is no task",
    arguments: [["tasks": []], ["tasks": [["command": "x", "cwd": "/missing"]]]] as [JSON])
  func refused(arguments: JSON) async throws {
    let client = MCPClient()
    try await client.open(.v2025November)
    #expect(try await client.failure("tools/call", params(arguments)).code == -32602)
    #expect(client.daemon.storage.count == 0)
  }

  @Test("unknown ids are -32602", arguments: ["tasks/get", "tasks/result", "tasks/cancel"])
  func unknown(method: String) async throws {
    let client = MCPClient()
    try await client.open(.v2025November)
    #expect(try await client.failure(method, ["taskId": "nobody"]).code == -32602)
    #expect(try await client.failure(method, ["taskId": 4]).code == -32602)
    #expect(try await client.failure("tasks/list", ["cursor": "x"]).code == -32602)
  }

  @Test("2026-07-28: the server makes a task of a long call, only where the client declared them")
  func byTheServer() async throws {
    let client = MCPClient()
    let call: JSONObject = [
      "name": "spawn_parallel_tasks", "arguments": ["tasks": [["command": "true"]], "wait": true],
    ]
    let made = try await client.result("tools/call", MCPClient.params(.v2026July, call, capabilities: Self.declared))
    #expect(made["resultType"] == "task")
    #expect(made["status"] == "working")
    #expect(made["ttlMs"] != nil && made["task"] == nil)
    let id = try #require(made["taskId"])
    let reference = MCPClient.params(.v2026July, ["taskId": id], capabilities: Self.declared)
    #expect(try await client.result("tasks/get", reference)["status"] == "working")
    #expect(try await client.result("tasks/update", reference)["resultType"] == "complete")
    #expect(try await client.failure("tasks/get", MCPClient.params(.v2026July, ["taskId": id])).code == -32021)
    await client.daemon.finish(1)
    let over = try await client.result("tasks/get", reference)
    #expect(over["resultType"] == "complete")
    #expect(over["status"] == "completed")
    #expect(over["result"]?["structuredContent"]?["succeeded"] == true)
    #expect(try await client.result("tasks/cancel", reference)["resultType"] == "complete")
    // Without `wait` it is answered at once; without the capability it waits.
    let quick: JSONObject = ["name": "spawn_parallel_tasks", "arguments": ["tasks": [["command": "true"]]]]
    let answer = try await client.result("tools/call", MCPClient.params(.v2026July, quick, capabilities: Self.declared))
    #expect(answer["resultType"] == "complete")
    async let waited = client.result("tools/call", MCPClient.params(.v2026July, call))
    await client.daemon.untilWaiting(1)
    await client.daemon.finish(3)
    #expect(try await waited["structuredContent"]?["done"] == true)
  }

  @Test("2026-07-28: a listener is told the end with the result")
  func listened() async throws {
    let client = MCPClient()
    let call: JSONObject = [
      "name": "spawn_parallel_tasks", "arguments": ["tasks": [["command": "true"]], "wait": true],
    ]
    let made = try await client.result("tools/call", MCPClient.params(.v2026July, call, capabilities: Self.declared))
    let id = try #require(made["taskId"])
    let filter: JSONObject = ["notifications": ["taskIds": [id, "nobody"]]]
    #expect(try await client.failure("subscriptions/listen", MCPClient.params(.v2026July, filter)).code == -32021)
    let work = await client.session.begin(
      id: "l", method: "subscriptions/listen",
      params: MCPClient.params(.v2026July, filter, capabilities: Self.declared))
    let agreed = try await client.messages("notifications/subscriptions/acknowledged", count: 1)
    #expect(agreed[0]["params"]?["notifications"] == ["taskIds": [id]])
    await client.daemon.finish(1)
    let told = try await client.messages("notifications/tasks", count: 1)[0]
    #expect(told["params"]?["status"] == "completed")
    #expect(told["params"]?["result"]?["structuredContent"]?["succeeded"] == true)
    #expect(told["params"]?["_meta"]?["io.modelcontextprotocol/subscriptionId"] == "l")
    await client.session.receive(notification: "notifications/cancelled", params: ["requestId": "l"])
    #expect(await work.value == nil)
  }
}
