import GRDB
import JarvisProtocol

/// What `doctor` tells about the store.
public struct StoreInfo: Sendable, Hashable {
  /// The database file.
  public var path: String
  /// Its schema.
  public var schemaVersion: Int
  /// The SQLite library in use.
  public var sqliteVersion: String
  /// Size of the file, in bytes, without its write-ahead log.
  public var bytes: Int64
  /// Bytes of it that are free for new content.
  public var freeBytes: Int64
}

extension Store {
  /// Looks through the whole file for damage: takes a second for each few hundred megabytes, on a reader.
  /// - Returns: What is wrong, in SQLite's words; empty when nothing is.
  public func check() async throws(StoreError) -> [String] {
    try await read { db in
      let found = try String.fetchAll(db, sql: "PRAGMA quick_check(20)")
      return found == ["ok"] ? [] : found
    }
  }

  /// Facts about the file.
  public func info() async throws(StoreError) -> StoreInfo {
    try await read { [path] db in
      func pragma(_ name: String) throws -> Int64 { try Int64.fetchOne(db, sql: "PRAGMA \(name)") ?? 0 }
      let page = try pragma("page_size")
      return StoreInfo(
        path: path, schemaVersion: Int(try pragma("user_version")),
        sqliteVersion: try String.fetchOne(db, sql: "SELECT sqlite_version()") ?? "",
        bytes: try pragma("page_count") * page, freeBytes: try pragma("freelist_count") * page)
    }
  }
}
