import JarvisProtocol

/// The answers that need no work, in each revision's form.
enum MCPAnswers {
  /// For how long and for whom a result may be kept (2026-07-28).
  enum Cache {
    /// What never changes while a daemon lives. Short, for the daemon may be upgraded under a bridge that stays
    /// connected; nothing in it depends on who asks.
    case lasting
    /// What may be another thing at the next look, or for another caller.
    case momentary
  }

  /// The tools on one page.
  static let toolsPerPage = 50

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

  static func initialize(_ revision: MCPRevision, _ instructions: String) -> JSONObject {
    [
      "protocolVersion": .string(revision.rawValue), "capabilities": capabilities(revision),
      "serverInfo": serverInfo(revision), "instructions": .string(instructions),
    ]
  }

  static func discover(_ revision: MCPRevision, _ instructions: String) -> JSONObject {
    finish(
      [
        "supportedVersions": MCPRevision.supported, "capabilities": capabilities(revision),
        "instructions": .string(instructions),
      ], revision, cache: .lasting)
  }

  static func listTools(_ request: MCPRequest, _ revision: MCPRevision) throws(RPC.Failure) -> JSONObject {
    let page = try Paging.page(MCPTools.all, after: request.params["cursor"], size: toolsPerPage)
    var result: JSONObject = ["tools": .array(page.items.map { $0.description(for: revision) })]
    result["nextCursor"] = page.next.map { .string($0) }
    return finish(result, revision, cache: .lasting)
  }

  /// Adds what every result of a stateless revision carries.
  static func finish(
    _ result: JSONObject, _ revision: MCPRevision, type: String = "complete", cache: Cache? = nil
  ) -> JSONObject {
    guard revision.traits.stateless else { return result }
    var result = result
    result["resultType"] = .string(type)
    switch cache {
    case .lasting?:
      result["ttlMs"] = 300_000
      result["cacheScope"] = "public"
    case .momentary?:
      result["ttlMs"] = 0
      result["cacheScope"] = "private"
    case nil: break
    }
    var meta = result["_meta"]?.objectValue ?? JSONObject()
    meta["io.modelcontextprotocol/serverInfo"] = serverInfo(revision)
    result["_meta"] = .object(meta)
    return result
  }

  static func notInitialized(_ method: String) -> RPC.Failure {
    RPC.Failure(
      .invalidRequest,
      "`\(method)` came before `initialize`: send `initialize` first, or name the revision in `params._meta` (2026-07-28)"
    )
  }

  static func notServed(_ method: String, _ revision: MCPRevision?) -> RPC.Failure {
    let whither = revision.map { " in revision \($0.rawValue)" } ?? ""
    return RPC.Failure(
      .methodNotFound,
      "`\(method.prefix(80))` is not served\(whither); served are: \(MCPMethod.served(in: revision))")
  }

  /// What the request needs and its client did not declare (2026-07-28).
  static func missingCapability(_ required: JSON, _ message: String) -> RPC.Failure {
    RPC.Failure(rawCode: -32021, message: message, data: ["requiredCapabilities": required])
  }

  /// Exactly what is there.
  static func capabilities(_ revision: MCPRevision) -> JSON {
    let traits = revision.traits
    var all: JSONObject = [
      "tools": [:], "resources": ["subscribe": true, "listChanged": true], "prompts": ["listChanged": true],
      "logging": [:],
    ]
    if traits.annotations { all["completions"] = [:] }
    switch traits.tasks {
    case .none: break
    case .core: all["tasks"] = ["list": [:], "cancel": [:], "requests": ["tools": ["call": [:]]]]
    case .extension: all["extensions"] = .object([MCPTaskAnswers.extensionName: [:]])
    }
    return .object(all)
  }

  private static func serverInfo(_ revision: MCPRevision) -> JSON {
    var info: JSONObject = ["name": "jarvis"]
    if revision.traits.titles { info["title"] = "Jarvis" }
    info["version"] = .string(jarvisVersion)
    return .object(info)
  }
}
