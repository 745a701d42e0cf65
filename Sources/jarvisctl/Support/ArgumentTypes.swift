import ArgumentParser
import Glibc
import JarvisClient
import JarvisProtocol

extension TaskID: ExpressibleByArgument {
  /// Reads `t42` or `42`.
  public init?(argument: String) { self.init(argument) }
}

extension BatchID: ExpressibleByArgument {
  /// Reads `b7` or `7`.
  public init?(argument: String) { self.init(argument) }
}

extension ByteSize: ExpressibleByArgument {
  /// Reads `512M`.
  public init?(argument: String) { self.init(argument) }
}

extension TimeSpan: ExpressibleByArgument {
  /// Reads `90`, `5m`, `2h`.
  public init?(argument: String) { self.init(argument) }
}

extension Timestamp: ExpressibleByArgument {
  /// Reads RFC 3339.
  public init?(argument: String) { self.init(rfc3339: argument) }
}

extension Priority: ExpressibleByArgument {}
extension Strategy: ExpressibleByArgument {}
extension EventKind: ExpressibleByArgument {}
extension FindingKind: ExpressibleByArgument {}
extension Isolation: ExpressibleByArgument {}

extension Timestamp {
  /// The wall clock.
  static var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}

/// Completion of tasks' ids, asked from the daemon; nothing where it does not answer at once.
let taskIDs = CompletionKind.custom { _, _, _ in
  guard let client = try? Client(path: SocketPath.find(), timeout: 0.2),
    let page = try? client.call(TaskList.self, TaskList.Parameters(), timeout: 0.5)
  else { return [] }
  return page.tasks.map(\.id.description)
}

/// Completion of skills' names, asked from the daemon.
let skillNames = CompletionKind.custom { _, _, _ in
  guard let client = try? Client(path: SocketPath.find(), timeout: 0.2),
    let list = try? client.call(SkillList.self, Empty(), timeout: 0.5)
  else { return [] }
  return list.skills.map(\.name)
}

/// Tasks by id or by batch.
struct SelectionOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("Tasks, such as t42.", valueName: "id"), completion: taskIDs)
  var ids: [TaskID] = []

  @Option(name: .shortAndLong, help: ArgumentHelp("All tasks of a batch, such as b7.", valueName: "batch"))
  var batch: BatchID?

  func validate() throws {
    if !ids.isEmpty, batch != nil { throw ValidationError("give ids or --batch, not both") }
  }

  /// Whether nothing is named.
  var isEmpty: Bool { ids.isEmpty && batch == nil }

  /// What is named.
  /// - Throws: a usage error where nothing is.
  func selection() throws -> TaskSelection {
    guard !isEmpty else { throw Failure.usage("which tasks? Give ids such as t42, or --batch ID") }
    return batch.map { TaskSelection(batchID: $0) } ?? TaskSelection(ids: ids)
  }
}

/// A dependency as an option: `t3`, `build`, `t3:any`.
/// - Throws: a usage error.
func afterList(_ words: [String]) throws -> AfterList {
  do throws(WireError) {
    return AfterList(try [After].read(.array(words.map { .string($0) }), at: .root("--after")))
  } catch {
    throw Failure.usage("\(error)")
  }
}

/// The whole text of a file, or of stdin for `-`.
/// - Throws: a usage error.
func contents(of path: String) throws -> [UInt8] {
  let descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw Failure.usage("\(escaped(path)): \(systemMessage(errno))") }
  defer { if descriptor != 0 { close(descriptor) } }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    if count > 0 { bytes.append(contentsOf: chunk[..<count]) }
    if count == 0 { return bytes }
    if count < 0, errno != EINTR { throw Failure.usage("\(escaped(path)): \(systemMessage(errno))") }
  }
}

/// Puts a text into a file, which is made or emptied first.
/// - Throws: a usage error where it can't be written to.
func writeFile(_ path: String, _ text: String) throws {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { throw Failure.usage("\(escaped(path)): \(systemMessage(errno))") }
  defer { close(descriptor) }
  put(text, to: descriptor)
}

/// A JSON text from a file, stdin (`-`) or the command line.
/// - Throws: a usage error with line and column.
func parseJSON(_ bytes: [UInt8], from name: String) throws -> JSON {
  do throws(JSONError) { return try JSON(parsing: bytes) } catch {
    throw Failure.usage("\(name == "-" ? "stdin" : escaped(name)): \(escaped("\(error)"))")
  }
}
