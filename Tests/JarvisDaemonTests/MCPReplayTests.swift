import JarvisProtocol
import Testing

@testable import JarvisDaemon

/// The key by which the daemon knows a submission that comes again over a new connection.
@Suite("MCP: replay", .timeLimit(.minutes(1)))
struct MCPReplayTests {
  private static let batch: JSON = ["name": "spawn_parallel_tasks", "arguments": ["tasks": [["command": "true"]]]]

  /// The keys of submissions made over connections of their own.
  private func keys(_ requests: [(session: String, id: JSON, params: JSON)]) async throws -> [String] {
    let daemon = MCPStandIn()
    for request in requests {
      let client = MCPClient(daemon: daemon, session: request.session, isAttached: true)
      try await client.open(.v2025November)
      _ = await client.request("tools/call", request.params, id: request.id)
    }
    return try await daemon.submissions.map { try #require($0.requestKey) }
  }

  @Test("the same request over a new connection of the same session has the same key")
  func replayed() async throws {
    let keys = try await keys([("s", 4, Self.batch), ("s", 4, Self.batch)])
    #expect(keys.count == 2)
    #expect(keys[0] == keys[1])
    #expect(keys[0].hasPrefix("mcp/s/4/"))
  }

  @Test("runs of skills and retries have keys too")
  func others() async throws {
    let daemon = MCPStandIn()
    for _ in 1...2 {
      let client = MCPClient(daemon: daemon, session: "s", isAttached: true)
      try await client.open(.v2025November)
      let run: JSON = ["name": "run_skill", "arguments": ["name": "pipeline"]]
      _ = await client.request("tools/call", run, id: 4)
      _ = await client.request("tools/call", ["name": "retry_tasks", "arguments": ["ids": ["t1"]]], id: 5)
    }
    let keys = await daemon.skillRuns.map(\.requestKey) + daemon.retryKeys
    #expect(keys.count == 4 && !keys.contains(nil))
    #expect(Set(keys).count == 2, "the same request has the same key")
  }

  @Test("another session, id, or other arguments have another key")
  func distinct() async throws {
    let other: JSON = ["name": "spawn_parallel_tasks", "arguments": ["tasks": [["command": "false"]]]]
    let keys = try await keys([
      ("s", 4, Self.batch), ("r", 4, Self.batch), ("s", "4", Self.batch), ("s", 5, Self.batch), ("s", 4, other),
    ])
    #expect(Set(keys).count == 5)
  }

  @Test("an id that is used again on one connection is another request")
  func reusedID() async throws {
    let client = MCPClient(isAttached: true)
    try await client.open(.v2025November)
    for _ in 1...3 { _ = await client.request("tools/call", Self.batch, id: 4) }
    #expect(Set(await client.daemon.submissions.map(\.requestKey)).count == 3)
  }

  @Test("a key fits task.spawn however long the names are")
  func fits() async throws {
    let long = String(repeating: "é", count: 64)
    let keys = try await keys([(long, .string(long + "1"), Self.batch), (long, .string(long + "2"), Self.batch)])
    #expect(keys.allSatisfy { $0.utf8.count <= 128 })
    #expect(Set(keys).count == 2)
  }

  @Test("a connection that never named its session has none, and has one from then on")
  func attaching() async throws {
    let client = MCPClient()
    try await client.open(.v2025November)
    _ = await client.request("tools/call", Self.batch)
    await client.session.updateCaller(Caller(pid: 7, uid: 1, startTicks: 9, session: "named", agent: nil))
    _ = await client.request("tools/call", Self.batch)
    let submissions = await client.daemon.submissions
    #expect(submissions.first?.requestKey == nil)
    #expect(submissions.last?.requestKey?.hasPrefix("mcp/named/") == true)
  }
}
