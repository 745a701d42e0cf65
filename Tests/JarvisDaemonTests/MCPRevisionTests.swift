import JarvisDaemon
import JarvisProtocol
import Testing

/// What each revision of the protocol asks for.
@Suite("MCP: revisions", .timeLimit(.minutes(1)))
struct MCPRevisionTests {
  @Test("initialize echoes a revision that has it", arguments: MCPRevision.allCases.dropLast())
  func echoes(revision: MCPRevision) async throws {
    let client = MCPClient()
    let result = try await client.result("initialize", ["protocolVersion": .string(revision.rawValue)])
    #expect(result["protocolVersion"]?.stringValue == revision.rawValue)
    let capabilities = try #require(result["capabilities"]?.objectValue)
    #expect(capabilities["tools"] == [:])
    #expect(capabilities["resources"] == ["subscribe": true, "listChanged": true])
    #expect((capabilities["completions"] != nil) == (revision >= "2025-03-26"))
    #expect((capabilities["tasks"] != nil) == (revision == .v2025November))
    #expect(capabilities["extensions"] == nil)
    #expect(result["serverInfo"]?["name"] == "jarvis")
    #expect(result["serverInfo"]?["version"] == .string(jarvisVersion))
    #expect((result["serverInfo"]?["title"] != nil) == (revision >= "2025-06-18"))
    let instructions = try #require(result["instructions"]?.stringValue)
    #expect(instructions.utf8.count < 2048)
    #expect(instructions.contains("codebase_search 85 %, api_call 10 % (run these sequentially)."))
    #expect(result["resultType"] == nil)
  }

  @Test(
    "initialize offers 2025-11-25 where it is asked for anything else", arguments: ["2026-07-28", "1999-01-01", "x"])
  func offersNewest(version: String) async throws {
    let result = try await MCPClient().result("initialize", ["protocolVersion": .string(version)])
    #expect(result["protocolVersion"] == "2025-11-25")
  }

  @Test("initialize without a version is refused")
  func needsVersion() async throws {
    #expect(try await MCPClient().failure("initialize", [:]).code == -32602)
    #expect(try await MCPClient().failure("initialize", ["protocolVersion": 3]).code == -32602)
  }

  @Test("before initialize only ping is answered, and other requests are told what is missing")
  func beforeInitialize() async throws {
    let client = MCPClient()
    #expect(try await client.result("ping") == [:])
    let failure = try await client.failure("tools/list")
    #expect(failure.code == -32600)
    #expect(failure.message.contains("initialize"))
    #expect(try await client.failure("server/discover", [:]).code == -32602)
    #expect(try await client.failure("resources/list").code == -32600)
    #expect(try await client.failure("no/such").code == -32601)
  }

  @Test("server/discover names all revisions and carries what a cache needs")
  func discover() async throws {
    let result = try await MCPClient().result("server/discover", MCPClient.params(.v2026July))
    #expect(
      result["supportedVersions"]
        == ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"])
    #expect(result["resultType"] == "complete")
    #expect((result["ttlMs"]?.intValue ?? -1) >= 0)
    #expect(result["cacheScope"] == "public")
    #expect(result["_meta"]?["io.modelcontextprotocol/serverInfo"]?["name"] == "jarvis")
  }

  @Test("a request without initialize names a revision that is not served: -32022 with those that are")
  func unsupported() async throws {
    for version in ["1999-01-01", "2025-11-25"] {
      let failure = try await MCPClient().failure(
        "tools/list",
        [
          "_meta": [
            "io.modelcontextprotocol/protocolVersion": .string(version),
            "io.modelcontextprotocol/clientCapabilities": [:],
          ]
        ])
      #expect(failure.code == -32022)
      #expect(failure.data?["requested"] == .string(version))
      #expect(failure.data?["supported"]?.arrayValue?.contains("2026-07-28") == true)
    }
  }

  @Test("an envelope that is not whole is refused with what is missing")
  func halfEnvelope() async throws {
    let client = MCPClient()
    let failure = try await client.failure(
      "tools/list", ["_meta": ["io.modelcontextprotocol/protocolVersion": "2026-07-28"]])
    #expect(failure.code == -32602)
    #expect(failure.message.contains("clientCapabilities"))
    let bad: JSON = ["_meta": ["io.modelcontextprotocol/protocolVersion": 5]]
    #expect(try await client.failure("tools/list", bad).code == -32602)
  }

  @Test(
    "what 2026-07-28 removed is refused there",
    arguments: ["ping", "logging/setLevel", "resources/subscribe", "tasks/list", "tasks/result"])
  func removed(method: String) async throws {
    #expect(try await MCPClient().failure(method, MCPClient.params(.v2026July)).code == -32601)
  }

  @Test("initialize after a good server/discover is answered, and both eras go on side by side")
  func bothEras() async throws {
    let client = MCPClient()
    _ = try await client.result("server/discover", MCPClient.params(.v2026July))
    try await client.open(.v2025June)
    #expect(try await client.result("tools/list")["resultType"] == nil)
    #expect(try await client.result("tools/list", MCPClient.params(.v2026July))["resultType"] == "complete")
    #expect(try await client.failure("server/discover", [:]).code == -32601)
  }

  @Test(
    "what is not declared is no method",
    arguments: ["server/discover", "subscriptions/listen", "tasks/get", "tasks/result", "tasks/update", "no/such"])
  func undeclared(method: String) async throws {
    let client = MCPClient()
    try await client.open(.v2025June)
    let failure = try await client.failure(method)
    #expect(failure.code == -32601)
    #expect(failure.message.contains("tools/call"))
  }

  @Test("MCP's methods are told from Jarvis's own")
  func owns() {
    for name in ["initialize", "ping", "tools/list", "notifications/cancelled", "no/such"] {
      #expect(MCPSession.owns(name))
    }
    for method in Methods.all { #expect(!MCPSession.owns(method.name)) }
  }
}

/// `revision >= "2025-06-18"`: versions are dates, and the tests may compare them as such.
func >= (revision: MCPRevision, version: String) -> Bool { revision.rawValue >= version }
