/// What kind of thing an agent left in the hive-mind.
public enum FindingKind: String, WireEnum {
  case finding, decision, artifact, warning
}

/// What names of branches and keys must fulfil.
enum HiveNames {
  static func check(_ name: String?, at field: String, _ fields: ObjectReader) throws(WireError) {
    guard let name else { return }
    try fields.check(field, !name.isEmpty && name.utf8.count <= 256, "must be 1 to 256 bytes")
    try fields.check(
      field, !name.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F },
      "must not contain control characters")
  }
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
  /// Whether `text` is only its beginning; `hive.get` gives all of it.
  public var truncated: Bool?
  /// The name under which it is kept; a newer finding with it takes its place.
  public var key: String?
  /// How many values the key has had; what a compare-and-set names.
  public var revision: Int?
  /// Which attempt of the task left it, such as t42-2.
  public var agent: String?
  /// From when it no longer counts.
  public var expiresAt: Timestamp?

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
    truncated = try fields.optional("truncated", "whether `text` is only its beginning; `hive.get` gives all of it")
    key = try fields.optional("key", "the name under which it is kept; a newer finding with it takes its place")
    revision = try fields.optional("revision", "how many values the key has had; what a compare-and-set names")
    agent = try fields.optional("agent", "which attempt of the task left it, such as t42-2")
    expiresAt = try fields.optional("expires_at", "from when it no longer counts")
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
    fields.set("truncated", truncated)
    fields.set("key", key)
    fields.set("revision", revision)
    fields.set("agent", agent)
    fields.set("expires_at", expiresAt)
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
    /// A name of its own: it takes the place of the branch's finding with the same key.
    public var key: String?
    /// Compare-and-set: refused unless the key is at this revision; 0: unless there is none.
    public var expectedRevision: Int?
    /// How long it counts; default: for good.
    public var ttl: TimeSpan?
    /// A request that comes again with the same key stores nothing again and gets the first one's finding.
    public var requestKey: String?

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
      key = try fields.optional(
        "key", "a name of its own: it takes the place of the branch's finding with the same key",
        schema: .string(format: nil, maxLength: 256))
      expectedRevision = try fields.optional(
        "expected_revision",
        "compare-and-set: refused unless the key is at this revision; 0: unless there is none",
        schema: .integer(minimum: 0, maximum: nil))
      ttl = try fields.optional("ttl", "how long it counts; default: for good")
      requestKey = try fields.optional(
        "request_key",
        "a request that comes again with the same key stores nothing again and gets the first one's finding",
        schema: .string(format: nil, maxLength: 128))
      if fields.isDescribing { return }
      try fields.check("request_key", (requestKey?.utf8.count ?? 0) <= 128, "must be at most 128 bytes")
      try HiveNames.check(branchID, at: "branch_id", fields)
      try HiveNames.check(key, at: "key", fields)
      try fields.check("expected_revision", expectedRevision ?? 0 >= 0, "must be 0 or more")
      try fields.check("expected_revision", expectedRevision == nil || key != nil, "needs a `key` beside it")
      try fields.check("ttl", (ttl?.seconds ?? 1) >= 1, "must be a second or more")
      try fields.check("text", !text.isEmpty && text.utf8.count <= 262_144, "must be 1 byte to 256 KiB")
      try fields.check("text", !text.allSatisfy(\.isWhitespace), "must say something, found white space only")
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
      fields.set("key", key)
      fields.set("expected_revision", expectedRevision)
      fields.set("ttl", ttl)
      fields.set("request_key", requestKey)
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
    "Finds findings of a branch and its parents by words, or lists the newest where no query is given."
  /// Parameters that a test reads.
  public static let example: JSON = ["query": "login", "limit": 10]

  /// What to look for.
  public struct Parameters: WireObject, Hashable {
    /// Words; all of them must occur, or where no finding has all, any.
    public var query: String?
    /// The branch; default: the caller's.
    public var branchID: String?
    /// Only of this kind.
    public var kind: FindingKind?
    /// Only with all of these tags.
    public var tags: [String]
    /// Whether parents of the branch are searched too.
    public var parents: Bool
    /// Whether archived branches are searched too.
    public var archived: Bool
    /// How many at most.
    public var limit: Int
    /// `next_cursor` of the page before.
    public var cursor: String?

    /// A search.
    public init(query: String?) {
      self.query = query
      tags = []
      parents = true
      archived = false
      limit = 20
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      query = try fields.optional("query", "words; all of them must occur, or where no finding has all, any")
      branchID = try fields.optional("branch_id", "the branch; default: the caller's")
      kind = try fields.optional("kind", "only of this kind")
      tags = try fields.defaulted(
        "tags", "only with all of these tags", [], schema: .list(of: String.schema, minItems: nil, maxItems: 8))
      parents = try fields.defaulted("parents", "whether parents of the branch are searched too", true)
      archived = try fields.defaulted("archived", "whether archived branches are searched too", false)
      limit = try fields.defaulted("limit", "how many at most", 20, schema: .integer(minimum: 1, maximum: 200))
      cursor = try fields.optional("cursor", "`next_cursor` of the page before")
      try fields.check("query", (query?.utf8.count ?? 0) <= 65_536, "must be at most 64 KiB")
      try fields.check("tags", tags.count <= 8, "must be at most 8 tags")
      try fields.check("limit", (1...200).contains(limit), "must be 1 to 200, found \(limit)")
      try HiveNames.check(branchID, at: "branch_id", fields)
    }

    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("query", query)
      fields.set("branch_id", branchID)
      fields.set("kind", kind)
      if !tags.isEmpty { fields.set("tags", tags) }
      if !parents { fields.set("parents", parents) }
      if archived { fields.set("archived", archived) }
      fields.set("limit", limit)
      fields.set("cursor", cursor)
    }
  }

  /// What was found.
  public struct Result: WireObject, Hashable {
    /// Nearest branch first, best first within it, or newest first without a query. Long texts are cut.
    public var findings: [FindingView]
    /// For the next page; absent on the last.
    public var nextCursor: String?

    /// Findings.
    public init(findings: [FindingView], nextCursor: String?) {
      self.findings = findings
      self.nextCursor = nextCursor
    }

    /// Reads the fields, or collects their schema.
    public init(reading fields: inout ObjectReader) throws(WireError) {
      findings = try fields.required(
        "findings",
        "nearest branch first, best first within it, or newest first without a query; long texts are cut")
      nextCursor = try fields.optional("next_cursor", "for the next page; absent on the last")
    }
    /// Writes the fields that are known.
    public func write(_ fields: inout ObjectWriter) {
      fields.set("findings", findings)
      fields.set("next_cursor", nextCursor)
    }
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
