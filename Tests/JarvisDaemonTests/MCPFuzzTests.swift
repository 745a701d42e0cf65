import Glibc
import JarvisDaemon
import JarvisProtocol
import Testing

/// Nothing that a client sends goes unanswered, and nothing stops the server.
@Suite("MCP: fuzz", .timeLimit(.minutes(60)))
struct MCPFuzzTests {
  /// splitmix64 (Steele, Lea, Flood, 2014): the same messages for the same seed everywhere.
  private struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var z = state
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return z ^ (z >> 31)
    }
  }

  private static let methods = [
    "initialize", "ping", "server/discover", "tools/list", "tools/call", "tools/call", "tools/call", "resources/list",
    "resources/templates/list", "resources/read", "resources/subscribe", "resources/unsubscribe", "prompts/list",
    "prompts/get", "completion/complete", "logging/setLevel", "tasks/get", "tasks/result", "tasks/list", "tasks/cancel",
    "tasks/update", "", "/", "tools/", "no/such",
  ]
  private static let keys = [
    "name", "arguments", "_meta", "cursor", "tasks", "ids", "batch_id", "id", "timeout_seconds", "description",
    "priority",
    "command", "after", "limits", "task_type", "parallel_benefit", "protocolVersion", "progressToken", "limit",
    "offset",
    "io.modelcontextprotocol/protocolVersion", "io.modelcontextprotocol/clientCapabilities", "requestId", "", "uri",
    "ref", "argument", "value", "type", "level", "taskId", "task", "ttl", "wait", "inputResponses", "stream",
  ]
  private static let words = [
    "spawn_parallel_tasks", "get_task_stats", "learn_parallelization", "wait_for_tasks", "get_task_result",
    "cancel_tasks", "list_tasks", "get_task_log", "explain_task", "pause_tasks", "resume_tasks", "retry_tasks",
    "edit_task", "jarvis://stats", "jarvis://task/t1/log", "jarvis://batch/b1", "ref/prompt", "ref/resource", "audit",
    "t1", "b1", "t0", "2026-07-28", "2025-11-25", "2024-11-05", "high", "auto", "", "\u{0}", "é\u{301}", "true",
  ]

  private static func pick<T>(_ choices: [T], _ random: inout Seeded) -> T {
    choices[Int.random(in: 0..<choices.count, using: &random)]
  }

  private static func value(_ depth: Int, _ random: inout Seeded) -> JSON {
    switch Int.random(in: 0..<(depth > 4 ? 7 : 12), using: &random) {
    case 0: .null
    case 1: .bool(Bool.random(using: &random))
    case 2: .int(pick([0, 1, -1, 50, .max, .min], &random))
    case 3: .double(pick([0.5, -0.0, 1e300, .infinity, .nan], &random))
    case 4...6: .string(pick(words, &random))
    case 7, 8: .array((0..<Int.random(in: 0...3, using: &random)).map { _ in value(depth + 1, &random) })
    default: object(depth, &random)
    }
  }

  private static func object(_ depth: Int, _ random: inout Seeded) -> JSON {
    var object = JSONObject()
    for _ in 0..<Int.random(in: 0...4, using: &random) {
      object[pick(keys, &random)] = value(depth + 1, &random)
    }
    return .object(object)
  }

  /// A good call with one thing changed, or anything at all.
  private static func params(_ random: inout Seeded) -> JSON? {
    let good: [JSON] = [
      ["name": "spawn_parallel_tasks", "arguments": ["tasks": [["command": "true"]], "strategy": "auto"]],
      ["name": "wait_for_tasks", "arguments": ["ids": ["t1"], "timeout_seconds": 0], "_meta": ["progressToken": 1]],
      ["name": "get_task_result", "arguments": ["id": "t1", "offset": 0]], ["name": "cancel_tasks", "arguments": [:]],
      ["uri": "jarvis://task/t1"], ["uri": "jarvis://task/t1/log?offset=-5"],
      ["name": "audit", "arguments": ["path": "x"]],
      ["ref": ["type": "ref/prompt", "name": "audit"], "argument": ["name": "depth", "value": ""]], ["level": "info"],
      ["name": "spawn_parallel_tasks", "arguments": ["tasks": [["command": "true"]]], "task": ["ttl": 5]],
      ["protocolVersion": "2025-06-18"], ["protocolVersion": "2025-11-25"],
      ["_meta": ["io.modelcontextprotocol/protocolVersion": "1999-01-01"]],
      MCPClient.params(.v2026July), MCPClient.params(.v2026July, ["name": "x"]),
    ]
    guard Int.random(in: 0..<4, using: &random) > 0 else {
      return Bool.random(using: &random) ? nil : value(0, &random)
    }
    guard case .object(var object) = pick(good, &random) else { return nil }
    if case .object(var inner)? = object["arguments"], Bool.random(using: &random) {
      inner[pick(keys, &random)] = value(1, &random)
      object["arguments"] = .object(inner)
    } else if Bool.random(using: &random) {
      object[pick(keys, &random)] = value(0, &random)
    }
    return .object(object)
  }

  /// How many messages each seed sends: few in the suite, a million in all by `make fuzz`.
  private static let each =
    getenv("JARVIS_FUZZ_MESSAGES").flatMap { Int(String(cString: $0)) }.map { max(1000, $0 / 5) } ?? 4000

  @Test("each of many messages is answered or refused", arguments: [1, 2, 3, 4, 5] as [UInt64])
  func everyMessageIsAnswered(seed: UInt64) async throws {
    var random = Seeded(state: seed)
    var client = MCPClient()
    var codes: Set<Int> = []
    var results = 0
    for i in 0..<Self.each {
      // A new connection now and then, so that the stand-in's tasks do not pile up.
      if i % 500 == 0 {
        await client.session.close()
        client = MCPClient()
        _ = try await client.tool("spawn_parallel_tasks", ["tasks": [["command": "true"]]], .v2026July)
        // Nobody would end the waits.
        await client.daemon.letWaitsGo()
      }
      switch Int.random(in: 0..<16, using: &random) {
      case 0, 1:
        let method = Self.pick(["notifications/cancelled", "notifications/initialized", "x/y"], &random)
        await client.session.receive(notification: method, params: Self.params(&random))
        continue
      case 2:
        // It is answered only where it is refused; else it listens until it is cancelled.
        let work = await client.session.begin(
          id: .int(Int64(i)), method: "subscriptions/listen", params: Self.params(&random))
        await client.session.receive(notification: "notifications/cancelled", params: ["requestId": .int(Int64(i))])
        if case .success? = await work.value { Issue.record("a listener was answered") }
        continue
      case 3:
        await client.session.receive(response: Self.value(0, &random), .success(Self.value(0, &random)))
        continue
      default: break
      }
      let method = Self.pick(Self.methods, &random)
      let params = Self.params(&random)
      switch await client.request(method, params, id: .int(Int64(i))) {
      case .success(let result)?:
        if result.objectValue == nil { Issue.record("\(method) was answered with \(result.kind)") }
        results += 1
      case .failure(let failure)?:
        if failure.message.isEmpty { Issue.record("\(method) was refused without a word") }
        codes.insert(failure.code)
      case nil: Issue.record("\(method) \(params?.text ?? "") got no answer")
      }
    }
    #expect(results > Self.each / 20)
    #expect(codes.isSuperset(of: [-32600, -32601, -32602, -32022]))
    #expect(codes.isSubset(of: [-32600, -32601, -32602, -32022, -32021, -32002, -32603]))
  }
}
