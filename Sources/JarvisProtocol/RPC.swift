/// JSON-RPC 2.0: one message a line.
public enum RPC {
  /// Numbers of the errors that a request can be answered with. Those below -32000 are JSON-RPC's own.
  public enum ErrorCode: Int, Sendable, CaseIterable {
    case parseError = -32700
    case invalidRequest = -32600
    case methodNotFound = -32601
    case invalidParams = -32602
    case internalError = -32603
    /// No task, batch, finding or skill of that name.
    case notFound = 4004
    /// It exists, but its state does not allow this.
    case conflict = 4009
    /// The caller may not do this.
    case forbidden = 4003
    /// A bound is reached: queue, connections, requests in flight, children of an agent.
    case tooMany = 4029
    /// A line longer than the limit; the connection is closed after this error.
    case lineTooLong = 4013
    /// The daemon is stopping, or the store or the warden can't be reached.
    case unavailable = 5003
    /// The store could not make the change durable; nothing was changed.
    case storage = 5000

    /// The word in `error.data.kind`.
    public var kind: String {
      switch self {
      case .parseError: "parse_error"
      case .invalidRequest: "invalid_request"
      case .methodNotFound: "method_not_found"
      case .invalidParams: "invalid_params"
      case .internalError: "internal_error"
      case .notFound: "not_found"
      case .conflict: "conflict"
      case .forbidden: "forbidden"
      case .tooMany: "too_many"
      case .lineTooLong: "line_too_long"
      case .unavailable: "unavailable"
      case .storage: "storage"
      }
    }

    /// When it is used, for the protocol's document.
    public var documentation: String {
      switch self {
      case .parseError: "The line is not JSON or not UTF-8; the message says where."
      case .invalidRequest: "JSON, but not a JSON-RPC 2.0 request."
      case .methodNotFound: "No such method; the message names near ones."
      case .invalidParams:
        "A parameter is missing, unknown, of the wrong type or out of range; `data.field` has its path."
      case .internalError: "A fault of Jarvis's own."
      case .notFound: "No task, batch, finding or skill of that id."
      case .conflict: "It exists, but its state does not allow this."
      case .forbidden: "The caller may not do this (an agent asks for more than its world)."
      case .tooMany: "A bound is reached; `data` says which, and its size."
      case .lineTooLong: "The line is over `[server] max_line`; the connection closes after this error."
      case .unavailable: "The daemon is stopping; try again when it is back."
      case .storage: "The change could not be made durable and was not made."
      }
    }
  }

  /// An error as it goes over the wire.
  public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
    /// One of `ErrorCode`, or another server's number.
    public let code: Int
    /// What is wrong, where, what was expected, what to do.
    public let message: String
    /// Always an object with `kind`; `field` where a field is to blame.
    public let data: JSON?

    /// An error of Jarvis's own.
    public init(_ code: ErrorCode, _ message: String, data: JSONObject = JSONObject()) {
      self.code = code.rawValue
      self.message = message
      var members = JSONObject(uniqueMembers: [(key: "kind", value: .string(code.kind))])
      for member in data.members where member.key != "kind" { members.append(member.key, member.value) }
      self.data = .object(members)
    }

    /// An error as received, or with a number of MCP's.
    public init(rawCode: Int, message: String, data: JSON?) {
      code = rawCode
      self.message = message
      self.data = data
    }

    /// A field that is wrong.
    public init(_ error: WireError) {
      self.init(.invalidParams, error.description, data: ["field": .string(error.path)])
    }

    /// The words for people.
    public var description: String { message }

    /// The `error` member.
    public var json: JSON {
      var o = JSONObject()
      o.append("code", .int(Int64(code)))
      o.append("message", .string(message))
      if let data { o.append("data", data) }
      return .object(o)
    }
  }

  /// What identifies a request: a string, a number, or (discouraged) null.
  public typealias ID = JSON

  /// One incoming message, its envelope checked.
  public enum Message: Sendable {
    case request(id: ID, method: String, params: JSON?)
    case notification(method: String, params: JSON?)
    case response(id: ID, Result<JSON, Failure>)

    /// Checks an envelope.
    /// - Throws: `Failure` with `invalidRequest`.
    public init(_ json: JSON) throws(Failure) {
      guard case .object(let o) = json else {
        let why = json.arrayValue == nil ? "found \(json.kind)" : "batches of JSON-RPC are not served: send one a line"
        throw Failure(.invalidRequest, "a message must be an object; \(why)")
      }
      guard o["jsonrpc"]?.stringValue == "2.0" else {
        throw Failure(.invalidRequest, "`jsonrpc` must be \"2.0\"")
      }
      if let id = o["id"] {
        switch id {
        case .string, .int, .double, .null: break
        default: throw Failure(.invalidRequest, "`id` must be a string or a number, found \(id.kind)")
        }
      }
      if let method = o["method"] {
        guard case .string(let name) = method else {
          throw Failure(.invalidRequest, "`method` must be a string, found \(method.kind)")
        }
        let params = o["params"]
        switch params {
        case nil, .object?, .array?, .null?: break
        case let other?: throw Failure(.invalidRequest, "`params` must be an object, found \(other.kind)")
        }
        if let id = o["id"] {
          self = .request(id: id, method: name, params: params)
        } else {
          self = .notification(method: name, params: params)
        }
      } else if let id = o["id"], let result = o["result"] {
        self = .response(id: id, .success(result))
      } else if let id = o["id"], let error = o["error"] {
        self = .response(
          id: id,
          .failure(
            Failure(
              rawCode: Int(error["code"]?.intValue ?? -32603),
              message: error["message"]?.stringValue ?? "unknown error",
              data: error["data"])))
      } else {
        throw Failure(.invalidRequest, "`method` is missing")
      }
    }
  }

  /// A request as JSON.
  public static func request(id: ID, method: String, params: JSON) -> JSON {
    ["jsonrpc": "2.0", "id": id, "method": .string(method), "params": params]
  }

  /// A notification as JSON.
  public static func notification(method: String, params: JSON) -> JSON {
    ["jsonrpc": "2.0", "method": .string(method), "params": params]
  }

  /// An answer as JSON.
  public static func response(id: ID, _ result: Result<JSON, Failure>) -> JSON {
    switch result {
    case .success(let value): ["jsonrpc": "2.0", "id": id, "result": value]
    case .failure(let failure): ["jsonrpc": "2.0", "id": id, "error": failure.json]
    }
  }
}

/// A method of Jarvis's socket API.
public protocol Method: Sendable {
  associatedtype Parameters: WireObject
  associatedtype Result: WireObject
  /// `task.spawn`.
  static var name: String { get }
  /// What it does, in a sentence or two.
  static var summary: String { get }
  /// An example of its parameters, which a test reads.
  static var example: JSON { get }
}

/// No fields.
public struct Empty: WireObject {
  /// Nothing.
  public init() {}
  /// Reads nothing.
  public init(reading fields: inout ObjectReader) throws(WireError) {}
  /// Writes nothing.
  public func write(_ fields: inout ObjectWriter) {}
}
