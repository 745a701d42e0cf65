import CLinux
import Glibc
import WardenProtocol

/// The exits that `jarvisd` has not acknowledged: in memory, and in one file that only grows, `STATE/exits`.
///
/// Each record is a length, a checksum and a body: an exit, or the key of one that was acknowledged. Records of one
/// turn of the loop go out in one write, before the message with the exit is sent. With a daemon connected they are
/// not fsynced: the write alone survives the warden's death, and the daemon's journal survives a power cut. Without
/// one they are, since nobody else knows. When nothing is held and the file has grown, it is emptied.
///
/// After a crash an exit whose acknowledgement was not written yet is handed over again; the daemon answers that
/// with another `ack`.
final class Spool {
  private static let compactAbove = 256 << 10

  private let directory: String
  private let path: String
  private var file: Int32
  private var size = 0
  /// Grows with what is held, so that the cost of writing anew stays a fraction of what was appended.
  private var rewriteAbove = 16 * Spool.compactAbove
  private var pending: [UInt8] = []
  /// A write failed half-way: the file must be written anew from what is held.
  private var isDamaged = false
  private var needsSync = false

  /// By key.
  private(set) var held: [RunKey: ExitReport] = [:]

  /// Opens the spool and reads what an earlier warden left.
  init(directory: String) throws(SystemError) {
    self.directory = directory
    path = directory + "/exits"
    file = jarvis_openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw SystemError("The spool \(path) can't be opened", code: -file) }
    guard let content = SmallFile.read(file) else { throw SystemError("The spool \(path) can't be read") }
    size = restore(content)
    syncFolder()
    if size < content.count {
      log("the spool \(path) ends in \(content.count - size) bytes that are no record (a crash?); they are dropped")
      guard ftruncate(file, off_t(size)) == 0 else { throw SystemError("The spool \(path) can't be mended") }
    }
  }

  /// Holds an exit until `acknowledge`.
  func hold(_ report: ExitReport) {
    held[report.key] = report
    pending += Self.record([1] + report.encode())
  }

  /// Forgets an exit; unknown keys are no mistake.
  func acknowledge(_ key: RunKey) {
    guard held.removeValue(forKey: key) != nil else { return }
    pending += Self.record([2] + Array(key.name.utf8))
  }

  /// Writes what has happened since the last call, to the disk itself when `durably`.
  func flush(durably: Bool) {
    if held.isEmpty, size + pending.count > Self.compactAbove, ftruncate(file, 0) == 0 {
      size = 0
      pending = []
      isDamaged = false
    }
    if isDamaged || size > rewriteAbove { rewrite() } else { append() }
    if durably, needsSync, fdatasync(file) == 0 { needsSync = false }
  }

  private func append() {
    guard !pending.isEmpty else { return }
    let written = pending.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    needsSync = true
    if written == pending.count {
      size += written
      pending.removeAll(keepingCapacity: pending.capacity < 65_536)
    } else {
      log("the spool \(path) can't be written (\(errorText(errno))); exits are kept in memory meanwhile")
      isDamaged = true
    }
  }

  /// Puts a new file with only what is held in the place of the old one.
  private func rewrite() {
    var content: [UInt8] = []
    for report in held.values { content += Self.record([1] + report.encode()) }
    let temporary = path + ".new"
    let fresh = jarvis_openat(AT_FDCWD, temporary, O_RDWR | O_CREAT | O_APPEND | O_TRUNC | O_NOFOLLOW, 0o600)
    guard fresh >= 0 else { return }
    let written = content.withUnsafeBytes { write(fresh, $0.baseAddress, $0.count) }
    guard written == content.count, fdatasync(fresh) == 0, rename(temporary, path) == 0 else {
      close(fresh)
      isDamaged = true
      return
    }
    close(file)
    file = fresh
    size = written
    syncFolder()
    rewriteAbove = max(16 * Self.compactAbove, 2 * size)
    pending = []
    isDamaged = false
    needsSync = false
  }

  /// Makes the file's name as durable as its content.
  private func syncFolder() {
    let folder = jarvis_openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY, 0)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }

  private static func record(_ body: [UInt8]) -> [UInt8] {
    var record: [UInt8] = []
    record.reserveCapacity(body.count + 8)
    for word in [UInt32(body.count), UInt32(truncatingIfNeeded: fnv1a(body))] {
      withUnsafeBytes(of: word.littleEndian) { record.append(contentsOf: $0) }
    }
    return record + body
  }

  /// Replays records; returns how many bytes of them are whole.
  private func restore(_ content: [UInt8]) -> Int {
    func word(_ position: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(content[position + $1]) << UInt32(8 * $1) }
    }
    var position = 0
    while position + 8 < content.count {
      let length = Int(word(position))
      guard length <= content.count - position - 8 else { break }
      let body = Array(content[position + 8..<position + 8 + length])
      guard UInt32(truncatingIfNeeded: fnv1a(body)) == word(position + 4), let kind = body.first else { break }
      let payload = Array(body.dropFirst())
      if kind == 1, let report = try? ExitReport(decoding: payload) {
        held[report.key] = report
      } else if kind == 2, let key = RunKey(String(decoding: payload, as: UTF8.self)) {
        held[key] = nil
      } else {
        break
      }
      position += 8 + length
    }
    return position
  }
}
