import Glibc
import JarvisProtocol

/// Reads the files that agents write to.
enum Output {
  /// Bytes in all of the files together; those that are not there count nothing.
  static func size(_ files: [String]) -> UInt64 {
    files.reduce(0) { $0 + UInt64(max(0, size(of: $1) ?? 0)) }
  }

  /// The same, and when any of them was last written to; nil if nothing was written.
  static func measure(_ files: [String]) -> (bytes: UInt64, lastAt: Timestamp?) {
    var bytes: UInt64 = 0
    var last: Timestamp?
    for file in files {
      var status = stat()
      guard stat(file, &status) == 0, status.st_size > 0 else { continue }
      bytes += UInt64(status.st_size)
      let time = Timestamp(
        milliseconds: Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000)
      last = max(last ?? time, time)
    }
    return (bytes, last)
  }

  /// Bytes that a user may still write on the file system of a folder (statvfs(3)); nil if it can't be asked.
  static func freeBytes(_ folder: String) -> UInt64? {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return nil }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize)
  }

  /// Bytes in one file; nil if it is not there.
  static func size(of file: String) -> Int? {
    var status = stat()
    return stat(file, &status) == 0 ? Int(status.st_size) : nil
  }

  /// At most `count` bytes from `offset`; empty at or beyond the end, or where there is no file.
  static func read(_ file: String, offset: Int, count: Int) -> [UInt8] {
    let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = max(0, pread(descriptor, buffer.baseAddress, count, off_t(offset)))
    }
  }
}

extension [UInt8] {
  /// Takes a character away that is cut in two at the end, for the next piece; but not where there is nothing else, or
  /// nobody would get on.
  mutating func cutIncompleteTail() {
    let cut = incompleteTail
    if cut < count { removeLast(cut) }
  }

  /// How many bytes from the end would cut a UTF-8 character in two: 0 to 3.
  private var incompleteTail: Int {
    for back in 1...3 where back <= count {
      let byte = self[count - back]
      if byte & 0xC0 == 0x80 { continue }
      let need = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return need > back ? back : 0
    }
    return 0
  }
}
