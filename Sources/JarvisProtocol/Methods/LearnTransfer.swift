/// `learn.export`
public enum LearnExport: Method {
  /// As on the wire.
  public static let name = "learn.export"
  /// What it does.
  public static let summary =
    "Gives all that was learned, a page of types at a time, in the form that `learn.import` takes."
  /// Parameters that a test reads.
  public static let example: JSON = ["limit": 100]

  /// Which page.
  public struct Parameters: WireObject, Hashable {
    /// Only this type.
    public var taskType: String?
    /// How many types at most.
    public var limit: Int
    /// `next_cursor` of the page before.
    public var cursor: String?

    /// A page.
    public init(taskType: String? = nil, limit: Int = 500, cursor: String? = nil) {
      self.taskType = taskType
      self.limit = limit
      self.cursor = cursor
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      taskType = try fields.optional("task_type", "only this type")
      limit = try fields.defaulted("limit", "how many types at most", 500, schema: .integer(minimum: 1, maximum: 1000))
      cursor = try fields.optional("cursor", "`next_cursor` of the page before")
      try fields.check("limit", (1...1000).contains(limit), "must be 1 to 1,000, found \(limit)")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("task_type", taskType)
      fields.set("limit", limit)
      fields.set("cursor", cursor)
    }
  }

  /// A page.
  public struct Result: WireObject, Hashable {
    /// Of the form.
    public var version: Int
    /// By type.
    public var profiles: [JSON]
    /// For the next page; absent on the last.
    public var nextCursor: String?

    /// A page.
    public init(version: Int, profiles: [JSON], nextCursor: String?) {
      self.version = version
      self.profiles = profiles
      self.nextCursor = nextCursor
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      version = try fields.required("version", "of the form of `profiles`")
      profiles = try fields.required("profiles", "one a type, ordered by type")
      nextCursor = try fields.optional("next_cursor", "for the next page; absent on the last")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("version", version)
      fields.set("profiles", profiles)
      fields.set("next_cursor", nextCursor)
    }
  }
}

/// `learn.import`
public enum LearnImport: Method {
  /// As on the wire.
  public static let name = "learn.import"
  /// What it does.
  public static let summary =
    "Takes in what was exported. Where a type is known already, the profile that has seen more tasks stays."
  /// Parameters that a test reads.
  public static let example: JSON = ["version": 1, "profiles": [["type": "codebase_search", "total": 0]]]

  /// What `learn.export` gave.
  public struct Parameters: WireObject, Hashable {
    /// Of the form.
    public var version: Int
    /// One a type.
    public var profiles: [JSON]

    /// An export.
    public init(version: Int, profiles: [JSON]) {
      self.version = version
      self.profiles = profiles
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      version = try fields.required("version", "of the form of `profiles`: 1")
      profiles = try fields.required("profiles", "at most 1,000, as `learn.export` gave them")
      try fields.check("profiles", profiles.count <= 1000, "must be at most 1,000 at a time, found \(profiles.count)")
    }

    /// Writes the fields.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("version", version)
      fields.set("profiles", profiles)
    }
  }

  /// What became of them.
  public struct Result: WireObject, Hashable {
    /// How many were taken.
    public var taken: Int
    /// How many were left out, because more is known of their types here.
    public var leftOut: Int

    /// Two numbers.
    public init(taken: Int, leftOut: Int) {
      self.taken = taken
      self.leftOut = leftOut
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      taken = try fields.required("taken", "how many were taken")
      leftOut = try fields.required("left_out", "how many were not, because more is known of their types here")
    }

    /// Writes the fields.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("taken", taken)
      fields.set("left_out", leftOut)
    }
  }
}

/// `learn.forget`
public enum LearnForget: Method {
  /// As on the wire.
  public static let name = "learn.forget"
  /// What it does.
  public static let summary = "Forgets all that was observed, learned and taught about a type of task."
  /// Parameters that a test reads.
  public static let example: JSON = ["task_type": "codebase_search"]
  /// Which type.
  public typealias Parameters = LearnGet.TypeOnly
  /// Which one it was.
  public typealias Result = LearnGet.TypeOnly
}
