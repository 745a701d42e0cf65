/// What kind of thing an agent left in the hive-mind.
public enum FindingKind: String, WireEnum {
  case finding, decision, artifact, warning
}

/// An entry of the hive-mind.
public struct FindingView: WireObject, Hashable {
  /// The finding's id, such as f12.
  public var id: String
  /// The branch that shares it.
  public var branchID: String
  /// The task that left it, by the kernel's word; absent where a person did.
  public var taskID: TaskID?
  /// What it is.
  public var kind: FindingKind
  /// A headline.
  public var title: String?
  /// What was found.
  public var text: String
  /// Labels.
  public var tags: [String]
  /// How sure the finder is, 0 to 1.
  public var confidence: Double?
  /// When.
  public var at: Timestamp
  /// The part of the text that matched a search.
  public var snippet: String?

  /// A finding.
  public init(id: String, branchID: String, kind: FindingKind, text: String, at: Timestamp) {
    self.id = id
    self.branchID = branchID
    self.kind = kind
    self.text = text
    self.at = at
    tags = []
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    id = try fields.required("id", "the finding's id, such as f12")
    branchID = try fields.required("branch_id", "the branch that shares it")
    taskID = try fields.optional("task_id", "the task that left it, by the kernel's word; absent where a person did")
    kind = try fields.required("kind", "what it is")
    title = try fields.optional("title", "a headline")
    text = try fields.required("text", "what was found")
    tags = try fields.defaulted("tags", "labels", [])
    confidence = try fields.optional("confidence", "how sure the finder is, 0 to 1")
    at = try fields.required("at", "when")
    snippet = try fields.optional("snippet", "the part of the text that matched a search")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("id", id)
    fields.set("branch_id", branchID)
    fields.set("task_id", taskID)
    fields.set("kind", kind)
    fields.set("title", title)
    fields.set("text", text)
    if !tags.isEmpty { fields.set("tags", tags) }
    fields.set("confidence", confidence)
    fields.set("at", at)
    fields.set("snippet", snippet)
  }
}

/// `hive.put`
public enum HivePut: Method {
  /// As on the wire.
  public static let name = "hive.put"
  /// What it does.
  public static let summary = "Stores a finding on a branch; an agent's branch and task come from its cgroup."
  /// Parameters that a test reads.
  public static let example: JSON = ["text": "src/auth.swift:12 handles the login", "tags": ["auth"]]

  /// The finding.
  public struct Parameters: WireObject, Hashable {
    /// What was found.
    public var text: String
    /// A headline.
    public var title: String?
    /// What it is.
    public var kind: FindingKind
    /// Labels, at most 32.
    public var tags: [String]
    /// How sure the finder is.
    public var confidence: Double?
    /// The branch; default: the caller's.
    public var branchID: String?

    /// A finding.
    public init(text: String) {
      self.text = text
      kind = .finding
      tags = []
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      text = try fields.required("text", "what was found", schema: .string(format: nil, maxLength: 262_144))
      title = try fields.optional("title", "a headline", schema: .string(format: nil, maxLength: 512))
      kind = try fields.defaulted("kind", "what it is", .finding)
      tags = try fields.defaulted(
        "tags", "labels, at most 32", [], schema: .list(of: String.schema, minItems: nil, maxItems: 32))
      confidence = try fields.optional("confidence", "how sure the finder is", schema: .number(minimum: 0, maximum: 1))
      branchID = try fields.optional("branch_id", "the branch; default: the caller's")
      if fields.isDescribing { return }
      try fields.check("text", !text.isEmpty && text.utf8.count <= 262_144, "must be 1 byte to 256 KiB")
      try fields.check("title", (title?.utf8.count ?? 0) <= 512, "must be at most 512 bytes")
      try fields.check(
        "tags", tags.count <= 32 && tags.allSatisfy { $0.utf8.count <= 64 }, "must be at most 32 tags of 64 bytes")
      if let confidence {
        try fields.check("confidence", (0...1).contains(confidence), "must be 0 to 1, found \(confidence)")
      }
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("text", text)
      fields.set("title", title)
      fields.set("kind", kind)
      if !tags.isEmpty { fields.set("tags", tags) }
      fields.set("confidence", confidence)
      fields.set("branch_id", branchID)
    }
  }

  /// What it answers.
  public typealias Result = FindingView
}

/// `hive.search`
public enum HiveSearch: Method {
  /// As on the wire.
  public static let name = "hive.search"
  /// What it does.
  public static let summary =
    "Finds findings of a branch by words (best first), or lists the newest where no query is given."
  /// Parameters that a test reads.
  public static let example: JSON = ["query": "login", "limit": 10]

  /// What to look for.
  public struct Parameters: WireObject, Hashable {
    /// Words; all of them must occur.
    public var query: String?
    /// The branch; default: the caller's.
    public var branchID: String?
    /// How many at most.
    public var limit: Int
    /// How many to skip.
    public var offset: Int

    /// A search.
    public init(query: String?) {
      self.query = query
      limit = 20
      offset = 0
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      query = try fields.optional("query", "words; all of them must occur")
      branchID = try fields.optional("branch_id", "the branch; default: the caller's")
      limit = try fields.defaulted("limit", "how many at most", 20, schema: .integer(minimum: 1, maximum: 200))
      offset = try fields.defaulted("offset", "how many to skip", 0, schema: .integer(minimum: 0, maximum: nil))
      try fields.check("limit", (1...200).contains(limit), "must be 1 to 200, found \(limit)")
      try fields.check("offset", (0...1_000_000).contains(offset), "must be 0 to 1,000,000, found \(offset)")
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("query", query)
      fields.set("branch_id", branchID)
      fields.set("limit", limit)
      fields.set("offset", offset)
    }
  }

  /// What was found.
  public struct Result: WireObject, Hashable {
    /// Best first, or newest first without a query.
    public var findings: [FindingView]

    /// Findings.
    public init(findings: [FindingView]) { self.findings = findings }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      findings = try fields.required("findings", "best first, or newest first without a query")
    }
    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) { fields.set("findings", findings) }
  }
}

/// `hive.get`
public enum HiveGet: Method {
  /// As on the wire.
  public static let name = "hive.get"
  /// What it does.
  public static let summary = "Shows one finding, whole."
  /// Parameters that a test reads.
  public static let example: JSON = ["id": "f1"]

  /// Which one.
  public struct Parameters: WireObject, Hashable {
    /// The finding's id, such as f12.
    public var id: String

    /// A finding.
    public init(id: String) { self.id = id }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      id = try fields.required("id", "the finding's id, such as f12")
    }
    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) { fields.set("id", id) }
  }

  /// What it answers.
  public typealias Result = FindingView
}
