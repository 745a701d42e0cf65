import Glibc

/// Files as the simulator reads and writes them.
enum Files {
  /// Larger traces are refused: two million tasks take less.
  static let largest = 1 << 30

  /// The variables that say where shipped files are.
  static var environment: [String: String] {
    var values: [String: String] = [:]
    for name in ["JARVIS_DATA_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "HOME"] {
      if let value = getenv(name) { values[name] = String(cString: value) }
    }
    return values
  }

  /// The lines of a regular file.
  static func lines(_ path: String) throws -> [ArraySlice<UInt8>] {
    // O_NONBLOCK: a FIFO without a writer must not hang.
    let fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard fd >= 0 else { throw Refusal(message: "\(path): \(String(cString: strerror(errno)))") }
    defer { close(fd) }
    var status = stat()
    guard fstat(fd, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Refusal(message: "\(path): expected a regular file")
    }
    guard status.st_size <= largest else {
      throw Refusal(message: "\(path): the file is larger than 1 GiB; is it the right one?")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Int(status.st_size))
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while bytes.count <= largest {
      let count = read(fd, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Refusal(message: "\(path): \(String(cString: strerror(errno)))") }
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    return bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
  }

  /// Writes a file anew.
  static func write(_ text: String, to path: String) throws {
    guard let stream = fopen(path, "we") else {
      throw Refusal(message: "\(path): can't be written: \(String(cString: strerror(errno)))")
    }
    let bytes = Array(text.utf8)
    let written = fwrite(bytes, 1, bytes.count, stream)
    let closed = fclose(stream)
    guard written == bytes.count, closed == 0 else {
      throw Refusal(message: "\(path): can't be written: \(String(cString: strerror(errno)))")
    }
  }
}
