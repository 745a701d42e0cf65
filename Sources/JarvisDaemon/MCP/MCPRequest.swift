import JarvisProtocol

/// A request or notification of MCP, its `params` and `_meta` taken apart.
struct MCPRequest: Sendable {
  let method: String
  let params: JSONObject
  let meta: JSONObject

  /// Checks the shape.
  /// - Throws: `invalidParams` where `params` or `_meta` is no object.
  init(method: String, params: JSON?) throws(RPC.Failure) {
    self.method = method
    switch params {
    case nil, .null?: self.params = JSONObject()
    case .object(let object)?: self.params = object
    case let other?: throw RPC.Failure(.invalidParams, "`params` must be an object, found \(other.kind)")
    }
    switch self.params["_meta"] {
    case nil, .null?: meta = JSONObject()
    case .object(let object)?: meta = object
    case let other?: throw RPC.Failure(.invalidParams, "`params._meta` must be an object, found \(other.kind)")
    }
  }

  private static let versionKey = "io.modelcontextprotocol/protocolVersion"
  private static let capabilitiesKey = "io.modelcontextprotocol/clientCapabilities"
  private static let logLevelKey = "io.modelcontextprotocol/logLevel"

  /// The stateless revision that the request names for itself; nil where it names none and so belongs to a session that
  /// `initialize` opened.
  /// - Throws: `invalidParams` for an envelope that is not whole, -32022 for a version that is not served this way.
  func statedRevision() throws(RPC.Failure) -> MCPRevision? {
    guard let stated = meta[Self.versionKey] else { return nil }
    guard case .string(let version) = stated else {
      throw RPC.Failure(.invalidParams, "`params._meta.\(Self.versionKey)` must be a string, found \(stated.kind)")
    }
    guard let revision = MCPRevision(rawValue: version), revision.traits.stateless else {
      throw RPC.Failure(
        rawCode: -32022,
        message:
          "protocol version \"\(version.prefix(40))\" is not served without `initialize`; `data.supported` lists all",
        data: ["supported": MCPRevision.supported, "requested": .string(version)])
    }
    switch meta[Self.capabilitiesKey] {
    case .object?: return revision
    case nil: throw Self.incompleteEnvelope
    case let other?:
      throw RPC.Failure(.invalidParams, "`params._meta.\(Self.capabilitiesKey)` must be an object, found \(other.kind)")
    }
  }

  /// The answer to a request that should name its revision and does not.
  static let incompleteEnvelope = RPC.Failure(
    .invalidParams,
    "`params._meta` must carry `\(versionKey)` and `\(capabilitiesKey)` in every request of revision 2026-07-28")

  /// What the client can do, by this request's own word (2026-07-28).
  var statedCapabilities: JSONObject { meta[Self.capabilitiesKey]?.objectValue ?? JSONObject() }

  /// From which level on the client wants messages about this request (2026-07-28); nil: none.
  /// - Throws: `invalidParams` for a level that there is not.
  func statedLogLevel() throws(RPC.Failure) -> MCPLogLevel? {
    try meta[Self.logLevelKey].map { (json) throws(RPC.Failure) in
      try MCPLogLevel(reading: json, at: "params._meta.\(Self.logLevelKey)")
    }
  }

  /// What the client wants progress notifications marked with; nil where it wants none.
  var progressToken: JSON? {
    switch meta["progressToken"] {
    case let token? where token.stringValue != nil || token.intValue != nil: token
    default: nil
    }
  }

  /// A parameter that must be a string of a sensible length.
  /// - Throws: `invalidParams`.
  func string(_ name: String, most: Int = 2048) throws(RPC.Failure) -> String {
    guard case .string(let text)? = params[name] else {
      throw RPC.Failure(.invalidParams, "`params.\(name)` must be a string", data: ["field": .string("params.\(name)")])
    }
    guard !text.isEmpty, text.utf8.count <= most else {
      throw RPC.Failure(
        .invalidParams, "`params.\(name)` must be 1 to \(most) bytes long", data: ["field": .string("params.\(name)")])
    }
    return text
  }
}
