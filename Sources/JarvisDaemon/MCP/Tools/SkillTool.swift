import JarvisProtocol

/// `run_skill`
enum SkillTool: MCPTool {
  static let name = "run_skill"
  static let title = "Run a skill"
  static let guide = """
    Runs a skill: a named, tested pattern of parallel tasks, such as map-reduce (a command for each file, then one over all \
    outputs), test-shards (a test suite in parallel parts), pipeline, security-audit, refactoring-analysis or \
    independent-research. Prefer it to spawn_parallel_tasks where one fits. Without `name` it only lists the skills with \
    their parameters, those of proven worth first. With `name` and `parameters` it answers at once with the batch's id; \
    tasks of the type skill-step are groups and run nothing, and a step over another's output gets its tasks when that has \
    ended. Next: wait_for_tasks with the batch_id, then get_task_result, the last steps first.
    """
  // What its tasks do is what their commands do.
  static let hints = ToolHints(readOnly: false, destructive: true, idempotent: false, openWorld: true)
  static let meta: JSONObject = [
    "anthropic/searchHint": "skills, map-reduce, run tests in shards, security audit, pipeline, research"
  ]

  /// Which skill, with what.
  struct Arguments: WireObject {
    var name: String?
    var parameters: [String: JSON]
    var branchID: String?
    var strategy: Strategy?

    init(reading fields: inout ObjectReader) throws(WireError) {
      name = try fields.optional("name", "the skill's name; without it the skills are listed")
      parameters = try fields.defaulted("parameters", "the skill's parameters by name", [:])
      branchID = try fields.optional("branch_id", "the context; default: the skill's, else the git branch")
      strategy = try fields.optional("strategy", "auto, parallel, sequential or adaptive; default: the skill's")
      if fields.isDescribing { return }
      try fields.check("parameters", name != nil || parameters.isEmpty, "needs `name` beside it")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("name", name)
      fields.set("parameters", parameters)
      fields.set("branch_id", branchID)
      fields.set("strategy", strategy)
    }
  }

  /// The batch as accepted, or the skills.
  struct Output: WireObject {
    var summary: String
    var batchID: BatchID?
    var branchID: String?
    var tasks: [TaskBrief]
    var omitted: Int?
    var skills: [SkillBrief]

    init(_ batch: TaskSpawn.Result, skill: String) {
      let list = Shortlist(batch.tasks)
      let count = batch.tasks.count { $0.type != "skill-step" }
      summary =
        "The skill \(skill) runs as batch \(batch.batchID) with \(Phrase.count(count, "task")) known so far. Next: "
        + "wait_for_tasks with batch_id \"\(batch.batchID)\"."
      batchID = batch.batchID
      branchID = batch.branchID
      tasks = list.shown
      omitted = list.omitted
      skills = []
    }

    init(_ list: SkillList.Result) {
      summary = "\(Phrase.count(list.skills.count, "skill")). Next: run_skill with the name and the parameters of one."
      tasks = []
      skills = list.skills.map { SkillBrief($0) }
    }

    init(reading fields: inout ObjectReader) throws(WireError) {
      summary = try fields.required("summary", "what happened, what to do next")
      batchID = try fields.optional("batch_id", "for wait_for_tasks and cancel_tasks")
      branchID = try fields.optional("branch_id", "the context that the tasks belong to")
      tasks = try fields.defaulted("tasks", "the tasks that are known so far", [])
      omitted = try fields.optional("omitted", "how many more tasks the batch has; they are not listed here")
      skills = try fields.defaulted("skills", "the skills, where none was named", [])
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("summary", summary)
      fields.set("batch_id", batchID)
      fields.set("branch_id", branchID)
      if !tasks.isEmpty { fields.set("tasks", tasks) }
      fields.set("omitted", omitted)
      if !skills.isEmpty { fields.set("skills", skills) }
    }
  }

  /// A skill in short.
  struct SkillBrief: WireObject, Hashable {
    var name: String
    var description: String
    var parameters: [SkillParameterView]

    init(_ skill: SkillView) {
      name = skill.name
      description = skill.description
      parameters = skill.parameters
    }

    init(reading fields: inout ObjectReader) throws(WireError) {
      name = try fields.required("name", "its name")
      description = try fields.required("description", "what it does")
      parameters = try fields.required("parameters", "what can be set")
    }

    func write(_ fields: inout ObjectWriter) {
      fields.set("name", name)
      fields.set("description", description)
      fields.set("parameters", parameters)
    }
  }

  static func run(_ arguments: Arguments, in call: ToolCall) async throws(RPC.Failure) -> Output {
    guard let name = arguments.name else { return Output(try await call(SkillList.self, Empty())) }
    return Output(try await call(SkillRun.self, request(name, arguments, call)), skill: name)
  }

  /// Steps over another's output count as none: how many tasks they become is not known yet.
  static func question(_ arguments: Arguments, confirmAbove: Int, in call: ToolCall) async -> String? {
    guard let name = arguments.name, let plan = try? await call(SkillPlan.self, request(name, arguments, call)) else {
      return nil
    }
    let tasks = plan.tasks.filter { $0.type != "skill-step" }
    guard tasks.count > confirmAbove else { return nil }
    return "Run the skill \(name) with Jarvis? It starts \(tasks.count) tasks: \(SpawnTool.shortly(tasks))"
  }

  private static func request(_ name: String, _ arguments: Arguments, _ call: ToolCall) -> SkillRun.Parameters {
    var parameters = SkillRun.Parameters(name: name)
    parameters.parameters = arguments.parameters
    parameters.branchID = arguments.branchID
    parameters.strategy = arguments.strategy
    parameters.requestKey = call.requestKey
    return parameters
  }
}
