import JarvisConfig
import JarvisLinux
import JarvisProtocol
import JarvisStore

/// Answers the methods of the socket API: reads the parameters, asks who may, calls, writes the result.
///
/// Decoding lives here and in the types; what a method does lives in the coordinator or beside it.
final class Dispatcher: MethodCaller {
  typealias Handler = @Sendable (any WireObject, Caller, Connection?) async throws(RPC.Failure) -> any WireObject

  struct Entry: Sendable {
    let read: @Sendable (JSON) throws(WireError) -> any WireObject
    let handle: Handler
    /// Whether an agent may call it.
    let isForAgents: Bool
  }

  let coordinator: Coordinator
  let inspector: PeerInspector
  let services: DaemonServices
  /// The tasks of MCP, which outlive connections.
  let ledger: MCPTaskLedger
  /// Tells MCP's clients of new skills.
  let skillWatch: SkillWatch
  private let entries: [String: Entry]

  init(coordinator: Coordinator, inspector: PeerInspector, services: DaemonServices) {
    self.coordinator = coordinator
    self.inspector = inspector
    self.services = services
    ledger = MCPTaskLedger(storage: StoredMCPTasks(coordinator: coordinator), now: coordinator.now)
    skillWatch = SkillWatch(folders: SkillLibrary.folders) {
      await coordinator.note(.daemon, "the files of skills have changed")
    }
    var table = MethodTable()
    table.addTaskMethods(coordinator, inspector)
    table.addWorktreeMethods(coordinator)
    table.addKnowledgeMethods(coordinator, inspector)
    table.addDaemonMethods(coordinator, services)
    entries = table.entries
  }

  /// Answers a request as it came over the wire.
  func answer(_ method: String, _ params: JSON?, connection: Connection) async -> Result<JSON, RPC.Failure> {
    guard let entry = entries[method] else { return .failure(Self.unknown(method)) }
    do throws(RPC.Failure) {
      let parameters: any WireObject
      do throws(WireError) {
        parameters = try entry.read(Self.object(params))
      } catch {
        throw RPC.Failure(error)
      }
      let caller = connection.caller
      try Self.check(entry, method, caller)
      return .success(try await entry.handle(parameters, caller, connection).json)
    } catch {
      return .failure(error)
    }
  }

  func call<M: Method>(_ method: M.Type, _ parameters: M.Parameters, from caller: Caller) async throws(RPC.Failure)
    -> M.Result
  {
    guard let entry = entries[M.name] else { throw Self.unknown(M.name) }
    try Self.check(entry, M.name, caller)
    guard let result = try await entry.handle(parameters, caller, nil) as? M.Result else {
      throw RPC.Failure(.internalError, "`\(M.name)` answered with something else than its result")
    }
    return result
  }

  func connectionEnded(_ number: Int) { coordinator.events.unsubscribe(connection: number) }

  private static func object(_ params: JSON?) -> JSON {
    switch params {
    case nil, .null?: [:]
    case let params?: params
    }
  }

  private static func check(_ entry: Entry, _ method: String, _ caller: Caller) throws(RPC.Failure) {
    guard let agent = caller.agent, !entry.isForAgents else { return }
    throw RPC.Failure(
      .forbidden, "`\(method)` is for people and sessions, and the caller is the agent of task \(agent.task)")
  }

  private static func unknown(_ method: String) -> RPC.Failure {
    let near = Methods.near(method)
    let hint = near.isEmpty ? "" : "; near to it: " + near.map { "`\($0)`" }.joined(separator: ", ")
    return RPC.Failure(.methodNotFound, "there is no method `\(method.prefix(100))`\(hint)")
  }
}

/// Collects the handlers, each with the types of its method.
struct MethodTable {
  private(set) var entries: [String: Dispatcher.Entry] = [:]

  mutating func add<M: Method>(
    _ method: M.Type, forAgents: Bool = true,
    _ body: @escaping @Sendable (M.Parameters, Caller, Connection?) async throws(RPC.Failure) -> M.Result
  ) {
    entries[M.name] = Dispatcher.Entry(
      read: { (json) throws(WireError) in try M.Parameters.read(json, at: .root("params")) },
      handle: { (parameters, caller, connection) throws(RPC.Failure) in
        guard let parameters = parameters as? M.Parameters else {
          throw RPC.Failure(.internalError, "`\(M.name)` was called with the parameters of another method")
        }
        return try await body(parameters, caller, connection)
      },
      isForAgents: forAgents)
  }
}
