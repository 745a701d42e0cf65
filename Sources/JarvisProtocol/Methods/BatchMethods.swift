/// A batch as Jarvis shows it.
public struct BatchView: WireObject, Hashable {
  /// The batch's id.
  public var id: BatchID
  /// Its name.
  public var name: String?
  /// The context it belongs to.
  public var branchID: String
  /// The session it came from.
  public var sessionID: String
  /// How its tasks are run.
  public var strategy: Strategy
  /// When it was submitted.
  public var submittedAt: Timestamp
  /// How many of its tasks are in each state.
  public var counts: [String: Int]
  /// How many tasks it has.
  public var total: Int
  /// Whether all of them are over.
  public var done: Bool
  /// The most of its tasks at once, where the learner says so.
  public var width: Int?
  /// What the learner says to that.
  public var widthReason: String?
  /// What its tasks came to together (`batch.get` and `batch.report`); of the first 10,000 where there are more, in a
  /// report of the 500 that it tells.
  public var totals: BatchTotals?

  /// A batch.
  public init(
    id: BatchID, name: String?, branchID: String, sessionID: String, strategy: Strategy, submittedAt: Timestamp,
    counts: [String: Int], total: Int, done: Bool
  ) {
    self.id = id
    self.name = name
    self.branchID = branchID
    self.sessionID = sessionID
    self.strategy = strategy
    self.submittedAt = submittedAt
    self.counts = counts
    self.total = total
    self.done = done
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    id = try fields.required("id", "the batch's id")
    name = try fields.optional("name", "its name")
    branchID = try fields.required("branch_id", "the context it belongs to")
    sessionID = try fields.required("session_id", "the session it came from")
    strategy = try fields.required("strategy", "how its tasks are run")
    submittedAt = try fields.required("submitted_at", "when it was submitted")
    counts = try fields.required("counts", "how many of its tasks are in each state")
    total = try fields.required("total", "how many tasks it has")
    done = try fields.required("done", "whether all of them are over")
    width = try fields.optional("width", "the most of its tasks at once, where the learner says so")
    widthReason = try fields.optional("width_reason", "what the learner says to that")
    totals = try fields.optional("totals", "what its tasks came to together (`batch.get` and `batch.report`)")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("id", id)
    fields.set("name", name)
    fields.set("branch_id", branchID)
    fields.set("session_id", sessionID)
    fields.set("strategy", strategy)
    fields.set("submitted_at", submittedAt)
    fields.set("counts", counts)
    fields.set("total", total)
    fields.set("done", done)
    fields.set("width", width)
    fields.set("width_reason", widthReason)
    fields.set("totals", totals)
  }
}

/// `batch.list`
public enum BatchList: Method {
  /// As on the wire.
  public static let name = "batch.list"
  /// What it does.
  public static let summary = "Lists batches, newest first, a page at a time."
  /// Parameters that a test reads.
  public static let example: JSON = ["limit": 20]

  /// Which page.
  public struct Parameters: WireObject, Hashable {
    /// How many at most.
    public var limit: Int
    /// `next_cursor` of the page before.
    public var cursor: String?

    /// The first page.
    public init(limit: Int = 50) { self.limit = limit }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      limit = try fields.defaulted("limit", "how many at most", 50, schema: .integer(minimum: 1, maximum: 1000))
      cursor = try fields.optional("cursor", "`next_cursor` of the page before")
      try fields.check("limit", (1...1000).contains(limit), "must be 1 to 1,000, found \(limit)")
      if let cursor { try fields.check("cursor", BatchID(cursor) != nil, "is no cursor of this method") }
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("limit", limit)
      fields.set("cursor", cursor)
    }
  }

  /// A page of batches.
  public struct Result: WireObject, Hashable {
    /// The batches, newest first.
    public var batches: [BatchView]
    /// For the next page; absent on the last.
    public var nextCursor: String?

    /// A page.
    public init(batches: [BatchView], nextCursor: String?) {
      self.batches = batches
      self.nextCursor = nextCursor
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      batches = try fields.required("batches", "the batches, newest first")
      nextCursor = try fields.optional("next_cursor", "for the next page; absent on the last")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("batches", batches)
      fields.set("next_cursor", nextCursor)
    }
  }
}

/// `batch.get`
public enum BatchGet: Method {
  /// As on the wire.
  public static let name = "batch.get"
  /// What it does.
  public static let summary = "Shows one batch, with what its tasks came to together."
  /// Parameters that a test reads.
  public static let example: JSON = ["batch_id": "b1"]

  /// Which batch.
  public struct Parameters: WireObject, Hashable {
    /// The batch's id.
    public var batchID: BatchID

    /// A batch.
    public init(batchID: BatchID) { self.batchID = batchID }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      batchID = try fields.required("batch_id", "the batch's id")
    }
    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) { fields.set("batch_id", batchID) }
  }

  /// What it answers.
  public typealias Result = BatchView
}
