/// `events.subscribe`
public enum EventsSubscribe: Method {
  /// As on the wire.
  public static let name = "events.subscribe"
  /// What it does.
  public static let summary = "Sends an `event` notification for each change from now on, on this connection."
  /// Parameters that a test reads.
  public static let example: JSON = ["kinds": ["task"]]

  /// Which events.
  public struct Parameters: WireObject, Hashable {
    /// Only these kinds.
    public var kinds: [EventKind]?
    /// Task events of this batch only.
    public var batchID: BatchID?
    /// Task and finding events of this branch only.
    public var branchID: String?

    /// All events.
    public init(kinds: [EventKind]? = nil, batchID: BatchID? = nil, branchID: String? = nil) {
      self.kinds = kinds
      self.batchID = batchID
      self.branchID = branchID
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      kinds = try fields.optional("kinds", "only these kinds")
      batchID = try fields.optional("batch_id", "task events of this batch only")
      branchID = try fields.optional("branch_id", "task and finding events of this branch only")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("kinds", kinds)
      fields.set("batch_id", batchID)
      fields.set("branch_id", branchID)
    }
  }

  /// Done.
  public struct Result: WireObject, Hashable {
    /// Whether events come now.
    public var subscribed: Bool
    /// The number of the newest event before.
    public var sequence: Int

    /// A subscription.
    public init(subscribed: Bool, sequence: Int) {
      self.subscribed = subscribed
      self.sequence = sequence
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      subscribed = try fields.required("subscribed", "whether events come now")
      sequence = try fields.required("sequence", "the number of the newest event before")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("subscribed", subscribed)
      fields.set("sequence", sequence)
    }
  }
}

/// `events.unsubscribe`
public enum EventsUnsubscribe: Method {
  /// As on the wire.
  public static let name = "events.unsubscribe"
  /// What it does.
  public static let summary = "Ends this connection's subscription."
  /// Parameters that a test reads.
  public static let example: JSON = [:]
  /// What it takes.
  public typealias Parameters = Empty
  /// What it answers.
  public typealias Result = EventsSubscribe.Result
}

/// What an event is about.
public enum EventKind: String, WireEnum {
  /// A task changed its state.
  case task
  /// The zone or the level changed.
  case machine
  /// The daemon or the warden came, went, drains or was reloaded.
  case daemon
  /// The overseer acted.
  case overseer
  /// An agent went on: a turn, an action, a refusal by its API. At most one a second for each task.
  case progress
  /// A branch of the hive-mind has a new finding, or its findings were merged.
  case finding
}

/// The parameters of an `event` notification.
public struct Event: WireObject, Hashable {
  /// Counts up by one; a gap means that events were dropped for a slow reader.
  public var sequence: Int
  /// When.
  public var at: Timestamp
  /// What it is about.
  public var kind: EventKind
  /// What happened, in a sentence.
  public var message: String
  /// The task as it is now.
  public var task: TaskView?
  /// The state it left.
  public var previousState: TaskState?
  /// The machine's zone now.
  public var zone: Zone?
  /// The service's level now.
  public var level: Level?
  /// The figures behind it, by name.
  public var numbers: [String: Double]?
  /// The branch whose findings changed.
  public var branchID: String?
  /// The new finding; a long text is cut.
  public var finding: FindingView?

  /// An event.
  public init(sequence: Int, at: Timestamp, kind: EventKind, message: String) {
    self.sequence = sequence
    self.at = at
    self.kind = kind
    self.message = message
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    sequence = try fields.required(
      "sequence", "counts up by one; a gap means that events were dropped for a slow reader")
    at = try fields.required("at", "when")
    kind = try fields.required("kind", "what it is about")
    message = try fields.required("message", "what happened, in a sentence")
    task = try fields.optional("task", "the task as it is now")
    previousState = try fields.optional("previous_state", "the state it left")
    zone = try fields.optional("zone", "the machine's zone now")
    level = try fields.optional("level", "the service's level now")
    numbers = try fields.optional("numbers", "the figures behind it, by name")
    branchID = try fields.optional("branch_id", "the branch whose findings changed")
    finding = try fields.optional("finding", "the new finding; a long text is cut")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("sequence", sequence)
    fields.set("at", at)
    fields.set("kind", kind)
    fields.set("message", message)
    fields.set("task", task)
    fields.set("previous_state", previousState)
    fields.set("zone", zone)
    fields.set("level", level)
    fields.set("numbers", numbers)
    fields.set("branch_id", branchID)
    fields.set("finding", finding)
  }
}
