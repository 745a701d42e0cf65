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

  /// What a person is asked before the call is carried out; nil where nothing needs to be asked.
  /// - Parameter confirmAbove: `[server] confirm_above`, more than 0.
  static func question(_ arguments: Arguments, confirmAbove: Int, in call: ToolCall) async -> String?
}

extension MCPTool {
  static func question(_ arguments: Arguments, confirmAbove: Int, in call: ToolCall) async -> String? { nil }
}

/// What a tool does to the world (MCP's annotations). Nothing has a default: theirs are pessimistic.
struct ToolHints: Sendable, Hashable {
  let readOnly: Bool
  let destructive: Bool
  let idempotent: Bool
  let openWorld: Bool

  /// Looks, and changes nothing.
  static let looksOnly = ToolHints(readOnly: true, destructive: false, idempotent: true, openWorld: false)
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
  /// Those that make something: a call that comes again after a restart of the daemon is known by its key, and does it
  /// once.
  static let keyed = [SpawnTool.name, AskTool.name, SkillTool.name, RetryTool.name, StoreFindingTool.name]

  static let all: [any MCPTool.Type] = [
    SpawnTool.self, StatsTool.self, LearnTool.self, WaitTool.self, ResultTool.self, AskTool.self, CancelTool.self,
    SkillTool.self,
    StoreFindingTool.self,
    SearchFindingsTool.self,
    GetFindingTool.self,
    BatchReportTool.self,
    ListTool.self, LogTool.self, ExplainTool.self, PauseTool.self, ResumeTool.self, RetryTool.self, EditTool.self,
    WorktreeTool.self,
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
    if traits.tasks == .core, self is any TaskTool.Type { tool["execution"] = ["taskSupport": "optional"] }
    if traits.titles { tool["_meta"] = .object(meta) }
    return .object(tool)
  }

  /// Reads the arguments as a model gave them.
  static func read(_ arguments: JSON) throws(RPC.Failure) -> Arguments {
    do throws(WireError) { return try Arguments.read(arguments, at: .root("arguments")) } catch {
      throw RPC.Failure(error)
    }
  }

  /// The result of a call that went well.
  static func result(_ output: Output, _ revision: MCPRevision) -> JSONObject {
    let json = output.json
    // The same JSON as text, for clients and revisions that know no structured content.
    var result: JSONObject = ["content": [["type": "text", "text": .string(json.text)]]]
    if revision.traits.structuredContent { result["structuredContent"] = json }
    result["isError"] = false
    return MCPAnswers.finish(result, revision)
  }

  /// The result of a call that failed, for the model to read.
  static func failed(_ failure: RPC.Failure, _ revision: MCPRevision) -> JSONObject {
    // A model knows its arguments as `arguments`, whatever they are called further in.
    let text = "\(name) failed: \(failure.message.replacing("`params.", with: "`arguments."))"
    return MCPAnswers.finish(["content": [["type": "text", "text": .string(text)]], "isError": true], revision)
  }
}

/// A `tools/call` whose shape is right.
struct ToolInvocation: Sendable {
  let tool: any MCPTool.Type
  let arguments: JSON
  let revision: MCPRevision
  let progressToken: JSON?
  /// The `task` beside the arguments (2025-11-25); nil where there is none, or where the revision knows none: then it
  /// must be ignored.
  let task: JSONObject?
  /// What a person answered to what was asked before (2026-07-28).
  let inputResponses: JSON?

  /// Reads `tools/call`.
  /// - Throws: `invalidParams` for a malformed request and an unknown tool, `methodNotFound` for a tool that can be no
  ///   task.
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
    switch request.params["task"] {
    case let json? where revision.traits.tasks == .core && json != .null:
      guard case .object(let object) = json else {
        throw RPC.Failure(.invalidParams, "`params.task` must be an object, found \(json.kind)")
      }
      guard tool is any TaskTool.Type else {
        throw RPC.Failure(.methodNotFound, "`\(name)` answers at once and can't be called as a task")
      }
      task = object
    default: task = nil
    }
    inputResponses = revision.traits.stateless ? request.params["inputResponses"] : nil
    self.tool = tool
    self.revision = revision
    progressToken = request.progressToken
  }

  /// Runs the tool; what goes wrong becomes a result that the model can read.
  /// - Returns: nil where the daemon is stopping and `mayComeAgain`: then the request is better left for the next one.
  func run(in call: ToolCall, mayComeAgain: Bool) async -> JSONObject? {
    await run(tool, in: call, mayComeAgain)
  }

  private func run<T: MCPTool>(_ tool: T.Type, in call: ToolCall, _ mayComeAgain: Bool) async -> JSONObject? {
    do throws(RPC.Failure) {
      return T.result(try await T.run(try T.read(arguments), in: call), revision)
    } catch {
      if mayComeAgain, error.code == RPC.ErrorCode.unavailable.rawValue { return nil }
      return T.failed(error, revision)
    }
  }

  /// What a person must be asked first.
  func question(confirmAbove: Int, in call: ToolCall) async -> String? {
    func ask<T: MCPTool>(_ tool: T.Type) async -> String? {
      guard let arguments = try? T.read(arguments) else { return nil }
      return await T.question(arguments, confirmAbove: confirmAbove, in: call)
    }
    return confirmAbove > 0 ? await ask(tool) : nil
  }

  /// The result where the person did not agree.
  func declined(_ answer: String) -> JSONObject {
    let text = "\(tool.name) was not carried out: the user was asked and \(answer). Nothing was submitted or changed."
    return MCPAnswers.finish(["content": [["type": "text", "text": .string(text)]], "isError": true], revision)
  }
}
