import JarvisProtocol

/// `prompts/list` and `prompts/get`.
struct PromptAnswers: Sendable {
  static let perPage = 100

  let context: MCPContext

  func list(after cursor: JSON?) throws(RPC.Failure) -> JSONObject {
    let page = try Paging.page(context.services.prompts.all(), after: cursor, size: Self.perPage)
    let prompts = page.items.map { prompt -> JSON in
      let arguments = prompt.arguments.map { argument -> JSON in
        var entry: JSONObject = ["name": .string(argument.name)]
        if !argument.description.isEmpty { entry["description"] = .string(argument.description) }
        entry["required"] = .bool(argument.isRequired)
        return .object(entry)
      }
      var entry: JSONObject = ["name": .string(prompt.name)]
      if !prompt.description.isEmpty { entry["description"] = .string(prompt.description) }
      if !arguments.isEmpty { entry["arguments"] = .array(arguments) }
      return .object(entry)
    }
    var result: JSONObject = ["prompts": .array(prompts)]
    result["nextCursor"] = page.next.map { .string($0) }
    return context.finish(result, cache: .momentary)
  }

  func get(_ request: MCPRequest) throws(RPC.Failure) -> JSONObject {
    let name = try request.string("name")
    let all = context.services.prompts.all()
    guard let prompt = all.first(where: { $0.name == name }) else {
      let known = all.prefix(20).map(\.name).joined(separator: ", ")
      throw RPC.Failure(
        .invalidParams, "there is no prompt \"\(name.prefix(80))\" (known: \(known.isEmpty ? "none" : known))")
    }
    let text = try context.services.prompts.text(name, try Self.arguments(request, prompt))
    var result = JSONObject()
    if !prompt.description.isEmpty { result["description"] = .string(prompt.description) }
    result["messages"] = [["role": "user", "content": ["type": "text", "text": .string(text)]]]
    return context.finish(result)
  }

  private static func arguments(
    _ request: MCPRequest, _ prompt: PromptTemplate
  ) throws(RPC.Failure) -> [String: String] {
    let given: [String: String]
    switch request.params["arguments"] {
    case nil, .null?: given = [:]
    case let json?:
      do throws(WireError) { given = try [String: String].read(json, at: .root("params.arguments")) } catch {
        throw RPC.Failure(error)
      }
    }
    for name in given.keys.sorted() where !prompt.arguments.contains(where: { $0.name == name }) {
      let known = prompt.arguments.map(\.name).joined(separator: ", ")
      throw RPC.Failure(
        .invalidParams,
        "`params.arguments.\(name)` is no argument of this prompt (it has: \(known.isEmpty ? "none" : known))")
    }
    for argument in prompt.arguments where argument.isRequired && given[argument.name] == nil {
      throw RPC.Failure(.invalidParams, "`params.arguments.\(argument.name)` is missing: \(argument.description)")
    }
    return given
  }
}
