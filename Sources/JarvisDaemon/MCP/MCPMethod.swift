import JarvisProtocol

/// The requests that are served.
enum MCPMethod: String, CaseIterable {
  case initialize
  case ping
  case discover = "server/discover"
  case listTools = "tools/list"
  case callTool = "tools/call"
  case listResources = "resources/list"
  case listTemplates = "resources/templates/list"
  case readResource = "resources/read"
  case subscribe = "resources/subscribe"
  case unsubscribe = "resources/unsubscribe"
  case listen = "subscriptions/listen"
  case listPrompts = "prompts/list"
  case getPrompt = "prompts/get"
  case complete = "completion/complete"
  case setLevel = "logging/setLevel"
  case getTask = "tasks/get"
  case taskResult = "tasks/result"
  case listTasks = "tasks/list"
  case cancelTask = "tasks/cancel"
  case updateTask = "tasks/update"

  /// Whether a revision has it.
  func isServed(in revision: MCPRevision) -> Bool {
    let traits = revision.traits
    return switch self {
    // Also after a good `server/discover`: clients that speak both eras do that.
    case .initialize: true
    case .ping, .setLevel, .subscribe, .unsubscribe: !traits.stateless
    case .discover, .listen: traits.stateless
    case .getTask, .cancelTask: traits.tasks != .none
    case .taskResult, .listTasks: traits.tasks == .core
    case .updateTask: traits.tasks == .extension
    case .listTools, .callTool, .listResources, .listTemplates, .readResource, .listPrompts, .getPrompt, .complete: true
    }
  }

  /// Those of a revision, for messages.
  static func served(in revision: MCPRevision?) -> String {
    allCases.filter { method in revision.map { method.isServed(in: $0) } ?? true }
      .map(\.rawValue).joined(separator: ", ")
  }
}
