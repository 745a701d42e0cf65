import JarvisProtocol

// Telling the client what changes: coalesced, and at most once an interval for each thing.
extension MCPSession {
  func subscriptionStep(
    _ method: MCPMethod, _ request: MCPRequest, _ context: MCPContext, _ id: RPC.ID
  ) throws(RPC.Failure) -> Step {
    if method == .listen { return try listen(request, context, id) }
    let uri = try ResourceURI(request, context.revision)
    if method == .unsubscribe {
      subscriptions.all[nil]?.uris.remove(uri.text)
      stopFollowing(uri.text)
      return .answer(JSONObject())
    }
    let catalog = ResourceCatalog(context: context)
    return .work { [self] () throws(RPC.Failure) in
      // What is not there, or not for this caller, can't be watched.
      try await catalog.check(uri)
      try await subscribe(uri, nil)
      return JSONObject()
    }
  }

  private func subscribe(_ uri: ResourceURI, _ id: RPC.ID?) throws(RPC.Failure) {
    guard subscriptions.count < MCPSubscriptions.most else { throw Self.tooMany }
    subscriptions.all[id, default: .init()].uris.insert(uri.text)
    startFeed()
    if case .log(let task, let query) = uri.target { follow(uri.text, task, query.stream) }
  }

  private static let tooMany = RPC.Failure(
    .tooMany, "this connection has \(MCPSubscriptions.most) subscriptions; end some first",
    data: ["bound": "subscriptions", "limit": MCPSubscriptions.most.json])

  /// A client of the older way has read a list: from now on it is told when that changes.
  func noteListed(_ list: MCPSubscriptions.List) {
    subscriptions.all[nil, default: .init()].lists.insert(list)
    startFeed()
  }

  // MARK: subscriptions/listen

  private func listen(_ request: MCPRequest, _ context: MCPContext, _ id: RPC.ID) throws(RPC.Failure) -> Step {
    guard case .object(let asked)? = request.params["notifications"] else {
      throw RPC.Failure(.invalidParams, "`params.notifications` must be an object that names what to listen to")
    }
    var subscription = MCPSubscriptions.Subscription()
    if asked["resourcesListChanged"] == true { subscription.lists.insert(.resources) }
    if asked["promptsListChanged"] == true { subscription.lists.insert(.prompts) }
    for (json, i) in zip(asked["resourceSubscriptions"]?.arrayValue ?? [], 0...) {
      guard let text = json.stringValue, let uri = ResourceURI(text) else {
        throw RPC.Failure(.invalidParams, "`params.notifications.resourceSubscriptions[\(i)]` is no resource of Jarvis")
      }
      subscription.uris.insert(uri.text)
    }
    if let ids = asked["taskIds"]?.arrayValue {
      try MCPTaskAnswers.checkDeclared(request)
      subscription.taskIDs = Set(ids.compactMap(\.stringValue))
    }
    guard subscriptions.count + subscription.uris.count + subscription.taskIDs.count <= MCPSubscriptions.most else {
      throw Self.tooMany
    }
    let wanted = subscription
    return .work { [self] () throws(RPC.Failure) -> JSONObject? in
      let known = await MCPTaskAnswers(context: context).known(wanted.taskIDs)
      if wanted.lists.contains(.prompts) { await services.prompts.follow() }
      await open(id, wanted, known)
      await untilCancelled()
      await end(id)
      return nil
    }
  }

  private func open(_ id: RPC.ID, _ wanted: MCPSubscriptions.Subscription, _ tasks: Set<String>) {
    guard !isClosed, inFlight[id]?.isCancelled != true else { return }
    var wanted = wanted
    wanted.taskIDs = tasks
    var agreed = JSONObject()
    if wanted.lists.contains(.resources) { agreed["resourcesListChanged"] = true }
    if wanted.lists.contains(.prompts) { agreed["promptsListChanged"] = true }
    if !wanted.uris.isEmpty { agreed["resourceSubscriptions"] = .array(wanted.uris.sorted().map { .string($0) }) }
    if !tasks.isEmpty { agreed["taskIds"] = .array(tasks.sorted().map { .string($0) }) }
    tell("notifications/subscriptions/acknowledged", ["notifications": .object(agreed)], id)
    subscriptions.all[id] = wanted
    startFeed()
    for text in wanted.uris {
      if let uri = ResourceURI(text), case .log(let task, let query) = uri.target { follow(text, task, query.stream) }
    }
    for task in tasks { followTask(task) }
  }

  private func end(_ id: RPC.ID) {
    let ended = subscriptions.all.removeValue(forKey: id)
    for uri in ended?.uris ?? [] { stopFollowing(uri) }
  }

  /// Sleeps until the request is cancelled, or the connection ends.
  private nonisolated func untilCancelled() async {
    let (stream, continuation) = AsyncStream<Void>.makeStream()
    await withTaskCancellationHandler {
      for await _ in stream {}
    } onCancel: {
      continuation.finish()
    }
  }

  // MARK: What happened

  /// Begins to listen to what happens; only a client that wants to know something costs this.
  func startFeed() {
    guard feed == nil, !isClosed else { return }
    // A reader that falls behind by more than this misses events, never memory; the next one makes it look again.
    let (stream, continuation) = AsyncStream<JSON>.makeStream(bufferingPolicy: .bufferingNewest(4096))
    let number = services.changes.listen { continuation.yield($0) }
    let task = Task { [weak self] in
      for await event in stream { await self?.happened(event) }
    }
    feed = (number, task)
  }

  func stopTelling() {
    if let feed {
      services.changes.leave(feed.number)
      feed.task.cancel()
    }
    for follower in followers.values { follower.cancel() }
    followers = [:]
  }

  private func happened(_ event: JSON) {
    guard !isClosed else { return }
    if let logLevel, let params = log.message(for: event, level: logLevel, to: caller) {
      send(RPC.notification(method: "notifications/message", params: params))
    }
    for uri in ResourceURI.touched(by: event) where subscriptions.has(uri) { changed(uri) }
    let kind = event["kind"]?.stringValue
    if kind == "task", event["previous_state"] == nil { changed("list:resources") }
    if kind == "daemon" { changed("list:prompts") }
  }

  /// Tells a change, at once or a little later.
  func changed(_ key: String) {
    guard let wait = subscriptions.due(key, interval: services.updateInterval) else { return }
    if wait == .zero { return tellChange(key) }
    Task { [weak self] in
      try? await Task.sleep(for: wait, clock: .continuous)
      await self?.tellLater(key)
    }
  }

  private func tellLater(_ key: String) {
    subscriptions.told(key)
    tellChange(key)
  }

  private func tellChange(_ key: String) {
    guard !isClosed else { return }
    for (id, subscription) in subscriptions.all {
      switch key {
      case "list:resources" where subscription.lists.contains(.resources):
        tell("notifications/resources/list_changed", JSONObject(), id)
      case "list:prompts" where subscription.lists.contains(.prompts):
        tell("notifications/prompts/list_changed", JSONObject(), id)
      default:
        guard subscription.uris.contains(key) else { continue }
        tell("notifications/resources/updated", ["uri": .string(key)], id)
      }
    }
  }

  /// Sends a notification, marked with the subscription where it has an id.
  func tell(_ method: String, _ params: JSONObject, _ id: RPC.ID?) {
    var params = params
    if let id { params["_meta"] = ["io.modelcontextprotocol/subscriptionId": id] }
    send(RPC.notification(method: method, params: .object(params)))
  }

  // MARK: Outputs and tasks of MCP, which make no events

  private func follow(_ uri: String, _ task: TaskID, _ stream: OutputStream) {
    guard followers[uri] == nil else { return }
    followers[uri] = Task { [weak self, services, caller] in
      var query = TaskLogs.Parameters(id: task, stream: stream, offset: -1)
      query.maxBytes = 1
      while !Task.isCancelled {
        guard let found = try? await services.methods.call(TaskLogs.self, query, from: caller) else { return }
        if query.waitSeconds > 0, found.nextOffset > query.offset || found.end { await self?.changed(uri) }
        if found.end { return }
        query.offset = found.size
        query.waitSeconds = 3600
        try? await Task.sleep(for: services.updateInterval, clock: .continuous)
      }
    }
  }

  private func stopFollowing(_ uri: String) {
    guard !subscriptions.has(uri) else { return }
    followers.removeValue(forKey: uri)?.cancel()
  }

  private func followTask(_ id: String) {
    guard followers["task:\(id)"] == nil else { return }
    let context = MCPContext(services: services, caller: caller, revision: .v2026July)
    followers["task:\(id)"] = Task { [weak self] in
      guard let state = try? await MCPTaskAnswers(context: context).ended(id) else { return }
      await self?.tellTask(id, state)
    }
  }

  private func tellTask(_ id: String, _ state: JSONObject) {
    guard !isClosed else { return }
    for (listener, subscription) in subscriptions.all where subscription.taskIDs.contains(id) {
      tell("notifications/tasks", state, listener)
    }
  }
}
