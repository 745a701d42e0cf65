import JarvisProtocol

/// A tool: what a model reads about it, and what it does. Schemas come from the types of its arguments and its output.
protocol MCPTool: Sendable {
  associatedtype Arguments: WireValue
  associatedtype Output: WireObject

  static var name: String { get }
  static var title: String { get }
  /// For the model: when to use it, what comes back. Clients cut it at 2 KB.
  static var guide: String { get }
  static var hints: ToolHints { get }
  /// Hints for clients, in `_meta`.
  static var meta: JSONObject { get }

  /// Does the work.
  /// - Throws: what the model is told went wrong.
  static func run(_ arguments: Arguments, in call: ToolCall) async throws(RPC.Failure) -> Output
}

/// What a tool does to the world (MCP's annotations). Nothing has a default: theirs are pessimistic.
struct ToolHints: Sendable, Hashable {
  let readOnly: Bool
  let destructive: Bool
  let idempotent: Bool
  let openWorld: Bool
}

/// Whose call it is, and the ways out of it.
struct ToolCall: Sendable {
  /// Tasks done, tasks in all, a sentence.
  typealias ProgressReport = @Sendable (Int, Int, String) async -> Void

  let service: any MethodCaller
  let caller: Caller
  /// Unique to this call, and the same when it is replayed; nil where it can't be replayed.
  let requestKey: String?
  /// Nil where the client wants no progress.
  let progress: ProgressReport?

  /// Calls one of Jarvis's methods.
  func callAsFunction<M: Method>(_ method: M.Type, _ parameters: M.Parameters) async throws(RPC.Failure) -> M.Result {
    try await service.call(method, parameters, from: caller)
  }
}

/// All tools, in the order in which they are listed.
enum MCPTools {
  static let all: [any MCPTool.Type] = [
    SpawnTool.self, StatsTool.self, LearnTool.self, WaitTool.self, ResultTool.self, AskTool.self, CancelTool.self,
    SkillTool.self,
    StoreFindingTool.self,
    SearchFindingsTool.self,
    GetFindingTool.self,
    BatchReportTool.self,
  ]
}

extension MCPTool {
  /// The tool as `tools/list` shows it.
  static func description(for revision: MCPRevision) -> JSON {
    let traits = revision.traits
    var tool: JSONObject = ["name": .string(name)]
    if traits.titles { tool["title"] = .string(title) }
    tool["description"] = .string(guide)
    tool["inputSchema"] = Arguments.schema.json
    if traits.structuredContent { tool["outputSchema"] = Output.schema.json }
    if traits.annotations {
      tool["annotations"] = [
        "title": .string(title), "readOnlyHint": .bool(hints.readOnly), "destructiveHint": .bool(hints.destructive),
        "idempotentHint": .bool(hints.idempotent), "openWorldHint": .bool(hints.openWorld),
      ]
    }
    if traits.titles { tool["_meta"] = .object(meta) }
    return .object(tool)
  }
}

/// A `tools/call` whose shape is right.
struct ToolInvocation: Sendable {
  let tool: any MCPTool.Type
  let arguments: JSON
  let revision: MCPRevision
  let progressToken: JSON?

  /// Reads `tools/call`. A `task` beside the arguments (2025-11-25) is ignored: a server that does not declare tasks
  /// must answer as if it were not there.
  /// - Throws: `invalidParams` for a malformed request and an unknown tool.
  init(_ request: MCPRequest, _ revision: MCPRevision) throws(RPC.Failure) {
    guard case .string(let name)? = request.params["name"] else {
      throw RPC.Failure(.invalidParams, "`params.name` must be the name of a tool")
    }
    guard let tool = MCPTools.all.first(where: { $0.name == name }) else {
      let known = MCPTools.all.map { $0.name }.joined(separator: ", ")
      throw RPC.Failure(.invalidParams, "`params.name` names no tool: \"\(name.prefix(80))\" (known: \(known))")
    }
    switch request.params["arguments"] {
    case nil, .null?: arguments = [:]
    case .object(let object)?: arguments = .object(object)
    case let other?: throw RPC.Failure(.invalidParams, "`params.arguments` must be an object, found \(other.kind)")
    }
    self.tool = tool
    self.revision = revision
    progressToken = request.progressToken
  }

  /// Runs the tool; what goes wrong becomes a result that the model can read.
  func run(in call: ToolCall) async -> JSONObject { await run(tool, in: call) }

  private func run<T: MCPTool>(_ tool: T.Type, in call: ToolCall) async -> JSONObject {
    do throws(RPC.Failure) {
      let read: T.Arguments
      do throws(WireError) {
        read = try T.Arguments.read(arguments, at: .root("arguments"))
      } catch {
        throw RPC.Failure(error)
      }
      let output = try await T.run(read, in: call).json
      // The same JSON as text, for clients and revisions that know no structured content.
      var result: JSONObject = ["content": [["type": "text", "text": .string(output.text)]]]
      if revision.traits.structuredContent { result["structuredContent"] = output }
      result["isError"] = false
      return MCPAnswers.finish(result, revision)
    } catch {
      // A model knows its arguments as `arguments`, whatever they are called further in.
      let text = "\(T.name) failed: \(error.message.replacing("`params.", with: "`arguments."))"
      return MCPAnswers.finish(["content": [["type": "text", "text": .string(text)]], "isError": true], revision)
    }
  }
}
