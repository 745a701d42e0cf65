import Glibc

/// Reads whole small text files, with errors that say what to do.
enum FileText {
  /// Why there is no text.
  enum Failure: Error, Equatable {
    /// Neither the file nor, perhaps, its folder exists.
    case missing
    /// Anything else, as a sentence.
    case unusable(String)
  }

  /// 1 MiB: a hundred times what anybody writes, small enough to hold whatever was named by mistake.
  static let largest = 1 << 20

  /// The text at `path`, nil when there is no such file, and any other trouble as a diagnostic.
  static func contents(_ path: String) throws(ConfigError) -> String? {
    do throws(Failure) {
      return try read(path)
    } catch {
      switch error {
      case .missing: return nil
      case .unusable(let message): throw ConfigError([Diagnostic(file: path, message: message)])
      }
    }
  }

  /// The text of the regular file at `path`.
  static func read(_ path: String) throws(Failure) -> String {
    // O_NONBLOCK: a FIFO without a writer must not hang the daemon.
    let fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard fd >= 0 else { throw failure(errno, path) }
    defer { close(fd) }
    var status = stat()
    guard fstat(fd, &status) == 0 else { throw failure(errno, path) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw .unusable("this is a folder; expected a file")
    default: throw .unusable("this is not a regular file")
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(fd, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure(errno, path) }
      if count == 0 { break }
      bytes += chunk[..<count]
      if bytes.count > largest {
        throw .unusable("the file is larger than \(Size.format(largest)); is it the right file?")
      }
    }
    return try text(bytes)
  }

  /// UTF-8, with or without a byte-order mark.
  static func text(_ bytes: [UInt8]) throws(Failure) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .unusable("line \(brokenLine(bytes)) is not UTF-8; save the file as UTF-8 text")
    }
    return text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
  }

  /// The first line that is not UTF-8; no byte of a longer sequence is a newline, so lines can be tried alone.
  private static func brokenLine(_ bytes: [UInt8]) -> Int {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return 1 + (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0)
  }

  static func failure(_ code: Int32, _ path: String) -> Failure {
    switch code {
    case ENOENT, ENOTDIR: .missing
    case EACCES, EPERM:
      .unusable("permission denied; make the file readable for this user (ls -l \(path)), or name another one")
    case ELOOP: .unusable("its symbolic links lead in a circle")
    default: .unusable("it can't be read: \(String(cString: strerror(code)))")
    }
  }

  /// Whether others than its owner may write to the file, so that they could have commands run in the owner's name.
  static func isWritableByOthers(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & (S_IWGRP | S_IWOTH) != 0
  }
}

/// A name that is safe as a file name, a word of a command line and a key.
func badName(_ name: String) -> String? {
  let isPlain = name.utf8.allSatisfy {
    ($0 >= 48 && $0 <= 57) || ($0 >= 65 && $0 <= 90) || ($0 >= 97 && $0 <= 122) || $0 == 45 || $0 == 95 || $0 == 46
  }
  guard isPlain, (1...64).contains(name.utf8.count), let first = name.utf8.first, first != 45, first != 46 else {
    return "\"\(name.prefix(80))\" is no name; expected 1 to 64 of a-z, A-Z, 0-9, -, _ and ., not beginning with - or ."
  }
  return nil
}
