import Glibc

extension ProcessTable {
  /// Bytes that these processes, and those of their children that they have waited for, read from and wrote to disks
  /// (`read_bytes` and `write_bytes` of `/proc/PID/io`, proc(5)). Nil when none of them may be read.
  public func diskBytes(pids: some Sequence<pid_t>) -> UInt64? {
    var sum: UInt64?
    for pid in pids {
      guard let text = try? readFile("\(folder)/\(pid)/io", limit: 4096) else { continue }
      if let bytes = Self.diskBytes(text) { sum = (sum ?? 0) &+ bytes }
    }
    return sum
  }

  /// What one `io` file says; nil when it says nothing.
  static func diskBytes(_ text: [UInt8]) -> UInt64? {
    guard let read = ByteText.value(of: "read_bytes:", in: text) else { return nil }
    return read &+ (ByteText.value(of: "write_bytes:", in: text) ?? 0)
  }
}

/// The files of one process that are read again and again.
struct KeptProcess: Sendable {
  let stat: KeptFile
  private let io: KeptFile

  init(folder: String, pid: pid_t, keepOpen: Bool) {
    stat = KeptFile("\(folder)/\(pid)/stat", keepOpen: keepOpen)
    io = KeptFile("\(folder)/\(pid)/io", keepOpen: keepOpen)
  }

  /// Bytes read from and written to disks; nil when they may not be read.
  func diskBytes() -> UInt64? { io.readIfPresent(limit: 4096).flatMap { ProcessTable.diskBytes($0) } }
}
