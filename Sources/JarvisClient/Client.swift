import Glibc
import JarvisProtocol

/// A value as it came over the socket: read, and as text.
public struct Reply: Sendable {
  /// The value.
  public let json: JSON
  /// Exactly the bytes that the daemon sent for it.
  public let bytes: ArraySlice<UInt8>
}

/// One message from the daemon.
public enum Incoming: Sendable {
  case answer(id: Int64, Result<Reply, RPC.Failure>)
  case notification(method: String, params: Reply)
}

/// One connection to the daemon. It blocks, bounded by deadlines; it is not to be shared between threads.
public final class Client {
  /// The longest line that is read: 64 MiB. A page of 10,000 tasks is about 10 MiB.
  public static let maximumLine = 64 << 20

  /// The socket it is connected to.
  public let path: String
  private let stream: UnixStream
  private var lines = LineBuffer(limit: maximumLine)
  private var lastID: Int64 = 0
  /// Messages that came while another was waited for.
  private var kept: [Incoming] = []

  /// Connects.
  /// - Parameter timeout: seconds to go on trying while the daemon has too many connections waiting.
  /// - Throws: `noDaemon` or `badSocketPath`.
  public init(path: String, timeout: Double = 5) throws(ClientError) {
    self.path = path
    stream = try UnixStream(connectingTo: path, patience: timeout)
  }

  /// Calls a method and waits for its answer.
  /// - Parameter timeout: seconds; nil waits without end.
  /// - Throws: `ClientError`.
  public func call<M: Method>(_ method: M.Type, _ params: M.Parameters, timeout: Double? = 60) throws(ClientError)
    -> M.Result
  {
    try Self.read(method, try callRaw(M.name, params.json, timeout: timeout))
  }

  /// The typed result of a method.
  /// - Throws: `protocolFault`.
  public static func read<M: Method>(_ method: M.Type, _ reply: Reply) throws(ClientError) -> M.Result {
    do throws(WireError) {
      return try M.Result.read(reply.json, at: .answer)
    } catch {
      throw .protocolFault("\(M.name): \(error)")
    }
  }

  /// Calls any method and waits for its answer.
  /// - Parameter timeout: seconds; nil waits without end.
  /// - Throws: `ClientError`.
  public func callRaw(_ method: String, _ params: JSON, timeout: Double? = 60) throws(ClientError) -> Reply {
    let deadline = timeout.map { Monotonic.now + $0 }
    let id = try send(method, params, deadline: deadline)
    guard let reply = try answer(to: id, deadline: deadline) else {
      throw .timedOut("no answer to \(method) within \(timeout ?? 0) s")
    }
    return reply
  }

  /// Sends a request without waiting.
  /// - Returns: the id that its answer will carry.
  /// - Throws: `connectionLost`, or `timedOut` where the daemon does not read.
  public func send(_ method: String, _ params: JSON, deadline: Double? = nil) throws(ClientError) -> Int64 {
    lastID += 1
    var line = RPC.request(id: .int(lastID), method: method, params: params).bytes
    line.append(0x0A)
    var rest = line[...]
    while !rest.isEmpty {
      switch stream.write(rest) {
      case .moved(let count): rest = rest.dropFirst(count)
      case .closed: throw .connectionLost(path: path)
      case .wouldBlock:
        // What comes meanwhile is read, or both sides could wait for each other.
        guard try wait(for: Int16(POLLOUT | POLLIN), until: deadline) else {
          throw .timedOut("the daemon does not read what is sent to it")
        }
        _ = stream.read(into: &lines)
      }
    }
    return lastID
  }

  /// The answer to a request that was sent; nil when the deadline passes first.
  /// - Throws: `refused`, `connectionLost` or `protocolFault`.
  public func answer(to id: Int64, deadline: Double? = nil) throws(ClientError) -> Reply? {
    for (i, message) in kept.enumerated() {
      if case .answer(id, let result) = message {
        kept.remove(at: i)
        return try Self.unwrap(result)
      }
    }
    while let message = try nextFromSocket(deadline: deadline) {
      if case .answer(id, let result) = message { return try Self.unwrap(result) }
      kept.append(message)
    }
    return nil
  }

  /// The next message of any kind; nil when the deadline passes first.
  /// - Throws: `connectionLost` or `protocolFault`.
  public func receive(deadline: Double? = nil) throws(ClientError) -> Incoming? {
    if !kept.isEmpty { return kept.removeFirst() }
    return try nextFromSocket(deadline: deadline)
  }

  /// The next notification; answers that come before it are kept. nil when the deadline passes first.
  /// - Throws: `connectionLost` or `protocolFault`.
  public func nextNotification(deadline: Double? = nil) throws(ClientError) -> (method: String, params: Reply)? {
    for (i, message) in kept.enumerated() {
      if case .notification(let method, let params) = message {
        kept.remove(at: i)
        return (method, params)
      }
    }
    while let message = try nextFromSocket(deadline: deadline) {
      if case .notification(let method, let params) = message { return (method, params) }
      kept.append(message)
    }
    return nil
  }

  private static func unwrap(_ result: Result<Reply, RPC.Failure>) throws(ClientError) -> Reply {
    switch result {
    case .success(let reply): return reply
    case .failure(let failure): throw .refused(failure)
    }
  }

  private func nextFromSocket(deadline: Double?) throws(ClientError) -> Incoming? {
    while true {
      switch lines.next() {
      case .whole(let line):
        if let message = try Self.message(line) { return message }
      case .tooLong: throw .protocolFault("a line is over \(Self.maximumLine >> 20) MiB")
      case nil:
        switch stream.read(into: &lines) {
        case .moved: break
        case .closed: throw .connectionLost(path: path)
        case .wouldBlock: if try !wait(for: Int16(POLLIN), until: deadline) { return nil }
        }
      }
    }
  }

  /// Waits for the socket; false when the deadline passes first.
  private func wait(for events: Int16, until deadline: Double?) throws(ClientError) -> Bool {
    while true {
      var entry = pollfd(fd: stream.descriptor, events: events, revents: 0)
      let count = poll(&entry, 1, Monotonic.pollTimeout(until: deadline))
      if count > 0 { return true }
      if count == 0, let deadline, Monotonic.now >= deadline { return false }
      if count < 0, errno != EINTR { throw .connectionLost(path: path) }
    }
  }

  /// Reads one line; nil for a message that is of no use here (a request of the server's, an unknown id).
  private static func message(_ line: [UInt8]) throws(ClientError) -> Incoming? {
    let json: JSON
    do throws(JSONError) { json = try JSON(parsing: line) } catch { throw .protocolFault("\(error)") }
    let message: RPC.Message
    do throws(RPC.Failure) { message = try RPC.Message(json) } catch { throw .protocolFault("\(error)") }
    switch message {
    case .response(.int(let id), .success(let value)):
      return .answer(
        id: id, .success(Reply(json: value, bytes: RawJSON.member("result", of: line) ?? value.bytes[...])))
    case .response(.int(let id), .failure(let failure)): return .answer(id: id, .failure(failure))
    case .response(_, .failure(let failure)): throw .refused(failure)
    case .notification(let method, let params):
      let params = params ?? [:]
      return .notification(
        method: method, params: Reply(json: params, bytes: RawJSON.member("params", of: line) ?? params.bytes[...]))
    case .response, .request: return nil
    }
  }
}
