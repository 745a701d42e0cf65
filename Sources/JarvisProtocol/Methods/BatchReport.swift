/// `batch.report`
public enum BatchReport: Method {
  /// As on the wire.
  public static let name = "batch.report"
  /// What it does.
  public static let summary =
    "Gathers what a batch's tasks found and what came out of them: equal findings and equal outputs are told once, each with its sources. Results come page by page, those that went wrong first."
  /// Parameters that a test reads.
  public static let example: JSON = ["batch_id": "b1"]

  /// Which batch.
  public struct Parameters: WireObject, Hashable {
    /// The batch's id.
    public var batchID: BatchID
    /// How much of each output's end.
    public var outputBytes: Int
    /// `next_cursor` of the page before.
    public var cursor: String?

    /// With what must be there.
    public init(batchID: BatchID) {
      self.batchID = batchID
      outputBytes = 2000
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      batchID = try fields.required("batch_id", "the batch's id")
      outputBytes = try fields.defaulted(
        "output_bytes", "how much of each output's end", 2000, schema: .integer(minimum: 0, maximum: 20_000))
      try fields.check("output_bytes", (0...20_000).contains(outputBytes), "must be 0 to 20,000, found \(outputBytes)")
      cursor = try fields.optional("cursor", "`next_cursor` of the page before")
      if cursor != nil, !fields.isDescribing { _ = try start() }
    }

    /// Which result the page begins with, from 0.
    public func start() throws(WireError) -> Int {
      guard let cursor else { return 0 }
      guard cursor.hasPrefix("r"), let start = Int(cursor.dropFirst()), (1...1_000_000).contains(start) else {
        throw WireError(path: "params.cursor", "is no cursor of this method")
      }
      return start
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("batch_id", batchID)
      fields.set("output_bytes", outputBytes)
      fields.set("cursor", cursor)
    }
  }

  /// What it answers.
  public typealias Result = BatchReportView
}

/// What a batch came to.
public struct BatchReportView: WireObject, Hashable {
  /// The batch.
  public var batch: BatchView
  /// What its tasks found, warnings first, then decisions, artifacts and findings.
  public var findings: [ReportedFinding]
  /// How its tasks ended, those that went wrong first.
  public var results: [ReportedResult]
  /// Whether there are more findings than are told, and how many at least.
  public var omittedFindings: Int
  /// Tasks beyond this page.
  public var omittedTasks: Int
  /// For the next page of results; nil on the last.
  public var nextCursor: String?

  /// With what must be there.
  public init(batch: BatchView, findings: [ReportedFinding], results: [ReportedResult]) {
    self.batch = batch
    self.findings = findings
    self.results = results
    omittedFindings = 0
    omittedTasks = 0
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    batch = try fields.required("batch", "the batch")
    findings = try fields.required(
      "findings", "what its tasks found, warnings first, then decisions, artifacts and findings")
    results = try fields.required("results", "how its tasks ended, those that went wrong first")
    omittedFindings = try fields.defaulted(
      "omitted_findings", "whether there are more findings than are told, and how many at least", 0)
    omittedTasks = try fields.defaulted("omitted_tasks", "tasks beyond this page", 0)
    nextCursor = try fields.optional("next_cursor", "for the next page, which has results only; absent on the last")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("batch", batch)
    fields.set("findings", findings)
    fields.set("results", results)
    fields.set("omitted_findings", omittedFindings)
    fields.set("omitted_tasks", omittedTasks)
    fields.set("next_cursor", nextCursor)
  }
}

extension BatchReportView {
  /// Puts a result to those that say the same, else behind all.
  /// - Returns: the bytes of output that came with it.
  public mutating func add(_ result: ReportedResult) -> Int {
    let same = results.firstIndex {
      $0.state == result.state && $0.exitCode == result.exitCode && $0.reason == result.reason
        && $0.output == result.output && $0.errors == result.errors && $0.truncated == result.truncated
    }
    guard let same else {
      results.append(result)
      return result.output.utf8.count + (result.errors?.utf8.count ?? 0) + 200
    }
    results[same].sources += result.sources
    return 0
  }

  /// Takes in the page after it.
  public mutating func add(_ page: BatchReportView) {
    for result in page.results { _ = add(result) }
    omittedTasks = page.omittedTasks
    nextCursor = page.nextCursor
  }
}

/// Something that was found, by one task or by several.
public struct ReportedFinding: WireObject, Hashable {
  /// What it is.
  public var kind: FindingKind
  /// A headline.
  public var title: String?
  /// What was found; long texts are cut.
  public var text: String
  /// Labels.
  public var tags: [String]
  /// The highest of its sources.
  public var confidence: Double?
  /// Who found it, first one first.
  public var sources: [FindingSource]

  /// With what must be there.
  public init(kind: FindingKind, text: String, sources: [FindingSource]) {
    self.kind = kind
    self.text = text
    self.sources = sources
    tags = []
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    kind = try fields.required("kind", "what it is")
    title = try fields.optional("title", "a headline")
    text = try fields.required("text", "what was found; long texts are cut")
    tags = try fields.defaulted("tags", "labels", [])
    confidence = try fields.optional("confidence", "the highest of its sources")
    sources = try fields.required("sources", "who found it, first one first")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("kind", kind)
    fields.set("title", title)
    fields.set("text", text)
    fields.set("tags", tags)
    fields.set("confidence", confidence)
    fields.set("sources", sources)
  }
}

/// Who found something.
public struct FindingSource: WireObject, Hashable {
  /// The finding's id.
  public var id: String
  /// The task.
  public var taskID: TaskID?
  /// Its name.
  public var taskName: String?
  /// Its attempt.
  public var agent: String?
  /// Where it is now.
  public var branchID: String
  /// When.
  public var at: Timestamp

  /// With what must be there.
  public init(id: String, branchID: String, at: Timestamp) {
    self.id = id
    self.branchID = branchID
    self.at = at
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    id = try fields.required("id", "the finding's id")
    taskID = try fields.optional("task_id", "the task")
    taskName = try fields.optional("task_name", "its name")
    agent = try fields.optional("agent", "its attempt")
    branchID = try fields.required("branch_id", "where it is now")
    at = try fields.required("at", "when")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("id", id)
    fields.set("task_id", taskID)
    fields.set("task_name", taskName)
    fields.set("agent", agent)
    fields.set("branch_id", branchID)
    fields.set("at", at)
  }
}

/// How one task ended, or several with the same outcome and output.
public struct ReportedResult: WireObject, Hashable {
  /// The state.
  public var state: TaskState
  /// Why it is there.
  public var reason: String
  /// The exit status.
  public var exitCode: Int?
  /// The end of stdout.
  public var output: String
  /// The end of stderr, where it went wrong.
  public var errors: String?
  /// Whether the output is longer.
  public var truncated: Bool
  /// The tasks.
  public var sources: [ResultSource]

  /// With what must be there.
  public init(state: TaskState, reason: String, output: String, sources: [ResultSource]) {
    self.state = state
    self.reason = reason
    self.output = output
    self.sources = sources
    truncated = false
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    state = try fields.required("state", "the state")
    reason = try fields.required("reason", "why it is there")
    exitCode = try fields.optional("exit_code", "the exit status")
    output = try fields.required("output", "the end of stdout")
    errors = try fields.optional("errors", "the end of stderr, where it went wrong")
    truncated = try fields.defaulted("truncated", "whether the output is longer", false)
    sources = try fields.required("sources", "the tasks")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("state", state)
    fields.set("reason", reason)
    fields.set("exit_code", exitCode)
    fields.set("output", output)
    fields.set("errors", errors)
    fields.set("truncated", truncated)
    fields.set("sources", sources)
  }
}

/// A task of a report.
public struct ResultSource: WireObject, Hashable {
  /// The task.
  public var taskID: TaskID
  /// Its name.
  public var name: String?
  /// Its type.
  public var type: String
  /// How long it ran.
  public var seconds: Double?
  /// How much it changed, where it had a worktree.
  public var changes: DiffNumbers?

  /// With what must be there.
  public init(taskID: TaskID, type: String) {
    self.taskID = taskID
    self.type = type
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    taskID = try fields.required("task_id", "the task")
    name = try fields.optional("name", "its name")
    type = try fields.required("type", "its type")
    seconds = try fields.optional("seconds", "how long it ran")
    changes = try fields.optional("changes", "how much it changed, where it had a worktree")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("task_id", taskID)
    fields.set("name", name)
    fields.set("type", type)
    fields.set("seconds", seconds)
    fields.set("changes", changes)
  }
}
