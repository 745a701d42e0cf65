import JarvisProtocol

/// `completion/complete`: what an argument of a prompt or of a resource template may go on to.
struct Completion: Sendable {
  /// MCP allows no more in one answer.
  static let most = 100

  private enum Reference {
    case prompt(PromptTemplate.Argument)
    case batches, tasks, branches
    case words([String])
  }

  private let context: MCPContext
  private let reference: Reference
  private let begun: String

  /// Reads the request.
  /// - Throws: `invalidParams` for a reference or an argument that there is not.
  init(_ request: MCPRequest, _ context: MCPContext) throws(RPC.Failure) {
    self.context = context
    guard let argument = request.params["argument"], let name = argument["name"]?.stringValue,
      let value = argument["value"]?.stringValue
    else { throw RPC.Failure(.invalidParams, "`params.argument` must have a `name` and a `value`, both strings") }
    begun = value
    switch request.params["ref"]?["type"]?.stringValue {
    case "ref/prompt":
      let asked = request.params["ref"]?["name"]?.stringValue ?? ""
      guard let prompt = context.services.prompts.all().first(where: { $0.name == asked }) else {
        throw RPC.Failure(.invalidParams, "`params.ref.name` names no prompt: \"\(asked.prefix(80))\"")
      }
      guard let found = prompt.arguments.first(where: { $0.name == name }) else {
        throw RPC.Failure(
          .invalidParams, "`params.argument.name`: the prompt \"\(asked)\" has no \"\(name.prefix(80))\"")
      }
      reference = .prompt(found)
    case "ref/resource":
      let uri = request.params["ref"]?["uri"]?.stringValue ?? ""
      guard ResourceCatalog.templates.contains(where: { $0.uri == uri }) else {
        throw RPC.Failure(.invalidParams, "`params.ref.uri` is no resource template: \"\(uri.prefix(120))\"")
      }
      switch name {
      case "id" where uri.hasPrefix("jarvis://batch/"): reference = .batches
      case "id" where uri.hasPrefix("jarvis://task/"): reference = .tasks
      case "id": reference = .branches
      case "stream" where uri.contains("stream"): reference = .words(OutputStream.allCases.map(\.rawValue))
      case _ where uri.contains(name): reference = .words([])
      default: throw RPC.Failure(.invalidParams, "`params.argument.name`: the template has no \"\(name.prefix(80))\"")
      }
    default:
      throw RPC.Failure(.invalidParams, "`params.ref.type` must be ref/prompt or ref/resource")
    }
  }

  /// The values, those that there are most of lately first.
  func answer() async throws(RPC.Failure) -> JSONObject {
    let begun = begun
    let all = try await values().filter { $0.hasPrefix(begun) }
    let shown = all.prefix(Self.most).map { JSON.string($0) }
    return context.finish([
      "completion": ["values": .array(shown), "total": all.count.json, "hasMore": .bool(all.count > Self.most)]
    ])
  }

  private func values() async throws(RPC.Failure) -> [String] {
    switch reference {
    case .prompt(let argument):
      if argument.choices.isEmpty, argument.name.contains("branch") { return try await branches() }
      return argument.choices
    case .words(let words): return words
    case .branches: return try await branches()
    case .tasks: return try await tasks().map(\.id.description)
    case .batches:
      var seen: Set<BatchID> = []
      return try await tasks().map(\.batchID).filter { seen.insert($0).inserted }.map(\.description)
    }
  }

  private func tasks() async throws(RPC.Failure) -> [TaskView] {
    var query = TaskList.Parameters()
    query.limit = 1000
    return try await context(TaskList.self, query).tasks
  }

  private func branches() async throws(RPC.Failure) -> [String] { try await context.branches() }
}
