import JarvisProtocol

/// The tasks of one submission.
public struct BatchRow: Sendable, Hashable {
  /// Given by the daemon; never reused.
  public var id: BatchID
  /// The client's own key for this submission: a second batch with the same key is refused. nil: none.
  public var requestKey: String?
  /// The context that the tasks belong to.
  public var branch: String
  /// How the tasks are to be run.
  public var strategy: Strategy
  /// Who submitted it.
  public var session: String
  /// When it was submitted.
  public var submittedAt: Timestamp
  /// A label for people.
  public var name: String?

  /// Every column; what is not known is nil.
  public init(
    id: BatchID, requestKey: String? = nil, branch: String, strategy: Strategy, session: String,
    submittedAt: Timestamp, name: String? = nil
  ) {
    self.id = id
    self.requestKey = requestKey
    self.branch = branch
    self.strategy = strategy
    self.session = session
    self.submittedAt = submittedAt
    self.name = name
  }
}

/// One task as the journal holds it.
public struct TaskRow: Sendable, Hashable {
  /// Given by the daemon; never reused.
  public var id: TaskID
  /// Its batch, which must be stored before it (or earlier in the same list of changes).
  public var batch: BatchID
  /// Its place in the batch, from 0.
  public var seq: Int
  /// Its name within the batch.
  public var name: String?
  /// What the learner groups by.
  public var type: String
  /// Its urgency.
  public var priority: Priority
  /// The context that it belongs to.
  public var branch: String
  /// Whose it is.
  public var session: String
  /// An optional label to list by.
  public var group: String?
  /// Where it is.
  public var state: TaskState
  /// Why it is there: a sentence.
  public var reason: String
  /// What is to be run; JSON that only the daemon reads.
  public var specJSON: String
  /// The id of its environment (`Change.environment`), if it has one.
  public var environmentHash: Int64?
  /// How often it has been started; 0 before the first start.
  public var attempt: Int
  /// Exit status of the last attempt, when it exited.
  public var exitCode: Int32?
  /// Signal that ended the last attempt, when one did.
  public var signal: Int32?
  /// When it was submitted.
  public var submittedAt: Timestamp
  /// When its last attempt started.
  public var startedAt: Timestamp?
  /// When it reached its terminal state: required in one, refused in any other.
  public var endedAt: Timestamp?
  /// What it used; JSON that only the daemon reads.
  public var usageJSON: String?
  /// What the warden knows its current attempt by.
  public var runKey: String?
  /// It must not start before this.
  public var notBefore: Timestamp?

  /// Every column; what is not known is nil.
  public init(
    id: TaskID, batch: BatchID, seq: Int, name: String? = nil, type: String, priority: Priority, branch: String,
    session: String, group: String? = nil, state: TaskState, reason: String, specJSON: String,
    environmentHash: Int64? = nil, attempt: Int = 0, exitCode: Int32? = nil, signal: Int32? = nil,
    submittedAt: Timestamp, startedAt: Timestamp? = nil, endedAt: Timestamp? = nil, usageJSON: String? = nil,
    runKey: String? = nil, notBefore: Timestamp? = nil
  ) {
    self.id = id
    self.batch = batch
    self.seq = seq
    self.name = name
    self.type = type
    self.priority = priority
    self.branch = branch
    self.session = session
    self.group = group
    self.state = state
    self.reason = reason
    self.specJSON = specJSON
    self.environmentHash = environmentHash
    self.attempt = attempt
    self.exitCode = exitCode
    self.signal = signal
    self.submittedAt = submittedAt
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.usageJSON = usageJSON
    self.runKey = runKey
    self.notBefore = notBefore
  }
}

/// The columns of a task that change while it lives. All of them are written: nil clears.
public struct StateRow: Sendable, Hashable {
  /// The task; it must exist.
  public var id: TaskID
  /// Where it is now.
  public var state: TaskState
  /// Why: a sentence.
  public var reason: String
  /// How often it has been started.
  public var attempt: Int
  /// When its last attempt started.
  public var startedAt: Timestamp?
  /// When it ended: required in a terminal state, refused in any other.
  public var endedAt: Timestamp?
  /// Exit status of the last attempt, when it exited.
  public var exitCode: Int32?
  /// Signal that ended the last attempt, when one did.
  public var signal: Int32?
  /// What it used; JSON that only the daemon reads.
  public var usageJSON: String?
  /// What the warden knows its current attempt by.
  public var runKey: String?
  /// It must not start before this.
  public var notBefore: Timestamp?

  /// Every column; nil clears.
  public init(
    id: TaskID, state: TaskState, reason: String, attempt: Int, startedAt: Timestamp? = nil,
    endedAt: Timestamp? = nil, exitCode: Int32? = nil, signal: Int32? = nil, usageJSON: String? = nil,
    runKey: String? = nil, notBefore: Timestamp? = nil
  ) {
    self.id = id
    self.state = state
    self.reason = reason
    self.attempt = attempt
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.exitCode = exitCode
    self.signal = signal
    self.usageJSON = usageJSON
    self.runKey = runKey
    self.notBefore = notBefore
  }
}

/// What somebody taught about a task type (`learn_parallelization`).
public struct LearnedRow: Sendable, Hashable {
  /// The type it is about.
  public var taskType: String
  /// Share of the time saved by running in parallel, 0 to 1.
  public var parallelBenefit: Double?
  /// In words.
  public var notes: String
  /// Share of the machine's CPU that one task needs, 0 to 1.
  public var cpu: Double?
  /// Share of the machine's memory that one task needs, 0 to 1.
  public var ram: Double?
  /// When it was taught.
  public var at: Timestamp
  /// Who taught it.
  public var session: String
  /// In which context.
  public var branch: String

  /// Every column; what is not known is nil.
  public init(
    taskType: String, parallelBenefit: Double? = nil, notes: String, cpu: Double? = nil, ram: Double? = nil,
    at: Timestamp, session: String, branch: String
  ) {
    self.taskType = taskType
    self.parallelBenefit = parallelBenefit
    self.notes = notes
    self.cpu = cpu
    self.ram = ram
    self.at = at
    self.session = session
    self.branch = branch
  }
}

/// An entry of the hive-mind.
public struct FindingRow: Sendable, Hashable {
  /// Given by the daemon (`LiveState.nextFindingID`); never reused.
  public var id: Int64
  /// The repository that it is about.
  public var scope: String
  /// The branch that shares it.
  public var branch: String
  /// The task that found it, which may be pruned before the finding is.
  public var taskID: TaskID?
  /// What sort of finding.
  public var kind: String
  /// A headline.
  public var title: String?
  /// The finding itself.
  public var text: String
  /// A JSON array of strings.
  public var tagsJSON: String
  /// A name of its own within scope and branch: a newer finding with the same key takes its place.
  public var key: String?
  /// How sure its author is, 0 to 1.
  public var confidence: Double?
  /// When it was found.
  public var at: Timestamp
  /// From when it no longer counts.
  public var expiresAt: Timestamp?
  /// Which attempt of the task it was, such as t42-2; nil for a person's.
  public var agent: String?
  /// Counts the values that its key has had, from 1. The store gives it.
  public var revision: Int64

  /// Every column; what is not known is nil.
  public init(
    id: Int64, scope: String, branch: String, taskID: TaskID? = nil, kind: String, title: String? = nil,
    text: String, tagsJSON: String = "[]", key: String? = nil, confidence: Double? = nil, at: Timestamp,
    expiresAt: Timestamp? = nil, agent: String? = nil, revision: Int64 = 1
  ) {
    self.agent = agent
    self.revision = revision
    self.id = id
    self.scope = scope
    self.branch = branch
    self.taskID = taskID
    self.kind = kind
    self.title = title
    self.text = text
    self.tagsJSON = tagsJSON
    self.key = key
    self.confidence = confidence
    self.at = at
    self.expiresAt = expiresAt
  }
}
