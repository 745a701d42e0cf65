import JarvisProtocol

/// Who a request comes from, by the kernel's word: taken once when the connection is accepted.
public struct Caller: Sendable, Hashable {
  /// The peer's process (SO_PEERCRED, unix(7)).
  public var pid: Int32
  /// The peer's user.
  public var uid: UInt32
  /// Clock ticks after boot at which the peer started (`/proc/PID/stat`, field 22), so that a reused pid is noticed.
  public var startTicks: UInt64?
  /// The scope of `max_agents_per_session`.
  public var session: String
  /// Set where the peer is one of Jarvis's own agents: its cgroup (or its process tree) says which task it works for.
  public var agent: AgentIdentity?

  /// A caller.
  public init(pid: Int32, uid: UInt32, startTicks: UInt64?, session: String, agent: AgentIdentity?) {
    self.pid = pid
    self.uid = uid
    self.startTicks = startTicks
    self.session = session
    self.agent = agent
  }
}

/// The task that a calling agent works for, and what it inherits from it.
public struct AgentIdentity: Sendable, Hashable {
  /// The task.
  public var task: TaskID
  /// Its branch.
  public var branch: String
  /// Its session.
  public var session: String
  /// 0 for a task that a person or a session submitted, 1 for a task that such a task submitted, and so on.
  public var depth: Int

  /// An agent.
  public init(task: TaskID, branch: String, session: String, depth: Int) {
    self.task = task
    self.branch = branch
    self.session = session
    self.depth = depth
  }
}

/// Something that answers Jarvis's methods: the dispatcher, or a stand-in in tests.
public protocol MethodCaller: Sendable {
  /// Calls a method on behalf of `caller`.
  /// - Throws: `RPC.Failure`; a cancelled Swift task ends waits early with `unavailable`.
  func call<M: Method>(_ method: M.Type, _ parameters: M.Parameters, from caller: Caller) async throws(RPC.Failure)
    -> M.Result
}
