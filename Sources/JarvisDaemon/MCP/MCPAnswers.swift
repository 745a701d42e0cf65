import JarvisProtocol

/// The answers that need no work, in each revision's form.
enum MCPAnswers {
  /// How long a client may keep what never changes while a daemon lives. Short, for the daemon may be upgraded under a
  /// bridge that stays connected.
  private static let timeToLive: JSON = 300_000

  /// The revision to go on with: the client's, or the newest that has `initialize`.
  /// - Throws: `invalidParams` where the request names no version.
  static func negotiate(_ request: MCPRequest) throws(RPC.Failure) -> MCPRevision {
    guard case .string(let version)? = request.params["protocolVersion"] else {
      throw RPC.Failure(
        .invalidParams,
        "`params.protocolVersion` must be a string such as \"\(MCPRevision.newestWithInitialize.rawValue)\""
      )
    }
    let revision = MCPRevision(rawValue: version) ?? .newestWithInitialize
    return revision.traits.stateless ? .newestWithInitialize : revision
  }

  static func initialize(_ revision: MCPRevision) -> JSONObject {
    [
      "protocolVersion": .string(revision.rawValue), "capabilities": capabilities, "serverInfo": serverInfo(revision),
      "instructions": .string(MCPInstructions.text),
    ]
  }

  static func discover(_ revision: MCPRevision) -> JSONObject {
    finish(
      [
        "supportedVersions": MCPRevision.supported, "capabilities": capabilities,
        "instructions": .string(MCPInstructions.text),
      ], revision, cacheable: true)
  }

  /// All tools fit one page, so every cursor is one that was not given out.
  static func listTools(_ request: MCPRequest, _ revision: MCPRevision) throws(RPC.Failure) -> JSONObject {
    if let cursor = request.params["cursor"], cursor != .null {
      throw RPC.Failure(
        .invalidParams, "`params.cursor` is no cursor of this server: the list has one page; leave it out")
    }
    let tools = MCPTools.all.map { $0.description(for: revision) }
    return finish(["tools": .array(tools)], revision, cacheable: true)
  }

  /// Adds what every result of a stateless revision carries.
  static func finish(_ result: JSONObject, _ revision: MCPRevision, cacheable: Bool = false) -> JSONObject {
    guard revision.traits.stateless else { return result }
    var result = result
    result["resultType"] = "complete"
    if cacheable {
      result["ttlMs"] = timeToLive
      // Nothing in it depends on who asks.
      result["cacheScope"] = "public"
    }
    result["_meta"] = ["io.modelcontextprotocol/serverInfo": serverInfo(revision)]
    return result
  }

  static func notInitialized(_ method: String) -> RPC.Failure {
    RPC.Failure(
      .invalidRequest,
      "`\(method)` came before `initialize`: send `initialize` first, or name the revision in `params._meta` (2026-07-28)"
    )
  }

  static func notServed(_ method: String, _ revision: MCPRevision?) -> RPC.Failure {
    let served =
      switch revision?.traits.stateless {
      case true?: "server/discover, tools/list, tools/call"
      case false?: "initialize, ping, tools/list, tools/call"
      case nil: "initialize, server/discover, ping, tools/list, tools/call"
      }
    let whither = revision.map { " in revision \($0.rawValue)" } ?? ""
    return RPC.Failure(.methodNotFound, "`\(method.prefix(80))` is not served\(whither); served are: \(served)")
  }

  private static let capabilities: JSON = ["tools": [:]]

  private static func serverInfo(_ revision: MCPRevision) -> JSON {
    var info: JSONObject = ["name": "jarvis"]
    if revision.traits.titles { info["title"] = "Jarvis" }
    info["version"] = .string(jarvisVersion)
    return .object(info)
  }
}
