import GRDB
import JarvisProtocol

/// Why the store did not do what it was asked: a sentence that says what is wrong, where, and what to do.
///
/// `duplicateRequest`, `duplicateFinding`, `missingTask`, `missingEnvironment`, `refused`, `revision` and `bound` concern
/// one caller's changes alone, none of which were applied. The other cases concern the store, and everybody whose changes
/// were in the same transaction.
public enum StoreError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A batch with the same request key is stored already: answer with that one.
  case duplicateRequest(existing: BatchID)
  /// The same request has stored a finding already: answer with that one.
  case duplicateFinding(existing: Int64)
  /// A change to a task that is not stored.
  case missingTask(TaskID)
  /// A new task names an environment that is not stored.
  case missingEnvironment(Int64, task: TaskID)
  /// A change that breaks a rule of the tables; `change` says which one, `rule` what it breaks.
  case refused(change: String, rule: String)
  /// A finding's key is at another revision than expected: `found` is 0 where there is none.
  case revision(key: String, expected: Int64, found: Int64)
  /// A task or a branch holds as many findings as it may.
  case bound(String, limit: Int)
  /// The file can't be opened or created.
  case cannotOpen(path: String, cause: String)
  /// A newer Jarvis has written the file.
  case newerSchema(path: String, found: Int, known: Int)
  /// An SQLite file of some other program.
  case foreignFile(path: String)
  /// The file is damaged.
  case corrupt(path: String, cause: String)
  /// No room left on the file system (or the file has reached its limit).
  case full(path: String)
  /// SQLite could not do it for another reason: I/O errors, locks, memory.
  case failed(path: String, action: String, cause: String)
  /// The store has been closed.
  case closed(path: String)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .duplicateRequest(let existing):
      "A batch with this request key was submitted before: it is \(existing)."
    case .duplicateFinding(let existing):
      "This request has stored a finding before: it is f\(existing)."
    case .missingTask(let id):
      "There is no task \(id) in the store: it never was, or it has been pruned."
    case .missingEnvironment(let hash, let task):
      "Task \(task) names environment \(hash), which is not stored: send it in the same commit, before the task."
    case .refused(let change, let rule):
      "The store refused \(change): \(rule)."
    case .revision(let key, let expected, 0):
      "the key \"\(key)\" has no finding, expected revision \(expected): put it with expected revision 0"
    case .revision(let key, 0, let found):
      "the key \"\(key)\" exists already, at revision \(found): read it, and put with that expected revision"
    case .revision(let key, let expected, let found):
      "the key \"\(key)\" is at revision \(found), expected was \(expected): read it again, then put with \(found)"
    case .bound(let what, let limit):
      "\(what) holds \(limit) findings, as many as it may: replace some by key, or gather several in one"
    case .cannotOpen(let path, let cause):
      "The database \(path) can't be opened: \(cause). Its folder must exist and be writable by this user."
    case .newerSchema(let path, let found, let known):
      "The database \(path) has schema \(found), written by a newer Jarvis; this one knows up to \(known). "
        + "Install the newer Jarvis again, or give this one another state folder."
    case .foreignFile(let path):
      "The file \(path) is an SQLite database, but not one of Jarvis's; it was left as it is. "
        + "Move it aside or give Jarvis another state folder."
    case .corrupt(let path, let cause):
      "The database \(path) is damaged (\(cause)). Jarvis did not delete it. Stop jarvisd and move the file aside "
        + "together with \(path)-wal and \(path)-shm; jarvisd then starts with an empty one. "
        + "`sqlite3 FILE .recover` can often save what the damaged file holds."
    case .full(let path):
      "The database \(path) can't grow: the disk is full. Nothing of this change was stored. "
        + "Free some space and try again; a restart is not needed."
    case .failed(let path, let action, let cause):
      "The database \(path) could not \(action): \(cause). Nothing of this was stored."
    case .closed(let path):
      "The database \(path) has been closed: the daemon is stopping."
    }
  }

  /// Whether the error is about one caller's changes and not about the store.
  var concernsOneCaller: Bool {
    switch self {
    case .duplicateRequest, .duplicateFinding, .missingTask, .missingEnvironment, .refused, .revision, .bound: true
    default: false
    }
  }

  /// Says in Jarvis's words what SQLite reported while it was to do `action` ("write", "read", …) on `path`.
  init(_ error: any Error, path: String, action: String) {
    if let known = error as? StoreError {
      self = known
      return
    }
    guard let database = error as? DatabaseError else {
      self = .failed(path: path, action: action, cause: "\(error)")
      return
    }
    let cause = database.message ?? "SQLite error \(database.extendedResultCode.rawValue)"
    switch database.resultCode {
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupt(path: path, cause: cause)
    case .SQLITE_FULL: self = .full(path: path)
    case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH: self = .cannotOpen(path: path, cause: cause)
    case .SQLITE_CONSTRAINT, .SQLITE_TOOBIG, .SQLITE_MISMATCH: self = .refused(change: action, rule: cause)
    default:
      self = .failed(
        path: path, action: action, cause: "\(cause) (SQLite code \(database.extendedResultCode.rawValue))")
    }
  }
}
