/// What tasks came to together: the tasks of a batch, or those that somebody waited for.
public struct BatchTotals: WireObject, Hashable {
  /// US dollars that their agents spent; absent where none tells.
  public var cost: Double?
  /// Tokens of their agents; absent where none tells.
  public var tokens: Int?
  /// Seconds from the first start to the last end, or until now while one goes on; absent before the first start.
  public var wallSeconds: Double?
  /// The sum of their run times, seconds: what they would have taken one after another.
  public var taskSeconds: Double
  /// The first line of what those that are over came to, at most 20 of them.
  public var answers: [AnswerLine]
  /// How many more are over whose answers are not told here.
  public var omittedAnswers: Int?

  /// Of no tasks.
  public init() {
    taskSeconds = 0
    answers = []
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    cost = try fields.optional("cost", "US dollars that their agents spent; absent where none tells")
    tokens = try fields.optional("tokens", "tokens of their agents; absent where none tells")
    wallSeconds = try fields.optional(
      "wall_seconds", "from the first start to the last end, or until now while one goes on")
    taskSeconds = try fields.required(
      "task_seconds", "the sum of their run times: what they would have taken one after another")
    answers = try fields.defaulted(
      "answers", "the first line of what those that are over came to, at most 20 of them", [])
    omittedAnswers = try fields.optional("omitted_answers", "how many more are over whose answers are not told here")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("cost", cost)
    fields.set("tokens", tokens)
    fields.set("wall_seconds", wallSeconds)
    fields.set("task_seconds", taskSeconds)
    fields.set("answers", answers)
    fields.set("omitted_answers", omittedAnswers)
  }

  /// `12.1 s for 40.3 s of work, $0.12, 5300 tokens`, as far as it is known.
  public var sentence: String {
    var parts: [String] = []
    if let wallSeconds { parts.append("\(Self.rounded(wallSeconds)) s for \(Self.rounded(taskSeconds)) s of work") }
    if let cost { parts.append("$\((cost * 10_000).rounded() / 10_000)") }
    if let tokens { parts.append("\(tokens) tokens") }
    return parts.joined(separator: ", ")
  }

  private static func rounded(_ seconds: Double) -> Double { (seconds * 10).rounded() / 10 }
}

/// The first line of what a task came to.
public struct AnswerLine: WireObject, Hashable {
  /// The task.
  public var taskID: TaskID
  /// Its name.
  public var name: String?
  /// The first line of its agent's answer, else of its stdout, at most 200 characters.
  public var line: String

  /// With what must be there.
  public init(taskID: TaskID, line: String) {
    self.taskID = taskID
    self.line = line
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    taskID = try fields.required("task_id", "the task")
    name = try fields.optional("name", "its name")
    line = try fields.required(
      "line", "the first line of its agent's answer, else of its stdout, at most 200 characters")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("task_id", taskID)
    fields.set("name", name)
    fields.set("line", line)
  }
}
