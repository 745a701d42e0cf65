import ArgumentParser
import JarvisClient
import JarvisProtocol

/// `jarvisctl result`
struct ResultVerb: ParsableCommand {
  static let configuration = verb(
    "result", "Prints what a task came to: its agent's answer, else the end of its output.",
    example: """
      jarvisctl result t42
      jarvisctl result t42 --structured | jq .files
      """,
    more: """
      With --json everything comes as one object: the task, the answer, the structured result, tokens, cost, the agent's \
      session, the end of both outputs and the files that the task left. Exit status 1 when the task did not succeed.
      """)

  @OptionGroup var globals: GlobalOptions

  @Argument(help: ArgumentHelp("The task.", valueName: "id"), completion: taskIDs)
  var id: TaskID

  @Flag(name: .long, help: "Only the structured result, as JSON.")
  var structured = false

  func run() throws {
    let reply = try globals.connect().callRaw(TaskResult.name, TaskResult.Parameters(id: id).json)
    let result = try Client.read(TaskResult.self, reply)
    if globals.json {
      put(reply)
    } else if structured {
      guard let json = result.agent?.structured else {
        complain(result.agent?.schemaProblem ?? "task \(id) was not asked for a structured result")
        throw ExitCode(1)
      }
      put(json.text + "\n")
    } else {
      put(Self.text(result, on: globals.screen))
    }
    if result.task.state.isTerminal, result.task.state != .succeeded { throw ExitCode(1) }
  }

  private static func text(_ result: TaskResult.Result, on screen: Screen) -> String {
    let task = result.task
    let answer = result.agent.map { $0.answer } ?? result.output
    let body = answer.hasSuffix("\n") || answer.isEmpty ? answer : answer + "\n"
    guard screen.width != nil else { return body }
    let head = "\(task.id) \(screen.paint(task.state.rawValue, style(of: task.state))): \(escaped(task.reason))\n"
    let facts = result.agent.map { agentTexts($0.activity) } ?? []
    let problem = result.agent?.schemaProblem.map { "schema: \(escaped($0))\n" } ?? ""
    let files = result.artifacts.map { "file: \(escaped($0))\n" }.joined()
    let diff = result.diff.map { "diff: \(escaped(diffText($0)))\n" } ?? ""
    return head + (facts.isEmpty ? "" : facts.map { escaped($0) }.joined(separator: ", ") + "\n") + problem + files
      + diff
      + "\n"
      + body
  }
}

/// What a task changed, in short, and how to go on with it.
func diffText(_ diff: TaskDiff) -> String {
  let numbers = diff.changes.map { $0.filesChanged == 0 && $0.commits == 0 ? "nothing" : $0.sentence } ?? "not read"
  return "\(numbers); branch \(diff.branch) is \(diff.state.rawValue)\(diff.problem.map { ": \($0)" } ?? "")"
}

/// What is known of an agent, in short.
func agentTexts(_ agent: TaskActivity) -> [String] {
  [
    agent.action, agent.turn > 0 ? "turn \(agent.turn)" : nil,
    agent.inputTokens + agent.outputTokens > 0
      ? "\(agent.inputTokens) tokens in, \(agent.outputTokens) out, \(agent.cachedTokens) cached" : nil,
    agent.cost.map { "$\(Format.decimal($0, 4))" },
    agent.retries > 0 ? "\(agent.retries) calls refused by the API" : nil,
    agent.model, agent.agentSession.map { "session \($0)" },
  ].compactMap { $0 }
}
