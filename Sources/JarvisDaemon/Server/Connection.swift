import JarvisProtocol
import NIOCore
import Synchronization

/// One client. Its methods run on the channel's event loop, except `send`, which any thread may call.
final class Connection: Sendable {
  let number: Int
  private let channel: any Channel
  private let dispatcher: Dispatcher
  private let onLoop: EventLoopExecutor
  private let maximumInFlight: Int
  private let state: Mutex<State>

  private struct State {
    var caller: Caller
    var inFlight = 0
    var isWritable = true
    var isEnded = false
    /// The client will send nothing more; it may still read.
    var isInputOver = false
    var isSubscribed = false
    var wantsResume = false
    var mcp: MCPSession?
    var isAttached = false
    var tasks: [Int: Task<Void, Never>] = [:]
    var nextTask = 0
    /// Lines whose order matters, one after the other (MCP's handshake and notifications).
    var last: Task<Void, Never>?

    var isDone: Bool { isInputOver && inFlight == 0 && !isSubscribed }
  }

  init(
    number: Int, channel: any Channel, caller: Caller, dispatcher: Dispatcher, onLoop: EventLoopExecutor,
    maximumInFlight: Int
  ) {
    self.number = number
    self.channel = channel
    self.dispatcher = dispatcher
    self.onLoop = onLoop
    self.maximumInFlight = maximumInFlight
    state = Mutex(State(caller: caller))
  }

  var isWritable: Bool {
    get { state.withLock { $0.isWritable } }
    set { state.withLock { $0.isWritable = newValue } }
  }

  var caller: Caller { state.withLock { $0.caller } }

  // MARK: Lines in

  /// Takes one line.
  func receive(_ line: [UInt8]) -> LineOutcome {
    guard line.contains(where: { $0 != 0x20 && $0 != 0x09 }) else { return .next }
    let message: RPC.Message
    do throws(JSONError) {
      let json = try JSON(parsing: line)
      do throws(RPC.Failure) {
        message = try RPC.Message(json)
      } catch {
        send(RPC.response(id: json["id"].flatMap { $0.isID ? $0 : nil } ?? .null, .failure(error)))
        return .next
      }
    } catch {
      send(RPC.response(id: .null, .failure(RPC.Failure(.parseError, "this line is not JSON: \(error)"))))
      return .next
    }
    switch message {
    case .request(let id, let method, let params):
      return start(id, method, params, on: Self.isQuick(method, line.count) ? onLoop : nil)
    case .notification(let method, let params):
      notify(method, params)
      return .next
    case .response(let id, let result):
      // An answer to a question that the MCP session asked.
      if let mcp = state.withLock({ $0.mcp }) { Task { await mcp.receive(response: id, result) } }
      return .next
    }
  }

  /// A small submission, of which there may be thousands a second, saves the switches between threads that the common
  /// pool costs. Whatever may take long goes there, so that nobody waits for it.
  private static func isQuick(_ method: String, _ bytes: Int) -> Bool {
    method == TaskSpawn.name && bytes < 16_384
  }

  private func start(
    _ id: RPC.ID, _ method: String, _ params: JSON?, on executor: EventLoopExecutor?
  ) -> LineOutcome {
    let mcp = MCPSession.owns(method) ? mcpSession() : nil
    let isFull = state.withLock { state -> Bool in
      guard !state.isEnded else { return true }
      state.inFlight += 1
      state.nextTask += 1
      let number = state.nextTask
      let before = state.last
      // Requests of MCP are begun in the order of reading, so that a cancellation right behind one finds it; the end of
      // one is waited for by nobody else.
      let begun = mcp.map { mcp in
        Task {
          await before?.value
          return await mcp.begin(id: id, method: method, params: params)
        }
      }
      // Made under the lock, so that its end can't be noted before its beginning.
      let work = Task(executorPreference: executor) { [self] in
        if let begun {
          if let answer = await begun.value.value { send(RPC.response(id: id, answer)) }
        } else {
          // A request waits for the notifications and handshakes before it, and runs beside everything else.
          await before?.value
          send(RPC.response(id: id, await dispatcher.answer(method, params, connection: self)))
        }
        finished(number)
      }
      state.tasks[number] = work
      if let begun { state.last = Task { _ = await begun.value } }
      if method == "daemon.attach" { state.last = work }
      state.wantsResume = state.inFlight >= maximumInFlight || !state.isWritable
      return state.wantsResume
    }
    return isFull ? .pause : .next
  }

  private func notify(_ method: String, _ params: JSON?) {
    guard MCPSession.owns(method) else { return }
    let mcp = mcpSession()
    state.withLock { state in
      let before = state.last
      state.last = Task {
        await before?.value
        await mcp.receive(notification: method, params: params)
      }
    }
  }

  private func finished(_ number: Int) {
    let (resumes, isDone) = state.withLock { state -> (Bool, Bool) in
      state.inFlight -= 1
      state.tasks.removeValue(forKey: number)
      guard state.wantsResume, state.isWritable, state.inFlight <= maximumInFlight / 2 else {
        return (false, state.isDone)
      }
      state.wantsResume = false
      return (true, state.isDone)
    }
    // Not under the lock: closing calls `ended`.
    if isDone { closeWhenWritten() }
    guard resumes else { return }
    channel.eventLoop.execute { [self] in
      guard let handler = try? channel.pipeline.syncOperations.handler(type: LineHandler.self),
        let context = try? channel.pipeline.syncOperations.context(handler: handler)
      else { return }
      handler.resume(context)
    }
  }

  /// The client has sent all that it will: the connection ends when its last answer is written.
  func inputEnded() {
    let isDone = state.withLock { state -> Bool in
      state.isInputOver = true
      return state.isDone
    }
    if isDone { closeWhenWritten() }
  }

  /// Closes behind all that is still to be written: a close by itself would drop what the socket does not take at once.
  private func closeWhenWritten() {
    channel.writeAndFlush(channel.allocator.buffer(capacity: 0)).whenComplete { [channel] _ in
      channel.close(promise: nil)
    }
  }

  /// Keeps the connection for events after the client has sent all that it will.
  func setSubscribed(_ isSubscribed: Bool) { state.withLock { $0.isSubscribed = isSubscribed } }

  private func mcpSession() -> MCPSession {
    state.withLock { state in
      if let mcp = state.mcp { return mcp }
      // A session is an MCP connection, unless the client has named it, or is an agent.
      if !state.isAttached, state.caller.agent == nil {
        state.caller.session = "mcp-\(state.caller.pid)-\(number)"
      }
      let mcp = MCPSession(
        services: dispatcher.makeMCPServices(), caller: state.caller, isAttached: state.isAttached
      ) { [weak self] json in self?.send(json) }
      state.mcp = mcp
      return mcp
    }
  }

  /// Names the connection's session, from `daemon.attach`.
  func attach(session: String) async {
    let (mcp, caller) = state.withLock { state -> (MCPSession?, Caller) in
      if state.caller.agent == nil { state.caller.session = session }
      state.isAttached = true
      return (state.mcp, state.caller)
    }
    await mcp?.updateCaller(caller)
  }

  // MARK: Lines out

  /// Sends one line.
  func send(_ json: JSON) {
    var bytes = json.bytes
    bytes.append(0x0A)
    let buffer = channel.allocator.buffer(bytes: bytes)
    channel.writeAndFlush(buffer, promise: nil)
  }

  /// Sends an event unless the client is slow to read.
  func sendEvent(_ json: JSON) -> Bool {
    guard channel.isWritable else { return false }
    send(json)
    return true
  }

  func refuseLongLine(limit: Int) {
    let failure = RPC.Failure(
      .lineTooLong, "the line is longer than \(limit) bytes (`[server] max_line`); the connection is closed",
      data: ["bound": "max_line", "limit": .int(Int64(limit))])
    refuse(failure)
  }

  /// Sends an error and closes.
  func refuse(_ failure: RPC.Failure) {
    var bytes = RPC.response(id: .null, .failure(failure)).bytes
    bytes.append(0x0A)
    let buffer = channel.allocator.buffer(bytes: bytes)
    channel.writeAndFlush(buffer).whenComplete { [channel] _ in channel.close(promise: nil) }
  }

  /// The client is gone: what it asked for is given up. Tasks that it submitted stay.
  func ended() {
    let (tasks, mcp) = state.withLock { state -> ([Task<Void, Never>], MCPSession?) in
      state.isEnded = true
      let tasks = Array(state.tasks.values)
      state.tasks = [:]
      return (tasks, state.mcp)
    }
    for task in tasks { task.cancel() }
    dispatcher.connectionEnded(number)
    if let mcp { Task { await mcp.close() } }
  }
}

extension JSON {
  fileprivate var isID: Bool {
    switch self {
    case .string, .int, .double: true
    default: false
    }
  }
}
