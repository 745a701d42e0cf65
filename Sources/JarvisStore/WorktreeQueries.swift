import GRDB
import JarvisProtocol

/// The git worktree of a task, or what is known of one that is gone.
public struct WorktreeRow: Sendable, Hashable {
  /// The task that it was made for, which may be pruned before it is gone.
  public var task: TaskID
  /// Its batch.
  public var batch: BatchID
  /// The agent that submitted the task, where one did.
  public var parent: TaskID?
  /// What the task is called.
  public var title: String
  /// The branch of findings that the task belongs to.
  public var context: String
  /// Where it is in its life.
  public var state: WorktreeState
  /// Its folder; absolute.
  public var path: String
  /// Its git branch.
  public var branch: String
  /// The commit that it began with.
  public var base: String
  /// The git folder that all worktrees of the repository share.
  public var repository: String
  /// The folder that the task was submitted for; absolute.
  public var folder: String
  /// Where that is within the repository; empty at its top.
  public var subfolder: String
  /// The branch that was checked out there; nil for a detached HEAD.
  public var target: String?
  /// When it was made.
  public var createdAt: Timestamp
  /// When what was changed was last read.
  public var readAt: Timestamp?
  /// How much was changed.
  public var changes: DiffNumbers?
  /// Whether some of it was not committed.
  public var uncommitted = false
  /// The files; JSON that only the daemon reads.
  public var filesJSON: String?
  /// Whether the patch was cut off.
  public var isPatchCut = false
  /// What went wrong with it.
  public var problem: String?

  /// A worktree that is about to be made.
  public init(
    task: TaskID, batch: BatchID, parent: TaskID?, title: String, context: String, state: WorktreeState, path: String,
    branch: String, base: String, repository: String, folder: String, subfolder: String, target: String?,
    createdAt: Timestamp
  ) {
    self.task = task
    self.batch = batch
    self.parent = parent
    self.title = title
    self.context = context
    self.state = state
    self.path = path
    self.branch = branch
    self.base = base
    self.repository = repository
    self.folder = folder
    self.subfolder = subfolder
    self.target = target
    self.createdAt = createdAt
  }
}

extension WorktreeRow {
  static let columns = """
    task, batch, parent, title, context, state, path, branch, base, repository, folder, subfolder, target, created_at, \
    read_at, files_changed, insertions, deletions, commits, uncommitted, files, patch_cut, problem
    """

  /// What SQL says for a worktree that is not gone.
  static let isThere =
    "state IN (\(WorktreeState.allCases.filter { !$0.isGone }.map { "'\($0.rawValue)'" }.joined(separator: ", ")))"

  init(row: Row) {
    self.init(
      task: TaskID(stored: row[0]), batch: BatchID(stored: row[1]),
      parent: (row[2] as Int64?).map(TaskID.init(stored:)),
      title: row[3], context: row[4], state: WorktreeState(rawValue: row[5]) ?? .lost, path: row[6], branch: row[7],
      base: row[8], repository: row[9], folder: row[10], subfolder: row[11], target: row[12],
      createdAt: Timestamp(milliseconds: row[13]))
    readAt = (row[14] as Int64?).map { Timestamp(milliseconds: $0) }
    if let files = row[15] as Int? {
      changes = DiffNumbers(
        filesChanged: files, insertions: row[16] ?? 0, deletions: row[17] ?? 0, commits: row[18] ?? 0)
    }
    uncommitted = (row[19] as Int64) != 0
    filesJSON = row[20]
    isPatchCut = (row[21] as Int64) != 0
    problem = row[22]
  }
}

extension Store {
  /// Which worktrees a listing has.
  public enum WorktreeFilter: Sendable {
    /// Those that are there.
    case there
    /// Those of a batch, gone ones too.
    case batch(BatchID)
    /// All, gone ones too.
    case all
  }

  /// Worktrees, oldest first.
  public func worktrees(_ filter: WorktreeFilter, limit: Int = 10_000) async throws(StoreError) -> [WorktreeRow] {
    try await read { db in
      let (condition, arguments): (String, StatementArguments) =
        switch filter {
        case .there: ("WHERE \(WorktreeRow.isThere)", [])
        case .batch(let id): ("WHERE batch = ?", [id.stored])
        case .all: ("", [])
        }
      let rows = try Row.fetchCursor(
        db, sql: "SELECT \(WorktreeRow.columns) FROM worktree \(condition) ORDER BY task LIMIT \(max(0, limit))",
        arguments: arguments)
      return try Array(rows.map(WorktreeRow.init(row:)))
    }
  }

  /// The worktree that was made for a task; nil where none was, or where it is gone and the task pruned.
  public func worktree(_ task: TaskID) async throws(StoreError) -> WorktreeRow? {
    try await read { db in
      try Row.fetchOne(
        db.cachedStatement(sql: "SELECT \(WorktreeRow.columns) FROM worktree WHERE task = ?"), arguments: [task.stored]
      ).map(WorktreeRow.init(row:))
    }
  }
}

extension Writing {
  static func put(_ row: WorktreeRow, _ db: Database) throws {
    try run(
      db,
      "INSERT OR REPLACE INTO worktree (\(WorktreeRow.columns)) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
      [
        row.task.stored, row.batch.stored, row.parent?.stored ?? .null, v(row.title), v(row.context),
        v(row.state.rawValue), v(row.path), v(row.branch), v(row.base), v(row.repository), v(row.folder),
        v(row.subfolder), v(row.target), v(row.createdAt), v(row.readAt),
        v((row.changes?.filesChanged).map(Int64.init)),
        v((row.changes?.insertions).map(Int64.init)), v((row.changes?.deletions).map(Int64.init)),
        v((row.changes?.commits).map(Int64.init)), v(row.uncommitted ? 1 : 0 as Int64), v(row.filesJSON),
        v(row.isPatchCut ? 1 : 0 as Int64), v(row.problem),
      ])
  }

  static func pruneWorktrees(_ db: Database) throws -> Int {
    try run(
      db,
      """
      DELETE FROM worktree WHERE NOT \(WorktreeRow.isThere) AND NOT EXISTS (SELECT 1 FROM task WHERE task.id = worktree.task)
      """, [])
    return db.changesCount
  }
}
