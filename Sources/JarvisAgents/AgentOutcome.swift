/// How an agent's process ended.
public enum AgentExit: Sendable, Hashable {
  /// By itself, with a status.
  case status(Int32)
  /// By a signal.
  case signal(String)
  /// It was ended, because it went on for too long after its terminal event.
  case lingered
}

/// What a run came to: its stream and its exit together, neither alone.
public enum AgentOutcome: Sendable, Hashable {
  /// The terminal event, no error, and a clean exit.
  case succeeded(String)
  /// Anything else.
  case failed(String)
  /// The account's usage limit was in the way: the same conversation goes on later.
  case limited(UsageLimit, String)
  /// The API was too busy for longer than its program was patient.
  case overloaded(APIRetry, String)

  /// Judges a run of a format that has a terminal event.
  public init(_ report: AgentReport, _ exit: AgentExit) {
    let ending =
      switch exit {
      case .status(let code): "exited with status \(code)" + (Self.meanings[code].map { " (\($0))" } ?? "")
      case .signal(let name): "ended by \(name)"
      case .lingered: "was ended, because it went on after it was done"
      }
    if report.isOver, !report.isError {
      switch exit {
      case .status(0): self = .succeeded("its agent is done, and exited with status 0")
      case .lingered: self = .succeeded("its agent is done; its process \(ending)")
      default: self = .failed("its agent said that it was done, but \(ending)")
      }
      return
    }
    let why =
      report.isOver
      ? "its agent failed: \(report.error ?? "it gave no reason")"
      : "it \(ending) without its terminal event" + (report.error.map { "; it said: \($0)" } ?? "")
    if let limit = report.limit {
      self = .limited(limit, why)
      return
    }
    let trouble = report.error.flatMap(APITrouble.init)
    if case .usageLimit(let limit)? = trouble {
      self = .limited(limit, why)
      return
    }
    var told: APIRetry?
    if case .overloaded(let retry)? = trouble { told = retry }
    if let status = report.apiStatus {
      // The program names the status: what its text has in it of numbers says less.
      told = Self.busy.contains(status) ? told ?? APIRetry(status: status) : nil
    }
    self = told.map { .overloaded($0, why) } ?? .failed(why)
  }

  /// HTTP statuses that go over by themselves.
  private static let busy: Set<Int> = [429, 503, 529]

  /// What statuses of known programs mean (Gemini CLI).
  private static let meanings: [Int32: String] = [42: "bad input", 53: "its bound on turns"]
}
