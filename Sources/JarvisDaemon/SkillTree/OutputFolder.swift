import Glibc
import JarvisLinux
import JarvisProtocol

/// What a task wrote to stdout.
struct TaskOutputFile: Sendable, Hashable {
  /// The task's name.
  let name: String
  let path: String
}

/// A folder with one entry for each output that a task is to work on.
enum OutputFolder {
  /// What is read of outputs for the items that they hold, in bytes.
  static let most = 4 << 20

  /// Makes the folder anew, with a link `NUMBER-NAME` to each file, so that their order is that of the tasks. Files that
  /// are not there (tasks that never ran) are left out.
  /// - Returns: what went wrong, as a sentence.
  static func fill(_ folder: String, with files: [TaskOutputFile]) -> String? {
    do throws(PrivateFolderError) { try ensurePrivateDirectory(folder) } catch { return error.description }
    empty(folder)
    let digits = max(3, "\(files.count)".utf8.count)
    for (index, file) in files.enumerated() where access(file.path, F_OK) == 0 {
      let number = "\(index + 1)"
      let padded = String(repeating: "0", count: digits - number.utf8.count) + number
      let name = String(file.name.map { $0 == "/" || $0 == "\0" ? "_" : $0 })
      guard symlink(file.path, "\(folder)/\(padded)-\(name)") == 0 else {
        return SystemError("make a link to the output in", folder, code: errno).description
      }
    }
    return nil
  }

  /// Takes away a folder that `fill` made.
  static func remove(_ folder: String) {
    empty(folder)
    rmdir(folder)
  }

  /// The texts of all files, one after the other, a line end between them.
  /// - Throws: where they are longer than is read.
  static func text(_ files: [TaskOutputFile]) throws(RPC.Failure) -> String {
    var bytes: [UInt8] = []
    for file in files {
      let size = Output.size(of: file.path) ?? 0
      guard bytes.count + size <= most else {
        throw RPC.Failure(
          .tooMany, "\(file.name) wrote more than \(most >> 20) MiB, which is too long for a list of items")
      }
      if let last = bytes.last, last != 10 { bytes.append(10) }
      bytes += Output.read(file.path, offset: 0, count: size)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func empty(_ folder: String) {
    for name in Folder.names(in: folder) {
      var status = stat()
      let path = "\(folder)/\(name)"
      // Only what `fill` made.
      if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK { unlink(path) }
    }
  }
}
