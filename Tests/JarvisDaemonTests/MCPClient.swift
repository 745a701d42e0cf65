import JarvisDaemon
import JarvisProtocol
import Synchronization
import Testing

/// A client at the other end of an `MCPSession`.
final class MCPClient: Sendable {
  let daemon: MCPStandIn
  let session: MCPSession
  private let inbox = Mutex<[JSON]>([])
  private let nextID = Mutex(0)

  init(
    daemon: MCPStandIn = MCPStandIn(), agent: AgentIdentity? = nil, session name: String = "s1",
    isAttached: Bool = false
  ) {
    self.daemon = daemon
    let box = Box()
    session = MCPSession(
      services: daemon.services, caller: Caller(pid: 7, uid: 1000, startTicks: 99, session: name, agent: agent),
      isAttached: isAttached
    ) { box.client.withLock { $0.value }?.receive($0) }
    box.client.withLock { $0.value = self }
  }

  private final class Box: Sendable {
    struct Weak { weak var value: MCPClient? }
    let client = Mutex(Weak())
  }

  private func receive(_ json: JSON) {
    inbox.withLock { $0.append(json) }
  }

  /// Messages of the server's that came so far, once there are `count` with this method.
  func messages(_ method: String, count: Int) async throws -> [JSON] {
    for _ in 0..<5000 {
      let found = notifications.filter { $0["method"]?.stringValue == method }
      if found.count >= count { return found }
      try await Task.sleep(for: .milliseconds(2))
    }
    Issue.record("no \(count) of \(method) came, only \(notifications.map(\.text))")
    throw CancellationError()
  }

  /// Notifications that came so far.
  var notifications: [JSON] { inbox.withLock { $0 } }

  func request(_ method: String, _ params: JSON? = nil, id: JSON? = nil) async -> MCPSession.Answer? {
    let number = nextID.withLock { number in
      number += 1
      return number
    }
    return await session.handle(id: id ?? .int(Int64(number)), method: method, params: params)
  }

  /// A request's result; its error is a failed test.
  func result(_ method: String, _ params: JSON? = nil) async throws -> JSON {
    try #require(await request(method, params)).get()
  }

  /// The error that a request is answered with.
  func failure(_ method: String, _ params: JSON? = nil, id: JSON? = nil) async throws -> RPC.Failure {
    let answer = try #require(await request(method, params, id: id))
    guard case .failure(let failure) = answer else {
      Issue.record("\(method) was answered with \(answer)")
      throw CancellationError()
    }
    return failure
  }

  /// Opens the session in one of the four revisions with `initialize`; in 2026-07-28 there is nothing to do.
  func open(_ revision: MCPRevision, capabilities: JSON = [:]) async throws {
    guard revision != .v2026July else { return }
    let result = try await result(
      "initialize",
      [
        "protocolVersion": .string(revision.rawValue), "capabilities": capabilities,
        "clientInfo": ["name": "test", "version": "1"],
      ])
    #expect(result["protocolVersion"] == .string(revision.rawValue))
    await session.receive(notification: "notifications/initialized", params: nil)
  }

  /// The parameters of a request in a revision.
  static func params(
    _ revision: MCPRevision, _ params: JSONObject = [:], progressToken: JSON? = nil, capabilities: JSON = [:]
  ) -> JSON {
    var meta: JSONObject = [:]
    if revision == .v2026July {
      meta["io.modelcontextprotocol/protocolVersion"] = .string(revision.rawValue)
      meta["io.modelcontextprotocol/clientCapabilities"] = capabilities
    }
    meta["progressToken"] = progressToken
    var params = params
    if meta.count > 0 { params["_meta"] = .object(meta) }
    return .object(params)
  }

  /// Calls a tool in a session opened with `revision`.
  func tool(
    _ name: String, _ arguments: JSON, _ revision: MCPRevision = .v2025November, progressToken: JSON? = nil
  ) async throws -> JSON {
    try await result(
      "tools/call",
      Self.params(revision, ["name": .string(name), "arguments": arguments], progressToken: progressToken))
  }
}

extension JSON {
  /// The text of a tool's result.
  var toolText: String { self["content"]?.arrayValue?.first?["text"]?.stringValue ?? "" }
}
