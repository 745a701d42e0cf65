import JarvisProtocol
import Testing

@testable import JarvisDaemon

/// Waiting: progress, time limits, cancellation.
@Suite("MCP: waiting", .timeLimit(.minutes(1)))
struct MCPWaitTests {
  private func clientWithTasks(_ count: Int, _ revision: MCPRevision = .v2025November) async throws -> MCPClient {
    let client = MCPClient()
    try await client.open(revision)
    let tasks = JSON.array((0..<count).map { _ in ["command": "true"] })
    _ = try await client.tool("spawn_parallel_tasks", ["tasks": tasks], revision)
    return client
  }

  @Test(
    "progress increases strictly with each task that ends, and stops at completion", arguments: MCPRevision.allCases)
  func progress(revision: MCPRevision) async throws {
    let client = try await clientWithTasks(3, revision)
    await client.daemon.finish(2)
    async let answer = client.tool("wait_for_tasks", ["batch_id": "b1"], revision, progressToken: "p")
    await client.daemon.untilWaiting(2)
    await client.daemon.finish(3, as: .failed)
    await client.daemon.finish(1)
    let output = try JSON(parsing: try await answer.toolText)
    #expect(output["done"] == true)
    #expect(output["timed_out"] == false)
    #expect(output["succeeded"] == false)
    let params = client.notifications.map { $0["params"] }
    #expect(params.map { $0?["progress"] } == [1, 2, 3])
    #expect(params.allSatisfy { $0?["total"] == 3 && $0?["progressToken"] == "p" })
    #expect(client.notifications.allSatisfy { $0["method"] == "notifications/progress" })
    #expect(params.allSatisfy { ($0?["message"] != nil) == (revision >= "2025-03-26") })
  }

  @Test("without a token there is no progress and one wait for all tasks")
  func silent() async throws {
    let client = try await clientWithTasks(3)
    async let answer = client.tool("wait_for_tasks", ["ids": ["t1", "t3"]])
    await client.daemon.untilWaiting(1)
    await client.daemon.finish(1)
    await client.daemon.finish(3)
    #expect(try await answer["structuredContent"]?["succeeded"] == true)
    #expect(client.notifications.isEmpty)
  }

  @Test("thousands of tasks share at most 200 waits, and are all counted")
  func many() async throws {
    let client = try await clientWithTasks(1001)
    async let answer = client.tool("wait_for_tasks", ["batch_id": "b1"], progressToken: 5)
    await client.daemon.untilWaiting(167)
    for id in 1...1001 { await client.daemon.finish(UInt64(id)) }
    #expect(try await answer["structuredContent"]?["succeeded"] == true)
    let progress = client.notifications.compactMap { $0["params"]?["progress"]?.intValue }
    #expect(progress == progress.sorted() && Set(progress).count == progress.count)
    #expect(progress.last == 1001)
    #expect(progress.count == 168)
  }

  @Test("a wait that is up says what is open and cancels nothing", arguments: [nil, "p"] as [JSON?])
  func timesOut(token: JSON?) async throws {
    let client = try await clientWithTasks(2)
    async let answer = client.tool(
      "wait_for_tasks", ["batch_id": "b1", "timeout_seconds": 5], progressToken: token)
    await client.daemon.untilWaiting(token == nil ? 1 : 2)
    await client.daemon.finish(1)
    await client.daemon.expireWaits()
    let result = try await answer
    let output = try #require(result["structuredContent"])
    #expect(result["isError"] == false)
    #expect(output["timed_out"] == true)
    #expect(output["done"] == false)
    #expect(output["summary"]?.stringValue?.contains("Still open: t2 running (It was started).") == true)
    #expect(await client.daemon.tasks.map(\.state) == [.succeeded, .running])
  }

  @Test("a cancelled request is not answered, its wait ends, its tasks go on", arguments: [nil, "p"] as [JSON?])
  func cancelled(token: JSON?) async throws {
    let client = try await clientWithTasks(2)
    let params = MCPClient.params(
      .v2025November, ["name": "wait_for_tasks", "arguments": ["batch_id": "b1"]], progressToken: token)
    async let answer = client.request("tools/call", params, id: "w")
    await client.daemon.untilWaiting(token == nil ? 1 : 2)
    await client.session.receive(notification: "notifications/cancelled", params: ["requestId": "w"])
    #expect(await answer == nil)
    let notifications = client.notifications.count
    #expect(await client.daemon.waitsGivenUp > 0)
    #expect(await client.daemon.tasks.map(\.state) == [.running, .running])
    await client.daemon.finish(1)
    #expect(client.notifications.count == notifications)
    #expect(try await client.request("ping", id: "w")?.get() == [:])
  }

  @Test("a cancellation that is read right behind its request finds it")
  func cancelledAtOnce() async throws {
    let client = try await clientWithTasks(1)
    let work = await client.session.begin(
      id: 50, method: "tools/call", params: ["name": "wait_for_tasks", "arguments": ["ids": ["t1"]]])
    await client.session.receive(notification: "notifications/cancelled", params: ["requestId": 50])
    #expect(await work.value == nil)
  }

  @Test("cancellations of unknown requests, and malformed ones, are ignored")
  func cancelUnknown() async throws {
    let client = try await clientWithTasks(1)
    for params in [nil, [:], ["requestId": 99], ["requestId": []], []] as [JSON?] {
      await client.session.receive(notification: "notifications/cancelled", params: params)
    }
    #expect(try await client.tool("get_task_stats", [:])["isError"] == false)
  }

  @Test("an id that is still in flight is refused and the first request is still answered")
  func duplicateID() async throws {
    let client = try await clientWithTasks(1)
    async let answer = client.request(
      "tools/call", ["name": "wait_for_tasks", "arguments": ["ids": ["t1"]]], id: 70)
    await client.daemon.untilWaiting(1)
    #expect(try await client.failure("ping", id: 70).code == -32600)
    await client.daemon.finish(1)
    #expect(try await answer?.get()["isError"] == false)
  }

  @Test("closing ends what runs, and nothing is answered or sent any more")
  func close() async throws {
    let client = try await clientWithTasks(1)
    async let answer = client.request(
      "tools/call", ["name": "wait_for_tasks", "arguments": ["ids": ["t1"]]], id: 70)
    await client.daemon.untilWaiting(1)
    await client.session.close()
    #expect(await answer == nil)
    #expect(await client.request("ping") == nil)
    #expect(await client.daemon.waitsGivenUp == 1)
  }
}
