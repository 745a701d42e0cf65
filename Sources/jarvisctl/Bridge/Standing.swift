import JarvisClient
import JarvisProtocol

/// What a client of a revision with `initialize` has set up by requests that were answered: subscriptions, the log level,
/// the lists that it has read and is told changes of. A daemon that was started since knows nothing of it.
struct Standing {
  /// More subscriptions than the daemon takes on one connection are not remembered.
  private static let most = 1000

  private var subscriptions: [JSON] = []
  private var level: JSON?
  private var lists: [String] = []

  /// In the order in which they are sent again.
  var requests: [(method: String, params: JSON)] {
    var all: [(method: String, params: JSON)] = subscriptions.map { ("resources/subscribe", $0) }
    if let level { all.append(("logging/setLevel", level)) }
    return all + lists.map { ($0, [:]) }
  }

  /// Takes note of a request that went well.
  mutating func note(answered line: [UInt8]) {
    // Most requests are others: no need to read those whole.
    guard let raw = RawJSON.member("method", of: line) else { return }
    switch String(decoding: raw, as: UTF8.self).filter({ $0 != "\\" }) {
    case "\"resources/subscribe\"":
      guard let params = Self.params(line), subscriptions.count < Self.most else { return }
      if !subscriptions.contains(where: { $0["uri"] == params["uri"] }) { subscriptions.append(params) }
    case "\"resources/unsubscribe\"":
      guard let params = Self.params(line) else { return }
      subscriptions.removeAll { $0["uri"] == params["uri"] }
    case "\"logging/setLevel\"": level = Self.params(line)
    case "\"resources/list\"": add("resources/list", line)
    case "\"prompts/list\"": add("prompts/list", line)
    default: break
    }
  }

  private mutating func add(_ list: String, _ line: [UInt8]) {
    // A request that names its revision (2026-07-28) is not told of changes this way.
    guard !lists.contains(list), Self.params(line)?["_meta"]?["io.modelcontextprotocol/protocolVersion"] == nil else {
      return
    }
    lists.append(list)
  }

  private static func params(_ line: [UInt8]) -> JSON? { (try? JSON(parsing: line))?["params"] }
}
