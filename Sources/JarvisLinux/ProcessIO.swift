import Glibc

extension ProcessTable {
  /// Bytes that these processes, and those of their children that they have waited for, read from and wrote to disks
  /// (`read_bytes` and `write_bytes` of `/proc/PID/io`, proc(5)). Nil when none of them may be read.
  public func diskBytes(pids: some Sequence<pid_t>) -> UInt64? {
    var sum: UInt64?
    for pid in pids {
      guard let text = try? readFile("\(folder)/\(pid)/io", limit: 4096) else { continue }
      for line in ByteText.lines(text) {
        let words = ByteText.words(line)
        guard words.count == 2, let bytes = ByteText.number(words[1]) else { continue }
        switch ByteText.string(words[0]) {
        case "read_bytes:", "write_bytes:": sum = (sum ?? 0) &+ bytes
        default: break
        }
      }
    }
    return sum
  }
}
