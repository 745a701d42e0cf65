import JarvisProtocol

/// Batches, tasks, their outputs, findings and statistics as resources.
struct ResourceCatalog: Sendable {
  /// Tasks on one page of the list; each batch among them is one resource more.
  static let tasksPerPage = 50
  static let findingsPerPage = 50

  let context: MCPContext

  /// The templates, with the part in braces as RFC 6570 has it.
  static let templates: [(uri: String, name: String, text: String, type: String)] = [
    (
      "jarvis://batch/{id}", "batch", "A batch: its counts by state and its tasks, each with the reason for it",
      "application/json"
    ),
    ("jarvis://task/{id}", "task", "A task: state, reason, limits, usage", "application/json"),
    (
      "jarvis://task/{id}/log{?stream,offset,bytes}", "task log",
      "What a task wrote: the last 64 KiB, or `bytes` (at most 262144) from byte `offset` on (negative: from the end) of "
        + "`stream` stdout or stderr", "text/plain"
    ),
    (
      "jarvis://branch/{id}/findings{?cursor}", "findings of a branch",
      "What agents on a branch left in the hive-mind, newest first, 50 a page; `cursor` is the `next_cursor` of the page "
        + "before", "application/json"
    ),
  ]

  func templates(after cursor: JSON?) throws(RPC.Failure) -> JSONObject {
    let page = try Paging.page(Self.templates, after: cursor, size: 50)
    let list = page.items.map { template -> JSON in
      var entry: JSONObject = ["uriTemplate": .string(template.uri), "name": .string(template.name)]
      entry["description"] = .string(template.text)
      entry["mimeType"] = .string(template.type)
      return .object(entry)
    }
    var result: JSONObject = ["resourceTemplates": .array(list)]
    result["nextCursor"] = page.next.map { .string($0) }
    return context.finish(result, cache: .lasting)
  }

  /// Statistics and the branches' findings, then tasks newest first, each batch before its tasks.
  func list(after cursor: JSON?) async throws(RPC.Failure) -> JSONObject {
    var query = TaskList.Parameters()
    query.limit = Self.tasksPerPage
    var resources: [JSON] = []
    var batch: BatchID?
    if let cursor, cursor != .null {
      // `t42.b7`: the last task shown and its batch, which is not shown again.
      let parts = cursor.stringValue?.split(separator: ".", omittingEmptySubsequences: false) ?? []
      guard parts.count == 2, TaskID(String(parts[0])) != nil, let last = BatchID(String(parts[1])) else {
        throw Paging.badCursor
      }
      query.cursor = String(parts[0])
      batch = last
    } else {
      resources.append(Self.entry("jarvis://stats", "stats", "The machine, the queue and the running agents"))
      for branch in try await context.branches().prefix(Self.tasksPerPage) {
        let uri = ResourceURI.findings(branch)
        resources.append(Self.entry(uri, "findings of \(branch)", "What its agents left in the hive-mind"))
      }
    }
    let page = try await context(TaskList.self, query)
    for task in page.tasks {
      if task.batchID != batch {
        resources.append(
          Self.entry(ResourceURI.batch(task.batchID), "batch \(task.batchID)", "A batch on branch \(task.branchID)"))
        batch = task.batchID
      }
      let work = Phrase.shortened(task.name ?? task.description ?? task.command?.text ?? task.type, to: 80)
      resources.append(Self.entry(ResourceURI.task(task.id), "\(task.id) \(work)", "A task, \(task.state.rawValue)"))
    }
    var result: JSONObject = ["resources": .array(resources)]
    if let next = page.nextCursor, let batch { result["nextCursor"] = .string("\(next).\(batch)") }
    return context.finish(result, cache: .momentary)
  }

  private static func entry(_ uri: String, _ name: String, _ text: String) -> JSON {
    [
      "uri": .string(uri), "name": .string(name), "description": .string(text),
      "mimeType": "application/json",
    ]
  }

  /// Throws unless it is there and the caller may see it.
  func check(_ uri: ResourceURI) async throws(RPC.Failure) { _ = try await content(uri, isCheck: true) }

  /// Reads a resource, at most a page of it.
  func read(_ uri: ResourceURI) async throws(RPC.Failure) -> JSONObject {
    let found = try await content(uri, isCheck: false)
    var content: JSONObject = ["uri": .string(uri.text), "mimeType": .string(found.type), "text": .string(found.text)]
    if let meta = found.meta { content["_meta"] = meta }
    return context.finish(["contents": [.object(content)]], cache: .momentary)
  }

  private struct Content {
    let text: String
    var type = "application/json"
    var meta: JSON?
  }

  private func content(_ uri: ResourceURI, isCheck: Bool) async throws(RPC.Failure) -> Content {
    do throws(RPC.Failure) {
      switch uri.target {
      case .stats: return Content(text: try await context(StatsGet.self, StatsGet.Parameters()).json.text)
      case .task(let id): return Content(text: try await context(TaskGet.self, TaskReference(id: id)).json.text)
      case .batch(let id): return try await batch(id, isCheck: isCheck)
      case .log(let id, var query):
        if isCheck { query.bytes = 1 }
        return try await log(id, query)
      case .findings(let branch, let cursor): return try await findings(branch, cursor)
      }
    } catch {
      let kinds = [RPC.ErrorCode.notFound.rawValue, RPC.ErrorCode.forbidden.rawValue]
      throw kinds.contains(error.code) ? ResourceURI.missing(uri.text, context.revision, error.message) : error
    }
  }

  private func batch(_ id: BatchID, isCheck: Bool) async throws(RPC.Failure) -> Content {
    let view = try await context(BatchGet.self, .init(batchID: id))
    var query = TaskList.Parameters()
    query.batchID = id
    query.limit = isCheck ? 1 : Shortlist.most
    let tasks = try await context(TaskList.self, query).tasks.sorted { $0.id < $1.id }
    guard case .object(var object) = view.json else { return Content(text: view.json.text) }
    object["tasks"] = tasks.map { TaskBrief($0) }.json
    if view.total > tasks.count { object["omitted"] = (view.total - tasks.count).json }
    return Content(text: JSON.object(object).text)
  }

  private func log(_ id: TaskID, _ query: ResourceURI.LogQuery) async throws(RPC.Failure) -> Content {
    var range = TaskLogs.Parameters(id: id, stream: query.stream, offset: query.offset)
    range.maxBytes = query.bytes
    let page = try await context(TaskLogs.self, range)
    return Content(
      text: page.data, type: "text/plain",
      meta: [
        "jarvis/offset": page.offset.json, "jarvis/nextOffset": page.nextOffset.json, "jarvis/size": page.size.json,
        "jarvis/end": .bool(page.end),
      ])
  }

  private func findings(_ branch: String, _ cursor: String?) async throws(RPC.Failure) -> Content {
    if let agent = context.caller.agent, agent.branch != branch {
      throw RPC.Failure(.forbidden, "the agent of task \(agent.task) reads its own branch only")
    }
    var query = HiveSearch.Parameters(query: nil)
    query.branchID = branch
    query.limit = Self.findingsPerPage
    // A subscription is told of this branch's findings, so the page has no others.
    query.parents = false
    query.cursor = cursor
    return Content(text: try await context(HiveSearch.self, query).json.text)
  }
}
