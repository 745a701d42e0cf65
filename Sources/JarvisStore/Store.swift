import GRDB
import Glibc
import JarvisProtocol
import Synchronization

/// Jarvis's database: the journal of tasks, their history, what was learned, and the findings, in one SQLite file.
///
/// Written by one process at a time (who that is, is guarded by a lock file elsewhere). A commit that returned is
/// durable: WAL with `synchronous=FULL`, so it survives a power cut. Reads run beside the writer on at most two
/// connections that open when first needed. All members may be called from any thread.
public final class Store: Sendable {
  /// The database file.
  public let path: String
  let pool: DatabasePool
  let writer: Mutex<WriterState>
  let thread: WriterThread

  /// Opens the file, or creates it readable by its owner alone, and brings an older schema up to date.
  ///
  /// A file that is damaged, of a newer schema or not Jarvis's is refused and left as it is.
  /// - Parameter path: The file; its folder must exist. SQLite keeps `-wal` and `-shm` files beside it.
  public init(path: String) throws(StoreError) {
    self.path = path
    writer = Mutex(WriterState())
    // SQLite would create it by the umask, and environments in it can hold secrets.
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .cannotOpen(path: path, cause: String(cString: strerror(errno))) }
    Glibc.close(descriptor)
    do {
      pool = try DatabasePool(path: path, configuration: Store.configuration(path: path))
      try pool.writeWithoutTransaction { db in
        // The pool's own set-up has chosen NORMAL, under which a power cut loses acknowledged commits.
        try db.execute(sql: "PRAGMA synchronous = FULL")
      }
      try Migrations.migrator.migrate(pool)
    } catch {
      throw StoreError(error, path: path, action: "be opened")
    }
    // Weakly: the thread must not keep the store alive.
    let link = WeakLink()
    do throws(WriterThreadError) {
      thread = try WriterThread {
        guard let store = link.store.withLock({ $0.value }) else { return }
        store.pool.writeWithoutTransaction { db in store.drain(db) }
      }
    } catch {
      throw .cannotOpen(path: path, cause: "its thread can't be made: \(String(cString: strerror(error.code)))")
    }
    link.store.withLock { $0.value = self }
  }

  deinit { thread.stop() }

  private final class WeakLink: Sendable {
    struct Reference { weak var value: Store? }

    let store = Mutex(Reference())
  }

  private static func configuration(path: String) -> Configuration {
    var configuration = Configuration()
    configuration.label = "jarvis.store"
    configuration.maximumReaderCount = 2
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { db in
      FindingRank.register(db)
      Migrations.registerFindingFunctions(db)
      guard !db.configuration.readonly else {
        return try db.execute(sql: "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -1000")
      }
      // Before the pool switches to WAL: a file that is refused stays untouched.
      try Migrations.inspect(db, path: path)
      try db.execute(
        sql: "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -2000; PRAGMA journal_size_limit = 8388608")
    }
    return configuration
  }

  /// Waits for what is pending, moves the log into the file and closes it. Calls after it throw `StoreError.closed`.
  public func close() throws(StoreError) {
    let first = writer.withLock { state in
      defer { state.isClosed = true }
      return !state.isClosed
    }
    guard first else { return }
    thread.join()
    do { try pool.close() } catch { throw StoreError(error, path: path, action: "be closed") }
  }

  /// Gives caches and reader connections back, and waits until it is done; they come again when needed. Worth a call
  /// after pruning, which reads whole tables.
  public func releaseMemory() {
    pool.releaseMemory()
  }

  /// Runs a query on a reader, without holding up the writer or the caller's thread.
  func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(StoreError) -> T {
    try openOrThrow()
    let result: Result<T, StoreError> = await withCheckedContinuation { continuation in
      pool.asyncRead { [path] database in
        continuation.resume(
          returning: Result { try body(database.get()) }.mapError { StoreError($0, path: path, action: "be read") })
      }
    }
    return try result.get()
  }

  /// Runs a query on a reader while the caller waits.
  func readNow<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
    try openOrThrow()
    do { return try pool.read(body) } catch { throw StoreError(error, path: path, action: "be read") }
  }

  private func openOrThrow() throws(StoreError) {
    guard writer.withLock({ !$0.isClosed }) else { throw .closed(path: path) }
  }
}
