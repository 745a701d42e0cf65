import JarvisProtocol

/// The address of a resource: `jarvis://task/t42/log?stream=stderr&offset=-4096`.
struct ResourceURI: Sendable, Hashable {
  /// Which piece of an output.
  struct LogQuery: Sendable, Hashable {
    var stream = OutputStream.stdout
    /// Bytes to skip; a negative number counts from the end.
    var offset = -ResourceURI.usualBytes
    var bytes = ResourceURI.usualBytes
  }

  enum Target: Sendable, Hashable {
    case stats
    case batch(BatchID)
    case task(TaskID)
    case log(TaskID, LogQuery)
    /// A page of the findings of a branch; the first where there is no cursor.
    case findings(branch: String, cursor: String?)
  }

  static let usualBytes = 65_536
  static let mostBytes = 262_144

  /// As the client wrote it: notifications carry it back in the same form.
  let text: String
  let target: Target

  /// Reads a URI; nil for one that is none of Jarvis's.
  init?(_ text: String) {
    let scheme = "jarvis://"
    guard text.hasPrefix(scheme), text.utf8.count <= 2048 else { return nil }
    let halves = text.dropFirst(scheme.count).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = halves[0].split(separator: "/", omittingEmptySubsequences: false).map { Self.decoded($0) }
    guard let query = Self.query(halves.count > 1 ? halves[1] : ""), path.allSatisfy({ $0 != nil }) else { return nil }
    let known: Set<String>
    switch (path.first ?? nil, path.count) {
    case ("stats"?, 1):
      (target, known) = (.stats, [])
    case ("batch"?, 2):
      guard let id = path[1].flatMap({ BatchID($0) }) else { return nil }
      (target, known) = (.batch(id), [])
    case ("task"?, 2):
      guard let id = path[1].flatMap({ TaskID($0) }) else { return nil }
      (target, known) = (.task(id), [])
    case ("task"?, 3) where path[2] == "log":
      guard let id = path[1].flatMap({ TaskID($0) }), let log = Self.log(query) else { return nil }
      (target, known) = (.log(id, log), ["stream", "offset", "bytes"])
    case ("branch"?, 3) where path[2] == "findings":
      guard let branch = path[1], !branch.isEmpty else { return nil }
      (target, known) = (.findings(branch: branch, cursor: query["cursor"]), ["cursor"])
    default: return nil
    }
    guard query.keys.allSatisfy(known.contains) else { return nil }
    self.text = text
  }

  /// Reads `params.uri` of a request.
  /// - Throws: what the revision answers for a resource that is not there.
  init(_ request: MCPRequest, _ revision: MCPRevision) throws(RPC.Failure) {
    let text = try request.string("uri")
    guard let uri = ResourceURI(text) else { throw Self.missing(text, revision, "no resource of Jarvis has this form") }
    self = uri
  }

  static func missing(_ uri: String, _ revision: MCPRevision, _ why: String) -> RPC.Failure {
    RPC.Failure(
      rawCode: revision.missingResourceCode, message: "there is no resource \(uri.prefix(200)): \(why)",
      data: ["uri": .string(uri)])
  }

  static func batch(_ id: BatchID) -> String { "jarvis://batch/\(id)" }
  static func task(_ id: TaskID) -> String { "jarvis://task/\(id)" }
  static func findings(_ branch: String) -> String { "jarvis://branch/\(encoded(branch))/findings" }

  /// What an event (`Event`) changes, in the form that lists show.
  static func touched(by event: JSON) -> [String] {
    var uris = ["jarvis://stats"]
    if let task = event["task"] {
      if let id = task["id"]?.stringValue { uris.append("jarvis://task/\(id)") }
      if let id = task["batch_id"]?.stringValue { uris.append("jarvis://batch/\(id)") }
    }
    // The hive-mind's events name their branch.
    if event["kind"] == "finding", let branch = event["branch_id"]?.stringValue { uris.append(findings(branch)) }
    return uris
  }

  // MARK: Percent-encoding (RFC 3986)

  private static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), value != 0
      else {
        return nil
      }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  static func encoded(_ text: String) -> String {
    var out = ""
    for byte in text.utf8 {
      let scalar = UnicodeScalar(byte)
      if byte < 0x80,
        scalar.properties.isAlphabetic || (48...57).contains(byte) || "-._~".unicodeScalars.contains(scalar)
      {
        out.unicodeScalars.append(scalar)
      } else {
        let hex = String(byte, radix: 16, uppercase: true)
        out += hex.count == 1 ? "%0\(hex)" : "%\(hex)"
      }
    }
    return out
  }

  private static func query(_ text: Substring) -> [String: String]? {
    var values: [String: String] = [:]
    for part in text.split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2, let name = decoded(pair[0]), let value = decoded(pair[1]), values[name] == nil else {
        return nil
      }
      values[name] = value
    }
    return values
  }

  private static func log(_ query: [String: String]) -> LogQuery? {
    var log = LogQuery()
    if let word = query["stream"] {
      guard let stream = OutputStream(rawValue: word) else { return nil }
      log.stream = stream
    }
    if let text = query["bytes"] {
      guard let bytes = Int(text), (1...mostBytes).contains(bytes) else { return nil }
      log.bytes = bytes
      log.offset = -bytes
    }
    if let text = query["offset"] {
      guard let offset = Int(text), abs(offset) <= 1 << 50 else { return nil }
      log.offset = offset
    }
    return log
  }
}
