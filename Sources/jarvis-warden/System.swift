import CLinux
import Glibc

/// A system call that failed, as a sentence.
struct SystemError: Error, CustomStringConvertible {
  let action: String
  let code: Int32

  init(_ action: String, code: Int32 = errno) {
    self.action = action
    self.code = code
  }

  var description: String { "\(action): \(errorText(code))" }
}

/// The C library's words for an error number.
func errorText(_ code: Int32) -> String {
  String(cString: strerror(code))
}

/// One line on stderr, which under systemd is the journal.
func log(_ message: String) {
  var line = Array("jarvis-warden: \(message)\n".utf8)
  _ = line.withUnsafeMutableBytes { write(2, $0.baseAddress, $0.count) }
}

enum Clock {
  private static func now(_ clock: clockid_t) -> timespec {
    var time = timespec()
    clock_gettime(clock, &time)
    return time
  }

  /// Milliseconds since 1970, UTC.
  static var realtimeMs: Int64 {
    let time = now(CLOCK_REALTIME)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// Nanoseconds since boot, suspend included: for durations and deadlines.
  static var boottimeNs: UInt64 {
    let time = now(CLOCK_BOOTTIME)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

extension UInt64 {
  /// This many seconds in nanoseconds.
  static func seconds(_ count: UInt64) -> UInt64 { count &* 1_000_000_000 }
  static func milliseconds(_ count: UInt64) -> UInt64 { count &* 1_000_000 }
}

/// Small files of `/proc`, cgroups and the state folder.
enum SmallFile {
  /// The whole content, or nil with `errno` set.
  static func read(_ path: String, in directory: Int32 = AT_FDCWD) -> [UInt8]? {
    let fd = jarvis_openat(directory, path, O_RDONLY, 0)
    guard fd >= 0 else {
      errno = -fd
      return nil
    }
    defer { close(fd) }
    return read(fd)
  }

  /// The rest of an open file.
  static func read(_ fd: Int32) -> [UInt8]? {
    var content: [UInt8] = []
    while true {
      let room = content.isEmpty ? 2048 : content.count * 2
      var count = 0
      let chunk = [UInt8](unsafeUninitializedCapacity: room) { buffer, initialized in
        count = Glibc.read(fd, buffer.baseAddress, room)
        initialized = max(count, 0)
      }
      guard count >= 0 else { return nil }
      if content.isEmpty { content = chunk } else { content += chunk }
      // These files give a short read only at their end or at a page's, so a small one needs no second call.
      if count == 0 || (count < room && content.count < 1024) { return content }
    }
  }

  /// Like `read`, as text.
  static func text(_ path: String, in directory: Int32 = AT_FDCWD) -> String? {
    read(path, in: directory).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Writes a value into a file that exists, in one call as cgroup files want it. Returns 0 or errno.
  static func write(_ value: String, to path: String, in directory: Int32 = AT_FDCWD) -> Int32 {
    let fd = jarvis_openat(directory, path, O_WRONLY, 0)
    guard fd >= 0 else { return -fd }
    defer { close(fd) }
    var value = value
    let written = value.withUTF8 { Glibc.write(fd, $0.baseAddress, $0.count) }
    return written < 0 ? errno : 0
  }

  /// The number after `key ` at the beginning of a line ("flat keyed" files such as `cpu.stat`).
  static func value(of key: StaticString, in content: [UInt8]) -> UInt64? {
    let count = key.utf8CodeUnitCount
    var line = 0
    while line + count < content.count {
      let end = content[line...].firstIndex(of: UInt8(ascii: "\n")) ?? content.count
      if line + count < end, content[line + count] == UInt8(ascii: " "),
        (0..<count).allSatisfy({ content[line + $0] == key.utf8Start[$0] })
      {
        return number(content[(line + count + 1)..<end])
      }
      line = end + 1
    }
    return nil
  }

  /// Microseconds of a pressure file: `total=` of its first line, `some`.
  static func stall(in content: [UInt8]) -> UInt64? {
    let line = content.prefix { $0 != UInt8(ascii: "\n") }
    guard line.starts(with: "some ".utf8) else { return nil }
    return numbers(after: "total=", in: line).first
  }

  /// Bytes read and written, of all devices of an `io.stat` file.
  static func moved(in content: [UInt8]) -> UInt64 {
    (numbers(after: "rbytes=", in: content[...]) + numbers(after: "wbytes=", in: content[...])).reduce(0, &+)
  }

  /// The numbers of the words `key…`.
  private static func numbers(after key: StaticString, in content: ArraySlice<UInt8>) -> [UInt64] {
    let words = content.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
    return words.compactMap { word in
      key.withUTF8Buffer { word.starts(with: $0) } ? number(word.dropFirst(key.utf8CodeUnitCount)) : nil
    }
  }

  /// A decimal number and nothing else but spaces after it.
  static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    var seen = false
    for byte in digits {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { break }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
      guard !overflow, !carry else { return nil }
      value = sum
      seen = true
    }
    return seen ? value : nil
  }

  /// Names in a folder, without `.` and `..`.
  static func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}

/// Field 22 of `/proc/PID/stat`, counted after the name's last `)`: the name may hold anything. 0 when it is gone.
func startTicks(of pid: pid_t) -> UInt64 {
  guard let stat = SmallFile.read("/proc/\(pid)/stat"), let name = stat.lastIndex(of: UInt8(ascii: ")")) else {
    return 0
  }
  let fields = stat[(name + 1)...].split(separator: UInt8(ascii: " "))
  // The first field after the name is the third of the file.
  return fields.count > 19 ? SmallFile.number(fields[19]) ?? 0 : 0
}

/// FNV-1a, 64 bits: tells socket paths apart; not for secrets.
func fnv1a(_ bytes: some Sequence<UInt8>) -> UInt64 {
  bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}
