import JarvisProtocol

/// What agents spent: US dollars, and tokens without those from a cache.
public struct Spending: Sendable, Hashable {
  /// US dollars.
  public var cost: Double
  /// Tokens.
  public var tokens: Int

  /// Nothing, unless told otherwise.
  public init(cost: Double = 0, tokens: Int = 0) {
    self.cost = cost
    self.tokens = tokens
  }

  /// Whether it is nothing.
  public var isNone: Bool { cost == 0 && tokens == 0 }

  /// The sum; tokens never overflow.
  public static func + (a: Spending, b: Spending) -> Spending {
    let (tokens, overflow) = a.tokens.addingReportingOverflow(b.tokens)
    return Spending(cost: a.cost + b.cost, tokens: overflow ? .max : tokens)
  }

  /// What is in `a` beyond `b`, nothing of it below 0.
  public static func - (a: Spending, b: Spending) -> Spending {
    Spending(cost: max(0, a.cost - b.cost), tokens: max(0, a.tokens - b.tokens))
  }
}

/// A bound on spending; nil: none.
public struct Budget: Sendable, Hashable {
  /// US dollars.
  public var cost: Double?
  /// Tokens.
  public var tokens: Int?

  /// No bound, unless told otherwise.
  public init(cost: Double? = nil, tokens: Int? = nil) {
    self.cost = cost
    self.tokens = tokens
  }
}

/// The bounds that hold for everybody.
public struct BudgetPolicy: Sendable, Equatable {
  /// For each task that names none.
  public var task = Budget()
  /// For each batch.
  public var batch = Budget()
  /// For each session, as long as Jarvis remembers it.
  public var session = Budget()
  /// For each branch.
  public var branch = Budget()
  /// For each day (UTC).
  public var day = Budget()

  /// No bounds.
  public init() {}
}

/// A budget that is used up.
public struct BudgetBreach: Sendable, Equatable {
  /// Whose budget.
  public enum Scope: String, Sendable {
    case task, batch, session, branch, day
  }

  /// Whose budget it is.
  public var scope: Scope
  /// Whether it is about tokens, and not about cost.
  public var isTokens: Bool
  /// US dollars, or tokens.
  public var spent: Double
  /// The same.
  public var limit: Double

  /// "the day's budget of $5.00 is used up ($5.12)".
  public var sentence: String {
    func amount(_ value: Double) -> String {
      if isTokens { return "\(Int(min(value, 1e15))) tokens" }
      let cents = Int((min(value, 1e12) * 100).rounded())
      return "$\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
    }
    let whose = scope == .task ? "its own" : scope == .day ? "today's" : "its \(scope.rawValue)'s"
    return "\(whose) budget of \(amount(limit)) is used up (\(amount(spent)) so far)"
  }
}

/// Counts what agents spent, for each bound that there can be. A value without clock or I/O.
public struct BudgetLedger: Sendable, Equatable {
  /// The bounds.
  public var policy = BudgetPolicy()
  /// Spent on the day that is counted.
  public private(set) var today = Spending()
  /// That day, counted from 1970 (UTC).
  public private(set) var day = 0
  private var tasks: [TaskID: Spending] = [:]
  private var batches: [BatchID: Spending] = [:]
  private var sessions: [String: Spending] = [:]
  private var branches: [String: Spending] = [:]

  /// Empty.
  public init() {}

  /// The day of a time.
  public static func day(of time: Timestamp) -> Int { Int(time.milliseconds / 86_400_000) }

  /// When the day that is counted ends.
  public var nextDay: Timestamp { Timestamp(milliseconds: Int64(day + 1) * 86_400_000) }

  /// Begins a new day's count when it is one; returns whether it was.
  public mutating func roll(now: Timestamp) -> Bool {
    let new = Self.day(of: now)
    guard new != day else { return false }
    day = new
    today = Spending()
    return true
  }

  /// Takes spending in.
  public mutating func add(
    _ spending: Spending, task: TaskID, batch: BatchID, session: String, branch: String, isToday: Bool = true
  ) {
    guard !spending.isNone else { return }
    tasks[task] = (tasks[task] ?? Spending()) + spending
    batches[batch] = (batches[batch] ?? Spending()) + spending
    sessions[session] = (sessions[session] ?? Spending()) + spending
    branches[branch] = (branches[branch] ?? Spending()) + spending
    if isToday { today = today + spending }
  }

  /// What a task, that is not over, spent.
  public func spent(by task: TaskID) -> Spending { tasks[task] ?? Spending() }

  /// What a batch, that is not over, spent.
  public func spent(by batch: BatchID) -> Spending { batches[batch] ?? Spending() }

  /// A task is over; what it spent stays in all other counts.
  public mutating func forget(_ task: TaskID) { tasks.removeValue(forKey: task) }

  /// All tasks of a batch are over.
  public mutating func forget(_ batch: BatchID) { batches.removeValue(forKey: batch) }

  /// The first budget, of those that a task shares with others, that is used up: nothing that counts for it may start.
  public func breach(batch: BatchID, session: String, branch: String) -> BudgetBreach? {
    Self.breach(.day, today, policy.day) ?? Self.breach(.batch, batches[batch], policy.batch)
      ?? Self.breach(.session, sessions[session], policy.session)
      ?? Self.breach(.branch, branches[branch], policy.branch)
  }

  /// The same with the task's own: it must stop.
  /// - Parameter own: the task's own bounds; the policy's stand where it has none.
  public func breach(
    task: TaskID, own: Budget, batch: BatchID, session: String, branch: String
  ) -> BudgetBreach? {
    let bounds = Budget(cost: own.cost ?? policy.task.cost, tokens: own.tokens ?? policy.task.tokens)
    return Self.breach(.task, tasks[task], bounds) ?? breach(batch: batch, session: session, branch: branch)
  }

  private static func breach(_ scope: BudgetBreach.Scope, _ spent: Spending?, _ budget: Budget) -> BudgetBreach? {
    let spent = spent ?? Spending()
    if let limit = budget.cost, spent.cost >= limit {
      return BudgetBreach(scope: scope, isTokens: false, spent: spent.cost, limit: limit)
    }
    if let limit = budget.tokens, spent.tokens >= limit {
      return BudgetBreach(scope: scope, isTokens: true, spent: Double(spent.tokens), limit: Double(limit))
    }
    return nil
  }
}
