import JarvisProtocol

// Asking the person behind the client before something costly.
extension MCPSession {
  enum Confirmation {
    case accepted
    /// Not carried out, and why.
    case declined(String)
    /// The question is the result; the client asks and calls again (2026-07-28).
    case ask(JSONObject)
    /// The connection has ended.
    case given
  }

  private static let key = "confirm"

  /// Whether the client can show a form.
  static func canBeAsked(_ capabilities: JSONObject) -> Bool {
    guard let elicitation = capabilities["elicitation"]?.objectValue else { return false }
    // Without any mode it is the form's (2025-06-18 knows no other).
    return elicitation.count == 0 || elicitation["form"] != nil
  }

  func confirm(_ question: String, _ invocation: ToolInvocation, _ context: MCPContext) async -> Confirmation {
    // 2024-11-05 and 2025-03-26 can't ask.
    guard context.revision.traits.titles else { return .accepted }
    let params: JSON = Self.form(question, withMode: context.revision.traits.tasks != .none)
    if context.revision.traits.stateless {
      if let answer = invocation.inputResponses?[Self.key] { return Self.read(answer) }
      return .ask(
        MCPAnswers.finish(
          ["inputRequests": .object([Self.key: ["method": "elicitation/create", "params": params]])],
          context.revision, type: "input_required"))
    }
    guard let answer = await ask("elicitation/create", params) else {
      return isClosed ? .given : .declined("gave no answer")
    }
    return Self.read(answer)
  }

  private static func read(_ answer: JSON) -> Confirmation {
    switch answer["action"]?.stringValue {
    case "accept" where answer["content"]?["proceed"]?.boolValue != false: .accepted
    case "accept", "decline": .declined("declined")
    default: .declined("closed the question without an answer")
    }
  }

  private static func form(_ question: String, withMode: Bool) -> JSON {
    var params: JSONObject = [
      "message": .string(question),
      "requestedSchema": [
        "type": "object",
        "properties": [
          "proceed": ["type": "boolean", "title": "Start them", "description": "whether to go on", "default": true]
        ],
        "required": ["proceed"],
      ],
    ]
    if withMode { params["mode"] = "form" }
    return .object(params)
  }

  /// Sends a request to the client; nil where it answers with an error, or the call it is for is cancelled.
  private func ask(_ method: String, _ params: JSON) async -> JSON? {
    // Random, so that a late answer to a question of the daemon before this one finds nothing.
    let id = "jarvis-\(String(UInt64.random(in: .min ... .max), radix: 36))"
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if Task.isCancelled || isClosed { return continuation.resume(returning: nil) }
        questions[id] = continuation
        send(RPC.request(id: .string(id), method: method, params: params))
      }
    } onCancel: {
      Task { await self.withdraw(id) }
    }
  }

  private func withdraw(_ id: String) {
    guard let question = questions.removeValue(forKey: id) else { return }
    question.resume(returning: nil)
    guard !isClosed else { return }
    send(
      RPC.notification(
        method: "notifications/cancelled",
        params: ["requestId": .string(id), "reason": "the call that it was asked for was cancelled"]))
  }
}
