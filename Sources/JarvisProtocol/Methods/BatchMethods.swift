/// A batch as Jarvis shows it.
public struct BatchView: WireObject, Hashable {
  public var id: BatchID
  public var name: String?
  public var branchID: String
  public var sessionID: String
  public var strategy: Strategy
  public var submittedAt: Timestamp
  public var counts: [String: Int]
  public var total: Int
  public var done: Bool

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
  }

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
  }
}

/// `batch.list`
public enum BatchList: Method {
  public static let name = "batch.list"
  public static let summary = "Lists batches, newest first, a page at a time."
  public static let example: JSON = ["limit": 20]

  /// Which page.
  public struct Parameters: WireObject, Hashable {
    public var limit: Int
    public var cursor: String?

    /// The first page.
    public init(limit: Int = 50) { self.limit = limit }

    public init(reading fields: inout ObjectReader) throws(WireError) {
      limit = try fields.defaulted("limit", "how many at most", 50, schema: .integer(minimum: 1, maximum: 1000))
      cursor = try fields.optional("cursor", "`next_cursor` of the page before")
      try fields.check("limit", (1...1000).contains(limit), "must be 1 to 1,000, found \(limit)")
      if let cursor { try fields.check("cursor", BatchID(cursor) != nil, "is no cursor of this method") }
    }

    public func write(_ fields: inout ObjectWriter) {
      fields.set("limit", limit)
      fields.set("cursor", cursor)
    }
  }

  /// A page of batches.
  public struct Result: WireObject, Hashable {
    public var batches: [BatchView]
    public var nextCursor: String?

    /// A page.
    public init(batches: [BatchView], nextCursor: String?) {
      self.batches = batches
      self.nextCursor = nextCursor
    }

    public init(reading fields: inout ObjectReader) throws(WireError) {
      batches = try fields.required("batches", "the batches, newest first")
      nextCursor = try fields.optional("next_cursor", "for the next page; absent on the last")
    }

    public func write(_ fields: inout ObjectWriter) {
      fields.set("batches", batches)
      fields.set("next_cursor", nextCursor)
    }
  }
}

/// `batch.get`
public enum BatchGet: Method {
  public static let name = "batch.get"
  public static let summary = "Shows one batch."
  public static let example: JSON = ["batch_id": "b1"]

  /// Which batch.
  public struct Parameters: WireObject, Hashable {
    public var batchID: BatchID

    /// A batch.
    public init(batchID: BatchID) { self.batchID = batchID }

    public init(reading fields: inout ObjectReader) throws(WireError) {
      batchID = try fields.required("batch_id", "the batch's id")
    }
    public func write(_ fields: inout ObjectWriter) { fields.set("batch_id", batchID) }
  }

  public typealias Result = BatchView
}
