import JarvisProtocol
import JarvisStore

/// A task of MCP, as it is kept: what it waits for, so that its state and its result are told from Jarvis's tasks
/// whenever they are asked for, also after a restart.
public struct MCPTaskEntry: WireObject, Hashable {
  /// Random, so that nobody guesses it.
  public var id: String
  var tool: String
  var selection: TaskSelection
  var note: JSON
  /// The branch of the agent that asked; nil where a person did.
  var branch: String?
  var createdAt: Timestamp
  var deadline: Timestamp?
  var ttlMilliseconds: Int
  var cancelledAt: Timestamp?

  init(tool: String, work: LongWork, branch: String?, at now: Timestamp, ttlMilliseconds: Int) {
    let random = [UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max)]
    id = random.map { String($0, radix: 36) }.joined()
    self.tool = tool
    selection = work.selection
    note = work.note
    self.branch = branch
    createdAt = now
    deadline = work.seconds.map { now + $0 }
    self.ttlMilliseconds = ttlMilliseconds
  }

  /// Reads the fields, or collects their schema.
  public init(reading fields: inout ObjectReader) throws(WireError) {
    id = try fields.required("id", "the id")
    tool = try fields.required("tool", "the tool that was called")
    selection = try fields.required("selection", "the tasks that it waits for")
    note = try fields.required("note", "what the tool needs for its answer")
    branch = try fields.optional("branch", "the asking agent's branch")
    createdAt = try fields.required("created_at", "when it was made")
    deadline = try fields.optional("deadline", "when it answers at the latest")
    ttlMilliseconds = try fields.required("ttl_ms", "how long it is kept")
    cancelledAt = try fields.optional("cancelled_at", "when it was cancelled")
  }

  /// Writes the fields that are known.
  public func write(_ fields: inout ObjectWriter) {
    fields.set("id", id)
    fields.set("tool", tool)
    fields.set("selection", selection)
    fields.set("note", note)
    fields.set("branch", branch)
    fields.set("created_at", createdAt)
    fields.set("deadline", deadline)
    fields.set("ttl_ms", ttlMilliseconds)
    fields.set("cancelled_at", cancelledAt)
  }

  var expiresAt: Timestamp { createdAt + Double(ttlMilliseconds) / 1000 }

  /// Whether a caller may see it: an agent sees those of its branch.
  func isVisible(to caller: Caller) -> Bool { caller.agent.map { $0.branch == branch } ?? true }
}

/// Where the ledger keeps its entries.
public protocol MCPTaskStorage: Sendable {
  /// All entries, as JSON.
  func load() async throws(RPC.Failure) -> [String]
  /// Keeps an entry, or takes it away; returns when that is durable.
  func save(_ id: String, _ entry: String?) async throws(RPC.Failure)
}

/// The tasks of MCP that are remembered: few and small, so all of them are in memory, and each is durable before its
/// handle is given out.
public actor MCPTaskLedger {
  /// More at once are refused.
  static let most = 10_000

  private let storage: any MCPTaskStorage
  private let now: @Sendable () -> Timestamp
  private var entries: [String: MCPTaskEntry] = [:]
  private var isLoaded = false

  /// A ledger; reads its storage when it is first asked.
  public init(storage: any MCPTaskStorage, now: @escaping @Sendable () -> Timestamp) {
    self.storage = storage
    self.now = now
  }

  /// Takes an entry in. One that waits for the same call's tasks and is there already (the call came again) stays.
  func add(_ entry: MCPTaskEntry) async throws(RPC.Failure) -> MCPTaskEntry {
    try await load()
    if entry.selection.batchID != nil, entry.tool == SpawnTool.name,
      let known = entries.values.first(where: { $0.tool == entry.tool && $0.selection == entry.selection })
    {
      return known
    }
    guard entries.count < Self.most else {
      throw RPC.Failure(
        .tooMany, "there are \(entries.count) tasks of MCP; wait until some expire",
        data: ["bound": "mcp_tasks", "limit": Self.most.json])
    }
    try await storage.save(entry.id, entry.json.text)
    entries[entry.id] = entry
    return entry
  }

  /// Marks an entry as cancelled.
  func cancel(_ id: String) async throws(RPC.Failure) -> MCPTaskEntry? {
    try await load()
    guard var entry = entries[id] else { return nil }
    guard entry.cancelledAt == nil else { return entry }
    entry.cancelledAt = now()
    try await storage.save(id, entry.json.text)
    entries[id] = entry
    return entry
  }

  /// An entry that has not expired and that the caller may see.
  func entry(_ id: String, for caller: Caller) async throws(RPC.Failure) -> MCPTaskEntry? {
    try await load()
    return entries[id].flatMap { $0.isVisible(to: caller) ? $0 : nil }
  }

  /// Those that the caller may see, newest first.
  func all(for caller: Caller) async throws(RPC.Failure) -> [MCPTaskEntry] {
    try await load()
    return entries.values.filter { $0.isVisible(to: caller) }
      .sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }
  }

  private func load() async throws(RPC.Failure) {
    if !isLoaded {
      let stored = try await storage.load()
      // Another caller may have been faster.
      if !isLoaded {
        for text in stored { if let entry = MCPTaskEntry(stored: text) { entries[entry.id] = entry } }
        isLoaded = true
      }
    }
    let time = now()
    for (id, entry) in entries where entry.expiresAt < time {
      entries.removeValue(forKey: id)
      // One that stays behind is dropped by the next daemon.
      try? await storage.save(id, nil)
    }
  }
}

/// The ledger's entries among the daemon's own values in the store.
struct StoredMCPTasks: MCPTaskStorage {
  private static let prefix = "mcp_task/"
  let coordinator: Coordinator

  func load() async throws(RPC.Failure) -> [String] {
    let all = try await coordinator.stored { (store) throws(StoreError) in try await store.metas(prefix: Self.prefix) }
    return Array(all.values)
  }

  func save(_ id: String, _ entry: String?) async throws(RPC.Failure) {
    try await coordinator.stored { (store) throws(StoreError) in
      try await store.commit([.meta(key: Self.prefix + id, value: entry)])
    }
  }
}
