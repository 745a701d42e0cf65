import JarvisProtocol
import Testing

@testable import JarvisDaemon

/// Resources, prompts and completion.
@Suite("MCP: resources and prompts", .timeLimit(.minutes(1)))
struct MCPResourceTests {
  private func client(_ revision: MCPRevision, tasks: Int = 3) async throws -> MCPClient {
    let client = MCPClient()
    try await client.open(revision)
    let many = JSON.array((0..<tasks).map { _ in ["command": "true"] })
    _ = try await client.tool("spawn_parallel_tasks", ["tasks": many], revision)
    return client
  }

  @Test("what is listed can be read, and what is not there can't", arguments: MCPRevision.allCases)
  func listed(revision: MCPRevision) async throws {
    let client = try await client(revision)
    let result = try await client.result("resources/list", MCPClient.params(revision))
    let uris = try #require(result["resources"]?.arrayValue).compactMap { $0["uri"]?.stringValue }
    #expect(
      uris.prefix(4) == ["jarvis://stats", "jarvis://branch/main/findings", "jarvis://batch/b1", "jarvis://task/t3"])
    for uri in uris + ["jarvis://task/t1/log", "jarvis://task/t1/log?stream=stderr&offset=-10"] {
      let read = try await client.result("resources/read", MCPClient.params(revision, ["uri": .string(uri)]))
      let content = try #require(read["contents"]?.arrayValue?.first)
      #expect(content["uri"] == .string(uri))
      if content["mimeType"] == "application/json" { _ = try JSON(parsing: content["text"]?.stringValue ?? "") }
      #expect((read["ttlMs"] != nil) == (revision == .v2026July))
    }
    let missing = [
      "jarvis://task/t9", "jarvis://batch/b9", "jarvis://nothing", "file:///etc/passwd", "jarvis://task/t1/log?bytes=0",
      "jarvis://task/t1/log?color=red", "jarvis://branch/%FF/findings", "jarvis://task/t1/../t2",
    ]
    for uri in missing {
      let failure = try await client.failure("resources/read", MCPClient.params(revision, ["uri": .string(uri)]))
      #expect(failure.code == (revision == .v2026July ? -32602 : -32002), "\(uri)")
    }
  }

  @Test("pages hold each task and each batch once")
  func paging() async throws {
    let client = try await client(.v2025November, tasks: 120)
    _ = try await client.tool("spawn_parallel_tasks", ["tasks": [["command": "true"]]])
    var uris: [String] = []
    var cursor: JSON?
    repeat {
      var params = JSONObject()
      params["cursor"] = cursor
      let page = try await client.result("resources/list", .object(params))
      uris += (page["resources"]?.arrayValue ?? []).compactMap { $0["uri"]?.stringValue }
      cursor = page["nextCursor"]
    } while cursor != nil
    #expect(uris.count == 121 + 2 + 2)
    #expect(Set(uris).count == uris.count)
    for bad in ["x", "t1", "t1.x", "n50"] as [JSON] {
      #expect(try await client.failure("resources/list", ["cursor": bad]).code == -32602)
    }
  }

  @Test("a subscriber is told what changes, coalesced, and nothing after it unsubscribed")
  func subscribed() async throws {
    let client = try await client(.v2025November)
    for uri in ["jarvis://batch/b1", "jarvis://task/t2"] as [JSON] {
      #expect(try await client.result("resources/subscribe", ["uri": uri]) == [:])
    }
    #expect(try await client.failure("resources/subscribe", ["uri": "jarvis://task/t99"]).code == -32002)
    for _ in 0..<200 { client.daemon.changes.task(1, state: .running, from: .starting) }
    let told = try await client.messages("notifications/resources/updated", count: 2)
    // 200 changes within one interval or a few: the first at once, the rest together.
    #expect(told.count < 20)
    #expect(told.allSatisfy { $0["params"]?["uri"] == "jarvis://batch/b1" })
    #expect(try await client.result("resources/unsubscribe", ["uri": "jarvis://batch/b1"]) == [:])
    client.daemon.changes.task(2, state: .succeeded, from: .running)
    _ = try await client.messages("notifications/resources/updated", count: told.count + 1)
    #expect(client.notifications.last?["params"]?["uri"] == "jarvis://task/t2")
    await client.session.close()
    #expect(client.daemon.changes.listeners == 0)
  }

  @Test("lists that were read are told when they change; nobody else costs events")
  func lists() async throws {
    let client = try await client(.v2025November)
    #expect(client.daemon.changes.listeners == 0)
    _ = try await client.result("resources/list")
    _ = try await client.result("prompts/list")
    client.daemon.changes.task(4, state: .queued, from: nil)
    _ = try await client.messages("notifications/resources/list_changed", count: 1)
    client.daemon.changes.publish(["kind": "daemon", "message": "reloaded"])
    _ = try await client.messages("notifications/prompts/list_changed", count: 1)
  }

  @Test("2026-07-28: a listener is acknowledged first, and every notification carries its id")
  func listener() async throws {
    let client = try await client(.v2026July)
    let filter: JSON = [
      "resourceSubscriptions": ["jarvis://batch/b1"], "resourcesListChanged": true, "toolsListChanged": true,
    ]
    let work = await client.session.begin(
      id: 77, method: "subscriptions/listen", params: MCPClient.params(.v2026July, ["notifications": filter]))
    let first = try await client.messages("notifications/subscriptions/acknowledged", count: 1)[0]
    #expect(
      first["params"]?["notifications"]
        == ["resourcesListChanged": true, "resourceSubscriptions": ["jarvis://batch/b1"]])
    client.daemon.changes.task(9, batch: 1, state: .queued, from: nil)
    _ = try await client.messages("notifications/resources/updated", count: 1)
    _ = try await client.messages("notifications/resources/list_changed", count: 1)
    #expect(
      client.notifications.allSatisfy { $0["params"]?["_meta"]?["io.modelcontextprotocol/subscriptionId"] == 77 })
    await client.session.receive(notification: "notifications/cancelled", params: ["requestId": 77])
    #expect(await work.value == nil)
    for bad in [nil, ["notifications": 3], ["notifications": ["resourceSubscriptions": ["http://x"]]]] as [JSONObject?]
    {
      let failure = try await client.failure("subscriptions/listen", MCPClient.params(.v2026July, bad ?? [:]))
      #expect(failure.code == -32602)
    }
  }

  @Test("prompts with their arguments, checked", arguments: MCPRevision.allCases)
  func prompts(revision: MCPRevision) async throws {
    let client = try await client(revision)
    let listed = try await client.result("prompts/list", MCPClient.params(revision))
    #expect(listed["prompts"]?.arrayValue?.map { $0["name"] } == ["audit", "bare"])
    func get(_ name: JSON, _ arguments: JSON? = nil) -> JSON {
      var params: JSONObject = ["name": name]
      params["arguments"] = arguments
      return MCPClient.params(revision, params)
    }
    let got = try await client.result("prompts/get", get("audit", ["path": "src"]))
    #expect(got["messages"]?.arrayValue?.first?["content"]?["text"] == "audit {\"path\":\"src\"}")
    for bad in [get("audit"), get("none"), get(3), get("audit", ["path": 3]), get("bare", ["x": "y"]), get("bare", 3)] {
      #expect(try await client.failure("prompts/get", bad).code == -32602)
    }
  }

  @Test("completion of prompts' and templates' arguments", arguments: MCPRevision.allCases)
  func completion(revision: MCPRevision) async throws {
    let client = try await client(revision)
    func complete(_ ref: JSON, _ name: String, _ value: String) -> JSON {
      MCPClient.params(revision, ["ref": ref, "argument": ["name": .string(name), "value": .string(value)]])
    }
    let audit: JSON = ["type": "ref/prompt", "name": "audit"]
    let cases: [(JSON, [JSON])] = [
      (complete(audit, "depth", "d"), ["deep"]), (complete(audit, "path", "s"), []),
      (complete(["type": "ref/resource", "uri": "jarvis://task/{id}"], "id", "t"), ["t3", "t2", "t1"]),
      (complete(["type": "ref/resource", "uri": "jarvis://batch/{id}"], "id", ""), ["b1"]),
      (complete(["type": "ref/resource", "uri": "jarvis://branch/{id}/findings{?cursor}"], "id", "ma"), ["main"]),
      (
        complete(["type": "ref/resource", "uri": "jarvis://task/{id}/log{?stream,offset,bytes}"], "stream", ""),
        ["stdout", "stderr"]
      ),
    ]
    for (params, values) in cases {
      let result = try await client.result("completion/complete", params)
      #expect(result["completion"]?["values"]?.arrayValue == values)
      #expect(result["completion"]?["hasMore"] == false)
    }
    for bad in [
      complete(audit, "nothing", ""), complete(["type": "ref/prompt", "name": "none"], "x", ""),
      complete(["type": "ref/resource", "uri": "x"], "id", ""), complete(["type": "other"], "x", ""),
      MCPClient.params(revision, ["ref": audit]),
    ] { #expect(try await client.failure("completion/complete", bad).code == -32602) }
  }
}
